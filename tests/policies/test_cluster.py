"""Laws of training on a cluster: the same as on one machine, and no worker is indispensable."""

import logging
import os
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.policies.cluster.parcel import Parcel, unpacked
from ashore.policies.cluster.recruit import ClusterConfig, recruit
from ashore.policies.cluster.squad import Squad, SquadPlan, actor_state
from ashore.policies.errors import TrainingError
from ashore.policies.learners.exploring import PURPOSE, explore, gather
from ashore.policies.lesson import RobotLesson
from ashore.policies.train import make_ppo, train
from ashore.policies.train_config import NetworkConfig, TrainConfig

SPEC = RobotSpec.load("servo")
LESSON = RobotLesson(
    spec=SPEC, task=make_task("track", SPEC), randomization=Randomization.load("servo")
)
CONFIG = TrainConfig(
    steps=32 * 24 * 6,
    robots=32,
    checkpoint_every=2,
    network=NetworkConfig(trunk=(32, 32), critic=(32, 32)),
    target=None,
    seed=5,
)
TICKS = 60
HERE = ClusterConfig(address="local", workers=2)


def squads(contract, count=1, lesson=LESSON):
    share = CONFIG.robots // count
    plans = [
        SquadPlan(
            lesson=lesson,
            contract=contract,
            config=CONFIG,
            first=number * share,
            robots=share,
            threads=1,
        )
        for number in range(count)
    ]
    made = [Squad(plan) for plan in plans]
    for squad in made:
        squad.begin()
    return made


@pytest.mark.parametrize("count", [1, 2, 4])
def test_robots_live_the_same_lives_however_they_are_split(count):
    lesson = replace(LESSON, task=make_task("track", SPEC))
    # Episodes of 20 ticks, so that many end in a rollout.
    vars(lesson.task)["episode"] = 20 / SPEC.rate
    contract = lesson.contract(CONFIG.network, CONFIG.seed)
    env = lesson.env(contract, CONFIG.robots, CONFIG.seed)
    learner = make_ppo(env, CONFIG.network.shape(contract, _told(env, contract)), CONFIG)
    act = partial(explore, learner.policy, Dice(CONFIG.seed, CONFIG.robots, purpose=PURPOSE))
    now = torch.from_numpy(np.asarray(env.reset()))
    whole = gather(env, act, now, TICKS, lambda _: True)
    weights = actor_state(learner.policy)
    parcels = [squad.gather(weights, TICKS) for squad in squads(contract, count, lesson)]
    parts = unpacked(parcels, learner.policy)
    assert len(whole.endings) > CONFIG.robots
    assert parts.endings == whole.endings
    assert torch.equal(parts.final, whole.final)
    for mine, theirs in zip(parts.steps, whole.steps, strict=True):
        for name, value in vars(theirs).items():
            assert torch.equal(getattr(mine, name), value), name


def _told(env, contract):
    return env.observation_space.shape[0] - contract.observation_size


def test_a_squad_goes_on_where_its_snapshot_was_taken():
    contract = LESSON.contract(CONFIG.network, CONFIG.seed)
    (one,) = squads(contract)
    weights = actor_state(one.policy)
    one.gather(weights, 7)
    kept = {name: np.array(each) for name, each in one.snapshot().items()}
    expected = one.gather(weights, 9)
    (other,) = squads(contract)
    assert other.restore(kept)
    again = other.gather(weights, 9)
    for name, value in vars(expected).items():
        mine = getattr(again, name)
        assert mine == value if name == "endings" else np.array_equal(mine, value), name


def test_a_parcel_says_how_large_it_is():
    contract = LESSON.contract(CONFIG.network, CONFIG.seed)
    (one,) = squads(contract)
    parcel = one.gather(actor_state(one.policy), 4)
    assert isinstance(parcel, Parcel)
    wide = one._seen.shape[1]
    # Observations before 4 ticks and after; action, log-probability, reward and an ending a tick.
    assert parcel.size == 32 * (5 * 4 * wide + 4 * (4 + 4 + 4 + 1))


@pytest.mark.parametrize(
    ("changed", "workers", "match"),
    [
        ({"algorithm": "sac"}, 2, "whole rollouts"),
        ({"curriculum": True, "target": 0.9}, 2, "without --curriculum"),
        ({}, 5, "ask for 1 to 4"),
        ({}, 0, "ask for 1 to 4"),
    ],
)
def test_what_cannot_be_split_is_refused(changed, workers, match):
    where = replace(HERE, workers=workers)
    with pytest.raises(TrainingError, match=match):
        recruit(LESSON, LESSON.contract(CONFIG.network, 0), replace(CONFIG, **changed), where)


def test_an_absent_ray_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(TrainingError, match=r"pip install 'ashore\[ray\]'"):
        recruit(LESSON, LESSON.contract(CONFIG.network, 0), CONFIG, HERE)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1:1", "Connection refused"),
        ("ray://127.0.0.1:1", "Connection refused"),
        ("nowhere", "it is no HOST:PORT"),
        ("127.0.0.1:port", "Port could not be cast"),
    ],
)
def test_a_cluster_that_does_not_answer_is_refused_at_once(address, why):
    pytest.importorskip("ray")
    where = replace(HERE, address=address)
    with pytest.raises(TrainingError, match=f"no cluster of Ray at {address}: {why}"):
        recruit(LESSON, LESSON.contract(CONFIG.network, 0), CONFIG, where)


@pytest.fixture(scope="module")
def cluster():
    """A cluster of Ray's on this machine, which trainings find themselves in."""
    ray = pytest.importorskip("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield ray
    ray.shutdown()


def trained(run, where=None, report=None, **changed):
    config = replace(CONFIG, **changed)
    crews = []

    def crew(contract):
        crews.append(recruit(LESSON, contract, config, where))
        return crews[-1]

    told = None if report is None else partial(report, crews)
    return train(LESSON, run, config, told, crew if where else None)


def same(one, other):
    return all(
        np.array_equal(each, theirs[name])
        for mine, theirs in ((one.actor, other.actor), (one.critic, other.critic))
        for name, each in mine.items()
    )


@pytest.mark.slow
def test_two_workers_train_the_policy_of_one_machine_to_the_last_bit(cluster, tmp_path):
    alone = trained(tmp_path / "one")
    both = trained(tmp_path / "two", HERE)
    assert same(alone, both)
    figures = ("reward", "broken", "coverage")
    for name in figures:
        assert both.provenance["figures"][name] == alone.provenance["figures"][name], name


class Killed(Exception):
    """Of a learner, in the middle of a training."""


@pytest.mark.slow
def test_a_killed_learner_goes_on_to_the_same_bits_with_as_many_workers(cluster, tmp_path):
    calls = []

    def die(crews, progress):
        calls.append(progress.steps)
        if len(calls) == 4:
            raise Killed

    with pytest.raises(Killed):
        trained(tmp_path / "killed", HERE, die)
    with pytest.raises(TrainingError, match="trained on 2 workers before, and 1 workers are asked"):
        trained(tmp_path / "killed", replace(HERE, workers=1))
    with pytest.raises(TrainingError, match="split over workers before, and are asked here now"):
        trained(tmp_path / "killed")
    assert same(trained(tmp_path / "killed", HERE), trained(tmp_path / "whole"))
    with pytest.raises(TrainingError, match="trained on one machine before, and 2 workers are"):
        trained(tmp_path / "whole", HERE)


@pytest.mark.slow
def test_why_a_worker_cannot_begin_is_said(cluster):
    heavy = Term(parameter="mass", low=0.5, high=900.0, operation="scale")
    lesson = LESSON.within(Randomization(terms=(heavy,)))
    contract = LESSON.contract(CONFIG.network, 0)
    match = r"worker 0 could not begin: .*term mass \*U\(0.5, 900\) gives .* physical is"
    with pytest.raises(TrainingError, match=match):
        recruit(lesson, contract, CONFIG, HERE)


@pytest.mark.slow
def test_more_workers_than_processors_are_refused_instead_of_waited_for(cluster, tmp_path):
    match = "3 workers need 3 processors, and the cluster at local has 2; ask for fewer"
    with pytest.raises(TrainingError, match=match):
        trained(tmp_path / "run", replace(HERE, workers=3))


@pytest.mark.slow
def test_a_killed_worker_costs_its_share_of_a_rollout_and_others_come_in_its_place(
    cluster, tmp_path
):
    steps, lost = [], []

    def kill(crews, progress):
        steps.append(progress.steps)
        lost.append(progress.lost)
        if len(lost) == 2:
            cluster.kill(crews[0].hands._actors[1])

    found = trained(tmp_path / "worker", HERE, kill, checkpoint_every=100)
    # The third rollout came without sixteen robots; then there were others.
    assert lost[:3] == [0, 0, 1]
    assert lost[-1] == 1
    assert np.diff(steps)[:3].tolist() == [32 * 24, 16 * 24, 32 * 24]
    assert all(np.isfinite(each).all() for each in found.actor.values())
