"""`Rules`: how robots of a Gymnasium environment begin, move and are judged, all together."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.gym.gymnasium_kind import Healthy, Kind
from ashore.envs.gym.gymnasium_template import Template
from ashore.envs.gym.gymnasium_world import GymnasiumWorld, make_batch

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ids = NDArray[np.intp]
Rows = Ids | slice

EVERYONE = slice(None)
_WORLDS_SHARE = {"cinert": 1, "cvel": 1, "cfrc_ext": 1, "qfrc_actuator": 6}
"""First rows of a field, of the world or of a free base that no actuator moves: never seen."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a control period brought `n` robots."""

    reward: Array
    """Reward of each, `(n,)`."""
    ended: Mask
    """Whose episode is at an end, `(n,)`."""
    truncated: Mask
    """Whose episode their environment breaks off, `(n,)`."""


class Rules(Protocol):
    """The rules of one environment on many robots of it."""

    world: GymnasiumWorld
    """Where the robots are."""

    def begin(self, ids: Ids, dice: Dice) -> None:
        """Begin an episode on robots `ids`, with a stream of `dice` for each of them."""
        ...

    def step(self, action: NDArray[Any]) -> Judgement:
        """Advance by a control period under actions `(n, nu)`."""
        ...

    def observe(self, rows: Rows = EVERYONE) -> Array:
        """What robots `rows` see now, `(m, k)`."""
        ...

    def info(self, robot: int) -> dict[str, Any]:
        """What Gymnasium says beside of a robot's last step."""
        ...


class WalkerRules:
    """The rules that Gymnasium's version 5 walkers share, computed for all robots together.

    With `p` the place of what moves forward, `a` the action and `f` external forces on bodies:

        reward = w_f (p' - p) / dt + w_h healthy - (w_c sum(a^2) + w_x sum(clip(f)^2))

    and an unhealthy robot is at an end. Operations and their order are Gymnasium's, so that results
    have the same bits.

    Source: gymnasium.envs.mujoco, version 1.4, *_v5.py.
    """

    def __init__(self, template: Template, kind: Kind, threads: int, dice: Dice) -> None:
        """Simulate a robot of `kind` for each stream of `dice`, which its wire draws from."""
        n, env = len(dice), template.env
        batch = make_batch(template, n, threads, whole=False, forces=bool(kind.contact))
        self.world = GymnasiumWorld(template, batch, dice)
        self.kind, self._env, self._model = kind, env, batch.model
        excluded = getattr(env, "_exclude_current_positions_from_observation", False)
        self._skipped = kind.planes if excluded else 0
        self._extras = {
            name: batch.bind(name)[:, _WORLDS_SHARE[name] :]
            for name in kind.extras
            if getattr(env, f"_include_{name}_in_observation")
        }
        self._forces = batch.bind("cfrc_ext").reshape(n, -1) if kind.contact else None
        self._bodies: Array | None = None
        if kind.place != "coordinate":
            self._bodies = batch.bind("xpos" if kind.place == "body" else "xipos")
        self._main = self._model.body(getattr(env, "_main_body", 0)).id
        self._limits = [_ends(env, healthy) for healthy in kind.healthy]
        self._fatal = bool(kind.healthy) and getattr(env, "_terminate_when_unhealthy", True)
        self._size = int(np.prod(env.observation_space.shape))
        self._velocity = np.zeros((n, kind.planes))
        self._nobody = np.zeros(n, dtype=np.bool_)
        self._terms: dict[str, NDArray[Any]] = {}

    def _weight(self, name: str, default: float = 0.0) -> float:
        weight: float = getattr(self._env, f"_{name}", default)
        return weight

    def begin(self, ids: Ids, dice: Dice) -> None:
        """Draw first positions and velocities around the model's own, as Gymnasium does."""
        env, nv = self._env, self._model.nv
        reach = env._reset_noise_scale
        qpos = env.init_qpos + dice.uniform(-reach, reach, self._model.nq)
        normal = self.kind.normal_speeds
        noise = reach * dice.normal(nv) if normal else dice.uniform(-reach, reach, nv)
        self.world.reset(ids, qpos, env.init_qvel + noise)

    def step(self, action: NDArray[Any]) -> Judgement:
        """Advance, and judge what came of it."""
        before = self._place()
        self.world.step(action)
        self._velocity = (self._place() - before) / self.world.period
        healthy = self._healthy()
        alone = 1.0 if self.kind.healthy else 0.0
        forward = self._weight("forward_reward_weight") * self._velocity[:, :1].sum(axis=1)
        survive = healthy * self._weight("healthy_reward", alone)
        acted = self.world.ctrl if self.kind.effort == "ctrl" else action
        effort = np.asarray(self._weight("ctrl_cost_weight") * np.square(acted).sum(axis=1))
        contact = self._contact_cost()
        self._terms = {"forward": forward, "ctrl": -effort, "survive": survive, "contact": -contact}
        return Judgement(
            reward=forward + survive - (effort + contact),
            ended=~healthy & self._fatal,
            truncated=self._nobody,
        )

    def _place(self) -> Array:
        """Horizontal place of what moves forward, `(n, planes)` [m]."""
        planes = self.kind.planes
        if self._bodies is None:
            return self.world.qpos[:, :planes].copy()
        if self.kind.place == "body":
            return self._bodies[:, self._main, :planes].copy()
        own = self.world.batch.expanded("body_mass")
        mass = self._model.body_mass[None] if own is None else own
        moment = (mass[:, :, None] * self._bodies[:, :, :planes]).sum(axis=1)
        return np.asarray(moment / mass.sum(axis=1)[:, None])

    def _healthy(self) -> Mask:
        state = np.concatenate((self.world.qpos, self.world.qvel), axis=1)
        good = np.isfinite(state).all(axis=1) if self.kind.finite else np.ones(len(state), np.bool_)
        for healthy, (low, high) in zip(self.kind.healthy, self._limits, strict=True):
            part = state[:, healthy.begin : healthy.end]
            within = (low < part) & (part < high)
            if healthy.closed:
                within = (low <= part) & (part <= high)
            good &= within.all(axis=1)
        return good

    def _contact_cost(self) -> Array:
        if self._forces is None:
            return np.zeros(self.world.n)
        weight, forces = self._weight("contact_cost_weight"), self._forces
        if self.kind.contact == "each":
            forces = np.clip(forces, *self._env._contact_force_range)
            return np.asarray(weight * np.square(forces).sum(axis=1))
        cost = np.clip(weight * np.square(forces).sum(axis=1), *self._env._contact_cost_range)
        return np.asarray(cost)

    def observe(self, rows: Rows = EVERYONE) -> Array:
        """Positions, velocities and what else the environment shows, `(m, k)`."""
        velocity = self.world.qvel[rows]
        seen = np.empty((len(velocity), self._size))
        clip, begin = self.kind.speed_clip, 0
        parts = [self.world.qpos[rows, self._skipped :]]
        parts.append(velocity if clip is None else np.clip(velocity, -clip, clip))
        parts += [self._extra(name, rows) for name in self._extras]
        for part in parts:
            end = begin + part.shape[1]
            seen[:, begin:end] = part
            begin = end
        return seen

    def _extra(self, name: str, rows: Rows) -> Array:
        part = self._extras[name][rows]
        part = part.reshape(len(part), -1)
        if name == "cfrc_ext" and self.kind.contact == "each":
            part = np.clip(part, *self._env._contact_force_range)
        return np.asarray(part)

    def info(self, robot: int) -> dict[str, Any]:
        """Gymnasium's info of a robot's last step, without tendons."""
        kind, place = self.kind, self.world.qpos[robot]
        told: dict[str, Any] = {}
        for axis, name in zip(range(kind.planes), "xy", strict=False):
            told[f"{name}_position"] = place[axis]
            told[f"{name}_velocity"] = self._velocity[robot, axis]
        if kind.planes == 2:
            told["distance_from_origin"] = np.linalg.norm(place[:2])
        elif kind.planes == 1 and kind.healthy:
            told["z_distance_from_origin"] = place[1] - self._env.init_qpos[1]
        has = {"forward": kind.planes, "ctrl": kind.planes, "survive": kind.healthy}
        has["contact"] = kind.contact
        for name, term in self._terms.items():
            if has[name]:
                told[f"reward_{name}"] = term[robot]
        return {name: float(value) for name, value in told.items()}


def _ends(env: Any, healthy: Healthy) -> tuple[float, float]:
    given = getattr(env, healthy.range) if isinstance(healthy.range, str) else healthy.range
    low, high = given
    return low, high
