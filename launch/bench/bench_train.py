"""The benchmark of training: speed, time to walk, where it goes, and inference on a robot."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench.bench_inference import inference_row
from ashore.launch.bench.figure import Row, row
from ashore.launch.bench.learners import (
    RSL_RL,
    Arena,
    learn_default,
    learn_ours,
    learn_rsl_rl,
    learn_stock,
)
from ashore.launch.recipes import RECIPES
from ashore.launch.turn import Pause, Turn
from ashore.policies.learners.anchored_ppo import AnchoredPPO
from ashore.policies.lesson import RobotLesson

UNIT = "control steps/s"
WALKS, WELL = 0.06, 0.05
"""Velocity error from which on a robot walks, and walks well [m/s]."""
EXAMINED, EXAM = 64, 5_000
"""Robots of an exam, an episode of 20 s each: 64,000 control steps; and its seed."""
LIMIT = 60.0
"""Time after which a learner that doesn't walk well is stopped [s]."""
OURS, STOCK, RSL, DEFAULTS = "ours", "sb3", "rsl_rl", "sb3_defaults"

Learn = Callable[[Arena, Pause], None]


@dataclass
class Racer:
    """A learner in the race, and what was measured of it."""

    turn: Turn
    """Its training."""
    speeds: list[float]
    """Control steps/s of each slice."""
    reached: dict[float, float] = field(default_factory=dict)
    """Seconds of its own until it walked that well, by velocity error."""
    done: int = 0
    """Control steps done."""


def run(data_dir: Path, short: bool) -> list[Row]:
    """Race our training against its peers on the quadruped, slice by slice in turns.

    All learn on the same environment with the same number of robots, one PyTorch thread beside the
    batch's. A learner walks once, over 64,000 control steps of robots of the whole randomization,
    its mean velocity error is at most 0.06 m/s and none fell; it walks well at 0.05 m/s. Exams are
    off its clock. Stock
    Stable-Baselines3 runs by our recipe (networks, rollouts, epochs, minibatches), and with its own
    defaults; rsl_rl runs with its own settings and our networks' widths.

    Args:
        data_dir: not used here.
        short: speeds only, and not until they walk.

    Returns:
        Rows of name, value, unit, peer, peer_value and ratio.
    """
    spec, config = RobotSpec.load("quadruped"), RECIPES["walk"]
    ranges = Randomization.load("quadruped")
    lesson = RobotLesson(spec=spec, task=make_task("walk", spec), randomization=ranges)
    rollout = config.robots * config.horizon
    profile = Profile()
    arena = Arena(
        lesson=lesson,
        contract=lesson.contract(config.network, config.seed),
        config=config,
        slice=8 * rollout,
        watch=profile.attach,
    )
    racers = race(arena, short)
    brief = replace(arena, slice=rollout)
    defaults = Turn(partial(learn_default, brief))
    defaults.go()
    racers[DEFAULTS] = Racer(defaults, [rollout / defaults.go()])
    defaults.end()
    shares = profile.rows(racers[OURS].turn.seconds)
    return [*_rows(racers, short), *shares, inference_row(short)]


def race(arena: Arena, short: bool) -> dict[str, Racer]:
    """Let all take turns until each walks well; in short, for three slices."""
    learners: dict[str, Learn] = {OURS: learn_ours, STOCK: learn_stock}
    if find_spec("rsl_rl") is not None:
        learners[RSL] = learn_rsl_rl
    racers = {name: Racer(Turn(partial(learn, arena)), []) for name, learn in learners.items()}
    running = list(racers)
    while running:
        for name in list(running):
            racer = racers[name]
            taken, before = racer.turn.go(), racer.done
            if racer.turn.over:
                running.remove(name)
                continue
            racer.done = racer.turn.stands.steps
            racer.speeds.append((racer.done - before) / taken)
            if not short:
                _examine(arena, racer)
            tired = short and len(racer.speeds) >= 3
            if tired or WELL in racer.reached or racer.turn.seconds > LIMIT:
                running.remove(name)
    for racer in racers.values():
        racer.turn.end()
    return racers


def _examine(arena: Arena, racer: Racer) -> None:
    """Note how well a learner walks now, if nobody fell."""
    lesson = arena.lesson
    course = Course(
        spec=lesson.spec,
        task=lesson.task,
        source=lesson.randomization,
        robots=EXAMINED,
        seed=EXAM,
    )
    outcome = evaluate(racer.turn.stands.act, arena.contract, course)
    for error in (WALKS, WELL):
        if outcome.errors["velocity error [m/s]"] <= error and not outcome.failed.any():
            racer.reached.setdefault(error, racer.turn.seconds)


def _rows(racers: dict[str, Racer], short: bool) -> list[Row]:
    ours, stock, defaults = (racers[name] for name in (OURS, STOCK, DEFAULTS))
    rsl, absent = racers.get(RSL), f"rsl_rl is not here: pip install rsl-rl-lib=={RSL_RL}"
    rows = [
        _speed("train_vs_sb3_stock", ours, defaults, "Stable-Baselines3 PPO, its defaults"),
        _speed("train_vs_sb3_same_recipe", ours, stock, "Stable-Baselines3 PPO, our recipe"),
    ]
    if rsl is None:
        rows.append(row("train_vs_rsl_rl", ours.reached.get(WALKS), "s", absent))
    else:
        rows.append(_time("train_vs_rsl_rl", ours, rsl, "rsl_rl PPO", WALKS))
        rows.append(_time("train_well_vs_rsl_rl", ours, rsl, "rsl_rl PPO", WELL))
        rows.append(_speed("train_speed_vs_rsl_rl", ours, rsl, "rsl_rl PPO"))
    same = "Stable-Baselines3 PPO, our recipe"
    rows.append(_time("train_time_vs_sb3", ours, stock, same, WALKS))
    rows.append(_time("train_well_vs_sb3", ours, stock, same, WELL))
    why = "not measured with --short" if short else None
    seconds = ours.reached.get(WALKS)
    return [*rows, row("quadruped_seconds_to_threshold", seconds, "s", why)]


def _speed(name: str, ours: Racer, peer: Racer, what: str) -> Row:
    value, theirs = (float(np.median(each.speeds[1:] or each.speeds)) for each in (ours, peer))
    return row(name, value, UNIT, what, theirs, value / theirs)


def _time(name: str, ours: Racer, peer: Racer, what: str, error: float) -> Row:
    mine, theirs = ours.reached.get(error), peer.reached.get(error)
    what = f"{what}, to {error:g} m/s"
    if mine is not None and theirs is None and peer.turn.seconds > LIMIT:
        return row(name, mine, "s", f"{what}: not within {LIMIT:.0f} s of its own")
    return row(name, mine, "s", what, theirs, theirs / mine if mine and theirs else None)


class Profile:
    """Where our training's time goes."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(("physics", "policy", "update"), 0.0)

    def attach(self, model: AnchoredPPO, env: SimulationVecEnv) -> None:
        """Time the parts of a training that has not begun."""
        vars(env.simulation)["batch"] = Timed(env.simulation.batch, self.timed)
        vars(model)["explore"] = self.timed("policy", model.explore)
        vars(model)["train"] = self.timed("update", model.train)

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same function, which adds to a part's seconds."""

        @wraps(call)
        def timed(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            found = call(*args, **options)
            self.seconds[name] += time.perf_counter() - began
            return found

        return timed

    def rows(self, whole: float) -> list[Row]:
        """Shares of physics, policy, update and all the rest, of `whole` seconds."""
        rest = whole - sum(self.seconds.values())
        parts = {**self.seconds, "rest": rest}
        return [row(f"train_share_{name}", each / whole, "of 1") for name, each in parts.items()]


class Timed:
    """A batch whose steps are timed."""

    def __init__(self, batch: Any, timed: Callable[..., Any]) -> None:
        self._batch = batch
        self.step = timed("physics", batch.step)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)
