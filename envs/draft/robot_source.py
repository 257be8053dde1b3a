"""`RobotSource`: a user's MJCF or URDF, read into one MJCF that needs no other file."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.draft.urdf import Urdf
from ashore.envs.errors import ModelError

LIGHT = 0.01
"""Mass of a body that has none, as a guess [kg]."""
SMALL = 1e-5
"""Its moment of inertia [kg m2]."""


@dataclass
class RobotSource:
    """A robot as its file describes it."""

    mjcf: mujoco.MjSpec
    """The model; its text needs no other file."""
    model: mujoco.MjModel
    """The same, compiled, actuators included."""
    efforts: dict[str, float] = field(default_factory=dict)
    """Largest torque by joint, where the file says one [N m]."""
    notes: list[str] = field(default_factory=list)
    """What was left out or changed, as sentences."""
    guesses: list[str] = field(default_factory=list)
    """What was made up, as sentences."""

    @classmethod
    def read(cls, path: Path, fixed: bool = False) -> "RobotSource":
        """Read a file and carry what a single text can carry.

        Collision meshes become their convex hulls, written out; visual meshes and pictures are
        left out. Every body gets its mass and inertia said, so that nothing depends on shapes.

        Args:
            path: the MJCF or URDF.
            fixed: whether its base is bolted to the world although the file does not say so.

        Raises:
            ModelError: the file is absent, no XML, neither MJCF nor URDF, or does not compile.
        """
        root = _parse(path)
        try:
            with warnings.catch_warnings():
                # Of deprecated attributes, which the text that is written no longer has.
                warnings.simplefilter("ignore")
                source = _read_urdf(root, path, fixed) if root.tag == "robot" else _read_mjcf(path)
                _name_parts(source.mjcf)
                _say_inertias(source)
        except ValueError as error:
            why = _one_line(error)
            raise ModelError(f"{path} does not compile: {why}; mend it there") from None
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None
        if fixed:
            _fix_base(source)
        _carry_meshes(source)
        _drop_files(source)
        source.model = source.mjcf.compile()
        return source


def _parse(path: Path) -> Element:
    try:
        root = fromstring(path.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give an MJCF or a URDF") from None
    except ParseError as error:
        raise ModelError(f"{path} is not XML: {error}; give an MJCF or a URDF") from None
    if root.tag not in ("robot", "mujoco"):
        raise ModelError(
            f"{path} is XML of <{root.tag}>, neither a URDF (<robot>) nor an MJCF (<mujoco>)"
        )
    return root


def _read_urdf(root: Element, path: Path, fixed: bool) -> RobotSource:
    urdf = Urdf(root, path.parent)
    mjcf = mujoco.MjSpec.from_string(urdf.prepare(fixed))
    mjcf.modelname = urdf.name
    mjcf.compiler.balanceinertia = True
    guesses = [*urdf.guesses, *_give_mass(mjcf)]
    return RobotSource(
        mjcf=mjcf,
        model=mjcf.compile(),
        efforts=urdf.efforts,
        notes=urdf.notes,
        guesses=guesses,
    )


def _give_mass(mjcf: mujoco.MjSpec) -> list[str]:
    """Give moving bodies a mass that have neither one nor a shape: MuJoCo refuses them."""
    guesses = []
    for body in mjcf.bodies[1:]:
        if not body.explicitinertial and not body.geoms and body.joints:
            body.explicitinertial = True
            body.mass, body.inertia = LIGHT, np.full(3, SMALL)
            guesses.append(f"body {body.name!r} has no mass in the file: {LIGHT} kg")
    return guesses


def _read_mjcf(path: Path) -> RobotSource:
    mjcf = mujoco.MjSpec.from_file(str(path))
    if any(field.file for field in mjcf.hfields):
        raise ModelError("its height field is a file, which cannot be carried; take it out")
    notes = _drop_absent(mjcf, path)
    guesses = _give_mass(mjcf)
    return RobotSource(mjcf=mjcf, model=mjcf.compile(), notes=notes, guesses=guesses)


def _drop_absent(mjcf: mujoco.MjSpec, path: Path) -> list[str]:
    """Take out meshes whose files are not there, and the shapes that they are."""
    notes = []
    for mesh in list(mjcf.meshes):
        mesh.name = mesh.name or Path(mesh.file).stem
        given = Path(mesh.file).name if mjcf.strippath else mesh.file
        if mesh.file and not (path.parent / mjcf.meshdir / given).is_file():
            users = [geom for geom in mjcf.geoms if geom.meshname == mesh.name]
            notes.append(f"mesh {mesh.file!r} is absent: {len(users)} shapes were left out")
            for part in (*users, mesh):
                mjcf.delete(part)
    return notes


def _fix_base(source: RobotSource) -> None:
    for joint in list(source.mjcf.joints):
        if joint.type == mujoco.mjtJoint.mjJNT_FREE:
            source.notes.append(f"the free joint of body {joint.parent.name!r} was taken out")
            source.mjcf.delete(joint)
    for key in list(source.mjcf.keys):
        source.mjcf.delete(key)
    source.model = source.mjcf.compile()


def _name_parts(mjcf: mujoco.MjSpec) -> None:
    """Name bodies, shapes and joints that have no name: by order, or after their body."""
    for number, body in enumerate(mjcf.bodies[1:], start=1):
        body.name = body.name or f"body_{number}"
        for kind, parts in (("joint", body.joints), ("shape", body.geoms)):
            for count, part in enumerate(parts, start=1):
                part.name = part.name or f"{body.name}_{kind}_{count}"


def _say_inertias(source: RobotSource) -> None:
    model = source.mjcf.compile()
    for body in source.mjcf.bodies[1:]:
        number = model.body(body.name).id
        body.explicitinertial = True
        body.mass = model.body_mass[number]
        body.ipos, body.iquat = model.body_ipos[number], model.body_iquat[number]
        body.inertia = model.body_inertia[number]
        body.fullinertia = np.full(6, np.nan)
    source.mjcf.compiler.inertiafromgeom = mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_AUTO
    source.mjcf.compiler.settotalmass = -1.0


def _carry_meshes(source: RobotSource) -> None:
    """Write collision meshes out as their convex hulls, and take the others out."""
    mjcf, seen, hulls = source.mjcf, 0, 0
    model = mjcf.compile()
    solid = {model.geom(number).name for number in solid_geoms(model)}
    for geom in [g for g in mjcf.geoms if g.meshname and g.name not in solid]:
        mjcf.delete(geom)
        seen += 1
    used = {geom.meshname for geom in mjcf.geoms}
    for mesh in list(mjcf.meshes):
        number = model.mesh(mesh.name).id
        if mesh.name not in used:
            mjcf.delete(mesh)
        elif mesh.file:
            hulls += 1
            name = f"{mesh.name}_hull"
            mjcf.add_mesh(name=name, uservert=_hull(model, number).ravel())
            for geom in mjcf.geoms:
                if geom.meshname == mesh.name:
                    geom.meshname = name
            mjcf.delete(mesh)
    if seen:
        source.notes.append(f"{seen} visual meshes were left out: the simulation needs none")
    if hulls:
        source.notes.append(f"{hulls} collision meshes were written out as their convex hulls")


def solid_geoms(model: mujoco.MjModel) -> NDArray[np.intp]:
    """Ids of the shapes that can touch something: by their bits, or by an explicit pair."""
    solid = (model.geom_contype | model.geom_conaffinity) > 0
    solid[np.concatenate([model.pair_geom1, model.pair_geom2])] = True
    return np.flatnonzero(solid)


def _hull(model: mujoco.MjModel, number: int) -> NDArray[np.float64]:
    """Corners of a mesh's convex hull, as the file placed them, `(k, 3)` [m]."""
    first, count = model.mesh_vertadr[number], model.mesh_vertnum[number]
    corners = model.mesh_vert[first : first + count].astype(np.float64)
    graph = model.mesh_graphadr[number]
    if graph >= 0:
        size = model.mesh_graph[graph]
        corners = corners[model.mesh_graph[graph + 2 + size : graph + 2 + 2 * size]]
    turn = np.empty(9)
    mujoco.mju_quat2Mat(turn, model.mesh_quat[number])
    return np.asarray(corners @ turn.reshape(3, 3).T + model.mesh_pos[number])


def _drop_files(source: RobotSource) -> None:
    """Take out what is read from a file and only looked at."""
    mjcf, count = source.mjcf, 0
    files = [t for t in mjcf.textures if t.file or any(t.cubefiles)]
    for part in (*files, *mjcf.skins):
        mjcf.delete(part)
        count += 1
    names = {texture.name for texture in mjcf.textures}
    for material in mjcf.materials:
        material.textures = [name if name in names else "" for name in material.textures]
    mjcf.meshdir = mjcf.texturedir = ""
    if count:
        source.notes.append(f"{count} pictures and skins were left out: they are files")


def _one_line(error: ValueError) -> str:
    return " ".join(str(error).split()).rstrip(".")
