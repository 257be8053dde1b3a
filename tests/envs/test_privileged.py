"""Laws of what a critic is told: the truth, in the ranges that pretraining varies."""

import numpy as np
import pytest

from ashore.envs.randomize.privileged import TRUTH, Privileged
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec, shipped_robots

SERVO = RobotSpec.load("servo")
ALL = np.arange(3)


def told(*terms):
    world = Simulation(SERVO, 3, SimulationConfig(threads=1))
    return world, Privileged(world, Randomization(terms=terms))


def make(robot, source=None, **config):
    spec, ranges = RobotSpec.load(robot), Randomization.load(robot)
    task = make_task(spec.task, spec)
    config = EnvConfig(robots=4, privileged=ranges, **config)
    return SimulationVecEnv(spec, task, task.contract(spec), source or ranges, config)


def test_a_parameter_is_told_in_its_range():
    world, critic = told(Term(parameter="viscous", low=0.002, high=0.006))
    world.set("viscous", np.array([[0.002], [0.004], [0.007]]), ALL)
    critic.look(ALL)
    # ends are -1 and 1, the middle 0; 0.007 is half a range beyond
    assert critic.tell({}) == pytest.approx(np.array([[-1.0], [0.0], [1.5]]))


def test_two_terms_on_one_parameter_are_one_number_in_their_joint_range():
    world, critic = told(
        Term(parameter="viscous", low=0.004, high=0.006),
        Term(parameter="viscous", low=0.5, high=1.5, operation="scale", name="spread"),
    )
    assert critic.names == ("viscous",)
    # from 0.5 x 0.004 to 1.5 x 0.006: middle 0.0055, half 0.0035
    world.set("viscous", np.full((3, 1), 0.009), ALL)
    critic.look(ALL)
    assert critic.tell({})[:, 0] == pytest.approx(1.0)


def test_a_range_of_one_value_is_not_told():
    assert told(Term(parameter="viscous", low=0.004, high=0.004))[1].names == ()


def test_many_numbers_of_one_term_are_told_as_their_mean():
    env = make("quadruped")
    # twelve joints' friction is one number, four legs' strength four and their joints' mean one
    assert env.privileged.names.count("friction_base") == 1
    assert env.privileged.names.count("strength") == 5


@pytest.mark.parametrize("robot", shipped_robots())
def test_what_is_privileged_stands_behind_what_the_robot_sees(robot):
    env, plain = make(robot), make(robot)
    plain.privileged, size = None, env.contract.observation_size
    wide, narrow = env.reset(), plain.reset()
    assert wide.shape == (4, *env.observation_space.shape)
    assert np.array_equal(wide[:, :size], narrow)
    truth = sum(env.signals()[name].shape[1] for name in TRUTH if name in env.signals())
    assert wide.shape[1] == size + len(env.privileged.told) + truth
    # drawn from the very ranges that they are told in
    assert np.abs(wide[:, size : wide.shape[1] - truth]).max() <= 1.0


def test_a_push_is_told_while_it_lasts():
    env = make("quadruped")
    env.reset()
    where = [i for i, name in enumerate(env.privileged.names) if name == "push"]
    columns = env.contract.observation_size + np.array(where)
    still = np.zeros((4, 12), np.float32)
    pushed = [(env.step(still)[0][:, columns] != 0.0).any() for _ in range(8 * 50)]
    # every 4 to 8 s, for a tenth of a second
    assert 5 <= sum(pushed) < 100


def test_a_robot_that_begins_anew_is_told_as_the_robot_it_is_now():
    env = make("servo", stagger=False)
    first = env.reset()
    env.ticks[1] = env.episode_ticks - 1
    seen, _, done, infos = env.step(np.zeros((4, 1), np.float32))
    known = env.contract.observation_size
    assert done.tolist() == [False, True, False, False]
    assert np.array_equal(seen[[0, 2, 3], known:], first[[0, 2, 3], known:])
    assert not np.array_equal(seen[1, known:], first[1, known:])
    assert np.array_equal(infos[1]["terminal_observation"][known:], first[1, known:])
