"""Many commands of `ashore` at once, on a cluster, with a line as each ends."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ashore.launch.console import COMPLAINT, say
from ashore.policies.cluster.errands import Errand, run_errands
from ashore.policies.cluster.recruit import ClusterConfig
from ashore.policies.errors import TrainingError

COMMAND = "ashore.launch.cli"


def command(name: str, words: Sequence[str], said: Path) -> Errand:
    """A command by the words that follow `ashore`, whose output goes to the folder `said`."""
    return Errand(name=name, words=("-m", COMMAND, *words), said=said / f"{name}.txt")


def from_anywhere(name: str) -> str:
    """A folder as other working directories see it; what is none stays the name that it is."""
    folder = Path(name)
    return str(folder.absolute()) if folder.is_dir() else name


def require_some(count: int, what: str) -> None:
    """Refuse to run no commands, or any by nobody.

    Raises:
        TrainingError: fewer than one of `what` were asked for.
    """
    if count < 1:
        raise TrainingError(f"{count} {what} were asked for; at least 1 is needed")


def run_many(
    errands: Sequence[Errand], address: str, workers: int, ended: Callable[[str], str]
) -> dict[str, str]:
    """Run commands, and say of each what came of it.

    Args:
        errands: the commands that are yet to be run.
        address: of the cluster that runs them.
        workers: how many at the same time.
        ended: called with a command's name; returns what came of it, nothing if it left nothing.

    Returns:
        Why those that left nothing failed, by name.

    Raises:
        TrainingError: there is no cluster as asked for.
    """
    failed: dict[str, str] = {}
    number = 0

    def tell(errand: Errand, code: int | None) -> None:
        nonlocal number
        number += 1
        news = ended(errand.name)
        if not news:
            news = failed[errand.name] = reason(errand.said, code)
        say(f"[{number}/{len(errands)}] {errand.name}: {news}")

    if errands:
        where = ClusterConfig(address=address, workers=min(workers, len(errands)))
        folder = errands[0].said.parent
        say(f"{len(errands)} to do, {where.workers} at a time; what each says: {folder}")
        run_errands(errands, where, tell)
    return failed


def reason(said: Path, code: int | None) -> str:
    """Why a command failed, in its own words if it gave any."""
    if code is None:
        return "its worker died again and again"
    lines = said.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line for line in lines if line.startswith(COMPLAINT)]
    return told[-1].removeprefix(COMPLAINT) if told else f"it ended with code {code}; see {said}"
