"""Reward measured from a log is what the same steps earn in simulation."""

import numpy as np
import pytest
from bench import Bench, small_bundle

from ashore.adapt.errors import AdaptError
from ashore.adapt.measured import measured_episodes
from ashore.envs.dice import Dice
from ashore.envs.tasks.swing_up import SwingUp
from ashore.envs.tasks.task import total
from ashore.envs.tasks.track import Track
from ashore.hardware.spec import RobotSpec
from ashore.policies.controller import PolicyController

TASK = Track(RobotSpec.load("servo"))


def run(bench: Bench, folder):
    """Two short episodes of a policy."""
    plans = TASK.plan(Dice(4, 2))
    episodes = [PolicyController(small_bundle(), TASK, plan) for plan in plans]
    for episode in episodes:
        episode.duration = 1.0
    return plans, bench.run(folder, *episodes)[1]


def test_episodes_carry_their_plans_and_the_tasks_own_reward(bench, tmp_path):
    plans, log = run(bench, tmp_path)
    episodes = measured_episodes(log, TASK)
    assert [list(episode.plan) for episode in episodes] == [list(plan) for plan in plans]
    for episode in episodes:
        rows = range(episode.rows.start + 1, episode.rows.stop)
        earned = []
        for row in rows:
            signals = {name: value[row][None] for name, value in log.policy.signals.items()}
            action = np.clip(log.policy.action[row - 1][None], -1, 1).astype(np.float64)
            # The signals at a step hold the action before it.
            previous = log.policy.signals["last_action"][row - 1][None]
            earned.append(float(total(TASK.reward(signals, action, previous))[0]))
        assert episode.reward == pytest.approx(np.mean(earned), abs=1e-12)


def test_a_log_of_another_task_is_refused(bench, tmp_path):
    _, log = run(bench, tmp_path)
    with pytest.raises(AdaptError, match="'track' and the policy's is 'swing_up'"):
        measured_episodes(log, SwingUp(RobotSpec.load("servo")))
