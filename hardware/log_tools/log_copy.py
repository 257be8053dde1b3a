"""`LogCopy`: messages of other logs, on their way into a new one that is whole."""

from collections import Counter
from collections.abc import Mapping

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_scan import LogMessage
from ashore.hardware.logs.log_schemas import EVENT

_LARGEST_NUMBER = 2**32 - 1
_LARGEST_STAMP = 2**64 - 1
"""What MCAP's fields hold."""


class LogCopy:
    """Adds messages to a new log and numbers them anew, topic by topic, from 0.

    A message that is left out on purpose leaves no gap. One that was missing in the source before
    a message that is kept is missing in the copy as well, so that readers are still told.
    """

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._next: Counter[str] = Counter()
        self._due: Counter[str] = Counter()
        self.kept = 0
        """Messages that were copied."""
        self.left_out = 0
        """Messages that were left out on purpose."""
        self.lost = 0
        """Messages that are missing between those that were copied."""
        self.stamps = (0, 0)
        """Latest host and robot clock of what was copied [ns]."""

    def begin(self) -> None:
        """Begin with the first message of another source."""
        self._due.clear()

    def leave_out(self, message: LogMessage) -> None:
        """Pass over a message."""
        self._due[message.topic] = message.sequence + 1
        self.left_out += 1

    def keep(
        self, message: LogMessage, data: bytes | None = None, shift: tuple[int, int] = (0, 0)
    ) -> None:
        """Copy a message byte for byte, or with other `data`, its two clocks shifted [ns].

        Raises:
            LogError: its number or its clocks are beyond what a log can hold.
            OSError: the disk refused it.
        """
        missing = max(message.sequence - self._due[message.topic], 0)
        self._due[message.topic] = message.sequence + 1
        self.lost += missing
        number = self._next[message.topic] + missing
        stamps = (message.stamps[0] + shift[0], message.stamps[1] + shift[1])
        self._put(message.topic, message.data if data is None else data, stamps, number)
        self.kept += 1

    def say(
        self,
        text: str,
        data: Mapping[str, object],
        *,
        stamps: tuple[int, int] | None = None,
        level: str = "info",
    ) -> None:
        """Add an event of kind `log`, at the latest time or at `stamps`: host and robot [ns].

        Raises:
            LogError: its clocks are beyond what a log can hold.
            OSError: the disk refused it.
        """
        at = self.stamps if stamps is None else stamps
        body = {"time": at[1] / 1e9, "level": level, "kind": "log", "text": text, "data": data}
        self._put(EVENT, to_json(body), at, self._next[EVENT])

    def _put(self, topic: str, data: bytes, stamps: tuple[int, int], number: int) -> None:
        if number > _LARGEST_NUMBER or max(stamps) > _LARGEST_STAMP:
            raise LogError(
                f"message {number} of {topic} would have a number or a time that no log holds; its "
                "source is damaged or forged: take another one"
            )
        self._file.add(topic, data, stamps, number)
        self._next[topic] = number + 1
        self.stamps = (max(self.stamps[0], stamps[0]), max(self.stamps[1], stamps[1]))
