"""JSON of a bundle: finite numbers, printable texts, no key twice, not nested endlessly."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

_LONGEST = 20
"""Characters of the longest whole number: all of 64 bits, and a sign."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""What would steer a terminal, or could not be written again."""


def read_json(content: bytes, *, finite: bool = True) -> Any:
    """Parse JSON that somebody else may have written.

    Args:
        content: UTF-8 text.
        finite: refuse numbers that are not finite: the words NaN and Infinity, and 1e999.

    Raises:
        ValueError: the text is not such JSON.
    """
    try:
        data = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_table,
            parse_int=_whole,
            parse_float=_finite if finite else float,
            parse_constant=_word if finite else None,
        )
        unprintable = any(_UNPRINTABLE.search(text) for text in _texts(data))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if unprintable:
        raise ValueError("a text in it has control characters, or halves of characters")
    return data


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from chain.from_iterable(map(_texts, pair))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_texts, value))


def write_json(data: Mapping[str, Any]) -> bytes:
    """JSON that `read_json` reads; a number that is not finite becomes `null`."""
    return json.dumps(_tame(data), indent=2, allow_nan=False).encode()


def _tame(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _tame(part) for key, part in value.items()}
    return [_tame(part) for part in value] if isinstance(value, (list, tuple)) else value


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("it has a key twice")
    return table


def _whole(text: str) -> int:
    if len(text) > _LONGEST:
        raise ValueError(f"it has a whole number of {len(text)} digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"it has the number {text[:_LONGEST]}, which is too large")
    return number


def _word(word: str) -> float:
    raise ValueError(f"it has the word {word}, which is no number")
