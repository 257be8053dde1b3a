"""What the fault matrix found in the line of servos, kept as laws."""

from pathlib import Path

import pytest
from test_fault_matrix import brief, fault, now, read, run
from virtual_twin import FEETECH, SPEC, VirtualBench

from ashore.hardware.spec import RobotSpec


def test_an_echoed_read_of_a_feetech_register_is_not_its_answer(tmp_path: Path) -> None:
    robot = VirtualBench(fault("echo"), tmp_path, FEETECH).open()
    assert robot.robot.lines[0].get("homing_offset") == 0


def test_an_adapter_that_becomes_slow_is_learnt_within_the_steps_that_a_run_bears(
    tmp_path: Path,
) -> None:
    # Latency from 1 to 16 ms in mid-run; a control step is 20 ms, and three may be stale.
    result, _, _ = run(VirtualBench(now("delay", seconds=0.016), tmp_path), tmp_path)
    assert result.reason == "finished"


def test_a_read_ends_within_a_control_step_even_when_replies_are_late(tmp_path: Path) -> None:
    text = now("late", probability=0.3, requests=3, end=2.6)
    bench = VirtualBench(text, tmp_path, version=45)
    robot = bench.open()
    read(bench, robot)
    assert robot.longest < 1.0 / SPEC.rate


def test_three_lost_steps_of_a_feetech_line_are_coasted(tmp_path: Path) -> None:
    result, _, _ = run(VirtualBench(brief("drop"), tmp_path, FEETECH), tmp_path)
    assert result.reason == "finished"


@pytest.mark.parametrize("spec", [SPEC, FEETECH], ids=["dynamixel", "feetech"])
@pytest.mark.parametrize("version", [None, 45])
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_answers_to_another_programs_pings_prove_nothing(
    spec: RobotSpec, version: int | None, seed: int, tmp_path: Path
) -> None:
    text = now("late", probability=0.3, requests=3) + now("stranger", probability=0.3)
    bench = VirtualBench(f"seed = {seed}\n{text}", tmp_path, spec, version=version)
    robot = bench.open()
    # What it believes was true when it was asked for, or this raises.
    read(bench, robot)
    assert robot.longest < 1.0 / SPEC.rate
