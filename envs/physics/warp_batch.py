"""`WarpBatch`: many simulations of one model on MuJoCo Warp, as `mujoco.batch.Batch` steps them."""

import ctypes
from collections.abc import Iterable, Sequence
from contextlib import suppress
from copy import copy
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

import mujoco
import numpy as np
from mujoco.batch import MODEL_FIELDS
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.rotation import rotate

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
Device = Literal["cuda", "cpu"]

_STATE = ("qpos", "qvel", "qacc_warmstart", "qfrc_applied", "xfrc_applied")
"""What is written to the device before every call."""
_MOVED = ("qpos", "qvel", "qacc_warmstart")
"""What a step changes of it."""
_DERIVED = ("body_subtreemass", "body_invweight0", "dof_invweight0", "actuator_acc0")
"""Fields of the model that `set_const` computes for each simulation."""
_ALWAYS = ("dof_frictionloss", "dof_damping")
"""Fields of the model that motors write in every step, through arrays that they keep."""
_DRIVERS = ("libcuda.so.1", "nvcuda.dll")
"""What CUDA's driver is called on Linux and on Windows."""
_UNREAD = ("body_sameframe", "geom_sameframe")
"""Fields that only spare MuJoCo's C code some work, and that Warp doesn't have."""


class WarpBatch:
    """Simulations whose state is in memory here, and whose physics is on a CUDA device.

    Arrays are those of `mujoco.batch.Batch`: motors, delays, sensors and randomization, which are
    numpy, know no difference. Before a step, states and whatever changed of the models are copied
    to the device, and back after it. Warp computes in single precision.

    A field of the model is copied when it was asked for (`expand`) since the last call, and those
    that motors write in each step always.
    """

    def __init__(self, model: mujoco.MjModel, nsim: int, device: Device = "cuda") -> None:
        """Make `nsim` simulations of `model`; `cpu` computes the same, slowly, to check it.

        Raises:
            ModelError: MuJoCo Warp isn't installed, there is no CUDA device, or the model has what
                Warp cannot simulate.
        """
        self.model, self.nsim = model, nsim
        self._device = find_device(device)
        self._warp, self._physics = _modules()
        fewer = _without_unknown(model)
        with self._warp.ScopedDevice(self._device):
            try:
                self._m = self._physics.put_model(fewer)
            except NotImplementedError as error:
                raise ModelError(f"MuJoCo Warp cannot simulate this model: {error}") from None
            self._d = self._physics.make_data(fewer, nworld=nsim)
        self._like = mujoco.MjData(model)
        mujoco.mj_forward(model, self._like)
        sizes = [getattr(self._like, name).size for name in _STATE]
        self.state = np.zeros((nsim, sum(sizes)))
        ends = np.cumsum(sizes).tolist()
        self._arrays: dict[str, Array] = {}
        for name, size, end in zip(_STATE, sizes, ends, strict=True):
            part = self.state[:, end - size : end]
            self._arrays[name] = part.reshape(nsim, *getattr(self._like, name).shape)
        self._expanded: dict[str, NDArray[Any]] = {}
        self._changed: set[str] = set()
        for name in _DERIVED:
            self._put(name, np.repeat(self._shared(name)[None], nsim, axis=0))
        self.reset(stage=mujoco.mjtStage.mjSTAGE_NONE)
        self.set_const()

    def bind(self, name: str) -> Array:
        """Live array `(nsim, ...)` over a field of `MjData`; of the state, also for writing."""
        if name not in self._arrays:
            if not hasattr(self._d, name) or not hasattr(self._like, name):
                raise ModelError(f"{name} is not a field that MuJoCo Warp can show")
            self._arrays[name] = np.zeros((self.nsim, *getattr(self._like, name).shape))
        return self._arrays[name]

    def expand(self, name: str) -> NDArray[Any]:
        """Give a field of the model a value for each simulation; return them, `(nsim, ...)`."""
        if name not in self._expanded:
            if name not in MODEL_FIELDS or (name not in _UNREAD and not self._has(name)):
                raise ModelError(f"{name} is not a field of the model that MuJoCo Warp can expand")
            self._expanded[name] = np.repeat(self._shared(name)[None], self.nsim, axis=0)
        self._changed.add(name)
        return self._expanded[name]

    def expanded(self, name: str) -> NDArray[Any] | None:
        """Values of a field of the model that was expanded, or None if all share one."""
        return self._expanded.get(name)

    def step(self, ids: Ids | None = None, nstep: int = 1) -> None:
        """Advance all simulations by `nstep` physics steps.

        Raises:
            ModelError: only some were asked for.
        """
        if ids is not None:
            raise ModelError("MuJoCo Warp steps all simulations, or none")
        self._upload(_STATE)
        with self._warp.ScopedDevice(self._device):
            for _ in range(nstep):
                self._physics.step(self._m, self._d)
        self._download(self._outputs(_MOVED), slice(None))

    def forward(self, ids: Ids | None = None, stage: int = mujoco.mjtStage.mjSTAGE_ACC) -> None:
        """Compute what follows from the state up to `stage`, and show it of simulations `ids`."""
        self._upload(_STATE)
        with self._warp.ScopedDevice(self._device):
            if int(stage) < int(mujoco.mjtStage.mjSTAGE_ACC):
                self._physics.step1(self._m, self._d)
            else:
                self._physics.forward(self._m, self._d)
        self._download(self._outputs(()), slice(None) if ids is None else ids)

    def reset(self, ids: Ids | None = None, stage: int = mujoco.mjtStage.mjSTAGE_ACC) -> None:
        """Return to the model's defaults, and compute what follows, up to `stage`."""
        rows: Ids | slice = slice(None) if ids is None else ids
        self.state[rows] = 0.0
        self._arrays["qpos"][rows] = self.model.qpos0
        if int(stage) != int(mujoco.mjtStage.mjSTAGE_NONE):
            self.forward(ids, stage)

    def set_const(self, ids: Ids | None = None) -> None:
        """Recompute what MuJoCo derives from fields of the model, of all simulations."""
        del ids
        self._upload(_STATE)
        groups = self._physics.SetConstGroup
        with self._warp.ScopedDevice(self._device):
            which = int(groups.FIXED | groups.INERT0)
            self._physics.set_const(self._m, self._d, which, restore=False)

    def _outputs(self, more: Sequence[str]) -> Iterable[str]:
        return (*more, *(name for name in self._arrays if name not in _STATE))

    def _shared(self, name: str) -> NDArray[Any]:
        owner, _, field = name.rpartition(".")
        return np.asarray(getattr(self.model.opt if owner else self.model, field))

    def _home(self, name: str) -> tuple[Any, str]:
        owner, _, field = name.rpartition(".")
        return (self._m.opt if owner else self._m), field

    def _has(self, name: str) -> bool:
        holder, field = self._home(name)
        return isinstance(getattr(holder, field, None), self._warp.array)

    def _put(self, name: str, values: NDArray[Any]) -> None:
        """Write a field of the model, one row a simulation."""
        holder, field = self._home(name)
        there = getattr(holder, field)
        shape = (len(values), *there.shape[1:])
        if there.shape != shape:
            there = self._warp.zeros(shape, dtype=there.dtype, device=self._device)
            setattr(holder, field, there)
        there.assign(_single(values).reshape(*shape, *getattr(there.dtype, "_shape_", ())))

    def _turn_floors(self) -> None:
        """Turn the geoms of the world itself, which Warp looks at only once."""
        fixed = np.flatnonzero(self.model.geom_bodyid == 0)
        rotation = self._expanded["geom_quat"][:, fixed, None]
        turned = rotate(rotation, np.eye(3)).swapaxes(-1, -2)
        matrices = self._d.geom_xmat.numpy()
        matrices[:, fixed] = turned
        self._d.geom_xmat.assign(matrices)

    def _upload(self, names: Iterable[str]) -> None:
        for name in {*self._changed, *(name for name in _ALWAYS if name in self._expanded)}:
            if name not in _UNREAD:
                self._put(name, self._expanded[name])
        if "geom_quat" in self._changed:
            self._turn_floors()
        self._changed.clear()
        for name in names:
            there = getattr(self._d, name)
            shape = (*there.shape, *getattr(there.dtype, "_shape_", ()))
            there.assign(_single(self._arrays[name]).reshape(shape))

    def _download(self, names: Iterable[str], rows: Ids | slice) -> None:
        for name in names:
            here = self._arrays[name]
            here[rows] = getattr(self._d, name).numpy().reshape(here.shape)[rows]


def _single(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers as Warp has them."""
    kind = np.float32 if values.dtype.kind == "f" else np.int32
    return np.ascontiguousarray(values, dtype=kind)


def _modules() -> tuple[ModuleType, ModuleType]:
    try:
        warp = import_module("warp")
        # It tells of every kernel that it loads.
        warp.config.log_level = warp.LOG_ERROR
        return warp, import_module("mujoco_warp")
    except ModuleNotFoundError as error:
        raise ModelError(
            f"MuJoCo Warp needs {error.name}, which is not installed here; "
            "pip install 'ashore[warp]', or leave out --backend"
        ) from None


def find_device(asked: Device) -> Any:
    """The device that Warp computes on.

    Raises:
        ModelError: MuJoCo Warp isn't installed, or there is no CUDA device.
    """
    none = ModelError(
        "MuJoCo Warp finds no CUDA device on this machine; leave out --backend to simulate on the "
        "processor"
    )
    # Without a driver Warp prints a warning of its own as soon as it is loaded.
    if asked == "cuda" and not _has_driver():
        raise none
    warp, _ = _modules()
    if asked == "cuda" and not warp.is_cuda_available():
        raise none
    return warp.get_device(asked if asked == "cpu" else "cuda:0")


def _has_driver() -> bool:
    """Whether NVIDIA's driver is here."""
    for name in _DRIVERS:
        with suppress(OSError):
            ctypes.CDLL(name)
            return True
    return False


def _without_unknown(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy that does not ask MuJoCo to leave diverged robots alone; Warp never resets any."""
    kept = copy(model)
    kept.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    return kept
