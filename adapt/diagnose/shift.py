"""`Shift`: an input that is wired or mounted otherwise than the spec says, and the mended spec."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np

from ashore.hardware.imu.rotation import from_angles, matrix, product, to_angles
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.spec import RobotSpec

Kind = Literal[
    "swapped", "inverted", "zero_offset", "delay", "gyro_bias", "imu_turned", "gyro_axes", "reading"
]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One input-level shift. It is mended in the spec, not trained away."""

    kind: Kind
    """What it is."""
    what: str
    """A sentence that names it."""
    joints: tuple[str, ...] = ()
    """The joints that it is of."""
    joint_edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the spec should say of each joint."""
    imu_edits: Mapping[str, Any] = field(default_factory=dict)
    """What the spec should say of the inertial sensor."""
    elsewhere: str = ""
    """What to mend where no number of the spec does."""
    evidence: str = ""
    """The numbers behind it."""

    def corrected(self, spec: RobotSpec) -> RobotSpec:
        """The spec with this shift mended; the same where it is mended elsewhere."""
        joints = tuple(replace(j, **self.joint_edits.get(j.name, {})) for j in spec.joints)
        imu = spec.imu
        if imu is not None and self.imu_edits:
            imu = replace(imu, **self.imu_edits)
        return replace(spec, joints=joints, imu=imu)

    @property
    def edit(self) -> str:
        """What to write into the robot's spec.toml, or what to do instead."""
        tables = [
            f"joint {name}: {', '.join(f'{key} = {_toml(value)}' for key, value in edits.items())}"
            for name, edits in self.joint_edits.items()
        ]
        if self.imu_edits:
            values = ", ".join(f"{key} = {_toml(value)}" for key, value in self.imu_edits.items())
            tables.append(f"[imu]: {values}")
        return f"in spec.toml, {'; '.join(tables)}" if tables else self.elsewhere

    def __str__(self) -> str:
        said = f"{self.what} ({self.evidence})" if self.evidence else self.what
        return f"{said}: {self.edit}"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def inversions(spec: RobotSpec) -> list[Shift]:
    """Each joint, inverted."""
    return [
        Shift(
            kind="inverted",
            what=f"{joint.name} turns against what it is told and says: it is inverted",
            joints=(joint.name,),
            joint_edits={joint.name: {"sign": -joint.sign}},
        )
        for joint in spec.joints
    ]


def exchanges(spec: RobotSpec) -> list[Shift]:
    """Each two joints of one servo model, exchanged."""
    return [
        Shift(
            kind="swapped",
            what=f"{one.name} and {other.name} answer to each other's goals: they are swapped",
            joints=(one.name, other.name),
            joint_edits={one.name: {"id": other.id}, other.name: {"id": one.id}},
        )
        for one, other in combinations(spec.joints, 2)
        if one.servo == other.servo
    ]


def turns(spec: RobotSpec) -> list[Shift]:
    """The inertial sensor, turned about the vertical by quarter turns."""
    if spec.imu is None:
        return []
    return [turned(spec.imu, (0.0, 0.0, np.radians(by)), f"by {by:g}° about the vertical")
            for by in (90.0, 180.0, -90.0)]


def turned(imu: ImuSpec, by: tuple[float, float, float], how: str) -> Shift:
    """The sensor, mounted `by` roll, pitch and yaw in the base's frame off from what is said."""
    before = from_angles(imu.roll, imu.pitch, imu.yaw)
    angles = to_angles(product(from_angles(*by), before))
    values = dict(zip(("roll", "pitch", "yaw"), map(float, angles), strict=True))
    return Shift(
        kind="imu_turned",
        what=f"the inertial sensor is mounted turned {how}",
        imu_edits=values,
    )


def mounting(imu: ImuSpec) -> np.ndarray:
    """Matrix `(3, 3)` from the sensor's axes to the base's."""
    return matrix(from_angles(imu.roll, imu.pitch, imu.yaw))
