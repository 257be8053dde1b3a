"""`Reach`: bring the tip of an arm from target to target, whatever it carries."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.errors import TaskError
from ashore.envs.tasks.screws import Screws
from ashore.envs.tasks.task import Array, Start, nobody, task_contract
from ashore.hardware.contract import Contract, ObservationTerm, Signals
from ashore.hardware.spec import RobotSpec

TARGETS = 3
"""Targets of an episode, one after another."""
PERIOD = 2.5
"""Time for the way to a target and the rest there [s]."""
SPEED = 2.5
"""Largest speed of a joint on its way [rad/s]; an STS3215 runs free at 4.7."""
SPREAD = 0.7
"""How far from the default pose to its limits a joint is asked to go."""
HEIGHT = 0.04
"""Least height of every joint and of the tip over the table [m]."""
RADIUS = 0.09
"""Least distance from the base's vertical axis of the outer half of the arm [m]."""
TRIES = 16
"""Poses drawn for each target; the first whose way is clear counts."""
WAY = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Parts of a way that are looked at."""
NEAR, FAR, ASIDE = 0.01, 0.06, 0.15
"""Errors at which parts of the reward have fallen to 1/e: of the tip [m], and of a joint that does
not move it, such as a gripper's [rad]."""
LEAD = 0.1
"""How far ahead the way is known [s]."""


class Reach:
    """Move the tip through three targets and rest at each; the gripper opens and closes on the way.

    A plan is three poses `q_i` of all joints, so every target can be reached; `q_0` is the default
    pose. The way `r(t)` to each is a minimum-jerk blend of joint angles, and the tip's target is
    where the tip of `r(t)` is. An action moves the goals away from `r(t)`, which is where stiff
    servos would be: what sags under gravity and payload, lags and sticks, is the policy's. With the
    tip's distance `d` and the error `e` of joints that do not move the tip, the reward is

        0.9 (0.6 exp(-(d / 1 cm)^2) + 0.4 exp(-(d / 6 cm)^2)) + 0.1 exp(-(e / 0.15 rad)^2)

    less a little for changing the action: 1 is perfect. Only what is sensed counts, so that a log
    of a real arm has the same reward.

    Source: Flash and Hogan 1985, J. Neurosci. 5(7), equation 3 (minimum jerk).
    """

    name = "reach"
    episode = TARGETS * PERIOD
    senses: tuple[str, ...] = ("joint_position",)

    def __init__(self, spec: RobotSpec) -> None:
        """Prepare the arm of a robot.

        Raises:
            TaskError: the robot has no arm.
        """
        if spec.arm is None:
            raise TaskError(
                f"robot {spec.name!r} has no arm to reach with; describe it in its spec.toml as "
                "[arm] and [[arm.links]], or choose another task"
            )
        self.screws = Screws(spec.arm, spec.names)
        self.joints = len(spec.joints)
        self.aside = [i for i in range(self.joints) if i not in self.screws.columns]
        self.home = spec.column("default")
        self.low = self.home + SPREAD * (spec.column("lower") - self.home)
        self.high = self.home + SPREAD * (spec.column("upper") - self.home)

    def contract(self, spec: RobotSpec) -> Contract:
        """Errors of joints and tip, the way and where it goes, speed, the last actions."""
        n = self.joints
        terms = (
            ObservationTerm(signal="joint_error", size=n, scale=10.0, history=3),
            ObservationTerm(signal="tip_error", size=3, scale=30.0, history=2),
            ObservationTerm(signal="reference", size=n),
            ObservationTerm(signal="reference_change", size=n, scale=5.0),
            ObservationTerm(signal="joint_velocity", size=n, scale=0.5, history=2),
            ObservationTerm(signal="last_action", size=n, history=2),
        )
        return task_contract(self.name, spec, terms, base="reference", reach=0.25)

    def plan(self, dice: Dice) -> Array:
        """Draw three poses of all joints, on ways clear of the table and of the base."""
        unit = dice.uniform(k=TARGETS * TRIES * self.joints)
        unit = unit.reshape(len(dice), TARGETS, TRIES, self.joints)
        drawn = self.low + (self.high - self.low) * unit
        rows, pose = np.arange(len(dice)), np.tile(self.home, (len(dice), 1))
        chosen = []
        for target in range(TARGETS):
            steps = drawn[:, target] - pose[:, None]
            looks = [self.clear(pose[:, None] + part * steps) for part in WAY]
            clear = np.logical_and.reduce(looks)
            found = drawn[rows, target, clear.argmax(axis=1)]
            pose = np.where(clear.any(axis=1)[:, None], found, pose)
            chosen.append(pose)
        return np.concatenate(chosen, axis=1)

    def clear(self, angles: Array) -> NDArray[np.bool_]:
        """Poses `(..., nj)` that keep clear of the table and the base, `(...)`."""
        places = self.screws.places(angles.reshape(-1, self.joints))
        outer = places[:, : places.shape[1] // 2]
        x, y = outer[:, :, 0], outer[:, :, 1]
        above = (places[:, :, 2] > HEIGHT).all(axis=1)
        beside = (x * x + y * y > RADIUS * RADIUS).all(axis=1)
        return np.asarray((above & beside).reshape(angles.shape[:-1]))

    def start(self, dice: Dice) -> Start:
        """Draw angles near the default pose, at rest."""
        position = self.home + dice.uniform(-0.05, 0.05, self.joints)
        return Start(position=np.clip(position, self.low, self.high))

    def reference(self, plan: Array, time: Array) -> Array:
        """Joint angles asked for at `time` `(n,)` [s], `(n, nj)` [rad]."""
        poses = plan.reshape(len(plan), TARGETS, self.joints)
        stage = np.clip(np.floor(time / PERIOD), 0, TARGETS - 1).astype(np.intp)
        rows = np.arange(len(plan))
        goal = poses[rows, stage]
        origin = np.where(stage[:, None] > 0, poses[rows, stage - 1], self.home)
        # A minimum-jerk way is at most 1.875 times as fast as a steady one of the same length.
        duration = 1.875 / SPEED * np.abs(goal - origin).max(axis=1)
        since = (time - PERIOD * stage) / np.clip(duration, 1e-3, PERIOD)
        s = np.clip(since, 0.0, 1.0)[:, None]
        return np.asarray(origin + (goal - origin) * (s * s * s * (10.0 + s * (6.0 * s - 15.0))))

    def signals(self, plan: Array, time: Array, sensed: Mapping[str, Array]) -> dict[str, Array]:
        """Add the way, its near future, the tip and its target, and the errors."""
        reference = self.reference(plan, time)
        target = self.screws.tip(reference)
        tip = self.screws.tip(sensed["joint_position"])
        return {
            **sensed,
            "reference": reference,
            "reference_change": self.reference(plan, time + LEAD) - reference,
            "joint_error": reference - sensed["joint_position"],
            "target": target,
            "tip": tip,
            "tip_error": target - tip,
        }

    def measured(self, signals: Signals) -> Signals:
        """Return what was sensed: that is all it is made of."""
        return signals

    def reward(self, signals: Signals, action: Array, previous: Array) -> dict[str, Array]:
        """Nearness of the tip and of the gripper, less a little for jerky actions."""
        x, y, z = signals["tip_error"].T
        square = x * x + y * y + z * z
        tip = 0.6 * np.exp(-square / NEAR**2) + 0.4 * np.exp(-square / FAR**2)
        terms = {"tip": tip, "smoothness": -0.02 * np.square(action - previous).mean(axis=1)}
        if self.aside:
            error = signals["joint_error"][:, self.aside] / ASIDE
            terms["tip"] = 0.9 * tip
            terms["gripper"] = 0.1 * np.exp(-(error * error)).mean(axis=1)
        return terms

    def ends(self, signals: Signals) -> NDArray[np.bool_]:
        """Nobody: the task cannot be failed."""
        return nobody(signals)

    def errors(self, signals: Signals) -> dict[str, Array]:
        """How far the tip is from its target."""
        x, y, z = signals["tip_error"].T
        return {"tip error [m]": np.sqrt(x * x + y * y + z * z)}

    def slices(self, plan: Array) -> dict[str, NDArray[np.bool_]]:
        """Near and far, low and high, left and right, by the middle of the targets."""
        poses = plan.reshape(-1, self.joints)
        x, y, z = self.screws.tip(poses).reshape(len(plan), TARGETS, 3).transpose(2, 0, 1)
        far = np.sqrt(x * x + y * y).mean(axis=1) > 0.285
        high, left = z.mean(axis=1) > 0.19, y.mean(axis=1) > 0.0
        halves = {"near": ~far, "far": far, "low": ~high, "high": high, "left": left}
        return {**halves, "right": ~left}
