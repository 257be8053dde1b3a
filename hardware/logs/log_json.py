"""JSON whose floats come back bit for bit, also where JSON has no word for them."""

import json
import math

from ashore.hardware.errors import LogError

_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def to_json(value: object) -> bytes:
    """Write `value` as JSON text, NaN as `null` and the infinities as `1e999`.

    `1e999` is a valid JSON number that every IEEE-754 parser reads as infinity, where the word
    `Infinity` stops a browser's parser. Numpy arrays and scalars are written as lists and numbers.

    Raises:
        LogError: a part of `value` is neither number, text, list nor mapping.
    """
    try:
        return _ENCODER.encode(value).encode()
    except (ValueError, TypeError):
        return _text(value).encode()


def _text(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "null" if math.isnan(value) else ("1e999" if value > 0 else "-1e999")
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(key))}:{_text(part)}" for key, part in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_text, value)) + "]"
    if hasattr(value, "tolist"):
        return _text(value.tolist())
    try:
        return json.dumps(value)
    except TypeError:
        raise LogError(
            f"a log holds numbers, text, lists and mappings, not {type(value).__name__} "
            f"({value!r}); convert it before logging it"
        ) from None
