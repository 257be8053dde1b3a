"""`load`: do the currents of a robot whose base stands fast carry the weight they should?"""

from collections.abc import Sequence

import mujoco
import numpy as np

from ashore.adapt.diagnose.record import Array, Record
from ashore.adapt.diagnose.shift import Shift, exchanges, inversions
from ashore.adapt.diagnose.suspicion import Suspicion, Threshold, suspect
from ashore.envs.physics.robot_model import build_model, joint_addresses
from ashore.envs.physics.standing import held
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.hardware.spec import RobotSpec

LOAD = Threshold(gain=0.4, z=2.5)
"""What counts as evidence; 10 arms of pretraining gained 0.13 at most."""
NOISE = 0.013
"""Usual error of a torque, of what the servo's largest current gives."""
SMOOTHING = 0.18
"""Time over which angles and currents are cubics [s]."""
SOFT = 0.05
"""Speed over which friction turns round [rad/s]."""
LOWEST, HIGHEST = np.array([0.7, 0.0, 0.0, 0.0]), np.array([1.5, 4.0, 4.0, 4.0])
"""Bounds of the weight's share, of dry, load's and viscous friction, in nominal ones."""
ROUNDS, SWEEPS = 6, 12
"""Rounds of reweighting, and sweeps over the four coefficients in each."""
TURN = 0.1
"""Angle that a joint is turned by to see what depends on it [rad]."""
LEAST = 100
"""Fewest readings that are judged."""


def load(records: Sequence[Record]) -> Suspicion | None:
    """Find swapped and inverted joints by their currents; None where none were measured.

    Goals and positions of a joint agree even if its servo is another joint's or turns the other
    way. Gravity and inertia don't.
    """
    taken = [r.take((r.powered & r.fresh).min(axis=1)) for r in records if r.fixed]
    taken = [r for r in taken if len(r.time) >= LEAST and np.isfinite(r.current).all()]
    if not taken:
        return None
    weight = Weight(taken[0].spec)
    return suspect(taken, _candidates, weight.losses, LOAD)


def _candidates(record: Record) -> list[Shift]:
    return [*inversions(record.spec), *exchanges(record.spec)]


class Weight:
    """What the joints of a nominal robot have to carry, base fast, nothing touched."""

    def __init__(self, spec: RobotSpec) -> None:
        """Build the robot's model."""
        hung = held(spec)
        self._model = build_model(hung)
        off = mujoco.mjtDisableBit
        self._model.opt.disableflags |= int(off.mjDSBL_CONTACT) | int(off.mjDSBL_LIMIT)
        self._model.dof_frictionloss[:] = 0.0
        self._data = mujoco.MjData(self._model)
        self._at, self._dof = joint_addresses(self._model, spec.names)
        motor = Simulation(hung, 1, SimulationConfig(threads=1)).motor
        value = {name: values[0] for name, values in motor.values.items()}
        self._constant = value["motor_constant"]
        most = value.get("current_limit", value.get("torque_limit"))
        self._scale = NOISE * self._constant * most
        base, viscous = value["friction_base"], value["viscous"]
        self._nominal = np.stack([base, value["friction_load"], viscous], axis=1)

    def torque(self, angle: Array, speed: Array, acceleration: Array) -> Array:
        """Torques that move the joints so, `(T, nj)` [N m], by inverse dynamics."""
        found = np.empty_like(angle)
        for row in range(len(angle)):
            self._data.qpos[self._at] = angle[row]
            self._data.qvel[self._dof] = speed[row]
            self._data.qacc[self._dof] = acceleration[row]
            mujoco.mj_inverse(self._model, self._data)
            found[row] = self._data.qfrc_inverse[self._dof]
        return found

    def leverage(self, angle: Array) -> Array:
        """How much of gravity's load depends on each joint in poses `(T, nj)`, `(nj,)`.

        The largest mean change of a joint's torque, in usual errors, if that joint were `TURN` on.
        """
        rest = np.zeros_like(angle)
        usual, found = self.torque(angle, rest, rest), np.zeros(angle.shape[1])
        for joint in range(angle.shape[1]):
            there = angle.copy()
            there[:, joint] += TURN
            changed = np.abs(self.torque(there, rest, rest) - usual).mean(axis=0)
            found[joint] = float((changed / self._scale).max())
        return found

    def losses(self, record: Record) -> Array:
        """Negative log likelihood of the currents of each reading, `(T,)`.

        With the torque `t` of inverse dynamics and speed `w`, a servo's torque is
        `a t + (b + c |t|) sign w + d w`; what is left of it has Cauchy's distribution, so that a
        stretch in which the robot touches something counts once and not for everything.
        """
        # It brings all of scipy.signal: half a second that only this needs.
        from scipy.signal import savgol_filter

        width = max(5, round(SMOOTHING * record.spec.rate) | 1)
        way = {"window_length": width, "polyorder": 3, "delta": record.period, "axis": 0}
        speed, acceleration = (savgol_filter(record.position, deriv=d, **way) for d in (1, 2))
        drawn = savgol_filter(record.current, **way) * self._constant
        carried = self.torque(record.position, speed, acceleration)
        total = np.zeros(len(carried))
        for joint in range(carried.shape[1]):
            turning = np.tanh(speed[:, joint] / SOFT)
            base, share, viscous = np.maximum(self._nominal[joint], 1e-4)
            parts = np.stack(
                [
                    carried[:, joint],
                    base * turning,
                    share * turning * np.abs(carried[:, joint]),
                    viscous * speed[:, joint],
                ],
                axis=1,
            )
            total += _left(parts, drawn[:, joint], float(self._scale[joint]))
        return total


def _left(parts: Array, drawn: Array, scale: float) -> Array:
    """Loss of each reading under the bounded coefficients that make it least, reweighted."""
    share = np.ones(parts.shape[1])
    for _ in range(ROUNDS):
        left = drawn - parts @ share
        weighted = parts / (1.0 + (left / scale) ** 2)[:, None]
        gram, against = weighted.T @ parts, weighted.T @ drawn
        for _ in range(SWEEPS):
            for k in np.flatnonzero(np.diag(gram) > 0.0):
                step = (against[k] - gram[k] @ share) / gram[k, k]
                share[k] = np.clip(share[k] + step, LOWEST[k], HIGHEST[k])
    return np.log1p(((drawn - parts @ share) / scale) ** 2)
