"""The gate passes what held-out evidence supports, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from bench import SHIPPED, small_bundle

from ashore.adapt.errors import NotDeployable
from ashore.adapt.evidence import OpenLoop
from ashore.adapt.gate import Gate, GateConfig
from ashore.adapt.interval import bootstrap
from ashore.adapt.verdict import Answer, Verdict, require_deployable
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks.track import Track

pytestmark = pytest.mark.slow

TASK = Track(SHIPPED)
TASK.episode = 4.0
SOURCE = Randomization(terms=(Term(parameter="gain_divisor", low=240.0, high=270.0),))
SOFT = Randomization(terms=(Term(parameter="gain_divisor", low=480.0, high=520.0),))
CONFIG = GateConfig(robots=16, nominal_loss=0.5)


def lifting(gain: float) -> dict[str, np.ndarray]:
    """Weights of a policy whose action is `gain` times the reference: it pushes against a load."""
    contract = TASK.contract(SHIPPED)
    rows = [t.signal for t in contract.terms for _ in range(t.history)]
    size = contract.observation_size
    trunk = np.zeros((2, size), np.float32)
    trunk[:, rows.index("target")] = (1.0, -1.0)
    # ELU(x) - ELU(-x) is nearly linear about zero.
    head = np.array([[0.5 * gain, -0.5 * gain]], np.float32)
    return {
        "trunk.0.weight": trunk,
        "trunk.0.bias": np.zeros(2, np.float32),
        "head.weight": head,
        "head.bias": np.zeros(1, np.float32),
    }


def evidence(nominal: float, calibrated: float) -> OpenLoop:
    """Windows whose mean errors are the given ones."""
    spread = np.linspace(0.9, 1.1, 40)
    empty = np.zeros((1, 1))
    return OpenLoop(
        nominal=nominal * spread,
        calibrated=calibrated * spread,
        time=np.zeros(1),
        window=np.zeros(1, np.intp),
        measured=empty,
        predicted=np.zeros((2, 1, 1)),
    )


def gate(base: float, **changed: object) -> Gate:
    contract = TASK.contract(SHIPPED)
    bundle = replace(small_bundle(), robot=SHIPPED, contract=contract, actor=lifting(base))
    return Gate(bundle, TASK, SOFT, SOURCE, replace(CONFIG, **changed))


def test_a_candidate_that_wins_on_paired_robots_and_a_better_prediction_improve():
    verdict = gate(0.0).judge(lifting(0.4), evidence(0.1, 0.01))
    assert verdict.answer is Answer.IMPROVED
    assert verdict.closed_loop.low > 0.01


def test_the_same_policy_is_no_improvement():
    verdict = gate(0.3).judge(lifting(0.3), evidence(0.1, 0.01))
    assert verdict.answer is Answer.NO_IMPROVEMENT
    # Paired robots, commands and noise: the same policy differs by nothing at all.
    assert (verdict.closed_loop.low, verdict.closed_loop.high) == (0.0, 0.0)


def test_a_simulator_that_predicts_no_better_supports_no_change():
    verdict = gate(0.0).judge(lifting(0.4), evidence(0.1, 0.098))
    assert verdict.answer is Answer.NO_IMPROVEMENT
    assert "not shown to differ" in verdict.why[0]


def test_a_worse_candidate_has_regressed():
    verdict = gate(0.4).judge(lifting(-0.4), evidence(0.1, 0.01))
    assert verdict.answer is Answer.REGRESSED


def test_forgetting_nominal_robots_is_a_regression():
    tuned = lifting(0.4)
    verdict = gate(0.0, nominal_loss=-0.5).judge(tuned, evidence(0.1, 0.01))
    assert verdict.answer is Answer.REGRESSED
    assert "nominal robots" in verdict.why[0]


def test_what_tuning_without_the_log_gains_too_is_no_improvement():
    judge, tuned = gate(0.0), lifting(0.4)
    verdict = judge.judge(tuned, evidence(0.1, 0.01))
    assert judge.confirm(verdict, tuned, tuned).answer is Answer.NO_IMPROVEMENT
    assert judge.confirm(verdict, tuned, lifting(0.0)).answer is Answer.IMPROVED


def test_a_mean_gain_does_not_hide_a_kind_of_episode_that_loses():
    judge = gate(0.0)
    slices = {"slow": bootstrap(np.full(9, 0.2)), "fast": bootstrap(np.full(9, -0.05))}
    closed = bootstrap(np.full(9, 0.1))
    answer, why = judge._decide(evidence(0.1, 0.01), closed, slices, 0.0)
    assert answer is Answer.REGRESSED
    assert "fast" in why[0]


@pytest.mark.parametrize("answer", [a for a in Answer if a is not Answer.IMPROVED])
def test_only_improved_is_deployable(answer):
    verdict = Verdict(answer=answer, why=("because",)).to_dict()
    with pytest.raises(NotDeployable, match=f"judged {answer.value}: because"):
        require_deployable(replace(small_bundle(), verdict=verdict), "it")
    passed = Verdict(answer=Answer.IMPROVED, why=("better",)).to_dict()
    require_deployable(replace(small_bundle(), verdict=passed), "it")


def test_a_bootstrap_interval_holds_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [bootstrap(rng.normal(1.0, 2.0, 60), seed) for seed in range(200)]
    share = np.mean([interval.low <= 1.0 <= interval.high for interval in found])
    # 95 % asked; 200 tries have a standard error of 1.5 %.
    assert 0.89 <= share <= 0.99
