"""ROS 2 bags as logs of Ashore: sensor_msgs/JointState and Imu, and commands of a named topic."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.optional import optional
from ashore.hardware.importers.samples import Samples, write_samples
from ashore.hardware.logs.log_header import LogHeader

JOINTS, IMU = "sensor_msgs/msg/JointState", "sensor_msgs/msg/Imu"
TRAJECTORY, NUMBERS = "trajectory_msgs/msg/JointTrajectory", "std_msgs/msg/Float64MultiArray"
COMMANDS = (TRAJECTORY, NUMBERS, JOINTS)
"""Types that a topic of commands may have."""
Array = NDArray[np.float64]


def import_rosbag(
    path: str | Path, out: str | Path, command_topic: str = "", robot: str = "robot"
) -> Path:
    """Write a log of a bag's folder, and return its path.

    A reading for each JointState, with the newest Imu before it: angular velocity [rad/s],
    acceleration [m/s²], and gravity's direction where the Imu has an orientation. Efforts stay
    behind. Times are header stamps, or where those are 0 the bag's, counted from the first
    message, whose time since 1970 is in the setup as `epoch_ns`.

    Args:
        path: the folder with metadata.yaml and the .db3 or .mcap files.
        out: the log to write.
        command_topic: a topic of JointTrajectory (its first point is the command),
            Float64MultiArray in the order of the joints, or JointState.
        robot: the robot's name.

    Raises:
        LogError: rosbags is absent, the bag is damaged, has no JointState or several topics of
            them, its joints change, or `out` exists.
    """
    with optional():
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore
    path = Path(path)
    try:
        reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE))
        with reader:
            bag = _Bag(reader, path, command_topic)
            samples = bag.samples()
            first = next(samples, None)
            if first is None:
                raise LogError(f"{path}: its joint states hold no message; record it again")
            setup = {"source": path.name, "joints": bag.joints, "epoch_ns": bag.epoch}
            header = LogHeader(robot=robot, setup=setup)
            return write_samples(Path(out), header, _chained(first, samples), path)
    except LogError:
        raise
    except Exception as error:
        # The library answers damage with its own errors, sqlite3's, struct.error and others.
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LogError(f"{path} is damaged or no ROS 2 bag: {said}") from None


def _chained(first: Samples, others: Iterator[Samples]) -> Iterator[Samples]:
    yield first
    yield from others


@dataclass
class _Bag:
    """The messages of an open bag as samples, one at a time."""

    reader: Any
    path: Path
    command_topic: str
    joints: list[str] = field(default_factory=list)
    epoch: int | None = None
    _base: dict[str, Array] = field(default_factory=dict)
    _base_time: float = np.nan

    def samples(self) -> Iterator[Samples]:
        """One sample a joint state or command, in the order of the bag."""
        chosen = self._chosen()
        for connection, stamp, raw in self.reader.messages(connections=chosen):
            message = self.reader.deserialize(raw, connection.msgtype)
            time = self._time(message, stamp)
            if connection.topic == self.command_topic:
                if not self.joints:
                    continue
                signals = {"command": self._command(message, connection.msgtype)}
            elif connection.msgtype == IMU:
                self._base, self._base_time = _base(message), time
                continue
            else:
                signals = self._reading(message, time)
            rows = {name: values[None, :] for name, values in signals.items()}
            yield Samples(time=np.array([time]), signals=rows)

    def _chosen(self) -> list[Any]:
        found = self.reader.connections
        topics = ", ".join(sorted({f"{c.topic} ({c.msgtype})" for c in found})) or "none"
        commands = [c for c in found if c.topic == self.command_topic]
        if self.command_topic and not commands:
            raise LogError(f"{self.path} has no topic {self.command_topic!r}; it has {topics}")
        if any(c.msgtype not in COMMANDS for c in commands):
            raise LogError(
                f"{self.command_topic} of {self.path} is of {commands[0].msgtype}; commands are "
                f"read of {', '.join(COMMANDS)}"
            )
        others = [c for c in found if c not in commands]
        chosen = list(commands)
        for kind, least in ((JOINTS, 1), (IMU, 0)):
            here = [c for c in others if c.msgtype == kind]
            count = len({c.topic for c in here})
            if not least <= count <= 1:
                raise LogError(
                    f"{self.path} has {count} topics of {kind} and one is read; its topics: "
                    f"{topics}; cut the bag to one, or name the other with --command-topic"
                )
            chosen += here
        return chosen

    def _time(self, message: Any, stamp: int) -> float:
        header = getattr(message, "header", None)
        said = header.stamp.sec * 10**9 + header.stamp.nanosec if header is not None else 0
        now = said or stamp
        if self.epoch is None:
            self.epoch = now
        return (now - self.epoch) / 1e9

    def _reading(self, message: Any, time: float) -> dict[str, Array]:
        if not self.joints:
            self.joints = list(message.name)
        found = {
            "position": self._ordered(message.name, message.position),
            "velocity": self._ordered(message.name, message.velocity),
        }
        if self._base:
            age = np.array([max(time - self._base_time, 0.0)])
            found |= {**self._base, "inertial_age": age}
        return found

    def _command(self, message: Any, kind: str) -> Array:
        if kind == TRAJECTORY:
            if not message.points:
                return np.full(len(self.joints), np.nan)
            return self._ordered(message.joint_names, message.points[0].positions)
        if kind == NUMBERS:
            return self._ordered(self.joints, message.data)
        return self._ordered(message.name, message.position)

    def _ordered(self, names: list[str], values: Any) -> Array:
        """Values in the joints' order; NaN if there are none."""
        if sorted(names) != sorted(self.joints):
            raise LogError(
                f"{self.path}: a message is of joints {', '.join(names)} and the first was of "
                f"{', '.join(self.joints)}; every message must hold all joints"
            )
        if len(values) == 0:
            return np.full(len(self.joints), np.nan)
        if len(values) != len(names):
            raise LogError(f"{self.path}: a message has {len(values)} values of "
                           f"{len(names)} joints")
        at = {name: index for index, name in enumerate(names)}
        return np.asarray(values, np.float64)[[at[name] for name in self.joints]]


def _base(message: Any) -> dict[str, Array]:
    """What an Imu message says; a covariance that begins with -1 means that it does not."""
    turn = message.orientation
    x, y, z, w = turn.x, turn.y, turn.z, turn.w
    gravity = np.array([2 * (w * y - x * z), -2 * (y * z + w * x), 2 * (x * x + y * y) - 1])
    length = np.linalg.norm(gravity)
    known = message.orientation_covariance[0] != -1 and abs(x * x + y * y + z * z + w * w - 1) < 0.1
    vectors = {"gyro": message.angular_velocity, "acceleration": message.linear_acceleration}
    found = {name: np.array([v.x, v.y, v.z], np.float64) for name, v in vectors.items()}
    return {**found, "gravity": gravity / length if known else np.full(3, np.nan)}
