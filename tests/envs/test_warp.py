"""One law: MuJoCo Warp does to robots what `mujoco.batch` does, in single precision."""

import subprocess
import sys
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from refusal import refused

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.physics.robot_model import build_model
from ashore.envs.physics.warp_batch import WarpBatch
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.snapshot import restore, snapshot
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.policies.learners.update import Update
from ashore.policies.lesson import RobotLesson
from ashore.policies.train import train
from ashore.policies.train_config import NetworkConfig, TrainConfig

warp = pytest.importorskip("warp", reason="pip install 'ashore[warp]'")
pytest.importorskip("mujoco_warp", reason="pip install 'ashore[warp]'")

pytestmark = pytest.mark.slow

N, TICKS = 6, 25
ROBOTS = ("servo", "arm", "quadruped")
BACKENDS = ("mujoco", "warp_cpu")
SINGLE = 2e-4
"""What single precision makes of joint speeds in a control tick [rad/s]."""


def world(robot, backend, seed=0):
    """Robots drawn from all that is randomized, at the start of an episode."""
    spec, ranges, everyone = RobotSpec.load(robot), Randomization.load(robot), np.arange(N)
    task = make_task(spec.task, spec)
    made = Simulation(spec, N, SimulationConfig(threads=1, backend=backend).having(ranges.names))
    made.seed(seed)
    made.give(ranges.draw(made, Dice(seed, N, 0, "robots").of(everyone)), everyone)
    made.reset(everyone, task.start(Dice(seed, N, 0, "starts").of(everyone)))
    return made


def command(spec, tick):
    """Joints swung about their default pose, each in its own time."""
    phase = np.arange(len(spec.names))
    return np.tile(spec.column("default") + 0.2 * np.sin(0.3 * tick + phase), (N, 1))


@pytest.mark.parametrize("robot", ROBOTS)
def test_every_control_tick_of_randomized_robots_ends_where_mujoco_ends_it(robot):
    ours, theirs = world(robot, "warp_cpu"), world(robot, "mujoco")
    apart = []
    for tick in range(TICKS):
        for name in ("qpos", "qvel"):
            ours.batch.bind(name)[:] = theirs.batch.bind(name)
        for one in (ours, theirs):
            one.batch.forward(stage=mujoco.mjtStage.mjSTAGE_VEL)
            one.step(command(one.spec, tick))
        apart.append(np.abs(ours.velocity - theirs.velocity).max(axis=1))
    apart = np.array(apart)
    # A foot that touches the floor at the very moment of a step does so in one of the two only.
    assert np.mean(apart < SINGLE) > 0.97
    assert np.median(apart) < 0.1 * SINGLE


def test_each_robot_feels_its_own_randomization():
    spec, ranges = RobotSpec.load("quadruped"), Randomization.load("quadruped")
    for parameter in ("payload", "centre_of_mass", "joint_mounting", "friction", "floor_slope"):
        terms = tuple(term for term in ranges.terms if term.parameter == parameter)
        assert terms, parameter
        ends = {}
        for backend in BACKENDS:
            made = Simulation(spec, N, SimulationConfig(threads=1, backend=backend))
            dice = Dice(0, N, 0, "robots").of(np.arange(N))
            made.give(Randomization(terms=terms).draw(made, dice), np.arange(N))
            made.reset(np.arange(N), make_task("walk", spec).start(dice))
            for tick in range(12):
                made.step(command(spec, tick))
            ends[backend] = made.truth()["true_velocity"]
        spread = np.ptp(ends["mujoco"], axis=0).max()
        assert spread > 1e-3, parameter
        apart = np.abs(ends["warp_cpu"] - ends["mujoco"]).max(axis=1)
        assert np.median(apart) < 0.01 * spread, parameter


def test_observations_and_rewards_are_those_of_the_same_task():
    lesson = lesson_of("servo")
    contract = lesson.contract(NetworkConfig(), 0)
    seen = {}
    for backend in BACKENDS:
        env = replace(lesson, backend=backend).env(contract, N, 3)
        seen[backend] = [env.reset()]
        for tick in range(30):
            action = np.full((N, contract.action_size), np.sin(0.2 * tick))
            observation, reward, *_ = env.advance(action)
            seen[backend] += [observation, reward]
    for ours, theirs in zip(seen["warp_cpu"], seen["mujoco"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_robots_go_on_from_a_snapshot_to_the_same_bits():
    spec = RobotSpec.load("quadruped")
    task, ranges = make_task("walk", spec), Randomization.load("quadruped")

    def env():
        stepping = SimulationConfig(threads=1, backend="warp_cpu")
        config = EnvConfig(robots=N, simulation=stepping)
        return SimulationVecEnv(spec, task, task.contract(spec), ranges, config)

    def drive(one, ticks):
        actions = [np.full((N, 12), np.sin(0.3 * tick)) for tick in ticks]
        return [one.advance(action)[0] for action in actions]

    first = env()
    first.reset()
    drive(first, range(10))
    kept = snapshot(first)
    after = drive(first, range(10, 20))
    second = env()
    second.reset()
    assert restore(second, kept)
    for ours, theirs in zip(drive(second, range(10, 20)), after, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def lesson_of(robot):
    spec = RobotSpec.load(robot)
    ranges = Randomization.load(robot)
    return RobotLesson(spec=spec, task=make_task(spec.task, spec), randomization=ranges)


def test_a_policy_learns_on_it_what_it_learns_on_the_processor(tmp_path):
    config = TrainConfig(
        robots=64,
        horizon=24,
        steps=64 * 24 * 8,
        network=NetworkConfig(trunk=(32,), critic=(32,)),
        update=Update(),
        target=None,
    )
    rewards = {}
    for backend in BACKENDS:
        lesson = replace(lesson_of("servo"), backend=backend)
        bundle = train(lesson, tmp_path / backend, config)
        rewards[backend] = bundle.provenance["figures"]["reward"]
    assert rewards["warp_cpu"] == pytest.approx(rewards["mujoco"], abs=0.05)
    text = (tmp_path / "warp_cpu" / "run.json").read_text()
    assert '"backend": "warp_cpu"' in text


def test_what_warp_cannot_do_is_said():
    batch = WarpBatch(build_model(RobotSpec.load("servo")), 2, "cpu")
    with pytest.raises(ModelError, match="steps all simulations, or none"):
        batch.step(np.array([0]))
    with pytest.raises(ModelError, match="nonsense is not a field"):
        batch.bind("nonsense")
    with pytest.raises(ModelError, match="nonsense is not a field of the model"):
        batch.expand("nonsense")
    oval = mujoco.MjModel.from_xml_string(
        "<mujoco><option solver='PGS'/><worldbody><body><freejoint/><geom size='1'/></body>"
        "</worldbody></mujoco>"
    )
    with pytest.raises(ModelError, match="MuJoCo Warp cannot simulate this model"):
        WarpBatch(oval, 1, "cpu")


@pytest.mark.skipif(warp.is_cuda_available(), reason="there is a CUDA device")
def test_a_machine_without_a_cuda_device_says_so_in_one_sentence(tmp_path):
    words = ("train", "servo", "--backend", "warp", "--out", str(tmp_path / "run"))
    command = [sys.executable, "-m", "ashore.launch.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


@pytest.mark.skipif(warp.is_cuda_available(), reason="there is a CUDA device")
def test_a_machine_without_a_cuda_device_says_what_to_do(capsys, tmp_path):
    said = refused(capsys, "train", "servo", "--backend", "warp", "--out", tmp_path / "run")
    assert "finds no CUDA device on this machine; leave out --backend" in said
    assert not (tmp_path / "run").exists()


def test_requests_that_warp_has_no_part_in_are_refused(capsys, tmp_path):
    out = ("--out", tmp_path / "run")
    hopper = refused(capsys, "train", "Hopper-v5", "--backend", "warp_cpu", *out)
    assert "leave out --backend" in hopper
    both = refused(capsys, "train", "servo", "--backend", "warp", "--cluster", "local", *out)
    assert "leave out one of them" in both
