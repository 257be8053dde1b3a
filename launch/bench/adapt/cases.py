"""The hidden twins that `ashore bench adapt` measures on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

from ashore.envs.twin.hidden import draw_hidden
from ashore.envs.twin.twin_process import TwinOptions
from ashore.hardware.spec import RobotSpec, find_robot

ROBOT = "quadruped"
FLOOR = '<geom name="floor"'
"""Where the MJCF describes the floor, whose softness counts in every contact: it has priority."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A twin and what is known of it beforehand."""

    name: str
    """Its name."""
    group: str
    """`inside` the range of pretraining, `outside`, or `structural`: other physics altogether."""
    hidden: str
    """A seed or a kind of hidden robot."""
    edits: tuple[tuple[str, str], ...] = ()
    """Replacements in the twin's MJCF, which the simulator does not have."""

    def options(self, folder: Path) -> TwinOptions:
        """How to start the twin; a changed MJCF is written into `folder`."""
        if not self.edits:
            return TwinOptions(robot=ROBOT, hidden=self.hidden)
        return TwinOptions(robot=str(edited(folder, self.edits)), hidden=self.hidden)


CASES: Sequence[Case] = (
    Case(name="soft servos", group="outside", hidden="soft_servos"),
    Case(name="heavy and soft", group="outside", hidden="heavy_and_soft"),
    Case(name="payload forward", group="outside", hidden="payload_forward"),
    Case(name="seed 1", group="inside", hidden="1"),
    Case(name="weak rear leg", group="outside", hidden="weak_rear"),
    Case(name="delay", group="outside", hidden="delay"),
    Case(
        name="soft servos, elliptic contacts",
        group="structural",
        hidden="softer_servos",
        edits=(("<option", '<option cone="elliptic" impratio="10"'),),
    ),
    Case(name="backlash", group="outside", hidden="backlash"),
    Case(name="softer servos", group="outside", hidden="softer_servos"),
    Case(name="weak leg", group="outside", hidden="weak_leg"),
    Case(name="seed 2", group="inside", hidden="2"),
    Case(name="offsets", group="outside", hidden="offsets"),
    Case(
        name="soft servos, flexible feet",
        group="structural",
        hidden="softer_servos",
        edits=((FLOOR, f'{FLOOR} solref="0.05 0.7"'),),
    ),
    Case(name="supply sag", group="structural", hidden="supply_sag"),
    Case(name="payload", group="outside", hidden="payload"),
    Case(name="slippery floor", group="outside", hidden="slippery_floor"),
    Case(name="weak and late", group="outside", hidden="weak_and_late"),
    Case(name="sticky gears", group="outside", hidden="sticky"),
    Case(name="seed 3", group="inside", hidden="3"),
    Case(name="nominal", group="inside", hidden="none"),
)
"""Those first whose answers tell most: a run that is cut short has them."""


def edited(folder: Path, edits: Sequence[tuple[str, str]]) -> Path:
    """A copy of the robot's folder with another MJCF."""
    target = folder / ROBOT
    copytree(find_robot(ROBOT), target, dirs_exist_ok=True)
    path = target / f"{ROBOT}.xml"
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        if old not in text:
            raise ValueError(f"{path} has no {old!r}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return target


def physics_of(options: TwinOptions) -> Any:
    """What a twin is, as JSON can hold it: what is measured on it is of no other."""
    return _physics(options.robot, options.hidden)


@cache
def _physics(robot: str, hidden: str) -> Any:
    spec, folder = RobotSpec.load(robot), find_robot(robot)
    drawn = draw_hidden(spec, hidden, folder)
    body = (folder / f"{ROBOT}.xml").read_bytes()
    return [{name: values.tolist() for name, values in drawn.items()}, sha256(body).hexdigest()]
