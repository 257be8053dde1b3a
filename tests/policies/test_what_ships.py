"""Laws of the bundles that ship: small, for the robots as they are, and good at what they do."""

import numpy as np
import onnxruntime
import pytest

from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.onnx_model import onnx_model
from ashore.policies.shipped import find_bundle, shipped_bundles

NAMES = ("arm", "quadruped")


def examined(name, robots=16):
    bundle, spec = Bundle.load(find_bundle(name)), RobotSpec.load(name)
    task, ranges = make_task(bundle.contract.task, spec), Randomization.load(name)
    course = Course(spec=spec, task=task, source=ranges, robots=robots, seed=99)
    return evaluate(bundle.policy.act, bundle.contract, course)


def test_an_arm_and_a_quadruped_ship():
    assert tuple(shipped_bundles()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_is_small_and_for_the_robot_as_it_is(name):
    folder = shipped_bundles()[name]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2e6
    bundle, spec = Bundle.load(folder), RobotSpec.load(name)
    assert bundle.spec == spec
    contract = make_task(spec.task, spec).contract(spec)
    assert bundle.contract.with_normaliser(np.zeros(0), np.zeros(0)) == contract
    assert Randomization.from_json(bundle.randomization) == Randomization.load(name)
    assert bundle.provenance["config"]["seed"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_onnx_file_that_ships_is_of_the_policy_that_ships(name):
    bundle = Bundle.load(find_bundle(name))
    assert bundle.attachments["policy.onnx"] == onnx_model(bundle)
    session = onnxruntime.InferenceSession(bundle.attachments["policy.onnx"])
    assert session.get_modelmeta().custom_metadata_map["digest"] == bundle.digest


@pytest.mark.slow
def test_the_quadruped_walks_at_its_command_and_does_not_fall():
    outcome = examined("quadruped")
    assert outcome.errors["velocity error [m/s]"] < 0.06
    assert not outcome.failed.any()


@pytest.mark.slow
def test_the_arm_reaches_its_targets():
    outcome = examined("arm")
    assert outcome.errors["tip error [m]"] < 0.01
    assert outcome.reward.mean() > 0.85
