"""Laws of a bundle's rehearsal: no policy drives that says here what it did not say there."""

from dataclasses import replace

import numpy as np
import pytest
from bench import small_bundle

from ashore.launch.place import robot_at
from ashore.launch.place_request import Place
from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.policy import Policy


@pytest.fixture
def loaded(tmp_path):
    return Bundle.load(small_bundle().save(tmp_path / "bundle"))


def test_a_bundle_says_what_it_said_when_it_was_saved(loaded):
    assert len(loaded.rehearsal["action"]) == 16
    assert np.std(loaded.rehearsal["action"]) > 0.01
    loaded.require_parity()
    assert robot_at(Place(port="/dev/null"), loaded) == loaded.spec


def test_a_computer_on_which_a_policy_says_something_else_gives_no_motor_torque(
    loaded, monkeypatch
):
    act = Policy.act
    monkeypatch.setattr(Policy, "act", lambda self, seen: act(self, seen) + np.float32(1e-3))
    with pytest.raises(BundleError, match=r"16 of 16 differ, by up to 0\.001"):
        robot_at(Place(port="/dev/null"), loaded)


def test_actions_may_differ_in_their_last_bits_and_observations_may_not(loaded):
    def off(name):
        rows = np.array(loaded.rehearsal[name], dtype=np.float32)
        rows[3, 0] = np.nextafter(rows[3, 0], np.float32(9.0))
        return replace(loaded, rehearsal={**loaded.rehearsal, name: rows.tolist()})

    off("action").require_parity()
    with pytest.raises(BundleError, match="observations do not come out here"):
        off("observation").require_parity()


def test_a_rehearsal_that_is_none_is_refused_and_one_of_other_weights_is_not_asked(loaded):
    with pytest.raises(BundleError, match="damaged"):
        replace(loaded, rehearsal={**loaded.rehearsal, "action": [[0.0]]}).require_parity()
    actor = {name: 2.0 * value for name, value in loaded.actor.items()}
    replace(loaded, actor=actor).require_parity()
    replace(loaded, rehearsal=None).require_parity()
