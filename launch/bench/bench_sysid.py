"""The benchmark of calibration beside MuJoCo's own system identification, `mujoco.sysid`."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.excite.excitation import SHAPES, excitation
from ashore.adapt.excite.round_controller import RoundController
from ashore.adapt.excite.rounds import KIND, rounds_of
from ashore.adapt.priors import WIDE, Coordinates
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import whole_log_errors
from ashore.adapt.trajectory import Trajectory
from ashore.envs.simulation import nominal_parameters
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log, LogHeader
from ashore.hardware.run.runner import Controller, Runner
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench.figure import Row, error_row, row
from ashore.launch.bench.sysid_peer import OPTIMIZERS, SysidPeer, sysid
from ashore.launch.place import drive
from ashore.launch.place_request import Place

Array = NDArray[np.float64]

NAME = "calibrate_vs_mujoco_sysid"
PEER = "mujoco.sysid"
ABSENT = "what mujoco.sysid needs is not here: pip install 'ashore[sysid]'"
KNOWN = {"friction_load": 0.0, "supply_resistance": 0.0, "duty_lag": 0.0}
"""What an MJCF cannot say of a servo; the twin has none of it, and both sides know."""
HIDDEN = {
    "gain_divisor": (310.0, 560.0),
    "motor_constant": (0.29, 0.366),
    "friction_base": (0.01, 0.05),
    "viscous": (0.003, 0.015),
    "armature": (0.0012, 0.0025),
    "command_delay": (0.006, 0.035),
    "encoder_offset": (-0.05, 0.05),
}
"""Ranges that a twin's physics is drawn from; these are what both sides fit."""
PRIORS = {name: WIDE[name] for name in HIDDEN}
TIMESTEP = 0.002
"""Physics step of both sides' rollouts; the twin's own is half as long [s]."""
WINDOW = 1.0
"""Length of the windows that both sides fit, each restarted from the log [s]."""
FITTED = (("steps", 0), ("sweep", 0), ("shake", 0))
HELD_OUT = (("creep", 1), ("steps", 5))
"""Rounds of excitation, by shape and turn: a shape that was not fitted, and one that was."""
MEANINGS = {
    NAME: "seconds from windows of a servo's log to parameters and their uncertainty, with the "
    "same seven parameters in the same box, windows, physics step and threads; twins with hidden "
    "physics are logged through the wire; the peer is the faster of its own optimizers that is no "
    "worse held out than the other; least of the turns taken, median over twins, the ratio too",
    f"{NAME}_heldout": "mean absolute angle error of open-loop replays of whole rounds of 8 s that "
    "neither was fitted to, each predicted by its own model",
    f"{NAME}_whole": "the same fitted to whole rounds instead of windows",
}


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One side's fit."""

    seconds: float
    """Time taken [s]."""
    error: float
    """Held-out error [rad]."""


def run(data_dir: Path, short: bool) -> list[Row]:
    """Fit servos with hidden physics beside `mujoco.sysid`, from the same logs.

    What each side can say: ours has load-dependent and Stribeck friction, a sagging supply, the
    duty's lag, and priors; an MJCF has none of the first four, so the twin has none of them either
    and both know. The peer has inertial parameters of every body, which nobody asks here. Dry
    friction, viscous drag, armature, the servo's gain, motor constant, voltage and current limits,
    command delay and encoder offset both have. Ours minimizes a robust error and knows the prior,
    the peer the squared error within the same box, from the same start.

    Args:
        data_dir: not used here.
        short: one twin, shorter logs, one turn each.

    Returns:
        Rows of name, value, unit, peer, peer_value and ratio.
    """
    del data_dir
    spec = known_servo()
    turns, twins = (1, 1) if short else (3, 3)
    fitted, held_out = (FITTED[1:2], HELD_OUT[1:]) if short else (FITTED, HELD_OUT)
    logs = [record(spec, twin, [*fitted, *held_out]) for twin in range(twins)]
    parts = [(log[: len(fitted)], log[len(fitted) :]) for log in logs]
    rows = _rows(NAME, [compare(spec, *part, WINDOW, turns) for part in parts])
    if short:
        return rows
    return rows + _rows(f"{NAME}_whole", [compare(spec, *part, None, 1) for part in parts])


def known_servo() -> RobotSpec:
    """The bench's servo, of which is known what an MJCF cannot say."""
    spec = RobotSpec.load("servo")
    return replace(spec, joints=tuple(replace(joint, motor=KNOWN) for joint in spec.joints))


def record(spec: RobotSpec, twin: int, plan: Sequence[tuple[str, int]]) -> list[Trajectory]:
    """Log rounds of excitation of a twin with hidden physics, through its wire, in lockstep."""
    rng = np.random.default_rng(twin)
    drawn = {name: rng.uniform(*ends) for name, ends in HIDDEN.items()}
    plain = RobotSpec.load(spec.name)

    def rounds(_: Runner) -> Iterator[Controller]:
        for index, (shape, turn) in enumerate(plan, 1):
            yield RoundController(plain, excitation(plain, SHAPES[shape], turn), index, False)

    with tempfile.TemporaryDirectory() as scratch:
        hidden, out = Path(scratch) / "hidden.toml", Path(scratch) / f"twin{twin}.mcap"
        table = {**KNOWN, **drawn}
        hidden.write_text("".join(f"[{n}]\nset = [{v}, {v}]\n" for n, v in table.items()))
        header = LogHeader(robot=plain.name, spec=plain.to_json(), setup={"kind": KIND})
        with TwinProcess(TwinOptions(robot=plain.name, hidden=str(hidden), clock="lockstep")) as at:
            place = Place(port=at.port, clock="lockstep", robot=plain.name, supervise=False)
            # What a run says is progress here: figures alone go to the standard output.
            with redirect_stdout(sys.stderr):
                drive(place, plain, header, out, rounds)
        return rounds_of(Log.open(out), spec)


def compare(
    spec: RobotSpec,
    fitting: Sequence[Trajectory],
    held_out: Sequence[Trajectory],
    window: float | None,
    turns: int,
) -> dict[str, Fit]:
    """Fits of ours and of each of the peer's optimizers, who take turns; the least time of each."""
    threads = os.cpu_count() or 1
    box = Coordinates(PRIORS, nominal_parameters(spec), len(spec.joints))
    peer = SysidPeer(spec, box, TIMESTEP, threads)
    found: dict[str, list[Fit]] = {}
    for _ in range(turns):
        found.setdefault("ours", []).append(ours(spec, fitting, held_out, window, threads))
        for optimizer in OPTIMIZERS if sysid() is not None else ():
            fit = theirs(peer, fitting, held_out, window, optimizer)
            found.setdefault(optimizer, []).append(fit)
    return {side: min(fits, key=lambda fit: fit.seconds) for side, fits in found.items()}


def ours(
    spec: RobotSpec,
    fitting: Sequence[Trajectory],
    held_out: Sequence[Trajectory],
    window: float | None,
    threads: int,
) -> Fit:
    """Fit with `calibrate`: windows alone, or whole logs alone."""
    replay = ReplayConfig(timestep=TIMESTEP, threads=threads)
    config = CalibrationConfig(
        priors=PRIORS,
        window=window or WINDOW,
        window_iterations=30 if window else 0,
        whole_iterations=0 if window else 30,
        replay=replay,
    )
    fitted = calibrate(spec, fitting, config)
    values = {name: value[None] for name, value in fitted.posterior.value.items()}
    return Fit(
        seconds=fitted.seconds,
        error=float(np.mean([*whole_log_errors(spec, held_out, values, replay).values()])),
    )


def theirs(
    peer: SysidPeer,
    fitting: Sequence[Trajectory],
    held_out: Sequence[Trajectory],
    window: float | None,
    optimizer: str,
) -> Fit:
    """Fit with one of the peer's optimizers."""
    fitted = peer.fit([each for part in fitting for each in part.segments(window)], optimizer)
    tests = [each for part in held_out for each in part.segments()]
    return Fit(seconds=fitted.seconds, error=peer.error(tests, fitted.z))


def fairest(fits: Mapping[str, Fit]) -> Fit | None:
    """The peer's fastest fit that is within a twentieth of its best held-out error."""
    peers = [fit for side, fit in fits.items() if side != "ours"]
    good = [fit for fit in peers if fit.error <= 1.05 * min(each.error for each in peers)]
    return min(good, key=lambda fit: fit.seconds) if good else None


def _rows(name: str, twins: Sequence[Mapping[str, Fit]]) -> list[Row]:
    own = [fits["ours"] for fits in twins]
    peers = [fit for fits in twins if (fit := fairest(fits)) is not None]
    seconds, error = (float(np.median([getattr(f, k) for f in own])) for k in ("seconds", "error"))
    if not peers:
        return [row(name, seconds, "s", ABSENT), row(f"{name}_heldout", error, "rad", ABSENT)]
    took = float(np.median([fit.seconds for fit in peers]))
    ratio = float(np.median([p.seconds / o.seconds for p, o in zip(peers, own, strict=True)]))
    missed = float(np.median([fit.error for fit in peers]))
    return [
        row(name, seconds, "s", PEER, took, ratio),
        error_row(f"{name}_heldout", error, "rad", PEER, missed),
    ]
