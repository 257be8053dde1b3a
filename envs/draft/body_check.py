"""Checks of a robot's bodies: mass, inertia, and what they touch as they start."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.draft.finding import Finding, Inspected, judged, listed, missing, suspicious
from ashore.envs.draft.robot_source import solid_geoms

Array = NDArray[np.float64]

SPECK = 1e-4
"""Mass below which a moving body has as good as none [kg]."""
DENSE, THIN = 20_000.0, 20.0
"""Densities of no robot's part: above gold, below foam [kg/m3]."""
SPREAD = 1.5
"""Radius of gyration over a body's reach that no body has."""
POINT = 0.02
"""The same, below which a body is as good as a point."""
DEEP = 0.002
"""Penetration that is not just contact [m]."""
DROP = 0.05
"""Height above the floor from which a start is a fall [m]."""
FAR = 100.0
"""Distance beyond which no floor is looked for [m]."""


def check_masses(robot: Inspected) -> list[Finding]:
    """Look for bodies without mass, and for densities that no part has."""
    model, found = robot.model, []
    moving = np.flatnonzero(model.body_jntnum > 0)
    rigid = np.bincount(model.body_weldid, model.body_mass, model.nbody)
    light = [model.body(b).name for b in moving if rigid[b] < SPECK]
    if light:
        found.append(suspicious("mass", (
            f"{listed(light)} weigh as good as nothing; give each its mass, or weld it to another"
        )))
    reach = _reach(robot)
    most = DENSE * 4.0 / 3.0 * np.pi * reach**3
    heavy = [model.body(b).name for b in moving if model.body_mass[b] > most[b] > 0.0]
    if heavy:
        found.append(suspicious("mass", (
            f"{listed(heavy)} would be denser than gold; grams for kilograms, or millimetres for "
            "metres? mend the MJCF"
        )))
    volume = _volumes(model)
    thin = [model.body(b).name for b in moving
            if volume[b] > 0.0 and SPECK <= model.body_mass[b] < THIN * volume[b]]
    if thin:
        found.append(suspicious("mass", (
            f"{listed(thin)} would be lighter than foam for their collision shapes; weigh them"
        )))
    total = float(model.body_mass[1:].sum())
    return judged("mass", found, f"{len(moving)} moving bodies, {total:.3g} kg in all")


def check_inertias(robot: Inspected) -> list[Finding]:
    """Look for principal inertias that no body of this mass and size has."""
    model, found = robot.model, []
    moving = [int(b) for b in np.flatnonzero(model.body_jntnum > 0) if model.body_mass[b] >= SPECK]
    principal = np.sort(model.body_inertia, axis=1)
    broken = [b for b in moving if principal[b, 0] + principal[b, 1] < principal[b, 2] * (1 - 1e-5)]
    if broken:
        found.append(suspicious("inertia", (
            f"{listed(_names(model, broken))} break the triangle inequality A + B >= C: no mass "
            "can be spread like that; take the inertia anew from the CAD model"
        )))
    radius = np.sqrt(principal[:, 2] / np.maximum(model.body_mass, SPECK))
    reach = _reach(robot)
    wide = [b for b in moving if reach[b] > 0.0 and radius[b] > SPREAD * reach[b]]
    if wide:
        found.append(suspicious("inertia", (
            f"{listed(_names(model, wide))} have a radius of gyration beyond their size, up to "
            f"{radius[wide].max():.3g} m; inertias belong to the centre of mass, in kg m2"
        )))
    small = [b for b in moving if radius[b] < POINT * reach[b]]
    if small:
        found.append(suspicious("inertia", (
            f"{listed(_names(model, small))} have as good as no inertia for their size; "
            "take it from the CAD model"
        )))
    return judged("inertia", found, "principal moments fit mass and size")


def check_contacts(robot: Inspected) -> list[Finding]:
    """Look for bodies that overlap in the default pose."""
    model, data = robot.model, robot.at_default
    found, pairs = [], set()
    for contact in data.contact:
        first, second = model.geom_bodyid[contact.geom]
        if contact.dist < -DEEP and first != 0 and second != 0:
            pairs.add(f"{model.body(first).name} with {model.body(second).name}")
    if pairs:
        found.append(suspicious("overlap", (
            f"in the default pose {listed(sorted(pairs))}; change the pose or the shapes, or add "
            '<contact><exclude body1="..." body2="..."/></contact>'
        )))
    return judged("overlap", found, "no bodies overlap in the default pose")


def check_floor(robot: Inspected) -> list[Finding]:
    """Look for a free base without a floor, inside it, or above it."""
    model, data = robot.model, robot.at_default
    if robot.free is None:
        return judged("base", [], "fixed to the world")
    found = []
    solid = solid_geoms(model)
    floors = solid[model.geom_bodyid[solid] == 0]
    mine = solid[model.geom_bodyid[solid] != 0]
    if not len(floors):
        found.append(missing("base", (
            'the base is free and there is no floor: it falls for ever; add <geom type="plane" '
            'size="0 0 0.05"/> to <worldbody>'
        )))
    elif not len(mine):
        found.append(missing("base", (
            "no shape of the robot can touch the floor: it falls through; give its feet collision "
            "geoms"
        )))
    else:
        gap = min(
            mujoco.mj_geomDistance(model, data, floor, geom, FAR, np.zeros(6))
            for floor in floors
            for geom in mine
        )
        found += _start(gap)
    if robot.spec.imu is None:
        found.append(suspicious("imu", (
            "the base is free and spec.toml has no [imu] table: a policy cannot feel it tilt"
        )))
    return judged("base", found, "free, on a floor")


def _start(gap: float) -> list[Finding]:
    if gap < -DEEP:
        return [suspicious("base", (
            f"it starts {1e3 * -gap:.0f} mm inside the floor; raise pos of the base's body by that"
        ))]
    if gap > DROP:
        return [suspicious("base", (
            f"it starts {1e3 * gap:.0f} mm above the floor; lower pos of the base's body by that"
        ))]
    return []


def _names(model: mujoco.MjModel, bodies: list[int]) -> list[str]:
    return [model.body(b).name for b in bodies]


def _reach(robot: Inspected) -> Array:
    """How far each body goes from its centre of mass, by its shapes and joints, `(nbody,)` [m].

    Of a body without a shape nobody knows: 0.
    """
    model, data = robot.model, robot.at_zero
    reach = np.zeros(model.nbody)
    for geom in range(model.ngeom):
        body = model.geom_bodyid[geom]
        if body != 0:
            away = float(np.linalg.norm(data.geom_xpos[geom] - data.xipos[body]))
            reach[body] = max(reach[body], away + float(model.geom_rbound[geom]))
    for joint in range(model.njnt):
        body = model.jnt_bodyid[joint]
        for owner in (body, model.body_parentid[body]):
            away = float(np.linalg.norm(data.xanchor[joint] - data.xipos[owner]))
            if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE:
                reach[owner] = max(reach[owner], away)
    reach[model.body_geomnum == 0] = 0.0
    return reach


def _volumes(model: mujoco.MjModel) -> Array:
    """Volume of each body's boxes, balls, capsules and cylinders, `(nbody,)` [m3]."""
    kinds = mujoco.mjtGeom
    solid = set(solid_geoms(model).tolist())
    volumes = np.zeros(model.nbody)
    for geom in range(model.ngeom):
        a, b, c = model.geom_size[geom]
        volume = {
            kinds.mjGEOM_SPHERE: 4.0 / 3.0 * np.pi * a**3,
            kinds.mjGEOM_BOX: 8.0 * a * b * c,
            kinds.mjGEOM_CYLINDER: 2.0 * np.pi * a**2 * b,
            kinds.mjGEOM_CAPSULE: np.pi * a**2 * (2.0 * b + 4.0 / 3.0 * a),
            kinds.mjGEOM_ELLIPSOID: 4.0 / 3.0 * np.pi * a * b * c,
        }.get(mujoco.mjtGeom(int(model.geom_type[geom])), 0.0)
        if geom in solid:
            volumes[model.geom_bodyid[geom]] += volume
    return volumes
