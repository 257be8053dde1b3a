"""What a bundle keeps of the steps that led to it: none is forgotten, and each can be undone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ashore.adapt.errors import AdaptError
from ashore.adapt.posterior import Posterior
from ashore.adapt.verdict import Answer
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.estimator import Estimator
from ashore.envs.randomize.mixture import Mixture
from ashore.envs.randomize.randomization import Source
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Weights
from ashore.policies.storage.weights_file import pack_weights, unpack_weights

STEPS = "steps.json"
"""Attachment with what each bundle before this one was, oldest first."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A bundle as it was before a step."""

    digest: str
    """Its digest."""
    actor: Weights
    """Its policy."""
    verdict: dict[str, Any] | None
    """The verdict on it; None for a pretrained one."""
    posterior: str | None
    """The posterior that it was adapted in."""
    provenance: dict[str, Any]
    """How it came to be."""


def weights_name(index: int) -> str:
    """Attachment that holds the policy before step `index`."""
    return f"step-{index}.safetensors"


def history(bundle: Bundle) -> list[Step]:
    """Read the steps that a bundle keeps, oldest first.

    Raises:
        AdaptError: what it keeps is damaged.
    """
    kept = bundle.attachments
    if STEPS not in kept:
        return []
    try:
        return [
            Step(actor=unpack_weights(kept[weights_name(i)], weights_name(i)), **facts)
            for i, facts in enumerate(json.loads(kept[STEPS]))
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise AdaptError(
            f"the bundle's {STEPS} cannot be read: {error}; take an older copy of the bundle"
        ) from None


def with_step(bundle: Bundle) -> dict[str, bytes]:
    """Attachments for what follows `bundle`: steps before it, itself as the last, its estimator."""
    last = Step(
        digest=bundle.digest,
        actor=bundle.actor,
        verdict=None if bundle.verdict is None else dict(bundle.verdict),
        posterior=bundle.posterior,
        provenance=dict(bundle.provenance),
    )
    return {**_packed([*history(bundle), last]), **_estimator(bundle)}


def _packed(steps: Sequence[Step]) -> dict[str, bytes]:
    if not steps:
        return {}
    facts = [{k: v for k, v in vars(step).items() if k != "actor"} for step in steps]
    files = {weights_name(i): pack_weights(step.actor) for i, step in enumerate(steps)}
    return {**files, STEPS: json.dumps(facts, indent=1).encode()}


def undo(bundle: Bundle, count: int = 1) -> Bundle:
    """Return the bundle that was there `count` steps ago, with what it kept of the steps before.

    Raises:
        AdaptError: there were not so many steps.
    """
    steps = history(bundle)
    if not 1 <= count <= len(steps):
        raise AdaptError(
            f"{count} steps are to be undone and the bundle keeps {len(steps)}; "
            + (f"allowed: 1 to {len(steps)}" if steps else "it was never adapted")
        )
    kept = len(steps) - count
    then = steps[kept]
    return replace(
        bundle,
        actor=then.actor,
        verdict=then.verdict,
        posterior=then.posterior,
        provenance=then.provenance,
        lineage=bundle.lineage[:kept],
        attachments={**_packed(steps[:kept]), **_estimator(bundle)},
    )


def _estimator(bundle: Bundle) -> dict[str, bytes]:
    estimator = Estimator.of(bundle)
    return estimator.attachments() if estimator else {}


def earlier_robots(bundle: Bundle) -> tuple[Source, ...]:
    """Robots like those whose logs taught a bundle, in the steps that the gate let pass."""
    taught = [(step.verdict, step.posterior) for step in history(bundle)]
    taught.append((None if bundle.verdict is None else dict(bundle.verdict), bundle.posterior))
    return tuple(
        read_posterior(posterior)
        for verdict, posterior in taught
        if verdict and posterior and verdict.get("answer") == Answer.IMPROVED.value
    )


def read_posterior(text: str) -> Source:
    """Read what a bundle was adapted in, whatever kind of robot it is of.

    Raises:
        AdaptError: it is neither kind.
    """
    return Belief.from_json(text) if '"kind": "walker"' in text else Posterior.from_json(text)


def mixed(source: Source, earlier: Sequence[Source]) -> Source:
    """Robots of `source` and of each of the earlier logs, in equal shares."""
    whole = source
    for number, robots in enumerate(earlier, start=2):
        whole = Mixture(first=whole, second=robots, share=1.0 / number)
    return whole
