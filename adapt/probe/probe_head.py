"""`ProbeHead`: a new head on a frozen trunk, kept in two files and run by numpy alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.probe.pooling import MOMENTS, pooled, standardised
from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.policy import Policy
from ashore.policies.storage.bundle_files import sha256
from ashore.policies.storage.strict_json import read_json, write_json
from ashore.policies.storage.weights_file import pack_weights, unpack_weights
from ashore.policies.storage.whole_folder import write_folder

Floats = NDArray[np.float32]
Array = NDArray[np.float64]

FACTS, NUMBERS = "head.json", "head.safetensors"
FORMAT = 1
LARGEST = 16 << 20
"""Bytes of either file, at most."""
_ARRAYS = ("mean", "spread", "weight", "bias")


@dataclass(frozen=True, kw_only=True)
class ProbeHead:
    """Reads a label off what a policy's trunk makes of the last seconds.

    With the features `f` of a window (`pooled`), it gives `(f - mean) / spread` times `weight`,
    plus `bias`: a score for each class, or the number. A head is its trunk's: with another
    policy's it would mean nothing, so it is kept with the digest of the bundle.
    """

    trunk: Policy
    """The policy whose trunk it stands on."""
    policy: str
    """Digest of that policy's bundle."""
    classes: tuple[str, ...]
    """Names of the classes; empty for a number."""
    ticks: int
    """Length of the windows it was taught on."""
    rate: float
    """Ticks a second [Hz]."""
    mean: Floats
    """Of each feature where it was taught, `(f,)`."""
    spread: Floats
    """Standard deviation of each feature there, `(f,)`."""
    weight: Floats
    """`(f, width)`: a column a class, or one."""
    bias: Floats
    """`(width,)`."""

    def __post_init__(self) -> None:
        """Refuse arrays that belong neither together nor to the trunk."""
        units = sum(bias.size for _, bias in self.trunk.trunk)
        features, width = MOMENTS * units, len(self.classes) or 1
        wanted = ((features,), (features,), (features, width), (width,))
        for name, shape in zip(_ARRAYS, wanted, strict=True):
            found: Floats = getattr(self, name)
            if found.shape != shape:
                raise AdaptError(
                    f"the head's {name} is {found.shape} and its trunk and classes ask for {shape};"
                    " make it again with `ashore probe`"
                )
        if not (self.spread > 0.0).all() or self.ticks < 1:
            raise AdaptError("the head divides by nothing; make it again with `ashore probe`")

    def scores(self, seen: Floats) -> Array:
        """What the head gives for windows `(n, ticks, k)` of observations, `(n, width)`.

        Raises:
            AdaptError: the windows are no `(n, ticks, k)` of this policy's observations.
        """
        x = np.asarray(seen, dtype=np.float32)
        if x.ndim != 3 or x.shape[2] != self.trunk.observation_size or x.shape[1] < 2:
            raise AdaptError(
                f"the windows are {x.shape}; give (windows, {self.ticks} ticks, "
                f"{self.trunk.observation_size} observations)"
            )
        features = standardised(pooled(self.trunk, x), self.mean, self.spread)
        return np.asarray(features @ self.weight + self.bias)

    def predict(self, seen: Floats) -> NDArray[np.str_] | Array:
        """Name of the class, or the number, of each of windows `(n, ticks, k)`, `(n,)`.

        Raises:
            AdaptError: the windows are no `(n, ticks, k)` of this policy's observations.
        """
        given = self.scores(seen)
        return np.array(self.classes)[given.argmax(axis=1)] if self.classes else given[:, 0]

    def chances(self, seen: Floats) -> Array:
        """Probability of each class for each window, `(n, classes)`.

        Raises:
            AdaptError: it reads a number, or the windows are not this policy's.
        """
        if not self.classes:
            raise AdaptError("this head reads a number and knows no classes; ask it to predict")
        given = self.scores(seen)
        odds = np.exp(given - given.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def save(self, folder: str | Path, beside: Mapping[str, bytes] | None = None) -> Path:
        """Write the head, whole or not at all, in place of an older one; and files for people.

        Raises:
            AdaptError: the place exists and is no head, or cannot be written.
        """
        target = Path(folder)
        if target.exists() and not (target / FACTS).exists():
            raise AdaptError(f"{target} exists and is not a head; choose another place")
        numbers = pack_weights({name: getattr(self, name) for name in _ARRAYS})
        facts = {
            "format": FORMAT,
            "policy": self.policy,
            "classes": self.classes,
            "ticks": self.ticks,
            "rate": self.rate,
            "sha256": sha256(numbers),
        }
        try:
            write_folder(target, {**(beside or {}), NUMBERS: numbers, FACTS: write_json(facts)})
        except OSError as error:
            raise AdaptError(f"cannot write the head {target}: {error.strerror}") from None
        return target

    @classmethod
    def load(cls, folder: str | Path, bundle: Bundle) -> "ProbeHead":
        """Read a head of a bundle's policy; nothing that is read is run.

        Raises:
            AdaptError: it is no head, damaged, or of another policy.
        """
        root = Path(folder)
        try:
            facts, numbers = read_json(_read(root / FACTS)), _read(root / NUMBERS)
            if facts["format"] != FORMAT:
                raise ValueError(f"its format is {facts['format']!r} and this release's {FORMAT}")
            if facts["sha256"] != sha256(numbers):
                raise ValueError(f"{NUMBERS} was edited or damaged")
            arrays = unpack_weights(numbers, NUMBERS)
            policy, fields = str(facts["policy"]), _fields(facts)
            parts: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        except KeyError as error:
            raise AdaptError(f"the head {root} has no {error}; make it again") from None
        except (ValueError, TypeError, OSError, BundleError) as error:
            raise AdaptError(f"the head {root} cannot be read: {error}; make it again") from None
        if policy != bundle.digest:
            raise AdaptError(
                f"the head {root} stands on the trunk of policy {policy}, and this one is "
                f"{bundle.digest}; give that policy's bundle, or make a head for this one"
            )
        return cls(trunk=bundle.policy, policy=policy, **fields, **parts)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{path.name} is larger than the {LARGEST} bytes there is room for")
    return content


def _fields(facts: Mapping[str, Any]) -> dict[str, Any]:
    classes = facts["classes"]
    if not isinstance(classes, list) or len(set(map(str, classes))) != len(classes):
        raise ValueError("its classes are no list of different names")
    names = tuple(map(str, classes))
    return {"classes": names, "ticks": int(facts["ticks"]), "rate": float(facts["rate"])}
