"""Weights as bytes: the safetensors format, which holds numbers and nothing that can run."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ashore.policies.errors import BundleError
from ashore.policies.policy import Weights
from ashore.policies.storage.strict_json import read_json

LARGEST_HEADER = 1 << 20
"""Bytes of the longest table of contents."""
_PREFIX = 8


def pack_weights(arrays: Weights) -> bytes:
    """Weights as a safetensors file; the same weights give the same bytes."""
    return save({name: np.array(arrays[name], np.float32, order="C") for name in sorted(arrays)})


def unpack_weights(content: bytes, file: str) -> dict[str, NDArray[np.float32]]:
    """Read weights back from what `file` held, into arrays of their own.

    Raises:
        BundleError: it is no safetensors file, or holds what are no finite float32 numbers.
    """
    try:
        _require_honest_header(content)
        found: Mapping[str, NDArray[np.float32]] = load(content)
    except KeyError as error:
        raise BundleError(f"{file} holds numbers of type {error}, not float32") from None
    except (SafetensorError, ValueError) as error:
        raise BundleError(f"{file} is no safetensors file: {error}") from None
    for name, value in found.items():
        if value.dtype != np.float32:
            raise BundleError(f"{name!r} in {file} is {value.dtype}, not float32")
        if not np.isfinite(value).all():
            raise BundleError(f"{name!r} in {file} has numbers that are not finite")
    return {name: np.array(value) for name, value in found.items()}


def _require_honest_header(content: bytes) -> None:
    """Refuse a header that is too long or names one array twice, which the format's reader allows.

    Raises:
        ValueError: saying which.
    """
    length = int.from_bytes(content[:_PREFIX], "little")
    if length > LARGEST_HEADER:
        raise ValueError(f"its header says it is {length} bytes long")
    read_json(content[_PREFIX : _PREFIX + length])
