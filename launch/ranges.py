"""Ranges of a randomization from a file of the user's."""

import tomllib
from pathlib import Path

from ashore.envs.errors import ModelError
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term


def read_ranges(path: Path) -> Randomization:
    """Read a file that is written as a robot's randomization.toml.

    Raises:
        ModelError: it is absent, or says what cannot be.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return Randomization(terms=tuple(Term.from_table(n, t) for n, t in tables.items()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"ranges {path} cannot be read: {error}") from None
    except ModelError as error:
        raise ModelError(f"ranges {path}: {error}") from None
