"""`Walk`: follow a commanded velocity on legs."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.tasks.gait import Trot, smooth_step
from ashore.envs.tasks.odometry import leg_odometry
from ashore.envs.tasks.task import Array, Start, task_contract
from ashore.hardware.contract import Contract, ObservationTerm, Signals
from ashore.hardware.spec import RobotSpec

SLOWEST = np.array([-0.3, -0.2, -0.8])
"""Smallest command: forward and leftward velocity [m/s], yaw rate [rad/s]."""
FASTEST = np.array([0.4, 0.2, 0.8])
"""Largest command."""
SEGMENTS = 4
"""Commands in a plan."""
HOLD = 5.0
"""How long each of them holds [s]."""
ONSET = 0.5
"""Time over which one gives way to the next, and the first grows from standing [s]."""
STANDING = 0.15
"""Share of commands to stand still."""
ALONE = (0.35, 0.45, 0.55)
"""Up to which share a command is straight, sideways or turning alone; the rest are all at once."""
STEADY = 0.5
"""Share of plans that hold their first command all the time."""
BRISK = 0.6
"""Share of its largest value that one of a command's parts exceeds on average in a fast plan."""
VELOCITY_TOLERANCE = 0.12
"""Velocity error at which that term of the reward has fallen to 1/e [m/s]."""
YAW_TOLERANCE = 0.5
"""Yaw rate error at which that term of the reward has fallen to 1/e [rad/s]."""
FALL = 5.0
"""What a fall costs."""
TILTED = 0.5
"""Cosine of the tilt at which a robot counts as fallen."""
LOW = 0.5
"""Share of its standing height below which a robot counts as fallen."""


class Walk:
    """Walk at a velocity that a plan commands, on top of a trot.

    Action zero is the trot (`Trot`), and an action moves each goal away from it. With velocity
    error `e` and yaw rate error `u`, the reward is

        2/3 exp(-(e / 0.12 m/s)^2) + 1/3 exp(-(u / 0.5 rad/s)^2)

    less a little for bouncing, rocking, tilting, large and jerky actions, but no less than zero,
    less 5 for a fall: 1 is perfect, and an instant on its feet never costs.
    """

    name = "walk"
    episode = HOLD * SEGMENTS
    senses: tuple[str, ...] = ("joint_position",)

    def __init__(self, spec: RobotSpec) -> None:
        """Prepare for a robot.

        Raises:
            TaskError: the robot has no legs, or no IMU.
        """
        self.trot, self.rate = Trot(spec), spec.rate
        self.default = spec.column("default")
        self.lower, self.upper = spec.column("lower"), spec.column("upper")
        self.height = float(-self.trot.stand[:, 2].mean())

    def contract(self, spec: RobotSpec) -> Contract:
        """IMU, command, phase, joints about the default pose and the trot, last two actions."""
        n = len(spec.joints)
        terms = (
            ObservationTerm(signal="imu_gyro", size=3, scale=0.5),
            ObservationTerm(signal="imu_gravity", size=3, scale=2.0),
            ObservationTerm(signal="command", size=3, scale=2.5),
            ObservationTerm(signal="phase", size=2),
            ObservationTerm(signal="posture", size=n, scale=2.0),
            ObservationTerm(signal="lag", size=n, scale=5.0),
            ObservationTerm(signal="joint_velocity", size=n, scale=0.2),
            ObservationTerm(signal="last_action", size=n, history=2),
        )
        return task_contract(self.name, spec, terms, base="trot", reach=0.3)

    def plan(self, dice: Dice) -> Array:
        """Draw four commands of three numbers, and where in its cycle the trot begins."""
        shape = (len(dice), SEGMENTS, 3)
        commands = dice.uniform(0.0, 1.0, SEGMENTS * 3).reshape(shape)
        commands = SLOWEST + (FASTEST - SLOWEST) * commands
        kind = np.searchsorted((STANDING, *ALONE), dice.uniform(0.0, 1.0, SEGMENTS))
        # Kind 0 stands still, 1 to 3 keep one part of the command, 4 keeps all.
        commands *= (kind[..., None] == 4) | (kind[..., None] == np.arange(1, 4))
        steady = dice.uniform()[:, 0] < STEADY
        commands[steady] = commands[steady, :1]
        return np.concatenate([commands.reshape(len(dice), -1), dice.uniform()], axis=1)

    def start(self, dice: Dice) -> Start:
        """Draw joints near the default pose, a little motion, any heading."""
        near = self.default + dice.uniform(-0.05, 0.05, len(self.default))
        reach = np.array([0.1, 0.1, 0.0, 0.2, 0.2, 0.2])
        return Start(
            position=np.clip(near, self.lower, self.upper),
            base_velocity=dice.uniform(-reach, reach, 6),
            heading=dice.uniform(-np.pi, np.pi)[:, 0],
        )

    def command(self, plan: Array, time: Array) -> Array:
        """Velocity asked for at `time` `(n,)` [s], `(n, 3)`: forward, leftward, yaw."""
        rows, commands = np.arange(len(plan)), plan[:, :-1].reshape(-1, SEGMENTS, 3)
        at = np.clip(time / HOLD, 0, SEGMENTS - 1).astype(np.intp)
        before = commands[rows, at - 1] * (at > 0)[:, None]
        share = smooth_step((time - HOLD * at) / ONSET)[:, None]
        return np.asarray(before + (commands[rows, at] - before) * share)

    def signals(self, plan: Array, time: Array, sensed: Mapping[str, Array]) -> dict[str, Array]:
        """Add the command, the trot and its phase, and where the joints are beside them."""
        command = self.command(plan, time)
        cycles = plan[:, -1] + self.trot.config.frequency * time
        trot, angle = self.trot.joints(command, cycles), sensed["joint_position"]
        turn = 2.0 * np.pi * cycles
        return {
            **sensed,
            "command": command,
            "phase": np.stack([np.sin(turn), np.cos(turn)], axis=1),
            "trot": trot,
            "posture": angle - self.default,
            "lag": trot - angle,
        }

    def measured(self, signals: Signals) -> Signals:
        """Add the base's motion, by leg odometry."""
        return {**signals, **leg_odometry(self.trot, signals, self.rate)}

    def reward(self, signals: Signals, action: Array, previous: Array) -> dict[str, Array]:
        """Nearness to the command, less a little for an ungainly way of it, less a fall."""
        velocity, spin, gravity = (
            signals[name].T for name in ("true_velocity", "true_gyro", "true_gravity")
        )
        command, change = signals["command"].T, action - previous
        ahead, aside = velocity[0] - command[0], velocity[1] - command[1]
        error = (ahead * ahead + aside * aside) / VELOCITY_TOLERANCE**2
        turning = (spin[2] - command[2]) / YAW_TOLERANCE
        terms = {
            "velocity": 2.0 / 3.0 * np.exp(-error),
            "yaw": 1.0 / 3.0 * np.exp(-turning * turning),
            "bounce": -2.0 * velocity[2] * velocity[2],
            "rocking": -0.02 * (spin[0] * spin[0] + spin[1] * spin[1]),
            "tilt": -1.0 * (gravity[0] * gravity[0] + gravity[1] * gravity[1]),
            "effort": -0.02 * (action * action).mean(axis=1),
            "smoothness": -0.1 * (change * change).mean(axis=1),
        }
        terms["forgiven"] = np.maximum(-sum(terms.values()), 0.0)
        terms["fall"] = -FALL * self.ends(signals)
        return terms

    def ends(self, signals: Signals) -> NDArray[np.bool_]:
        """Robots that tilt too far or sink too low."""
        tilted = signals["true_gravity"][:, 2] > -TILTED
        return np.asarray(tilted | (signals["true_height"][:, 0] < LOW * self.height))

    def errors(self, signals: Signals) -> dict[str, Array]:
        """How far velocity and yaw rate are from the command."""
        lag = signals["true_velocity"][:, :2] - signals["command"][:, :2]
        turning = signals["true_gyro"][:, 2] - signals["command"][:, 2]
        return {
            "velocity error [m/s]": np.hypot(lag[:, 0], lag[:, 1]),
            "yaw rate error [rad/s]": np.abs(turning),
        }

    def slices(self, plan: Array) -> dict[str, NDArray[np.bool_]]:
        """Steady plans by what they ask for most, changing ones, and all by how fast."""
        commands = plan[:, :-1].reshape(-1, SEGMENTS, 3)
        share = commands / np.where(commands < 0.0, -SLOWEST, FASTEST)
        steady = (commands == commands[:, :1]).all(axis=(1, 2))
        most = np.abs(share[:, 0]).argmax(axis=1)
        standing = steady & (commands[:, 0] == 0.0).all(axis=1)
        straight = steady & ~standing & (most == 0)
        fast = np.abs(share).max(axis=2).mean(axis=1) > BRISK
        return {
            "standing": standing,
            "forward": straight & (share[:, 0, 0] > 0.0),
            "backward": straight & (share[:, 0, 0] < 0.0),
            "sideways": steady & ~standing & (most == 1),
            "turning": steady & ~standing & (most == 2),
            "changing": ~steady,
            "slow": ~standing & ~fast,
            "fast": fast,
        }
