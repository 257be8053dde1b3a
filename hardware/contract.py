"""`Contract`: what a policy sees and says, the one place where an observation is built."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import ContractError
from ashore.hardware.spec import RobotSpec

Signals = Mapping[str, NDArray[np.float64]]
"""Named quantities of one tick, each `(n, k)`: joint positions, targets, the last action."""


@dataclass(frozen=True, kw_only=True)
class ObservationTerm:
    """One quantity of the observation: `clip((x - offset) * scale, ±clip)`, newest first."""

    signal: str
    """Name of the signal it reads."""
    size: int
    """Width `k` of the signal."""
    offset: float = 0.0
    """Subtracted first, in the signal's unit."""
    scale: float = 1.0
    """Multiplied next."""
    clip: float = 10.0
    """Largest magnitude after scaling."""
    history: int = 1
    """How many ticks are seen."""
    delay: int = 0
    """How many ticks old the newest of them is."""
    stride: int = 1
    """How many ticks lie between one that is seen and the next."""

    @property
    def depth(self) -> int:
        """Ticks that must be remembered."""
        return (self.history - 1) * self.stride + 1 + self.delay

    @property
    def width(self) -> int:
        """Numbers it puts into an observation."""
        return self.size * self.history


@dataclass(frozen=True, kw_only=True)
class ActionTerm:
    """The action `a` of `(nj,)` in -1..1 as goals: `clip(base + scale * a, lower, upper)`."""

    base: str
    """Signal of `(nj,)` that action zero stands for [rad]."""
    scale: tuple[float, ...]
    """Goal change at action one, for each joint [rad]."""
    lower: tuple[float, ...]
    """Smallest goal of each joint [rad]."""
    upper: tuple[float, ...]
    """Largest goal of each joint [rad]."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a policy sees and says, hashed; the same in training, on the robot and in replay."""

    robot: str
    """Name of the robot."""
    joints: tuple[str, ...]
    """Joint names, in the order of every array."""
    task: str
    """Name of the task that supplies the signals which no sensor does."""
    rate: float
    """Control steps per second [Hz]."""
    terms: tuple[ObservationTerm, ...]
    """The observation, in order."""
    action: ActionTerm
    """The action."""
    context: tuple[ObservationTerm, ...] = ()
    """Further terms behind those: the past from which an encoder reads what robot this is."""
    mean: tuple[float, ...] = ()
    """Normaliser: subtracted from the observation; empty for none."""
    std: tuple[float, ...] = ()
    """Normaliser: the observation is divided by it."""

    def __post_init__(self) -> None:
        """Refuse sizes that contradict one another."""
        n = len(self.joints)
        for name in ("scale", "lower", "upper"):
            found = len(getattr(self.action, name))
            if found != n:
                raise ContractError(f"action.{name} has {found} values for {n} joints")
        for name in ("mean", "std"):
            found = len(getattr(self, name))
            if found not in (0, self.observation_size):
                raise ContractError(
                    f"normaliser {name} has {found} values for {self.observation_size} observations"
                )

    @property
    def observation_size(self) -> int:
        """Numbers in one observation, context and all."""
        return self.present_size + sum(term.width for term in self.context)

    @property
    def present_size(self) -> int:
        """Numbers in one observation without its context, which come first."""
        return sum(term.width for term in self.terms)

    @property
    def all_terms(self) -> tuple[ObservationTerm, ...]:
        """Terms and context, in the order of an observation."""
        return (*self.terms, *self.context)

    @property
    def action_size(self) -> int:
        """Numbers in one action, one per joint."""
        return len(self.joints)

    @cached_property
    def _normaliser(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        size = self.observation_size
        mean = np.array(self.mean or (0.0,) * size, dtype=np.float32)
        inverse = np.float32(1.0) / np.array(self.std or (1.0,) * size, dtype=np.float32)
        return mean, inverse

    def observe(self, signals: Signals, memory: "Memory") -> NDArray[np.float32]:
        """Build the observations of `n` robots at one tick, `(n, observation_size)`.

        Element by element in IEEE arithmetic, so that a robot's row has the same bits whether it
        is alone on a bench, one of thousands in training, or replayed from a log.

        Raises:
            ContractError: a signal is absent or has another width.
        """
        begun, parts = bool(memory.new.any()), list[NDArray[np.float32]]()
        for term, past in zip(self.all_terms, memory.past, strict=True):
            scaled = (_take(signals, term.signal, term.size) - term.offset) * term.scale
            value = np.clip(scaled, -term.clip, term.clip).astype(np.float32)
            if term.depth == 1:
                parts.append(value)
                continue
            past[:, 1:] = past[:, :-1]
            past[:, 0] = value
            if begun:
                past[memory.new] = value[memory.new][:, None]
            parts.append(past[:, term.delay :: term.stride].reshape(len(value), -1))
        memory.new[:] = False
        mean, inverse = self._normaliser
        observation = np.concatenate(parts, axis=1)
        observation -= mean
        observation *= inverse
        return observation

    def act(self, action: NDArray[Any], signals: Signals) -> NDArray[np.float64]:
        """Goals `(n, nj)` [rad] of actions `(n, nj)`; NaN passes through to the safety filter."""
        base = _take(signals, self.action.base, self.action_size)
        wish = base + np.array(self.action.scale) * np.clip(action, -1.0, 1.0).astype(np.float64)
        return np.asarray(np.clip(wish, self.action.lower, self.action.upper), dtype=np.float64)

    def require_fit(self, spec: RobotSpec) -> None:
        """Check that this contract was made for the robot that `spec` describes.

        Raises:
            ContractError: naming the first thing that differs.
        """
        for what, ours, theirs in (
            ("robot", self.robot, spec.name),
            ("joints", self.joints, spec.names),
            ("rate", self.rate, spec.rate),
        ):
            if ours != theirs:
                raise ContractError(
                    f"the policy was made for {what} {ours!r} and this robot has {theirs!r}; "
                    "use a bundle trained for this robot"
                )

    @cached_property
    def hash(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the canonical JSON."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def with_context(self, ticks: int, stride: int) -> "Contract":
        """Return the same contract with the past of each of its terms as context.

        Args:
            ticks: how many of each are seen, the present one first.
            stride: ticks from one that is seen to the next.
        """
        past = [replace(term, history=ticks, stride=stride) for term in self.terms]
        return replace(self, context=tuple(past), mean=(), std=())

    def with_normaliser(self, mean: NDArray[Any], std: NDArray[Any]) -> "Contract":
        """Return the same contract with a normaliser baked in."""
        return replace(self, mean=tuple(float(x) for x in mean), std=tuple(float(x) for x in std))

    def to_json(self) -> str:
        """JSON text, as `from_json` reads it."""
        return json.dumps({**asdict(self), "hash": self.hash}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Contract":
        """Read a contract back.

        Raises:
            ContractError: the text is not a contract, or its hash does not match its content.
        """
        try:
            data = json.loads(text)
            kept = data.pop("hash")
            for key in ("terms", "context"):
                data[key] = tuple(ObservationTerm(**term) for term in data[key])
            action = data.pop("action")
            limits = {key: tuple(action[key]) for key in ("scale", "lower", "upper")}
            data |= {key: tuple(data[key]) for key in ("joints", "mean", "std")}
            contract = cls(action=ActionTerm(base=action["base"], **limits), **data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ContractError(f"not a contract: {error}; take the bundle's own copy") from None
        if contract.hash != kept:
            raise ContractError(
                f"the contract's content has hash {contract.hash} and says {kept}: "
                "it was edited or damaged; restore it"
            )
        return contract


class Memory:
    """The recent past of `n` robots' observation terms, owned by whoever drives them."""

    def __init__(self, contract: Contract, n: int) -> None:
        shapes = [(n, term.depth, term.size) for term in contract.all_terms]
        self.past = [np.zeros(shape, np.float32) for shape in shapes]
        self.new = np.ones(n, dtype=np.bool_)

    def restart(self, ids: NDArray[Any]) -> None:
        """Forget robots `ids`: their next tick stands for all of their past."""
        self.new[ids] = True


def _take(signals: Signals, name: str, size: int) -> NDArray[np.float64]:
    if name not in signals:
        raise ContractError(f"no signal {name!r}; there are: {', '.join(sorted(signals))}")
    value = signals[name]
    if value.ndim != 2 or value.shape[1] != size:
        raise ContractError(f"signal {name!r} is {value.shape}; the contract wants (n, {size})")
    return value
