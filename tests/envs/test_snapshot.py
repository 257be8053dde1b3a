"""One law: robots that are put back in the middle of their episodes go on to the same bits."""

import io
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.mujoco.inverted_pendulum_v5 import InvertedPendulumEnv
from stable_baselines3.common.vec_env import DummyVecEnv

from ashore.envs.errors import EnvsError
from ashore.envs.gym.contract_vec_env import ContractVecEnv, gymnasium_contract
from ashore.envs.gym.gymnasium_env import GymnasiumConfig, GymnasiumVecEnv
from ashore.envs.object_graph import ObjectGraph
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.curriculum import Curriculum, CurriculumConfig
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.snapshot import restore, snapshot
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec

pytestmark = pytest.mark.slow

N, BEFORE, AFTER = 6, 25, 50
TASKS = (("servo", "track"), ("servo", "swing_up"), ("arm", "reach"), ("quadruped", "walk"))
WORLD = (
    Term(parameter="mass", low=0.8, high=1.2, operation="scale"),
    Term(parameter="strength", low=0.7, high=1.1, mode="startup"),
    Term(parameter="friction", low=0.5, high=1.5, operation="scale"),
    Term(parameter="push", low=-2.0, high=2.0, mode="interval", every=(0.05, 0.2), hold=0.06),
    Term(parameter="observation_delay", low=0.0, high=0.03, mode="interval", every=(0.1, 0.3)),
    Term(parameter="observation_noise", low=0.0, high=0.02),
    Term(parameter="dropped_samples", low=0.0, high=0.1),
)
LATE = Term(parameter="command_delay", low=0.0, high=0.02)


class Counted(InvertedPendulumEnv):
    """A pendulum that remembers something where nobody knows of it."""

    steps = 0

    def step(self, action):
        self.steps += 1
        return super().step(action * np.cos(self.steps))

    def reset_model(self):
        self.steps = 0
        return super().reset_model()


def often(ranges):
    """The same ranges, with changes within the short time of the test."""
    terms = tuple(replace(t, every=(0.1, 0.3)) if t.mode == "interval" else t for t in ranges.terms)
    return Randomization(terms=terms)


def robots(robot, task, *, n=N, source=None, seed=3):
    spec, ranges = RobotSpec.load(robot), often(Randomization.load(robot))
    job = make_task(task, spec)
    config = EnvConfig(robots=n, seed=seed, privileged=ranges)
    contract = job.contract(spec).with_context(8, 2)
    return SimulationVecEnv(spec, job, contract, source or ranges, config)


def gymnasium_robots(environment, *terms, **config):
    options = {"robots": N, "seed": 3, "threads": 2, **config}
    made = GymnasiumVecEnv(environment, Randomization(terms=terms), GymnasiumConfig(**options))
    return ContractVecEnv(made, gymnasium_contract(made), 0.1)


def actions(env, ticks, seed):
    size = (ticks, env.num_envs, *env.action_space.shape)
    return np.random.default_rng(seed).uniform(-1.0, 1.0, size).astype(np.float32)


def inside(env):
    """The environment that counts ticks."""
    return getattr(env, "robots", env)


def course(env, ticks, seed):
    """All that a learner is told over some ticks, in which episodes end again and again."""
    told, counter = [], inside(env)
    for tick, action in enumerate(actions(env, ticks, seed)):
        if tick % 4 == 1:
            counter.ticks[tick % 3 :: 3] = counter.episode_ticks - 1
        seen, reward, done, infos = env.step(action)
        row = np.concatenate([seen, reward[:, None], done[:, None]], axis=1).tobytes()
        told.append((row, repr([(i, info) for i, info in enumerate(infos) if done[i]])))
    return told


def on_disk(kept):
    """The same snapshot after a file."""
    file = io.BytesIO()
    np.savez(file, **kept)
    file.seek(0)
    return dict(np.load(file))


def require_the_same_future(make):
    """Law: an environment made anew and put where another is goes on as that one does."""
    env = make()
    env.reset()
    past = course(env, BEFORE, 0)
    kept = snapshot(env)
    future = course(env, AFTER, 1)
    assert any("terminal_observation" in ends for _, ends in past + future)
    anew = make()
    assert restore(anew, on_disk(kept))
    assert course(anew, AFTER, 1) == future
    # Nor does it matter what the environment did before, or that the snapshot was used already.
    assert restore(env, kept)
    assert course(env, AFTER, 1) == future


@pytest.mark.parametrize(("robot", "task"), TASKS)
def test_robots_put_back_go_on_to_the_same_bits(robot, task):
    require_the_same_future(lambda: robots(robot, task))


def test_robots_with_play_in_their_gears_go_on_too():
    play = Term(parameter="backlash", low=0.001, high=0.02)
    motors = Term(parameter="strength", low=0.8, high=1.0, mode="interval", every=(0.1, 0.2))
    source = Randomization(terms=(play, motors))
    require_the_same_future(lambda: robots("servo", "track", source=source))


@pytest.mark.parametrize("name", ["Hopper-v5", "InvertedPendulum-v5", "Ant-v5", "Humanoid-v5"])
def test_gymnasiums_walkers_put_back_go_on_to_the_same_bits(name):
    require_the_same_future(lambda: gymnasium_robots(name, *WORLD, LATE))
    require_the_same_future(lambda: gymnasium_robots(name, infos=True))


def test_a_snapshot_holds_from_the_first_tick_on():
    env = robots("quadruped", "walk")
    env.reset()
    kept = snapshot(env)
    future = course(env, AFTER, 1)
    anew = robots("quadruped", "walk")
    restore(anew, kept)
    assert course(anew, AFTER, 1) == future


def test_a_curriculum_goes_on_with_the_episodes_in_flight():
    def make():
        spec, stated = RobotSpec.load("servo"), Randomization.load("servo").terms[:2]
        world = Simulation(spec, 1)
        config = CurriculumConfig(bar=-9.0, window=2, probing=0.9)
        source = Curriculum(Randomization(terms=stated), world, config)
        return robots("servo", "track", source=source)

    env = make()
    env.reset()
    course(env, BEFORE, 0)
    kept, reached, progress = snapshot(env), env.source.reached, env.source.progress
    probes, results = dict(env.source._probes), repr(env.source._results)
    assert probes
    assert "True" in results
    assert progress > 0.3
    future = course(env, AFTER, 1)
    anew = make()
    restore(anew, kept)
    assert (anew.source.reached, anew.source.progress) == (reached, progress)
    assert anew.source._probes == probes
    assert repr(anew.source._results) == results
    assert course(anew, AFTER, 1) == future
    assert anew.source.reached == env.source.reached


@pytest.mark.parametrize("make", [Counted, "Pusher-v5"])
def test_robots_of_their_own_code_begin_anew_where_their_streams_had_come(make):
    def made():
        return gymnasium_robots(make, *WORLD, own_code=True)

    env = made()
    env.reset()
    course(env, BEFORE, 0)
    kept = snapshot(env)
    first = env.reset().tobytes()
    future = course(env, AFTER, 1)
    anew = made()
    assert not restore(anew, kept)
    assert anew.reset().tobytes() == first
    assert course(anew, AFTER, 1) == future


class Wandering:
    """A user's own source, with a memory that nobody told us of."""

    names = ("strength",)
    changing = ()

    def __init__(self):
        self.centre, self.drawn = {"now": np.ones(1)}, 0

    def draw(self, world: ParameterSet, dice):
        self.drawn += len(dice)
        self.centre["now"] *= 0.99
        return {"strength": self.centre["now"] + dice.uniform(-0.1, 0.1)}


def test_what_users_wrote_is_kept_as_well():
    require_the_same_future(lambda: robots("servo", "track", source=Wandering()))


def test_a_snapshot_is_a_copy():
    env = robots("arm", "reach")
    env.reset()
    kept = snapshot(env)
    before = {path: value.tobytes() for path, value in kept.items()}
    course(env, AFTER, 0)
    assert {path: value.tobytes() for path, value in kept.items()} == before
    assert all(value.flags.owndata and value.flags.writeable for value in kept.values())


@pytest.mark.parametrize(
    "make",
    [
        *(lambda part=part: robots(*part) for part in TASKS),
        lambda: gymnasium_robots("Hopper-v5", *WORLD, LATE),
        lambda: gymnasium_robots("Ant-v5", *WORLD, LATE),
    ],
)
def test_nothing_that_changes_is_of_an_unknown_kind(make):
    env = make()
    env.reset()
    env.step(actions(env, 1, 0)[0])
    unknown = ObjectGraph(env).unknown
    # Spaces and models are made with the environment, slices never change.
    kinds = {kind.__name__ for kind in unknown.values()}
    assert kinds <= {"Box", "slice", "list", "MjModel", "HopperEnv", "AntEnv"}
    lists = {path for path, kind in unknown.items() if kind is list}
    assert lists <= {"simulation/wire/_slices"}


def test_a_snapshot_of_another_environment_is_refused():
    env = robots("servo", "track")
    env.reset()
    kept = snapshot(env)
    with pytest.raises(EnvsError, match=r"another environment: .* \(6, .* here; make the env"):
        restore(robots("servo", "track", n=N + 1), kept)
    with pytest.raises(EnvsError, match=r"last_action is float64 \(6, 1\) in it and .* \(6, 12\)"):
        restore(robots("quadruped", "walk"), kept)
    with pytest.raises(EnvsError, match=r"source/centre/now exists in one of the two only"):
        restore(robots("servo", "track", source=Wandering()), kept)
    with pytest.raises(EnvsError, match="a DummyVecEnv keeps what only its own library knows"):
        snapshot(DummyVecEnv([lambda: gymnasium.make("CartPole-v1")]))


def test_streams_of_another_seed_are_put_back_too():
    env = robots("servo", "track", seed=3)
    env.reset()
    kept = snapshot(env)
    future = course(env, AFTER, 1)
    other = robots("servo", "track", seed=4)
    restore(other, kept)
    assert course(other, AFTER, 1) == future
