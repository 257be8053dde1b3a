"""The benchmark of adaptation: every piece is measured once, and sums are what they say."""

import json
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

from ashore.hardware.spec import find_robot
from ashore.launch.bench.adapt.cases import CASES, ROBOT, edited, physics_of
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.measure import Measured, student
from ashore.launch.bench.adapt.summary import Outcome, summed
from ashore.launch.bench.adapt.wire import WireOutcome


def measured(*rewards, fell=False):
    return Measured(runs=tuple(WireOutcome(reward=r, measured=r, fell=fell) for r in rewards))


def outcome(name, group, verdict="IMPROVED", source=(0.9, 0.88), **gains):
    """A twin on which strategies gain so much over an unadapted policy that earns 0.5."""
    facts = {"verdict": verdict, "source": source, "seconds": 100.0, "steps": 10}
    work = SimpleNamespace(
        case=SimpleNamespace(name=name, group=group),
        accepted=verdict == "IMPROVED",
        facts=facts,
        bundle=SimpleNamespace(provenance={"config": {"steps": 100}}),
    )
    policies = {"unadapted": 0.0, **gains}
    return Outcome(
        work=work,
        measured={key: measured(0.49 + gain, 0.51 + gain) for key, gain in policies.items()},
    )


def figures(*outcomes):
    return {row["name"]: row["value"] for row in summed(outcomes)}


def test_what_was_measured_is_not_measured_again_unless_something_else_is_asked(tmp_path):
    path, asked = tmp_path / "a" / "b.json", []

    def make():
        asked.append(1)
        return {"reward": (0.25, 0.5)}

    assert kept(path, ["one", (1, 2)], make) == {"reward": [0.25, 0.5]}
    assert kept(path, ["one", (1, 2)], make) == {"reward": [0.25, 0.5]}
    assert len(asked) == 1
    kept(path, ["another", (1, 2)], make)
    assert len(asked) == 2


def test_the_closed_gap_counts_a_refused_candidate_as_none_and_leaves_out_what_has_no_gap():
    found = figures(
        outcome("a", "outside", adapted=0.08, truth=0.1, head=0.09, all=0.1),
        outcome("b", "outside", "NO_IMPROVEMENT", adapted=0.09, truth=0.1),
        outcome("c", "structural", adapted=0.1, truth=0.1),
        outcome("d", "outside", adapted=0.5, truth=0.001),
        outcome("e", "inside", "NO_IMPROVEMENT"),
    )
    assert found["closed_gap_median"] == pytest.approx(0.8)
    assert found["closed_gap_adapted"] == pytest.approx(0.9)
    assert found["head_share_of_all"] == pytest.approx(0.9)
    assert found["in_range_refused"] == 1.0


def test_an_accepted_candidate_that_earns_less_is_counted_and_so_is_what_it_forgot():
    found = figures(
        outcome("a", "outside", adapted=-0.01, truth=0.1),
        outcome("b", "outside", adapted=0.1, truth=0.1, source=(1.0, 0.9)),
        outcome("c", "inside", "NO_IMPROVEMENT", adapted=-0.2),
    )
    assert found["accepted_but_worse"] == 1
    assert found["nominal_loss"] == pytest.approx(0.1)
    assert found["adapt_reward_c"] == pytest.approx(0.5)


def test_gains_are_paired_and_students_interval_holds_the_mean_nineteen_times_in_twenty():
    base, better = measured(0.1, 0.5, 0.9), measured(0.2, 0.6, 1.0)
    assert better.gain(base).low == pytest.approx(0.1)
    rng = np.random.default_rng(0)
    held = [abs(i.mean) <= i.high - i.mean for i in map(student, rng.normal(size=(4_000, 4)))]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def fallen(folder):
    """Where a robot without power comes to lie after half a second."""
    model = mujoco.MjModel.from_xml_path(str(folder / f"{ROBOT}.xml"))
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    data.qvel[:2] = 0.5
    mujoco.mj_step(model, data, nstep=round(0.5 / model.opt.timestep))
    return data.qpos.copy()


@pytest.mark.parametrize("case", [c for c in CASES if c.edits], ids=lambda case: case.name)
def test_a_twin_of_other_physics_moves_otherwise(case, tmp_path):
    other = fallen(edited(tmp_path, case.edits))
    assert np.abs(other - fallen(find_robot(ROBOT))).max() > 1e-3


def test_what_a_twin_is_tells_every_twin_from_every_other(tmp_path):
    known = [physics_of(case.options(tmp_path / case.name)) for case in CASES]
    assert all(known[i] != known[k] for k in range(len(known)) for i in range(k))
    again = [physics_of(case.options(tmp_path / "again" / case.name)) for case in CASES]
    assert known == again == json.loads(json.dumps(known))
