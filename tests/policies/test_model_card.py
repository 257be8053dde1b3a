"""Laws of the model card: what training saw little of is said."""

from dataclasses import replace

import pytest

from ashore.policies.gaps import gaps

EVEN = {
    "reward": 0.8,
    "slices": {"slow": 0.8, "fast": 0.78},
    "quarters": {"payload": [0.8, 0.8, 0.8, 0.8]},
    "coverage": {
        "slices": {"slow": 0.5, "fast": 0.5},
        "quarters": {"payload": [0.25, 0.25, 0.25, 0.25]},
    },
}


def covering(**changed):
    return {**EVEN, "coverage": {**EVEN["coverage"], **changed}}


def test_nothing_stands_out_of_even_coverage():
    assert gaps(EVEN) == []


def test_a_kind_that_nobody_was_asked_for_is_named():
    (said,) = gaps(covering(slices={"slow": 1.0}))
    assert said == "Training never saw episodes of kind *fast*."


def test_a_quarter_that_training_saw_little_of_is_named_with_its_share():
    (said,) = gaps(covering(quarters={"payload": [0.03, 0.3, 0.4, 0.27]}))
    # a quarter of an even quarter is 6.25 %
    assert said == "Only 3.0% of training saw the lowest quarter of `payload`."


def test_what_earns_clearly_less_is_named_after_what_was_not_seen():
    poor = {**covering(slices={"slow": 1.0}), "slices": {"slow": 0.8, "fast": 0.71}}
    unseen, less = gaps(poor)
    assert unseen.startswith("Training never saw")
    assert less == "It earns 0.710 a step in episodes of kind *fast*, 0.800 on the whole."
    # a tenth less than 0.8 is 0.72
    assert gaps({**EVEN, "slices": {"slow": 0.8, "fast": 0.73}}) == []


def test_what_nobody_was_examined_in_is_no_loss():
    assert gaps({**EVEN, "quarters": {"payload": [None, 0.8, 0.8, None]}}) == []


@pytest.mark.slow
def test_the_card_says_what_a_curriculum_never_came_to(tmp_path):
    from test_train import LESSON, TINY

    from ashore.policies.train import train

    # a bar so high that nothing widens
    config = replace(TINY, curriculum=True, target=5.0)
    bundle = train(LESSON, tmp_path, config)
    card = bundle.attachments["card.md"].decode()
    assert "Training never saw the lowest quarter of `viscous`." in card
    assert "to 20% of those stated" in card
    assert set(bundle.attachments) == {"card.md", "curve.svg", "policy.onnx"}
