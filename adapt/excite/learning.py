"""`Learning`: a learner in a process of its own, that reads rounds while a robot moves."""

import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from ashore.adapt.excite.knowledge import Knowledge
from ashore.adapt.excite.learner import Learner
from ashore.adapt.trajectory import Trajectory

_LOWER = 10  # by how much the process gives way to the one that drives


class Learning:
    """Reads rounds in a process that ends with this one; a context manager.

    A process that fails is not waited for: its rounds stay unread, and the log is as good.
    """

    def __init__(self, learner: Learner, gently: bool = True) -> None:
        """Start the process, before this one goes real-time, so that the other doesn't.

        Args:
            learner: what reads there is one like it.
            gently: whether it gives way to this one.
        """
        self._line, theirs = Pipe()
        end = theirs.fileno()
        # A session of its own: Ctrl-C is for the robot, and the line's end is the end here.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ashore.adapt.excite.learning", str(end), str(_LOWER * gently)],
            pass_fds=(end,),
            start_new_session=True,
        )
        theirs.close()
        self._line.send((learner.spec, learner.config))
        self.unread = 0
        """Rounds that were handed over and not read yet."""
        self.lost = False
        """Whether the process has failed."""

    def __enter__(self) -> "Learning":
        """Return itself; it is started already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._line.close()
        self._process.terminate()
        self._process.wait()

    def begin(self, trajectory: Trajectory) -> None:
        """Hand a round over."""
        try:
            self._line.send(trajectory)
            self.unread += 1
        except OSError:
            self._lose()

    def news(self, wait: float = 0.0) -> list[Knowledge]:
        """What became known since this was last asked, round by round.

        Args:
            wait: how long to wait for a round that is not read yet [s].
        """
        news: list[Knowledge] = []
        try:
            while self.unread and self._line.poll(wait):
                news.append(self._line.recv())
                self.unread -= 1
        except (EOFError, OSError):
            self._lose()
        return news

    def _lose(self) -> None:
        self.unread, self.lost = 0, True


def main(arguments: Sequence[str]) -> int:
    """Answer each round with what is known then, until the other end is gone."""
    line, lower = Connection(int(arguments[0])), int(arguments[1])
    os.nice(lower)
    try:
        learner = Learner(*line.recv())
        while True:
            line.send(learner.learn(line.recv()))
    except (EOFError, OSError):
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
