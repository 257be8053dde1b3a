"""Laws of randomized Gymnasium environments: each robot draws for itself, and all of it shows."""

import mujoco
import numpy as np
import pytest
from gymnasium_robots import N, actions, make, put

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.snapshot import restore, snapshot


def busy(frozen=()):
    """Every parameter that a walker has, randomized, and some again and again."""
    changing = {"mode": "interval", "every": (0.05, 0.2)}
    terms = [
        Term(parameter="mass", low=0.8, high=1.3, operation="scale"),
        Term(parameter="friction", low=0.5, high=1.5, operation="scale", each="robot"),
        Term(parameter="damping", low=0.5, high=2.0, operation="scale", mode="startup"),
        Term(parameter="gravity_tilt", low=-0.1, high=0.1),
        Term(parameter="strength", low=0.7, high=1.2),
        Term(parameter="command_delay", low=0.0, high=0.03),
        Term(parameter="command_jitter", low=0.0, high=0.02),
        Term(parameter="observation_delay", low=0.0, high=0.06),
        Term(parameter="observation_jitter", low=0.0, high=0.03),
        Term(parameter="observation_noise", low=0.0, high=0.05),
        Term(parameter="dropped_samples", low=0.0, high=0.4),
        Term(parameter="push", low=-5.0, high=5.0, hold=0.1, **changing),
    ]
    return Randomization(terms=tuple(t for t in terms if t.parameter not in frozen))


def drive(env, chosen):
    """Bits of all that a driven environment says, `(n, k)`."""
    told = [env.reset()]
    for action in chosen:
        seen, reward, done, _ = env.step(action)
        told += [seen, reward[:, None], done[:, None]]
    return np.concatenate(told, axis=1)


@pytest.mark.parametrize("own", [False, True])
def test_the_bits_do_not_depend_on_threads_or_on_how_robots_are_split(own):
    parts = {"own_code": own, "seed": 5}
    whole = make("Hopper-v5", busy(), robots=5, threads=1, **parts)
    chosen = actions(whole, 60, seed=3)
    want = drive(whole, chosen)
    assert want[:, 12::13].any()
    for first, count in ((0, 5), (0, 1), (1, 3), (4, 1)):
        part = make("Hopper-v5", busy(), robots=count, first=first, threads=2, **parts)
        rows = slice(first, first + count)
        assert drive(part, chosen[:, rows]).tobytes() == want[rows].tobytes()
    assert drive(make("Hopper-v5", busy(), robots=5, own_code=own, seed=6), chosen).tobytes() != (
        want.tobytes()
    )


def test_both_ways_of_stepping_move_a_randomized_robot_alike():
    source = busy(frozen=("observation_delay", "observation_jitter", "dropped_samples"))
    known, own = (make("Ant-v5", source, seed=2, own_code=own) for own in (False, True))
    for env in (known, own):
        env.reset()
    for i, alone in enumerate(own.rules.envs):  # its first state is of Gymnasium's generator
        put(alone, known, i)
        state = own.simulation.batch.state[i]
        mujoco.mj_getState(alone.model, alone.data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    for action in actions(known, 20, seed=4):
        mine, theirs = (env.advance(action) for env in (known, own))
        for a, b in zip(mine, theirs, strict=True):
            assert np.array_equal(a, b)


def test_every_parameter_shows_and_its_nominal_value_does_not():
    plain = make("Ant-v5", seed=1)
    chosen = actions(plain, 15, seed=5)
    want = drive(plain, chosen)
    nominal = Randomization(
        terms=tuple(
            Term(parameter=name, low=0.0, high=0.0, operation="add")
            for name in plain.simulation.parameters
            if name not in ("centre_of_mass", "joint_mounting", "push")
        )
    )
    assert np.array_equal(drive(make("Ant-v5", nominal, seed=1), chosen), want)
    values = {"strength": 0.8, "command_delay": 0.01, "observation_delay": 0.02}
    values |= {"observation_noise": 0.1, "dropped_samples": 1.0, "mass": 1.2, "friction": 0.4}
    for name, value in values.items():
        changed = Randomization(terms=(Term(parameter=name, low=value, high=value),))
        assert not np.array_equal(drive(make("Ant-v5", changed, seed=1), chosen), want), name


def test_half_the_strength_is_half_the_command():
    weak, gentle = (make("HalfCheetah-v5", seed=3) for _ in range(2))
    weak.reset(), gentle.reset()
    weak.simulation.set("strength", np.array(0.5), np.arange(N))
    for action in np.clip(actions(weak, 20), -1.0, 1.0).astype("f8"):
        weak.simulation.step(action)
        gentle.simulation.step(0.5 * action)
    assert np.array_equal(weak.simulation.qpos, gentle.simulation.qpos)


def test_a_delay_of_two_substeps_is_two_substeps_of_the_action_before():
    late = make(
        "Ant-v5", Randomization(terms=(Term(parameter="command_delay", low=0.02, high=0.02),))
    )
    late.reset()
    obeyed = []
    step = late.simulation.batch.step
    late.simulation.batch.step = lambda **k: (obeyed.append(late.simulation.ctrl[0, 0]), step(**k))
    for action in (0.5, -0.25):
        late.simulation.step(np.full((N, 8), action))
    assert obeyed == pytest.approx([0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5, -0.25, -0.25, -0.25])


def test_draws_go_on_where_they_were_kept():
    env = make("Hopper-v5", busy())
    chosen = actions(env, 20)
    drive(env, chosen)
    kept = snapshot(env)
    want = drive(env, chosen)
    other = make("Hopper-v5", busy())
    restore(other, kept)
    assert drive(other, chosen).tobytes() == want.tobytes()
    restore(env, kept)
    assert drive(env, chosen).tobytes() == want.tobytes()
