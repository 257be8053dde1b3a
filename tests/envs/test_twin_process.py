"""Laws of the twin's process: a port and nothing else, and a sentence when there is none."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from bench import SPEC

from ashore.envs.errors import TwinError
from ashore.envs.physics.servo_model import load_servo
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.twin.hidden import FILE, draw_hidden
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import PortLost
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec, find_robot

pytestmark = pytest.mark.slow


def drive(twin: TwinProcess) -> list[Reading]:
    """A short wave on a lockstep twin."""
    clock = LockstepClock()
    robot = SerialRobot.open(SPEC, twin.port, clock)
    robot.enable()
    readings = []
    for tick in range(50):
        clock.sleep_until(tick / SPEC.rate)
        readings.append(robot.read())
        robot.write(Command(position=np.array([0.6 * np.sin(tick / 6)])))
    robot.close()
    return readings


def positions(hidden: str) -> np.ndarray:
    with TwinProcess(TwinOptions(hidden=hidden, clock="lockstep")) as twin:
        return np.concatenate([reading.position for reading in drive(twin)])


def test_the_same_seed_is_the_same_robot_and_another_is_not() -> None:
    three, none = positions("3"), positions("none")
    assert positions("3").tobytes() == three.tobytes()
    # A worn servo is mounted askew.
    assert abs(three[0] - none[0]) > 0.01
    assert np.abs(three - none).max() > 0.05


def test_the_hidden_physics_leaves_the_twin_only_through_the_port(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ashore.envs.twin.twin_process", "--hidden", "3"]
    child = subprocess.Popen(
        [*command, "--clock", "lockstep", "--link", str(tmp_path / "robot")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == str(tmp_path / "robot")
    clock = LockstepClock()
    robot = SerialRobot.open(SPEC, str(tmp_path / "robot"), clock)
    robot.read()
    robot.close()
    assert [path.name for path in tmp_path.iterdir()] == ["robot"]
    child.terminate()
    assert child.communicate(timeout=30) == ("", "")
    assert child.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_twin_that_is_killed_is_a_lost_port() -> None:
    twin = TwinProcess(TwinOptions(clock="lockstep"))
    robot = SerialRobot.open(SPEC, twin.port, LockstepClock())
    twin.kill()
    with pytest.raises(PortLost, match="is gone"):
        robot.read()
    robot.close()
    twin.kill()
    twin.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"robot": "nope"}, "no robot 'nope': shipped are arm"),
        ({"hidden": "secret"}, "hidden is 'secret'; give a whole number"),
        ({"hidden": "²"}, "give a whole number"),
        ({"link": Path("/nowhere/robot")}, "cannot put the twin at /nowhere/robot"),
        ({"clock": "fast"}, "invalid choice: 'fast'"),
    ],
)
def test_a_twin_that_cannot_start_says_why(options: dict[str, object], words: str) -> None:
    with pytest.raises(TwinError, match=r"did not start \(exit code 2\)") as caught:
        TwinProcess(TwinOptions(**options))
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_hidden_physics_is_drawn_within_its_ranges() -> None:
    ranges = Randomization.read(find_robot("servo") / FILE)
    terms = {term.parameter: term for term in ranges.terms}
    parameters = load_servo("xl330").parameters
    for seed in range(50):
        drawn = draw_hidden(SPEC, str(seed))
        assert set(drawn) == set(terms)
        assert drawn == draw_hidden(SPEC, str(seed))
        for name, value in drawn.items():
            term = terms[name]
            nominal = parameters[name].value if term.operation == "scale" else 1.0
            assert term.low * nominal <= abs(value) <= term.high * nominal
    assert draw_hidden(SPEC, "none") == {}


@pytest.mark.parametrize("robot", ["arm", "quadruped"])
def test_without_ranges_of_their_own_twins_are_robots_that_policies_are_trained_over(robot) -> None:
    spec, ranges = RobotSpec.load(robot), Randomization.load(robot)
    drawn = draw_hidden(spec, "3")
    assert set(drawn) == set(ranges.names)
    again, other = draw_hidden(spec, "3"), draw_hidden(spec, "4")
    assert all(np.array_equal(drawn[name], again[name]) for name in drawn)
    assert not np.array_equal(drawn["friction_base"], other["friction_base"])


@pytest.mark.slow
def test_a_twin_ends_with_the_process_that_started_it_even_if_that_is_killed() -> None:
    code = (
        "import time; from ashore.envs.twin.twin_process import TwinOptions, TwinProcess\n"
        "twin = TwinProcess(TwinOptions()); print(twin.pid, flush=True); time.sleep(1000)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    twin = Path("/proc") / parent.stdout.readline().strip()
    assert twin.exists()
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 60.0
    while twin.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not twin.exists()
