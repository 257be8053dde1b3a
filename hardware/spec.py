"""`RobotSpec`: everything about a robot that is not a policy, from one readable file."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.body_spec import ArmSpec, LegSpec, LinkSpec
from ashore.hardware.bus_spec import BusSpec
from ashore.hardware.errors import SpecError
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.joint_spec import JointSpec
from ashore.hardware.safety_spec import SafetySpec
from ashore.hardware.tables import allowed, read_mapping, read_table, read_tables

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RobotSpec:
    """A robot: its joints in order, its wire, its rate and its limits."""

    name: str
    """The robot's name."""
    joints: tuple[JointSpec, ...]
    """The joints; their order is the order of every array of this package."""
    rate: float
    """Control steps per second [Hz]."""
    model: str
    """MJCF text of the nominal robot."""
    bus: BusSpec
    """The serial line."""
    safety: SafetySpec
    """What the runner allows."""
    legs: tuple[LegSpec, ...] = ()
    """The legs of a robot that walks."""
    arm: ArmSpec | None = None
    """The kinematics of a robot that reaches."""
    imu: ImuSpec | None = None
    """The inertial sensor of a robot whose base is free."""
    task: str = "track"
    """The task that it is trained for unless another is asked for."""
    description: str = ""
    """One line for people."""

    def __post_init__(self) -> None:
        """Refuse a robot whose parts contradict one another."""
        allowed("rate", self.rate, 1.0 <= self.rate <= 1000.0, "1 to 1000 Hz")
        allowed("joints", [], len(self.joints) > 0, "at least one joint")
        for key in ("name", "id"):
            values = [getattr(joint, key) for joint in self.joints]
            twice = sorted({value for value in values if values.count(value) > 1})
            allowed(f"joints: {key}", twice, not twice, f"each {key} once")
        for where, name in self._named_joints():
            allowed(where, name, name in self.names, f"one of {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names in order."""
        return tuple(joint.name for joint in self.joints)

    def _named_joints(self) -> list[tuple[str, str]]:
        legs = [
            (f"leg {leg.name}: {key}", getattr(leg, key))
            for leg in self.legs
            for key in ("abduction", "hip", "knee")
        ]
        links = self.arm.links if self.arm else ()
        return legs + [("arm.links: joint", link.joint) for link in links]

    @property
    def ids(self) -> tuple[int, ...]:
        """Servo ids in joint order."""
        return tuple(joint.id for joint in self.joints)

    @property
    def fastest(self) -> Vector:
        """Speed above which each joint stops a run: its own limit, or the robot's [rad/s]."""
        limit = self.safety.velocity_limit
        return np.array([joint.velocity_limit or limit for joint in self.joints])

    def column(self, key: str) -> Vector:
        """Field `key` of every joint, `(nj,)`."""
        return np.array([getattr(joint, key) for joint in self.joints], dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as `RobotSpec.from_dict` reads it."""
        return asdict(self)

    def to_json(self) -> str:
        """JSON text of `to_dict`."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RobotSpec":
        """Build and validate a spec.

        Raises:
            SpecError: naming the key, the value found and what is allowed.
        """
        table = dict(data)
        table["joints"] = read_tables(JointSpec, table.get("joints", []), "joints")
        table["legs"] = read_tables(LegSpec, table.get("legs", []), "legs")
        if table.get("arm") is not None:
            arm = read_mapping(table["arm"], "arm")
            arm["links"] = read_tables(LinkSpec, arm.get("links", []), "arm.links")
            table["arm"] = read_table(ArmSpec, arm, "arm")
        if table.get("imu") is not None:
            table["imu"] = read_table(ImuSpec, read_mapping(table["imu"], "imu"), "imu")
        table["bus"] = read_table(BusSpec, table.get("bus", {}), "bus")
        table["safety"] = read_table(SafetySpec, table.get("safety", {}), "safety")
        return read_table(cls, table, "")

    @classmethod
    def load(cls, folder: str | Path) -> "RobotSpec":
        """Read `spec.toml` and its MJCF from a robot's folder, or from a shipped robot's name.

        Raises:
            SpecError: the folder or a file is absent, or the spec says what cannot be.
        """
        root = find_robot(folder)
        path = root / "spec.toml"
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            model = root / str(data.get("model", 'missing: add model = "NAME.xml"'))
            data["model"] = model.read_text(encoding="utf-8")
            return cls.from_dict(data)
        except tomllib.TOMLDecodeError as error:
            raise SpecError(f"{path}: not TOML: {error}; mend that line") from None
        except UnicodeDecodeError as error:
            raise SpecError(f"{path}: it or its MJCF is not UTF-8 text: {error}") from None
        except OSError as error:
            raise SpecError(f"{path}: cannot read {error.filename}: {error.strerror}") from None
        except SpecError as error:
            raise SpecError(f"{path}: {error}") from None


def shipped_robots() -> dict[str, Path]:
    """Robots that come with the package, by name."""
    root = Path(str(resources.files("ashore.hardware"))) / "robots"
    return {path.name: path for path in sorted(root.iterdir()) if (path / "spec.toml").exists()}


def find_robot(robot: str | Path) -> Path:
    """Folder of a shipped robot's name or of a path.

    Raises:
        SpecError: neither a shipped robot nor a folder with a spec.toml.
    """
    shipped = shipped_robots()
    if str(robot) in shipped:
        return shipped[str(robot)]
    if (Path(robot) / "spec.toml").exists():
        return Path(robot)
    raise SpecError(
        f"no robot {str(robot)!r}: shipped are {', '.join(shipped)}; "
        "or give a folder that holds spec.toml and its MJCF"
    )
