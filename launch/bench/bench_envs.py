"""The benchmark of environments: speed beside peers on the same model, and memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

from ashore.envs.gym.gymnasium_env import GymnasiumConfig, GymnasiumVecEnv
from ashore.launch.bench import bench_quadruped
from ashore.launch.bench.figure import Row, row
from ashore.launch.bench.memory import growth

Actions = NDArray[np.float32]
Step = Callable[[Actions], object]

UNIT = "control steps/s"
ANT = "Ant-v5"
ROBOTS, THREADS = 64, 2
WARM = 60
"""Control steps before measuring: robots have fallen, and begin anew at different times."""
ENVPOOL = "1.2.5"


def run(data_dir: Path, short: bool) -> list[Row]:
    """Measure control steps per second of the quadruped and of Gymnasium's Ant-v5, and memory.

    All take turns in one run, a tenth of a second or two each, under the same random actions; a
    ratio is the median over the rounds, so that whatever else the machine does falls on both.

    Args:
        data_dir: not used here.
        short: fewer rounds.

    Returns:
        Rows of name, value, unit, peer, peer_value and ratio.
    """
    rows = [*bench_quadruped.run(short), *ant_rows(10 if short else 40)]
    makers = {"quadruped": (bench_quadruped.__name__, "make_env"), "ant": (__name__, "make_ant")}
    for name, (module, maker) in makers.items():
        for robots in (64,) if short else (16, 64, 256, 1024, 4096):
            rows.append(memory_row(f"memory_{name}_{robots}_robots", maker, robots, module))
    return rows


def ant_rows(rounds: int) -> list[Row]:
    """Ours beside EnvPool and Stable-Baselines3's two vector environments."""
    # Forked before there is a thread, and so at once: 64 fresh processes would each import torch.
    forked = partial(SubprocVecEnv, start_method="fork")
    with stable_baselines(forked) as subproc, stable_baselines(DummyVecEnv) as dummy:
        ours, envpool = make_ant(ROBOTS, THREADS), make_envpool()
        ours.reset()
        runners: dict[str, Step] = {"ours": ours.step, "dummy": dummy.step, "subproc": subproc.step}
        if envpool is not None:
            runners["envpool"] = envpool
        seconds = take_turns(runners, rounds)
    own = seconds["ours"]
    where = f"{ANT}, {ROBOTS} robots"
    absent = f"EnvPool is not here: pip install envpool=={ENVPOOL}"
    return [
        speed_row("ant_vs_envpool", own, seconds.get("envpool"), f"EnvPool, {where}", absent),
        speed_row("ant_vs_sb3_dummy", own, seconds["dummy"], f"DummyVecEnv, {where}"),
        speed_row("ant_vs_sb3_subproc", own, seconds["subproc"], f"SubprocVecEnv, {where}"),
    ]


def make_ant(robots: int, threads: int) -> GymnasiumVecEnv:
    """Gymnasium's Ant-v5 in a batch."""
    return GymnasiumVecEnv(ANT, config=GymnasiumConfig(robots=robots, threads=threads))


def make_envpool() -> Step | None:
    """EnvPool's Ant-v5, ready to step; None where it isn't installed."""
    try:
        envpool = import_module("envpool")
    except ImportError:
        return None
    env = envpool.make_gymnasium(ANT, num_envs=ROBOTS, num_threads=THREADS, seed=0)
    env.reset()
    step: Step = env.step
    return step


@contextmanager
def stable_baselines(kind: Callable[..., VecEnv]) -> Iterator[VecEnv]:
    """One of Stable-Baselines3's vector environments of Gymnasium's own, ready to step."""
    env = kind([partial(gymnasium.make, ANT) for _ in range(ROBOTS)])
    try:
        env.reset()
        yield env
    finally:
        env.close()


def take_turns(runners: dict[str, Step], rounds: int) -> dict[str, NDArray[np.float64]]:
    """Seconds per control step of all robots, of each runner in each round."""
    rng = np.random.default_rng(0)
    shape = (WARM, ROBOTS, 8)
    actions = rng.uniform(-1.0, 1.0, shape).astype(np.float32)
    steps = {}
    for name, step in runners.items():
        began = time.perf_counter()
        for action in actions:
            step(action)
        each = (time.perf_counter() - began) / WARM
        steps[name] = max(4, min(WARM, round(0.15 / each)))
    taken: dict[str, list[float]] = {name: [] for name in runners}
    names = list(runners)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = time.perf_counter()
            for action in actions[: steps[name]]:
                runners[name](action)
            taken[name].append((time.perf_counter() - began) / steps[name])
    return {name: np.array(seconds) for name, seconds in taken.items()}


def speed_row(
    name: str,
    own: NDArray[np.float64],
    peer: NDArray[np.float64] | None,
    what: str,
    absent: str = "",
) -> Row:
    """Control steps/s from seconds per step of all robots; the ratio is the rounds' median."""
    speed = ROBOTS / float(np.median(own))
    if peer is None:
        return row(name, speed, UNIT, absent)
    theirs = ROBOTS / float(np.median(peer))
    return row(name, speed, UNIT, what, theirs, float(np.median(peer / own)))


def memory_row(name: str, maker: str, robots: int, module: str) -> Row:
    """Memory that an environment takes; `maker` is a function of `module`."""
    return row(name, growth(f"{module}:{maker}", robots), "MiB")
