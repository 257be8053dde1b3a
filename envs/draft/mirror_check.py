"""Checks of what a robot's left and right should have in common: axes, signs, limits, order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.draft.finding import Finding, Inspected, judged, listed, suspicious
from ashore.envs.draft.joint_name import JointName, limbs, mirror_pairs

Array = NDArray[np.float64]

PARALLEL = 0.9
"""Cosine above which two axes count as one."""
ALIKE = 0.02
"""Difference below which two angles count as one [rad]."""


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """A left and a right joint, columns of the spec's arrays."""

    left: int
    right: int
    sign: int
    """1 if equal angles are mirror images, -1 if opposite ones are, 0 if neither."""
    kind: tuple[str, ...]


def check_mirror(robot: Inspected) -> list[Finding]:
    """Look for axes, limits and poses of left and right that contradict each other.

    An axis is a pseudovector: its mirror image by a plane of normal `n` is `2 (a n) n - a`. Where
    the right axis is the left one's image, equal angles are mirror images of each other; where it
    is its negative, opposite ones are. Limits and default poses then have to agree.
    """
    names = robot.spec.names
    couples = [(names.index(a), names.index(b)) for a, b in mirror_pairs(names)]
    if not couples:
        return judged("mirror", [], "no left and right joints by name: nothing to compare")
    pairs = _pairs(robot, couples)
    found = [*_skew(robot, pairs), *_odd(robot, pairs), *_limits(robot, pairs)]
    found += _poses(robot, pairs)
    return judged("mirror", found, f"{len(pairs)} left and right pairs agree in axis and limits")


def check_order(robot: Inspected) -> list[Finding]:
    """Look for limbs whose joints stand in another order than those of other limbs."""
    found, names = [], robot.spec.names
    for joints in limbs(names).values():
        bodies = [int(robot.model.joint(name).bodyid[0]) for name in joints]
        if any(_carries(robot.model, b, a) for a, b in combinations(bodies, 2)):
            found.append(suspicious("order", (
                f"{listed(joints)} do not go outwards from the base; [[joints]] is the order of "
                "every array: put the joint nearer to the base first"
            )))
    orders = {limb: tuple(JointName(n).kind for n in group) for limb, group in limbs(names).items()}
    usual = Counter(orders.values()).most_common(1)
    for limb, order in orders.items():
        if order != usual[0][0] and sorted(order) == sorted(usual[0][0]):
            found.append(suspicious("order", (
                f"the joints of {' '.join(limb)} stand in another order than those of other limbs; "
                "let all limbs have one order"
            )))
    return judged("order", found, f"outwards from the base, alike in every limb: {listed(names)}")


def _pairs(robot: Inspected, couples: Sequence[tuple[int, int]]) -> list[_Pair]:
    frame = _frame(robot)
    axes, anchors = ((robot.at_zero.xaxis[robot.joints]) @ frame,
                     (robot.at_zero.xanchor[robot.joints]) @ frame)
    apart = np.abs([anchors[a] - anchors[b] for a, b in couples]).sum(axis=0)
    normal = np.eye(3)[int(np.argmax(apart))]
    names, pairs = robot.spec.names, []
    for left, right in couples:
        image = 2.0 * float(axes[left] @ normal) * normal - axes[left]
        cosine = float(image @ axes[right])
        sign = 0 if abs(cosine) < PARALLEL else int(np.sign(cosine))
        pairs.append(_Pair(left=left, right=right, sign=sign, kind=JointName(names[left]).kind))
    return pairs


def _frame(robot: Inspected) -> Array:
    """Axes of the base in the world, as columns."""
    body = robot.free or int(robot.model.jnt_bodyid[robot.joints[0]])
    while robot.free is None and robot.model.body_parentid[body] != 0:
        body = int(robot.model.body_parentid[body])
    return np.asarray(robot.at_zero.xmat[body].reshape(3, 3))


def _skew(robot: Inspected, pairs: Sequence[_Pair]) -> list[Finding]:
    return [
        suspicious("mirror", (
            f"the axes of {_both(robot, pair)} are no mirror images of each other; "
            "look at axis and frame of both in the MJCF"
        ))
        for pair in pairs
        if pair.sign == 0
    ]


def _odd(robot: Inspected, pairs: Sequence[_Pair]) -> list[Finding]:
    """Pairs that turn with each other where other pairs of the same kind turn against."""
    found = []
    for kind in dict.fromkeys(pair.kind for pair in pairs):
        alike = [pair for pair in pairs if pair.kind == kind and pair.sign != 0]
        signs = Counter(pair.sign for pair in alike)
        if len(signs) < 2:
            continue
        rarer = min(signs, key=lambda sign: signs[sign])
        found += [
            suspicious("mirror", (
                f"{_both(robot, pair)} mirror at {'equal' if pair.sign > 0 else 'opposite'} angles "
                f"and other {' '.join(kind)} joints at "
                f"{'opposite' if pair.sign > 0 else 'equal'} ones: one axis is inverted"
            ))
            for pair in alike
            if pair.sign == rarer
        ]
    return found


def _limits(robot: Inspected, pairs: Sequence[_Pair]) -> list[Finding]:
    """Pairs whose limits would be mirror images if one of the two axes were the other way."""
    low, high = robot.model.jnt_range[robot.joints].T
    ranges = np.stack([low, high], axis=1)
    found = []
    for pair in pairs:
        left, right = ranges[pair.left], ranges[pair.right]
        if pair.sign == 0 or not _contradict(left, right, pair.sign):
            continue
        found.append(suspicious("mirror", (
            f"{_both(robot, pair)} mirror at {'equal' if pair.sign > 0 else 'opposite'} angles and "
            "have the limits of the other way round: an axis or a sign is inverted"
        )))
    return found


def _contradict(left: Array, right: Array, sign: int) -> bool:
    same, opposite = np.abs(right - left).max(), np.abs(right + left[::-1]).max()
    expected, other = (same, opposite) if sign > 0 else (opposite, same)
    return bool(expected > ALIKE and other <= ALIKE)


def _poses(robot: Inspected, pairs: Sequence[_Pair]) -> list[Finding]:
    pose = robot.spec.column("default")
    against = [
        pair
        for pair in pairs
        if abs(pose[pair.left]) > ALIKE
        and abs(pose[pair.right] + pair.sign * pose[pair.left]) <= ALIKE
    ]
    return [
        suspicious("mirror", (
            f"the default pose turns {_both(robot, pair)} to opposite sides: one of the two has an "
            "inverted axis or a default of the wrong sign"
        ))
        for pair in against
        if pair.sign != 0
    ]


def _both(robot: Inspected, pair: _Pair) -> str:
    return f"{robot.spec.names[pair.left]} and {robot.spec.names[pair.right]}"


def _carries(model: mujoco.MjModel, body: int, other: int) -> bool:
    """Whether `other` hangs on `body`; nothing hangs on itself."""
    child = other
    while child > body:
        child = int(model.body_parentid[child])
    return child == body != other
