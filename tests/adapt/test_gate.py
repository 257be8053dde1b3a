"""The gate passes what held-out evidence supports, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from bench import SHIPPED, small_bundle

from ashore.adapt.episode_draw import draw_episodes
from ashore.adapt.errors import AdaptError, NotDeployable
from ashore.adapt.evidence import OpenLoop
from ashore.adapt.gate import Gate, GateConfig
from ashore.adapt.interval import Interval, bootstrap
from ashore.adapt.verdict import Answer, Verdict, require_deployable
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks.track import Track
from ashore.envs.tasks.walk import Walk
from ashore.hardware.spec import RobotSpec

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
    verdict = gate(0.0, nominal_loss=-5.0).judge(tuned, evidence(0.1, 0.01))
    assert verdict.answer is Answer.REGRESSED
    assert "nominal robots" in verdict.why[0]


def test_what_tuning_without_the_log_gains_too_is_no_improvement():
    judge, tuned = gate(0.0), lifting(0.4)
    verdict = judge.judge(tuned, evidence(0.1, 0.01))
    assert judge.confirm(verdict, tuned, tuned).answer is Answer.NO_IMPROVEMENT
    assert judge.confirm(verdict, tuned, lifting(0.0)).answer is Answer.IMPROVED


def test_what_an_earlier_log_taught_may_not_be_lost():
    # On stiff servos pushing against the load overshoots: what is right for soft ones loses there.
    stiff = Randomization(terms=(Term(parameter="gain_divisor", low=64.0, high=70.0),))
    judge = gate(0.0)
    judge.earlier = (SOFT, stiff)
    verdict = judge.judge(lifting(0.4), evidence(0.1, 0.01))
    assert verdict.answer is Answer.REGRESSED
    assert "on robots like that of earlier log 2" in verdict.why[0]


def sure(change: float) -> Interval:
    return bootstrap(np.full(9, change))


def decided(judge: Gate, closed: Interval, **slices: Interval) -> tuple[Answer, str]:
    answer, why = judge._decide(evidence(0.1, 0.01), closed, slices, 0.0)
    return answer, why[0]


def test_a_mean_gain_does_not_hide_a_kind_of_episode_that_loses():
    answer, why = decided(gate(0.0), sure(0.1), slow=sure(0.2), fast=sure(-0.05))
    assert answer is Answer.REGRESSED
    assert "fast" in why


def test_a_declared_kind_that_loses_is_a_regression_whatever_else_gains():
    asked = gate(0.0, declared=("fast",), declared_robots=2)
    # Without the declaration this mean would be too uncertain to speak of a kind of episode.
    closed = Interval(low=-0.05, mean=0.3, high=0.6)
    kinds = {"slow": sure(0.9), "fast": sure(-0.02)}
    assert decided(gate(0.0), closed, **kinds)[0] is Answer.NO_IMPROVEMENT
    answer, why = decided(asked, closed, **kinds)
    assert answer is Answer.REGRESSED
    assert "declared to matter" in why
    assert "fast by -0.020" in why


def test_a_declared_kind_must_be_shown_to_keep_its_reward():
    asked = gate(0.0, declared=("fast",), declared_robots=2)
    doubtful = Interval(low=-0.04, mean=0.0, high=0.04)
    assert decided(gate(0.0), sure(0.1), fast=doubtful)[0] is Answer.IMPROVED
    answer, why = decided(asked, sure(0.1), fast=doubtful)
    assert answer is Answer.NO_IMPROVEMENT
    assert "not shown to keep" in why


def test_an_unknown_slice_is_refused_with_those_that_exist():
    with pytest.raises(AdaptError, match=r"no slice 'sidewards' of task 'track'; there are: "):
        gate(0.0, declared=("sidewards",))


def test_enough_episodes_of_each_declared_kind_are_drawn_and_the_natural_ones_stay():
    walk = Walk(RobotSpec.load("quadruped"))
    bare = draw_episodes(walk, 40, (), 24, 5)
    draw = draw_episodes(walk, 40, ("turning", "standing"), 24, 5)
    assert (draw.plans[:40] == bare.plans).all()
    kinds = walk.slices(draw.plans)
    for name, rows in draw.declared.items():
        assert len(rows) == len(set(rows)) == 24
        assert kinds[name][rows].all()
        # What else is declared does not choose among them.
        alone = draw_episodes(walk, 40, (name,), 24, 5)
        assert (alone.plans[alone.declared[name]] == draw.plans[rows]).all()
    # 8 % of plans stand still, 10 % turn: 24 of each take more than 40 plans, not many more.
    assert 60 < len(draw.plans) < 90


def test_a_kind_of_episode_that_never_comes_is_said_to_be_too_rare(monkeypatch):
    monkeypatch.setattr(TASK, "slices", lambda plan: {"never": np.zeros(len(plan), bool)})
    with pytest.raises(AdaptError, match="'never' of task 'track' comes up 0 times in 32784"):
        draw_episodes(TASK, 16, ("never",), 4, 0)


def test_a_declared_kind_is_judged_on_its_own_episodes_beside_the_same_mean():
    bare = gate(0.0).judge(lifting(0.4), evidence(0.1, 0.01))
    asked = gate(0.0, declared=("fast",), declared_robots=12)
    verdict = asked.judge(lifting(0.4), evidence(0.1, 0.01))
    assert verdict.declared == ("fast",)
    assert len(asked.draw.declared["fast"]) == 12
    assert next(iter(verdict.slices)) == "fast"
    assert verdict.closed_loop == bare.closed_loop


def test_a_gate_may_drive_the_beginning_of_each_episode_only():
    # The reference grows over a second: before, a policy that pushes against a load gains less.
    short, whole = gate(0.0, seconds=0.5), gate(0.0)
    plans = whole.draw.plans
    early, late = (g._on(SOFT, lifting(0.0), plans).mean() for g in (short, whole))
    assert early > late + 0.2


def test_all_intervals_of_a_family_hold_together_as_often_as_they_say():
    rng, level = np.random.default_rng(1), 1.0 - 0.05 / 4
    held = [
        all(
            found.low <= 0.0 <= found.high
            for found in (bootstrap(rng.normal(0.0, 1.0, 48), level=level) for _ in range(4))
        )
        for _ in range(100)
    ]
    # Four intervals at 95 % would hold together in 81 %; 100 tries have a standard error of 2 %.
    assert np.mean(held) >= 0.88


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
