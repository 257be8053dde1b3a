"""What is chosen at a rung's end: how far towards the tuned weights to go, and whether at all."""

from dataclasses import replace
from math import floor, sqrt

from ashore.adapt.examine import forgotten
from ashore.adapt.tuning.blend import blend
from ashore.adapt.tuning.climb import Ascent, Climb
from ashore.adapt.tuning.trial import Trial
from ashore.adapt.tuning.validation import Validation

CAREFUL = 0.97
"""How far of the way that should be allowed is gone."""


def conclude(climb: Climb, validation: Validation) -> None:
    """End the rung in progress: try its best weights, and take them if they bring enough.

    The climb is over where a rung brings nothing after another has brought something; as long as
    none has, the next one is tried.
    """
    if (ascent := climb.ascent) is None:
        return
    before, best = climb.trials[0], climb.candidate
    found = between(ascent, before, best, validation)
    scores = [validation.score(trial, before) for trial in found]
    gain = max(scores) - validation.score(best, before)
    if gain >= validation.work.config.least_gain:
        climb.best = len(climb.trials) + scores.index(max(scores))
        climb.critic = ascent.critic
    elif climb.best:
        climb.over = True
    climb.trials += found
    climb.spent += ascent.updates
    climb.depth += 1
    climb.ascent = None


def between(ascent: Ascent, before: Trial, best: Trial, validation: Validation) -> list[Trial]:
    """Trials from the tuned weights towards the pretrained ones.

    They end with the first that forgets no more than is allowed: reward on the log's robots falls
    towards the pretrained weights, so none behind it would be better. Those are near their best on
    the robots of pretraining, so what is forgotten grows as the square of the way from them:

        weight = last weight * sqrt(allowed / forgotten)
    """
    config, weight, found = validation.work.config, 1.0, list[Trial]()
    for _ in range(config.tries):
        trial = validation.trial(
            ascent.stage.rung,
            weight,
            blend(before.actor, ascent.actor, weight),
            ascent.best if weight == 1.0 else None,
        )
        way = (*best.way, replace(ascent.stage, weight=weight))
        found.append(replace(trial, way=way))
        lost = forgotten(before.source, trial.source)
        if lost <= config.nominal_loss:
            break
        weight = floor(100.0 * CAREFUL * weight * sqrt(config.nominal_loss / lost)) / 100.0
    return found


def why(climb: Climb, least_gain: float, wide: bool) -> str:
    """Say what tuning brought, or what to do where it brought nothing.

    Args:
        climb: an ended one.
        least_gain: reward per step that counts.
        wide: whether more of the log could tell more of the robot.
    """
    before, best = climb.trials[0], climb.candidate
    if best is before:
        tried = ", ".join(dict.fromkeys(trial.rung for trial in climb.trials[1:]))
        end = (
            "the log leaves open what robot this is, so record more of it and adapt again"
            if wide
            else "the pretrained policy has nothing to gain on this robot by tuning"
        )
        what = f"no rung ({tried}) raises reward per step on validation robots by {least_gain:g}"
        return f"{what}: {end}"
    rungs = ", then ".join(stage.rung for stage in best.way)
    lost = forgotten(before.source, best.source)
    return (
        f"tuning {rungs} brings reward per step on validation robots from {before.target:.3f} to "
        f"{best.target:.3f}, and costs {lost:.1%} of it on those of pretraining"
    )
