"""A player: real physics, driven live, and left standing for nobody's mistake."""

import numpy as np
import pytest

import ashore.envs.play.player as playing
from ashore.envs.errors import PlayError, TwinError
from ashore.envs.play.command_script import TOUR, CommandScript
from ashore.envs.play.drive import Drive
from ashore.envs.play.hidden_robot import hidden_robot
from ashore.envs.play.player import Cast, Player
from ashore.envs.play.stage import Stage
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.tasks.walk import FASTEST, ONSET, SLOWEST
from ashore.hardware.spec import RobotSpec

pytestmark = pytest.mark.slow

NOMINAL = Randomization(terms=())
PLAYED = [("servo", "track"), ("servo", "swing_up"), ("arm", "reach"), ("quadruped", "walk")]


def player(robot: str = "quadruped", task: str = "walk", act=None, **cast: object) -> Player:
    """A shipped robot whose policy does nothing, which for a walk is the trot."""
    spec = RobotSpec.load(robot)
    job = make_task(task, spec)
    still = np.zeros((1, len(spec.joints)), dtype=np.float32)
    given = {"spec": spec, "task": job, "contract": job.contract(spec), "source": NOMINAL, **cast}
    return Player(act or (lambda _: still), Cast(**given))


def run(played: Player, seconds: float) -> Player:
    for _ in range(round(seconds / played.period)):
        played.step()
    return played


@pytest.mark.parametrize(("part", "asked"), [(0, 0.3), (0, -0.2), (1, 0.15), (2, 0.6)])
def test_a_robot_goes_where_it_is_driven(part, asked):
    played, command = player(), np.zeros(3)
    command[part] = asked
    played.drive.ask(command)
    rows = run(played, 2.5).gauges.rows
    # The trot alone, without any policy, follows about three quarters of its command.
    assert rows[part].asked == pytest.approx(asked)
    assert 0.5 < rows[part].found / asked < 1.2
    assert played.falls == 0


def test_a_script_is_followed_command_by_command():
    script = CommandScript.parse("1.5 0.3 0 0\n1.5 0 0 0 # rest", "it")
    played, forward = player(), []
    for _ in range(round(script.length / played.period)):
        played.drive.ask(script.at(played.clock))
        played.step()
        forward.append(played.gauges.rows[0])
    assert script.length == 3.0
    assert forward[70].asked == pytest.approx(0.3)
    assert forward[70].found > 0.15
    assert forward[-1].asked == 0.0
    assert abs(forward[-1].found) < 0.05
    assert (script.at(9.0) == 0.0).all()


def test_a_command_is_never_a_step_nor_beyond_what_was_trained():
    drive, seen = Drive(), [np.zeros(3)]
    for asked in ([9.0, 9.0, 9.0], [-9.0, -9.0, -9.0]):
        drive.ask(np.array(asked))
        for _ in range(100):
            drive.advance(0.02)
            seen.append(drive.now)
    steps = np.abs(np.diff(seen, axis=0)).max(axis=0)
    assert (steps <= (FASTEST - SLOWEST) / 2.0 / ONSET * 0.02 + 1e-12).all()
    assert np.array_equal(seen[100], FASTEST)
    assert np.array_equal(seen[-1], SLOWEST)


def test_the_policy_sees_the_command_that_the_drive_has():
    seen = []

    def act(observation):
        seen.append(observation[0])
        return np.zeros((1, 12), dtype=np.float32)

    played = player(act=act)
    played.drive.ask(np.array([0.2, 0.0, 0.0]))
    # Onset twice: the drive's own and, from an episode's start, the task's.
    run(played, 2.0 * ONSET + 0.1)
    # Of the contract's terms, gyro and gravity come first, then the command times 2.5.
    assert seen[-1][6:9] == pytest.approx([0.5, 0.0, 0.0])


def test_one_that_falls_lies_a_moment_and_begins_anew(monkeypatch):
    monkeypatch.setattr(playing, "SHOVE", 6.0)
    played = player()
    run(played, 0.2)
    played.push()
    while not played.lies:
        played.step()
    assert played.falls == 1
    run(played, playing.LYING + 0.5)
    assert not played.lies
    assert played.falls == 1
    assert played.signals()["true_height"][0, 0] > 0.12


def test_a_push_moves_the_robot_and_is_over():
    still, pushed = player(), player()
    pushed.push()
    assert pushed.push_force.any()
    for each in (still, pushed):
        run(each, playing.PUSHED + 0.02)
    assert not pushed.push_force.any()
    assert not pushed.env.simulation.values("push").any()
    speed = pushed.signals()["true_velocity"] - still.signals()["true_velocity"]
    assert np.abs(speed).max() > 0.1
    assert run(pushed, 2.0).falls == 0


@pytest.mark.parametrize(("robot", "task"), PLAYED)
def test_every_task_is_played_and_drawn_over(robot, task):
    import mujoco

    played = player(robot, task)
    stage, camera = Stage(played), mujoco.MjvCamera()
    data = mujoco.MjData(stage.model)
    if played.drive is not None:
        played.drive.ask(np.array([0.3, 0.0, 0.0]))
    run(played, 1.0)
    played.push()
    stage.pose(data)
    stage.aim(camera, data)
    assert data.qpos == pytest.approx(played.qpos)
    assert played.gauges.rows
    assert played.gauges.errors
    assert stage.marks(data)
    assert camera.distance > 0.2


def test_a_plan_is_kept_at_a_restart_and_followed_by_the_next():
    played = player("arm", "reach")
    first = played.env.plan.copy()
    run(played, 0.5)
    played.restart()
    assert np.array_equal(played.env.plan, first)
    assert played.env.ticks[0] == 0
    run(played, played.cast.task.episode)
    assert not np.array_equal(played.env.plan, first)
    assert played.env.ticks[0] == 0


def test_a_seed_reproduces_what_is_played():
    ends = [run(player("arm", "reach", seed=s), 1.0).qpos for s in (3, 3, 4)]
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


@pytest.mark.parametrize("robot", ["servo", "quadruped"])
def test_a_hidden_robot_is_one_robot_whenever_it_begins(robot):
    spec, ranges = RobotSpec.load(robot), Randomization.load(robot)
    drawn = []
    for hidden in ("1", "1", "2"):
        played = player(robot, spec.task, source=hidden_robot(spec, ranges, hidden))
        values = [played.env.simulation.values(n).copy() for n in ("friction_base", "viscous")]
        played.next_plan()
        for name, value in zip(("friction_base", "viscous"), values, strict=True):
            assert np.array_equal(played.env.simulation.values(name), value)
        drawn.append(np.concatenate(values, axis=1))
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_nothing_else_is_a_hidden_robot():
    spec, ranges = RobotSpec.load("servo"), Randomization.load("servo")
    assert hidden_robot(spec, ranges, "none").names == ()
    with pytest.raises(TwinError, match="whole number"):
        hidden_robot(spec, ranges, "worn")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 0 0 0\n\n2 0.3 0", "it, line 3 has 3 of the four numbers"),
        ("1 0 0 0 0", "it, line 1 has 5 of"),
        ("# go\n1 fast 0 0", r"it, line 2: forward \[m/s\] is 'fast'; give a number"),
        ("1 nan 0 0", "line 1: forward"),
        ("0 0 0 0", "it, line 1: seconds is 0; give a time above 0"),
        ("1 0 0 0\n1 0 0.5 0", r"line 2: leftward \[m/s\] is 0.5; walking is from -0.2 to 0.2"),
        ("# nothing\n\n", "it holds no command; a line is: seconds forward"),
    ],
)
def test_a_scripts_error_names_the_line(text, said):
    with pytest.raises(PlayError, match=said):
        CommandScript.parse(text, "it")


def test_a_script_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(PlayError, match=r"gone.txt: No such file"):
        CommandScript.read(tmp_path / "gone.txt")
    (tmp_path / "b").write_bytes(b"\xff\xfe")
    with pytest.raises(PlayError, match="is not text"):
        CommandScript.read(tmp_path / "b")


def test_the_tour_is_a_script_of_every_direction():
    tour = CommandScript.parse(TOUR, "the tour")
    assert (np.abs(tour.commands).max(axis=0) > 0.1).all()
    assert tour.length < 15.0
