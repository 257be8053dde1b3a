"""Laws of the audit: what does nothing is found, and every kind of term does something."""

from dataclasses import replace

import pytest

from ashore.envs.errors import ModelError
from ashore.envs.physics.model_fields import ModelFields
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.audit import audit
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec

pytestmark = pytest.mark.slow

SERVO, QUADRUPED = RobotSpec.load("servo"), RobotSpec.load("quadruped")

EVERY_KIND = (
    Term(parameter="mass", low=0.8, high=1.2, operation="scale", mode="startup"),
    Term(parameter="centre_of_mass", low=-0.02, high=0.02, on=("trunk:*",)),
    Term(parameter="inertia", low=0.7, high=1.3, operation="scale"),
    Term(parameter="payload", low=0.0, high=0.5, on=("trunk",)),
    Term(parameter="friction", low=0.3, high=1.2, on=("floor",)),
    Term(parameter="damping", low=0.0, high=0.2),
    Term(parameter="stiffness", low=0.0, high=1.0),
    Term(parameter="armature", low=0.5, high=2.0, operation="scale"),
    Term(parameter="friction_base", low=0.0, high=0.2),
    Term(parameter="viscous", low=0.0, high=0.2),
    Term(parameter="gain_divisor", low=0.7, high=1.5, operation="scale"),
    Term(parameter="current_limit", low=0.5, high=2.3),
    Term(parameter="supply_voltage", low=9.0, high=12.6, each="robot"),
    Term(parameter="strength", low=0.5, high=1.0, each="limb", operation="scale"),
    Term(parameter="backlash", low=0.01, high=0.03),
    Term(parameter="encoder_offset", low=-0.05, high=0.05, operation="add"),
    Term(parameter="joint_mounting", low=-0.05, high=0.05),
    Term(parameter="imu_mounting", low=-0.05, high=0.05),
    Term(parameter="command_delay", low=0.0, high=0.02),
    Term(parameter="command_jitter", low=0.0, high=0.01),
    Term(parameter="observation_delay", low=0.0, high=0.02),
    Term(parameter="observation_jitter", low=0.0, high=0.01),
    Term(parameter="dropped_samples", low=0.0, high=0.3),
    Term(parameter="gyro_bias", low=-0.1, high=0.1),
    Term(parameter="gyro_noise", low=0.0, high=0.1),
    Term(parameter="gravity_noise", low=0.0, high=0.1),
    Term(parameter="position_noise", low=0.0, high=0.1),
    Term(parameter="velocity_noise", low=0.0, high=0.1),
    Term(parameter="push", low=-8.0, high=8.0, mode="interval", every=(1, 2), on=("trunk:*",)),
    Term(parameter="floor_slope", low=-0.05, high=0.05),
    Term(parameter="floor_roughness", low=0.0, high=0.02),
    Term(parameter="gravity_tilt", low=-0.05, high=0.05),
)
SENSING = (
    "imu_mounting",
    "gyro_bias",
    "observation_delay",
    "observation_jitter",
    "dropped_samples",
)


def one(spec, *terms):
    return audit(spec, make_task(spec.task, spec), Randomization(terms=terms))


@pytest.mark.parametrize("robot", ["servo", "arm", "quadruped"])
def test_no_shipped_term_is_at_fault(robot):
    spec = RobotSpec.load(robot)
    findings = audit(spec, make_task(spec.task, spec), Randomization.load(robot))
    assert {finding.term.title: finding.fault for finding in findings if finding.fault} == {}


def test_every_kind_of_term_does_something_and_does_not_compound():
    findings = one(QUADRUPED, *EVERY_KIND)
    assert {finding.term.title: finding.fault for finding in findings if finding.fault} == {}
    for finding in findings:  # what changes the sensors alone leaves the motion its bits
        name = finding.term.parameter
        assert (finding.motion == 0.0) == ("noise" in name or name in SENSING)
        assert finding.sensed > 0.0


@pytest.mark.parametrize(
    "term",
    [
        Term(parameter="mass", low=1.0, high=1.0, operation="scale"),
        Term(parameter="friction_external", low=0.0, high=0.0),
        # a force along the axis of the servo's one joint
        Term(parameter="push", low=-5.0, high=5.0, on=("*:y",)),
    ],
    ids=str,
)
def test_what_does_nothing_is_found(term):
    (finding,) = one(SERVO, term)
    assert finding.fault == "does nothing"


def test_a_range_that_explodes_is_found():
    (finding,) = one(QUADRUPED, Term(parameter="push", low=0.0, high=900.0))
    assert finding.fault == "makes the physics explode"


def test_a_field_that_compounds_is_found(monkeypatch):
    def compounding(fields, ids):
        fields._batch.expand("body_mass")[ids] *= 1.0 + 0.1 * fields.values["mass"][ids].mean()
        return True

    monkeypatch.setattr(ModelFields, "_write_masses", compounding)
    (finding,) = one(SERVO, Term(parameter="mass", low=0.9, high=1.1, operation="scale"))
    assert finding.fault == "compounds from reset to reset"


def test_constants_left_behind_are_found(monkeypatch):
    monkeypatch.setattr(ParameterSet, "settle", lambda self, ids: None)
    (finding,) = one(SERVO, Term(parameter="mass", low=0.9, high=1.1, operation="scale"))
    assert finding.fault == "leaves derived constants behind"


def test_an_unphysical_range_and_unknown_names_are_refused_before_anything_moves():
    for term, said in (
        (Term(parameter="mass", low=-0.5, high=1.0), r"mass =U\(-0.5, 1\) gives -0.5 to 1"),
        (Term(parameter="inertia", low=0.0, high=1.0), r"inertia =U\(0, 1\) gives 0 to 1"),
        (Term(parameter="colour", low=0.0, high=1.0), "no parameter 'colour'; there are: armature"),
        (replace(EVERY_KIND[3], on=("trunc",)), "no element 'trunc' of parameter 'payload'"),
    ):
        with pytest.raises(ModelError, match=said):
            one(QUADRUPED, term)
