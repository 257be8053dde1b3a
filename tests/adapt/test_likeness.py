"""Laws of likeness: robots are alike if nothing that their logs tell differs clearly."""

from dataclasses import replace

import numpy as np
import pytest

from ashore.adapt.diagnose.diagnosis import Finding
from ashore.adapt.errors import AdaptError
from ashore.adapt.findings_file import FINDINGS, read_findings, write_findings
from ashore.adapt.likeness import likeness

HALF = 1.6448536
"""Half-width of a 90 % interval of deviation 1."""


def finding(value, deviation=1.0, told=True, parameter="gain", unit="-"):
    return Finding(
        parameter=parameter,
        depth="output",
        low=value - HALF * deviation,
        value=value,
        high=value + HALF * deviation,
        nominal=1.0,
        trained=(0.5, 1.5),
        told=told,
        unit=unit,
    )


def test_robots_are_alike_until_a_difference_is_beyond_chance():
    # Of one parameter, two values of deviation 1 differ clearly from 1.96 sqrt(2) = 2.77 on.
    near = likeness({"a": (finding(10.0),), "b": (finding(12.7),)})
    far = likeness({"a": (finding(10.0, unit="s"),), "b": (finding(12.8, unit="s"),)})
    assert near.groups == (("a", "b"),)
    assert near.difference[0, 1] == pytest.approx(2.7 / 2.7718, rel=1e-3)
    assert (near.apart("a"), near.clearest) == ("", {})
    assert far.groups == (("a",), ("b",))
    assert far.apart("a") == "gain 10 s, of b 12.8 s"
    assert far.apart("b") == "gain 12.8 s, of a 10 s"


def test_many_parameters_are_looked_at_more_strictly():
    same = tuple(finding(0.0, parameter=f"p{i}") for i in range(40))
    off = (*same[:-1], finding(4.0, parameter="p39"))
    alike = likeness({"a": same, "b": off})
    assert alike.groups == (("a", "b"),)
    assert likeness({"a": same[-1:], "b": off[-1:]}).groups == (("a",), ("b",))


def test_chance_alone_parts_few_pairs_of_equal_robots():
    rng = np.random.default_rng(0)
    robots = {
        f"r{i}": tuple(finding(rng.normal(), parameter=f"p{k}") for k in range(20))
        for i in range(60)
    }
    difference = likeness(robots).difference[np.triu_indices(60, 1)]
    # 5 % is what was promised; these are 60 robots, and pairs of them share their luck.
    assert np.mean(difference > 1.0) < 0.08


def test_a_chain_of_neighbours_is_no_group():
    found = {name: (finding(value),) for name, value in (("a", 0.0), ("b", 2.0), ("c", 4.0))}
    assert sorted(map(len, likeness(found).groups)) == [1, 2]


def test_what_one_log_alone_tells_parts_nobody():
    found = likeness({"a": (finding(9.0),), "b": (finding(1.0, told=False),), "c": ()})
    assert found.groups == (("a", "b", "c"),)
    assert not found.difference.any()


def test_one_robot_is_a_group_of_its_own():
    assert likeness({"a": (finding(1.0),)}).groups == (("a",),)


def test_findings_come_back_from_a_bundle():
    findings = (finding(1.0), replace(finding(2.0), trained=None))
    assert read_findings({FINDINGS: write_findings(findings)}) == findings
    assert read_findings({}) == ()
    with pytest.raises(AdaptError, match=r"findings\.json of the bundle is damaged"):
        read_findings({FINDINGS: b'[{"parameter": 1}]'})
