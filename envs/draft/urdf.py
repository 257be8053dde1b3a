"""`Urdf`: a URDF file, made ready for MuJoCo to read."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np

from ashore.envs.errors import ModelError

WORLD = "world"
"""Name of the link that URDF files use for what does not move."""
FORMATS = (".obj", ".stl", ".msh")
"""Mesh formats that MuJoCo reads."""


@dataclass
class Urdf:
    """A URDF's elements, and what was changed in them."""

    root: Element
    """The `robot` element; changed in place."""
    folder: Path
    """Where mesh files are looked for."""
    notes: list[str] = field(default_factory=list)
    """What was left out, as sentences."""
    guesses: list[str] = field(default_factory=list)
    """What was made up, as sentences."""

    def __post_init__(self) -> None:
        """Refuse what is a program that writes a URDF."""
        if any("xacro" in element.tag for element in self.root.iter()):
            raise ModelError("it is a xacro; make a URDF of it first: xacro FILE > robot.urdf")

    @property
    def name(self) -> str:
        """The robot's name in the file."""
        return self.root.get("name", "robot")

    @property
    def efforts(self) -> dict[str, float]:
        """Largest torque of each joint whose limit says one above zero [N m]."""
        found = {joint.get("name", ""): _effort(joint) for joint in self.root.findall("joint")}
        return {name: effort for name, effort in found.items() if effort > 0.0}

    @property
    def base(self) -> str:
        """The one link that is no joint's child.

        Raises:
            ModelError: none or several.
        """
        links = [link.get("name", "") for link in self.root.findall("link")]
        children = {child.get("link") for child in self.root.findall("joint/child")}
        roots = [link for link in links if link not in children]
        if len(roots) != 1:
            raise ModelError(
                f"the URDF has {len(roots)} links that are no joint's child "
                f"({', '.join(roots) or 'a loop'}), and needs one; mend its parent and child links"
            )
        return roots[0]

    def prepare(self, fixed: bool) -> str:
        """Drop what cannot be carried, free the base unless it is fixed, and return the text."""
        self._drop_visuals()
        self._drop_meshes()
        self._mend_inertias()
        base = self.base
        if base != WORLD and not fixed:
            self._free(base)
            self.guesses.append(
                f"link {base!r} is a free base; give --fixed if it is bolted to the world"
            )
        self.notes += [
            f"joint {joint.get('name')!r} mimics another, which is not carried: it moves by itself"
            for joint in self.root.findall("joint")
            if joint.find("mimic") is not None
        ]
        return tostring(self.root, encoding="unicode")

    def _drop_visuals(self) -> None:
        count = 0
        for link in self.root.findall("link"):
            for visual in link.findall("visual"):
                link.remove(visual)
                count += 1
        if count:
            self.notes.append(f"{count} visuals were left out: the simulation needs none")

    def _drop_meshes(self) -> None:
        """Keep primitives and meshes that are there; give duplicate names up."""
        for link, collision in list(self._collisions()):
            collision.attrib.pop("name", None)
            mesh = collision.find("geometry/mesh")
            if mesh is None:
                continue
            given = mesh.get("filename", "")
            path = self._find(given)
            if path is not None and path.suffix.lower() in FORMATS:
                mesh.set("filename", str(path))
                continue
            link.remove(collision)
            why = "is absent" if path is None else f"is no {', '.join(FORMATS)}"
            self.notes.append(
                f"link {link.get('name')!r} lost a collision shape: its mesh {given!r} {why}"
            )
        options = SubElement(SubElement(self.root, "mujoco"), "compiler")
        options.set("strippath", "false")

    def _mend_inertias(self) -> None:
        """Say which inertias MuJoCo replaces by a ball's, because no body has them."""
        for link in self.root.findall("link"):
            inertia = link.find("inertial/inertia")
            if inertia is not None and not _is_inertia(inertia):
                self.guesses.append(
                    f"the inertia of link {link.get('name')!r} breaks A + B >= C: a ball's is taken"
                )

    def _collisions(self) -> Iterator[tuple[Element, Element]]:
        for link in self.root.findall("link"):
            for collision in link.findall("collision"):
                yield link, collision

    def _find(self, given: str) -> Path | None:
        """Path of a mesh: relative, absolute, or of a ROS package that the URDF lies in."""
        folder = self.folder.resolve()
        places = [folder / given.removeprefix("file://")]
        if given.startswith("package://"):
            within = given.removeprefix("package://")
            places = [parent / within for parent in (folder, *folder.parents)]
        return next((place for place in places if place.is_file()), None)

    def _free(self, base: str) -> None:
        SubElement(self.root, "link", name=WORLD)
        joint = SubElement(self.root, "joint", name=f"{base}_free", type="floating")
        SubElement(joint, "parent", link=WORLD)
        SubElement(joint, "child", link=base)


def _is_inertia(element: Element) -> bool:
    """Whether the principal moments obey the triangle inequality; what is no number is left."""
    try:
        xx, yy, zz, xy, xz, yz = (
            float(element.get(key, "0")) for key in ("ixx", "iyy", "izz", "ixy", "ixz", "iyz")
        )
    except ValueError:
        return True
    moments = np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return bool(moments[0] > 0.0 and moments[0] + moments[1] >= moments[2] * (1.0 - 1e-6))


def _effort(joint: Element) -> float:
    limit = joint.find("limit")
    try:
        effort = float(limit.get("effort", "0")) if limit is not None else 0.0
    except ValueError:
        return 0.0
    return effort if math.isfinite(effort) else 0.0
