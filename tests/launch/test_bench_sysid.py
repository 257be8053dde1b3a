"""The benchmark beside `mujoco.sysid`: both sides are given the same servo."""

import numpy as np
import pytest

from ashore.adapt.priors import Coordinates
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import whole_log_errors
from ashore.adapt.trajectory import Trajectory
from ashore.envs.simulation import Simulation, nominal_parameters
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.launch.bench import bench_sysid
from ashore.launch.bench.bench_sysid import HIDDEN, NAME, PRIORS, Fit, fairest, known_servo
from ashore.launch.bench.sysid_peer import SysidPeer, sysid

SERVO = known_servo()
BOX = Coordinates(PRIORS, nominal_parameters(SERVO), 1)
TRUTH = {name: np.array([[0.3 * low + 0.7 * high]]) for name, (low, high) in HIDDEN.items()}
Z = np.concatenate([
    (BOX.inward(np.full(7, TRUTH[name][0, 0]))[i : i + 1] - BOX.mean[i]) / BOX.sd[i]
    for i, name in enumerate(BOX.names)
])


def swung(seconds):
    """Record a servo of the hidden truth at 50 Hz, without noise, by our own physics."""
    simulation = Simulation(SERVO, 1, SimulationConfig(timestep=0.002, threads=1))
    simulation.give(TRUTH, np.arange(1))
    simulation.reset(np.arange(1), Start(position=-TRUTH["encoder_offset"]))
    time = np.arange(round(50 * seconds)) / 50
    goal = (0.8 * np.sin(7.0 * time) * np.minimum(1.0, time))[:, None]
    goal[len(goal) // 2 :] += 0.4
    seen = []
    for command in goal:
        seen.append(simulation.position[0] + TRUTH["encoder_offset"][0])
        simulation.step(command[None])
    return Trajectory(
        label="swing",
        source="swing",
        time=time,
        position=np.array(seen),
        voltage=None,
        goal_time=time,
        goal=goal,
        torque_enabled=np.ones_like(goal, dtype=bool),
        p_gain=np.array([400.0]),
        fresh=np.ones_like(goal, dtype=bool),
    )


def test_the_peer_is_its_fastest_that_is_not_worse_held_out():
    fast, good = Fit(seconds=1.0, error=0.02), Fit(seconds=3.0, error=0.01)
    near = Fit(seconds=2.0, error=0.0104)
    assert fairest({"ours": fast, "a": fast, "b": good, "c": near}) is near
    assert fairest({"ours": fast}) is None


def test_without_the_peer_its_value_is_missing_and_the_row_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(bench_sysid, "record", lambda spec, twin, plan: [None] * len(plan))
    alone = {"ours": Fit(seconds=2.0, error=0.01)}
    monkeypatch.setattr(bench_sysid, "compare", lambda *_: alone)
    rows = bench_sysid.run(None, short=True)
    assert [r["name"] for r in rows] == [NAME, f"{NAME}_heldout"]
    assert [(r["value"], r["peer_value"], r["ratio"]) for r in rows] == [
        (2.0, None, None),
        (0.01, None, None),
    ]
    assert "pip install" in rows[0]["peer"]


@pytest.mark.slow
def test_both_models_of_a_servo_move_alike():
    log = swung(1.5)
    peer = SysidPeer(SERVO, BOX, 0.002, 1)
    config = ReplayConfig(timestep=0.002, threads=1)
    ours = whole_log_errors(SERVO, [log], TRUTH, config)["swing"]
    assert ours < 1e-3
    # The nominal servo is 0.1 rad off.
    assert peer.error(log.segments(), np.zeros(7)) > 0.05
    assert peer.error(log.segments(), Z) < 2e-3


@pytest.mark.slow
@pytest.mark.skipif(sysid() is None, reason="mujoco.sysid's requirements are not installed")
@pytest.mark.parametrize("optimizer", ["mujoco", "scipy_parallel_fd"])
def test_the_peer_finds_a_servos_parameters_through_our_model(optimizer):
    log = swung(3.0)
    peer = SysidPeer(SERVO, BOX, 0.002, 1)
    found = peer.physical(peer.fit(log.segments(1.0), optimizer).z)
    assert found["command_delay"] == pytest.approx(TRUTH["command_delay"][0, 0], abs=0.002)
    assert found["encoder_offset"] == pytest.approx(TRUTH["encoder_offset"][0, 0], abs=0.002)
