"""`SysidPeer`: the bench's servo in `mujoco.sysid`, fitted to the same windows."""

import io
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import mujoco
import numpy as np
from mujoco.rollout import rollout
from numpy.typing import NDArray

from ashore.adapt.priors import Coordinates
from ashore.adapt.trajectory import Window
from ashore.envs.physics.servo_model import ServoModel, load_servo
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
STICKING = 0.999
"""Impedance of dry friction, as our own simulation has it: at MuJoCo's default a joint creeps."""
VMAX, KP, KD = 7, 4, 6
"""Where MuJoCo keeps a `dcmotor`'s controller in `gainprm`; resistance and constant come first."""
TOLERANCE = 1e-3
"""Relative step, and for SciPy also the gain, below which the peer stops, as ours does. Its own
default, 1e-8, spends most of its time on digits that neither log nor solver has."""
OPTIMIZERS: Mapping[str, Mapping[str, Any]] = {
    "mujoco": {"xtol": TOLERANCE},
    "scipy_parallel_fd": {"xtol": TOLERANCE, "ftol": TOLERANCE, "x_scale": 1.0},
}
"""The peer's own optimizers that take a Jacobian in parallel; the first is its default."""


@cache
def sysid() -> Any:
    """`mujoco.sysid`; None where what it needs is not installed."""
    module = import_module("mujoco.sysid")
    # Without its requirements it imports, and is empty.
    return module if hasattr(module, "optimize") else None


@dataclass(frozen=True, kw_only=True)
class PeerFit:
    """What the peer found."""

    z: Array
    """Coordinates found, `(D,)`."""
    seconds: float
    """Time taken, its confidence intervals included [s]."""


class SysidPeer:
    """A servo as an MJCF `dcmotor` with a position controller, and what of it is fitted.

    With goals `u`, angle `q` and `G` the duty a radian of error gives at supply `V`, the actuator's
    `kp = K G V / R`, `kd = K^2 / R` and `Vmax = V` give the current `clip(clip(G V (u - q), +-V) -
    K q') / R`, which is a Dynamixel's. `ref` of the joint is the encoder's offset, `delay` the
    command's, `damping` the viscous drag; `armature` and `frictionloss` are the joint's own.

    A vector is in the coordinates of our own priors, so that both search the same box and its
    unknowns are of one scale; each has a `Parameter` whose modifier writes it into the `MjSpec`.
    """

    def __init__(
        self, spec: RobotSpec, coordinates: Coordinates, timestep: float, threads: int
    ) -> None:
        """Lay out the model of a robot with one joint."""
        self.spec, self.coordinates, self.threads = spec, coordinates, threads
        self.joint = spec.joints[0]
        self._servo: ServoModel = load_servo(self.joint.servo)
        known = nominal_parameters(spec)
        self._nominal = {name: float(known[name].nominal[0]) for name in self._servo.parameters}
        self._longest = int(np.ceil(known["command_delay"].high / timestep)) + 1
        self.timestep = timestep

    def mjcf(self, supply: float) -> mujoco.MjSpec:
        """Model of the servo at a supply [V], with nominal parameters."""
        model = mujoco.MjSpec.from_string(self.spec.model)
        model.option.timestep = self.timestep
        model.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ISLAND)
        model.compiler.discardvisual = True
        model.joint(self.joint.name).solimp_friction[:2] = STICKING
        motor = model.add_actuator(name=self.joint.name, target=self.joint.name)
        motor.trntype = mujoco.mjtTrn.mjTRN_JOINT
        motor.set_to_dcmotor(
            motorconst=np.full(2, self._nominal["motor_constant"]),
            resistance=self._nominal["resistance"],
            controller=np.array([1.0, 0.0, 1.0, 0.0, 0.0, supply]),
            ctrlspec=int(mujoco.mjtCtrlInput.mjINPUT_POS),
        )
        motor.forcelimited = True
        motor.nsample, motor.interp = self._longest, 1
        sensor = model.add_sensor(name=self.joint.name, objname=self.joint.name)
        sensor.type, sensor.objtype = mujoco.mjtSensor.mjSENS_JOINTPOS, mujoco.mjtObj.mjOBJ_JOINT
        self._write(model, self._nominal)
        return model

    def _write(self, model: mujoco.MjSpec, given: Mapping[str, float]) -> None:
        """Put parameters by our names into a model; those not given stay nominal."""
        p = {**self._nominal, **given}
        joint, motor = model.joint(self.joint.name), model.actuator(self.joint.name)
        joint.armature, joint.frictionloss = p["armature"], p["friction_base"]
        joint.damping[0], joint.ref = p["viscous"], p["encoder_offset"]
        constant, resistance, supply = p["motor_constant"], p["resistance"], motor.gainprm[VMAX]
        counts = self._servo.counts_per_turn / (2.0 * np.pi)
        gain = counts * self.joint.p_gain / (p["gain_divisor"] * self._servo.pwm_counts)
        motor.gainprm[0], motor.gainprm[1] = resistance, constant
        motor.gainprm[KP] = constant * gain * supply / resistance
        motor.gainprm[KD] = constant**2 / resistance
        motor.forcerange = constant * p["current_limit"] * np.array([-1.0, 1.0])
        motor.delay = p["command_delay"]

    def parameters(self) -> Any:
        """One parameter for each coordinate, starting at the prior's mean, in the physical box."""
        found, box = sysid().ParameterDict(), self.coordinates
        for name, low, high in zip(box.names, box.lowest, box.highest, strict=True):
            found.add(sysid().Parameter(name, 0.0, float(low), float(high)))
        return found

    def build(self, parameters: Any, model: mujoco.MjSpec) -> mujoco.MjModel:
        """Compile a model with a vector's parameters in it."""
        self._write(model, self.physical(parameters.as_vector()))
        return model.compile()

    def physical(self, z: Array) -> dict[str, float]:
        """Values by name of a vector."""
        return {name: float(v[0, 0]) for name, v in self.coordinates.values(z[None]).items()}

    def fit(self, windows: Sequence[Window], optimizer: str) -> PeerFit:
        """Fit to windows with one of `OPTIMIZERS`, a Jacobian's columns rolled out in parallel."""
        kit, began = sysid(), time.perf_counter()
        residual = kit.build_residual_fn(
            models_sequences=[self._sequence(window) for window in windows],
            build_model=self.build,
            modify_residual=_difference,
            n_threads=self.threads,
        )
        start, options = self.parameters(), OPTIMIZERS[optimizer]
        with redirect_stdout(io.StringIO()):
            fitted, result = kit.optimize(start, residual, optimizer, verbose=False, **options)
        z = np.asarray(fitted.as_vector())
        kit.calculate_intervals(residual(z, fitted)[0], result.jac)
        return PeerFit(z=z, seconds=time.perf_counter() - began)

    def _sequence(self, window: Window) -> Any:
        """A window with its model: the goals in each step, the angles measured."""
        kit, spec = sysid(), self.mjcf(self._supply(window))
        model = spec.compile()
        grid = self._grid(window)
        control = kit.TimeSeries(grid[:-1], self._goals(window, grid))
        measured = kit.TimeSeries(window.time, window.trajectory.position[window.rows])
        name = f"{window.trajectory.source} {window.begin}"
        state = self._start(model, window)
        return kit.ModelSequences(name, spec, name, state, control, measured)

    def _grid(self, window: Window) -> Array:
        count = int(np.ceil(window.time[-1] / self.timestep - 1e-9)) + 2
        return np.arange(count + 1, dtype=np.float64) * self.timestep

    def _goals(self, window: Window, grid: Array) -> Array:
        trajectory = window.trajectory
        return trajectory.goals(grid + trajectory.time[window.begin], np.zeros(1))

    def _start(self, model: mujoco.MjModel, window: Window) -> Array:
        """State at a window's beginning, with the goals that were given before it."""
        trajectory, data = window.trajectory, mujoco.MjData(model)
        data.qpos[:] = trajectory.position[window.begin]
        data.qvel[:] = trajectory.velocity[window.begin]
        before = np.arange(-self._longest, 1) * self.timestep
        goals = trajectory.goals(before + trajectory.time[window.begin], np.zeros(1))
        mujoco.mj_initCtrlHistory(model, data, 0, before[:-1], goals)
        state = np.empty(mujoco.mj_stateSize(model, STATE))
        mujoco.mj_getState(model, data, state, STATE)
        return state

    def error(self, windows: Sequence[Window], z: Array) -> float:
        """Mean over windows of the mean absolute angle error of their open-loop replay [rad]."""
        found = []
        for window in windows:
            spec = self.mjcf(self._supply(window))
            self._write(spec, self.physical(z))
            model, grid = spec.compile(), self._grid(window)
            start = self._start(model, window)
            state, _ = rollout(model, mujoco.MjData(model), start, self._goals(window, grid))
            angle = np.concatenate([start[1:2], state[0, :, 1]])
            seen = np.interp(window.time, grid, angle)
            rows = window.trajectory.position[window.rows][:, 0]
            fresh = window.trajectory.fresh[window.rows][:, 0]
            found.append(float(np.abs(seen - rows)[fresh].mean()))
        return float(np.mean(found))

    def _supply(self, window: Window) -> float:
        """Supply that a window's log measured, as our replay has it [V]."""
        measured = window.trajectory.supply
        return self._nominal["supply_voltage"] if measured is None else float(measured[0])


def _difference(
    parameters: Any, predicted: Any, measured: Any, model: Any, everything: bool, state: Array
) -> tuple[Array, Any, Any]:
    """Predicted minus measured angle at each sample but the first, in radian.

    The peer's own divides by each window's largest motion: quiet windows would outweigh the others.
    """
    times = measured.times[1:]
    seen = np.interp(times, state[:, 0], state[:, 1])[:, None]
    at = sysid().TimeSeries(times, seen)
    return seen - measured.data[1:], at, at
