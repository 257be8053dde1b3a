"""The packages that only some formats need."""

from collections.abc import Iterator
from contextlib import contextmanager

from ashore.hardware.errors import LogError


@contextmanager
def optional() -> Iterator[None]:
    """Say in one sentence which package is missing, where the block imports one that is.

    Raises:
        LogError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "a package").split(".")[0]
        raise LogError(
            f"this needs {name}, which is not installed here; pip install 'ashore[formats]'"
        ) from None
