"""`Estimator`: reads a robot's parameters from windows of its walk, without its base's state."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.envs.randomize.randomization import Randomization
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights
from ashore.policies.storage.weights_file import pack_weights, unpack_weights

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

NUMBERS, FACTS = "estimator.safetensors", "estimator.json"
"""Attachments of a bundle that hold its estimator."""
CLIP = 6.0
"""Standard deviations beyond which a window's number is cut off."""
NARROWEST, WIDEST = -4.0, 1.0
"""Logarithms of the smallest and largest width, in standard deviations of the prior."""


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """A network over windows whose embeddings are averaged, so that longer logs tell more.

    Each window `w` of `f` numbers becomes an embedding; their mean becomes mean and log width of a
    normal distribution for each told number of the robot.

    Source: Zaheer et al., "Deep sets", NeurIPS 2017, theorem 2; amortised Gaussian posteriors as in
    Papamakarios and Murray, "Fast e-free inference of simulation models", NeurIPS 2016.
    """

    weights: Weights
    """Layers `window.0`, `window.1`, `robot.0`, `robot.1`, and the normalisers."""
    wide: Randomization
    """The ranges that what is estimated are numbers in."""
    told: NDArray[np.intp]
    """Which of the ranges' draws are estimated; a walk tells nothing of the others, `(k,)`."""
    policy: str
    """Digest of the policy that drove the robots it learned from."""

    def embed(self, windows: Floats) -> Floats:
        """Embeddings of windows `(..., f)`, `(..., e)`."""
        scaled = (windows - self.weights["seen.mean"]) / self.weights["seen.sd"]
        x = np.clip(scaled, -CLIP, CLIP)
        return self._hidden(self._hidden(x, "window.0"), "window.1")

    def read(self, windows: Floats) -> tuple[Array, Array]:
        """Read robots from windows of their walk.

        Args:
            windows: `(m, f)` of one robot, or `(n, m, f)`.

        Returns:
            Means and standard deviations of the told numbers, 0..1 in the wide ranges, `(k,)` or
            `(n, k)` each.
        """
        pooled = self.embed(windows).mean(axis=-2)
        out = self._affine(self._hidden(pooled, "robot.0"), "robot.1").astype(np.float64)
        mean, log_sd = np.split(out, 2, axis=-1)
        sd = np.exp(np.clip(log_sd, NARROWEST, WIDEST))
        middle, spread = self.prior
        return middle + spread * mean, spread * sd

    @property
    def prior(self) -> tuple[Array, Array]:
        """Means and standard deviations of the told numbers before a log is read, `(k,)` each."""
        middle, spread = (self.weights[f"told.{k}"].astype(np.float64) for k in ("mean", "sd"))
        return middle, spread

    def _affine(self, x: Floats, name: str) -> Floats:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _hidden(self, x: Floats, name: str) -> Floats:
        y = self._affine(x, name)
        return np.maximum(y, np.exp(np.minimum(y, np.float32(0.0))) - np.float32(1.0))

    def attachments(self) -> dict[str, bytes]:
        """Files that a bundle keeps it in."""
        facts = {
            "policy": self.policy,
            "told": self.told.tolist(),
            "wide": json.loads(self.wide.to_json()),
        }
        return {
            NUMBERS: pack_weights(self.weights),
            FACTS: json.dumps(facts, indent=1).encode(),
        }

    @classmethod
    def of(cls, bundle: Bundle) -> "Estimator | None":
        """The estimator in a bundle; None if it holds none, or one for another policy.

        That of a bundle which this one was adapted from will do: final layers change little of how
        a robot walks, and refinement regresses on what it reads under the present policy.

        Raises:
            AdaptError: what it holds is no estimator.
        """
        kept = bundle.attachments
        if NUMBERS not in kept or FACTS not in kept:
            return None
        try:
            facts = json.loads(kept[FACTS])
            found = cls(
                weights=unpack_weights(kept[NUMBERS], NUMBERS),
                wide=Randomization.from_json(json.dumps(facts["wide"])),
                told=np.array(facts["told"], dtype=np.intp),
                policy=str(facts["policy"]),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise AdaptError(
                f"the bundle's {FACTS} is not an estimator's: {error}; take the bundle anew"
            ) from None
        known = {bundle.digest, *bundle.lineage}
        return found if found.policy in known else None
