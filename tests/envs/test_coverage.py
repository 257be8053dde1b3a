"""Laws of coverage: what was lived through counts, and nothing else."""

import numpy as np
import pytest

from ashore.envs.coverage import Coverage, Quarters
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.snapshot import restore, snapshot
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec

pytestmark = pytest.mark.slow

SERVO = RobotSpec.load("servo")
VISCOUS = Randomization(terms=(Term(parameter="viscous", low=0.002, high=0.006),))


def world(n=4):
    return Simulation(SERVO, n, SimulationConfig(threads=1))


def covered(robot, source=None, robots=8):
    spec, ranges = RobotSpec.load(robot), Randomization.load(robot)
    task = make_task(spec.task, spec)
    config = EnvConfig(robots=robots)
    env = SimulationVecEnv(spec, task, task.contract(spec), source or ranges, config)
    env.coverage = Coverage(env.simulation, ranges)
    env.reset()
    return env


def drive(env, ticks):
    still = np.zeros((env.num_envs, env.contract.action_size), np.float32)
    for _ in range(ticks):
        env.step(still)


def test_control_steps_are_counted_in_the_quarter_that_they_were_lived_in():
    servos = world()
    coverage = Coverage(servos, VISCOUS)
    # quarters are 0.002 to 0.003, and so on; what is beyond counts to the outermost
    servos.set("viscous", np.array([[0.0021], [0.0029], [0.0059], [0.008]]), np.arange(4))
    kinds = {"slow": np.array([True, False, True, True])}
    coverage.add(np.arange(4), np.array([10, 20, 30, 40]), kinds)
    assert coverage.steps == 100
    assert coverage.shares() == {"slow": 0.8}
    assert coverage.quarters() == {"viscous": [0.3, 0.0, 0.0, 0.7]}


def test_two_terms_on_the_same_elements_are_one_range():
    spread = Term(parameter="viscous", low=0.5, high=1.5, operation="scale", name="spread")
    both = Quarters(world(), Randomization(terms=(*VISCOUS.terms, spread)))
    assert both.titles == ("viscous",)
    # from 0.001 to 0.009: 0.0051 is just past the middle
    assert both.of({"viscous": np.array([[0.0051]])}).tolist() == [[2]]


def test_what_cannot_vary_has_no_quarters():
    fixed = Term(parameter="resistance", low=3.0, high=3.0)
    for terms, shares in ((), {}), ((fixed,), {}), ((fixed, *VISCOUS.terms), {"viscous": 4}):
        coverage = Coverage(world(), Randomization(terms=terms))
        coverage.add(np.arange(4), np.array([1, 2, 3, 4]), {})
        assert coverage.steps == 10
        assert {title: len(each) for title, each in coverage.quarters().items()} == shares


def test_a_number_is_averaged_over_who_was_in_a_quarter():
    quarters = Quarters(world(), VISCOUS)
    place = quarters.of({"viscous": np.array([[0.0021], [0.0022], [0.0059]])})
    mean = quarters.mean(place, np.array([1.0, 2.0, 5.0]))
    assert mean == {"viscous": [1.5, None, None, 5.0]}


def test_kinds_that_part_all_episodes_add_up_and_nothing_is_lost():
    env = covered("servo")
    drive(env, 700)
    seen = env.survey()
    shares = seen.shares()
    assert seen.steps == 700 * 8
    assert shares["slow"] + shares["fast"] == pytest.approx(1.0)
    assert all(sum(each) == pytest.approx(1.0) for each in seen.quarters().values())
    # asking changes nothing
    assert env.survey().steps == seen.steps > env.coverage.steps > 0


def test_a_robot_that_falls_counts_what_it_lived():
    env = covered("quadruped")
    over = []
    for _ in range(100):
        _, _, done, infos = env.step(np.ones((8, 12), np.float32))
        over += [infos[i] for i in np.flatnonzero(done)]
    fallen = [each["episode"] for each in over if not each["TimeLimit.truncated"]]
    # a fraction of what each could have walked, at least if it began early in its 20 s
    assert min(each["l"] / each["whole"] for each in fallen) < 0.1
    assert sum(each["episode"]["l"] for each in over) == env.coverage.steps
    assert env.survey().steps == 100 * 8


def test_narrow_robots_leave_the_outer_quarters_empty():
    narrow = Term(parameter="viscous", low=0.006, high=0.0065)
    quarters = covered_of(narrow)["viscous"]
    # the servo's range is 0.003 to 0.010
    assert quarters == [0.0, 1.0, 0.0, 0.0] or quarters == [0.0, 0.0, 1.0, 0.0]


def covered_of(term):
    env = covered("servo", Randomization(terms=(term,)))
    drive(env, 5)
    return env.survey().quarters()


def test_coverage_goes_on_where_a_snapshot_was_taken():
    one = covered("servo")
    drive(one, 600)
    kept = snapshot(one)
    drive(one, 300)
    other = covered("servo")
    restore(other, kept)
    drive(other, 300)
    assert other.survey().shares() == one.survey().shares()
    assert other.survey().quarters() == one.survey().quarters()
