"""A trial looks again and again, and is right as often as if it had looked once."""

from dataclasses import replace

import numpy as np
import pytest
from bench import small_bundle

from ashore.adapt.errors import AdaptError, NotDeployable
from ashore.adapt.group_sequential import boundaries
from ashore.adapt.trial import (
    Decision,
    Outcome,
    Pair,
    Trial,
    TrialConfig,
    record_of,
    with_record,
)
from ashore.adapt.verdict import require_deployable

BARE = TrialConfig(least_gain=-9.0, collapse=99.0)
IMPROVED = {"answer": "IMPROVED", "why": ["better"]}


def carried(trial: Trial, changes: np.ndarray) -> Decision | None:
    """Let a trial run over differences of a base that earns 0.5."""
    trial.pairs.clear()
    for change in changes:
        if decision := trial.add(Pair(base=0.5, candidate=0.5 + float(change))):
            return decision
    return None


def accepted(draws: np.ndarray) -> float:
    """Share of trials that accept the candidate."""
    trial = Trial(BARE)
    found = [carried(trial, changes) for changes in draws]
    return float(np.mean([d is not None and d.outcome is Outcome.ACCEPTED for d in found]))


def test_equal_policies_are_told_apart_as_rarely_as_promised_however_often_one_looks():
    draws = np.random.default_rng(3).normal(0.0, 0.05, (4_000, 16))
    # 2.5 % may be accepted; the standard error is 0.25 %.
    assert 0.018 <= accepted(draws) <= 0.032


def test_heavier_tails_than_the_normal_make_no_more_false_gains():
    draws = np.random.default_rng(4).laplace(0.0, 0.05, (4_000, 16))
    assert accepted(draws) <= 0.032


def test_boundaries_fall_as_pairs_come_in_and_the_last_is_dearer_than_a_single_look():
    found = boundaries((4, 6, 8, 10, 12, 14, 16), 0.05)
    assert (np.diff(found) < 0.0).all()
    # Student's t at 15 degrees of freedom, two-sided 5 %: 2.131.
    assert 2.131 < found[-1] < 3.0
    # With one look only, it is that.
    assert boundaries((16,), 0.05)[0] == pytest.approx(2.131, abs=0.02)


def test_a_clear_gain_is_accepted_at_the_first_look():
    trial = Trial()
    decision = carried(trial, np.array([0.20, 0.22, 0.19, 0.21]))
    assert decision.outcome is Outcome.ACCEPTED
    assert len(trial.pairs) == 4
    assert "over 4 pairs" in decision.why


def test_a_clearly_worse_candidate_is_rolled_back_at_the_first_look():
    decision = carried(Trial(), np.array([-0.10, -0.12, -0.09, -0.11]))
    assert decision.outcome is Outcome.ROLLED_BACK
    assert "the candidate is worse" in decision.why


def test_a_collapse_ends_a_trial_within_its_pair():
    trial = Trial()
    decision = carried(trial, np.array([0.1, -0.4]))
    assert decision.outcome is Outcome.ROLLED_BACK
    assert "collapsed" in decision.why
    assert len(trial.pairs) == 2


def test_what_can_no_longer_gain_is_not_gone_on_with():
    trial = Trial()
    decision = carried(trial, np.tile([0.001, -0.001], 8))
    assert decision.outcome is Outcome.ROLLED_BACK
    assert "no gain worth having" in decision.why
    assert len(trial.pairs) == 4


def test_a_gain_that_stays_unclear_is_not_accepted():
    decision = carried(Trial(), np.tile([0.3, -0.2], 8))
    assert decision.outcome is Outcome.ROLLED_BACK
    assert "not shown to be better" in decision.why


def test_who_goes_first_alternates_so_that_a_steady_drift_cancels():
    first = [Trial.order(pair)[0] for pair in range(8)]
    assert first == [0, 1, 1, 0, 0, 1, 1, 0]
    # A battery that takes 0.01 from every episode after the one before makes no difference.
    earned = iter(-0.01 * np.arange(8))
    change = []
    for pair in range(4):
        at = {who: next(earned) for who in Trial.order(pair)}
        change.append(at[1] - at[0])
    assert sum(change) == pytest.approx(0.0)


@pytest.mark.parametrize(("pairs", "fewest"), [(3, 2), (8, 3), (2, 4), (2, 0)])
def test_a_trial_that_could_not_be_decided_is_refused(pairs, fewest):
    with pytest.raises(AdaptError, match=f"a trial of {pairs} pairs"):
        TrialConfig(pairs=pairs, fewest=fewest)


def test_a_reward_that_is_no_number_is_not_counted():
    with pytest.raises(AdaptError, match="no finite reward"):
        Trial().add(Pair(base=0.5, candidate=float("nan")))


def tried(outcome: Outcome) -> object:
    bundle = replace(small_bundle(), verdict=IMPROVED)
    record = Trial().record(Decision(outcome=outcome, why="so"), small_bundle(1), bundle)
    return replace(bundle, attachments=with_record(bundle, record))


def test_what_a_trial_rolled_back_is_not_deployed_and_what_it_accepted_is(tmp_path):
    accepted = type(small_bundle()).load(tried(Outcome.ACCEPTED).save(tmp_path / "a"))
    require_deployable(accepted, "it")
    assert record_of(accepted)["base"] == small_bundle(1).digest
    assert record_of(small_bundle()) is None
    with pytest.raises(NotDeployable, match=r"tried on the robot and rolled back: so; .* keep"):
        require_deployable(tried(Outcome.ROLLED_BACK), "it")


def test_a_record_of_another_policy_says_nothing_and_is_refused():
    with_anothers = replace(small_bundle(2), attachments=tried(Outcome.ACCEPTED).attachments)
    with pytest.raises(AdaptError, match="no record of this policy's trial"):
        require_deployable(replace(with_anothers, verdict=IMPROVED), "it")
