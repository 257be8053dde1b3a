"""`claim`: a folder of results, which are all of one kind."""

from pathlib import Path

from ashore.policies.errors import TrainingError
from ashore.policies.storage.whole_file import write_file


def claim(folder: Path, file: str, identity: bytes, other: str) -> None:
    """Begin a folder of results, or go on in one that was begun for just the same.

    Args:
        folder: where results go.
        file: name of the file there that says what they are of.
        identity: all that decides what they will be, as that file holds it.
        other: what the folder is of if it is of anything else.

    Raises:
        TrainingError: it is, or it cannot be written.
    """
    path = folder / file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_file(path, identity)
        found = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"cannot write to run folder {folder}: {error.strerror}") from None
    if found != identity:
        raise TrainingError(
            f"{folder} holds {other}; choose another folder, or remove that one"
        )
