"""Many commands of `ashore` at once, on a cluster, with a line as each ends."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ashore.launch.console import say
from ashore.policies.cluster.errands import Errand, run_errands
from ashore.policies.cluster.recruit import ClusterConfig
from ashore.policies.errors import TrainingError

COMMAND = "ashore.launch.cli"
TOLD = "ashore: "
"""What a sentence on what went wrong begins with."""


def command(name: str, words: Sequence[str], said: Path) -> Errand:
    """A command by the words that follow `ashore`, whose output goes to the folder `said`."""
    return Errand(name=name, words=("-m", COMMAND, *words), said=said / f"{name}.txt")


def run_many(
    errands: Sequence[Errand], where: ClusterConfig, ended: Callable[[str, bool], str]
) -> dict[str, str]:
    """Run commands, and say of each what came of it.

    Args:
        errands: the commands that are yet to be run.
        where: on what.
        ended: called with a command's name, and whether it ended well; returns what to say.

    Returns:
        Why each of those that failed did, by name.

    Raises:
        TrainingError: there is no cluster as asked for.
    """
    failed: dict[str, str] = {}
    number = 0

    def tell(errand: Errand, code: int | None) -> None:
        nonlocal number
        number += 1
        # A log too short to judge from ends with 2, and is an answer.
        if code not in (0, 2):
            failed[errand.name] = reason(errand.said, code)
        news = ended(errand.name, errand.name not in failed) or failed.get(errand.name, "")
        say(f"[{number}/{len(errands)}] {errand.name}: {news}")

    if errands:
        say(f"{len(errands)} to do, {where.workers} at a time; what each says: {_folder(errands)}")
        run_errands(errands, where, tell)
    return failed


def reason(said: Path, code: int | None) -> str:
    """Why a command failed, in its own words if it gave any."""
    if code is None:
        return "its worker died again and again"
    lines = said.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line for line in lines if line.startswith(TOLD)]
    return told[-1].removeprefix(TOLD) if told else f"it ended with code {code}; see {said}"


def require_new(folder: Path, asked: bytes, name: str, what: str) -> None:
    """Begin a folder of results, or go on in one that was begun for just the same.

    Args:
        folder: where results go.
        asked: all that decides what they will be, as text.
        name: of the file that keeps it there.
        what: what such a folder is of, for the sentence.

    Raises:
        TrainingError: it holds something else, or cannot be written.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(asked)
        found = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"cannot write to {folder}: {error.strerror}") from None
    if found != asked:
        raise TrainingError(
            f"{folder} holds {what} that was asked for in another way; choose another --out, or "
            "remove it"
        )


def _folder(errands: Sequence[Errand]) -> Path:
    return errands[0].said.parent
