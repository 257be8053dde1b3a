"""Laws of gaps: what training saw little of is said, and where the policy does less."""

from ashore.policies.card.gaps import gaps

EVEN = {
    "reward": 0.8,
    "curriculum": None,
    "slices": {"slow": {"reward": 0.8}, "fast": {"reward": 0.78}},
    "quarters": {"payload": [0.8, 0.8, 0.8, 0.8]},
    "coverage": {
        "slices": {"slow": 0.5, "fast": 0.5},
        "quarters": {"payload": [0.25, 0.25, 0.25, 0.25]},
    },
}


def covering(**changed):
    return {**EVEN, "coverage": {**EVEN["coverage"], **changed}}


def earning(fast):
    return {**EVEN, "slices": {"slow": {"reward": 0.8}, "fast": {"reward": fast}}}


def test_nothing_stands_out_of_even_coverage():
    assert gaps(EVEN) == []


def test_a_kind_that_nobody_was_asked_for_is_named():
    (said,) = gaps(covering(slices={"slow": 1.0}))
    assert said == "Training never saw *fast* episodes."


def test_a_quarter_that_training_saw_little_of_is_named_with_its_share():
    (said,) = gaps(covering(quarters={"payload": [0.03, 0.3, 0.4, 0.27]}))
    # a quarter of an even quarter is 6.25 %
    assert said == (
        "Only 3% of training was in the lowest quarter of `payload`; an even share is 25%."
    )
    assert gaps(covering(quarters={"payload": [0.07, 0.3, 0.4, 0.23]})) == []


def test_a_kind_that_training_saw_little_of_is_named_with_its_share():
    (said,) = gaps(covering(slices={"slow": 0.9, "fast": 0.1}))
    assert said == "Only 10% of training was in *fast* episodes; an even share is 50%."


def test_ranges_that_lack_the_same_quarters_are_named_together():
    narrow, low = [0.0, 0.6, 0.4, 0.0], [0.5, 0.5, 0.0, 0.0]
    said = gaps(covering(quarters={"payload": narrow, "mass": narrow, "slope": low}))
    assert said == [
        "Training never saw the lowest and highest quarters of `payload` and `mass`.",
        "Training never saw the third and highest quarters of `slope`.",
    ]


def test_what_earns_clearly_less_is_named_after_what_was_not_seen():
    unseen, less = gaps({**covering(slices={"slow": 1.0}), "slices": earning(0.71)["slices"]})
    assert unseen.startswith("Training never saw")
    # 0.71 is 11.25 % less than 0.8, and a tenth less is 0.72
    assert less == "In *fast* episodes it earns 0.710 a step, 11% less than its mean of 0.800."
    assert gaps(earning(0.73)) == []


def test_of_negative_rewards_the_lower_ones_are_less():
    said = gaps({**earning(-2.3), "reward": -2.0, "quarters": {}})
    assert said == ["In *fast* episodes it earns -2.300 a step, 15% less than its mean of -2.000."]


def test_what_nobody_was_examined_in_is_no_loss():
    assert gaps({**earning(None), "quarters": {"payload": [None, 0.8, 0.8, None]}}) == []
