"""`ForceBatch`: many simulations of one model that also know the forces on each body."""

import ctypes
from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np
from mujoco.batch import SimulationError
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.engine import library

Array = NDArray[Any]
Ids = NDArray[np.intp]

_STATE = {
    "time": mujoco.mjtState.mjSTATE_TIME,
    "qpos": mujoco.mjtState.mjSTATE_QPOS,
    "qvel": mujoco.mjtState.mjSTATE_QVEL,
    "act": mujoco.mjtState.mjSTATE_ACT,
    "ctrl": mujoco.mjtState.mjSTATE_CTRL,
    "qfrc_applied": mujoco.mjtState.mjSTATE_QFRC_APPLIED,
    "xfrc_applied": mujoco.mjtState.mjSTATE_XFRC_APPLIED,
}
_POINTER, _INTEGER = ctypes.c_void_p, ctypes.c_int
_SIGNATURES: dict[str, tuple[Any, Sequence[Any]]] = {
    "mj_loadModelBuffer": (_POINTER, (_POINTER, ctypes.c_int64)),
    "mj_deleteModel": (None, (_POINTER,)),
    "mjb_makeBatch": (_POINTER, (_POINTER, _INTEGER, _POINTER, ctypes.c_char_p, _INTEGER)),
    "mjb_deleteBatch": (None, (_POINTER,)),
    "mjb_nstate": (_INTEGER, (_POINTER,)),
    "mjb_state": (_POINTER, (_POINTER,)),
    "mjb_stateComponent": (_POINTER, (_POINTER, _INTEGER, _POINTER)),
    "mjb_status": (_POINTER, (_POINTER,)),
    "mjb_error": (ctypes.c_char_p, (_POINTER, _INTEGER)),
    "mjb_output": (_POINTER, (_POINTER, ctypes.c_char_p, _POINTER, _POINTER)),
    "mjb_expand": (_POINTER, (_POINTER, ctypes.c_char_p, _POINTER, _POINTER)),
    "mjb_expanded": (_POINTER, (_POINTER, ctypes.c_char_p, _POINTER, _POINTER)),
    "mjb_step": (_INTEGER, (_POINTER, _POINTER, _INTEGER, _INTEGER, _INTEGER)),
    "mjb_forward": (_INTEGER, (_POINTER, _POINTER, _INTEGER, _INTEGER)),
    "mjb_reset": (_INTEGER, (_POINTER, _POINTER, _INTEGER, _POINTER, _INTEGER)),
    "mjb_setConst": (_INTEGER, (_POINTER, _POINTER, _INTEGER)),
    "mjb_apply": (_INTEGER, (_POINTER, _POINTER, _INTEGER, _POINTER, _POINTER, _INTEGER)),
}
_NONE, _ALL = int(mujoco.mjtStage.mjSTAGE_NONE), int(mujoco.mjtStage.mjSTAGE_ACC)


class _Config(ctypes.Structure):
    """`mjBatchConfig` of mjbatch.h."""

    _fields_ = (("nthread", ctypes.c_int), ("persistent", ctypes.c_bool))


class _Handle:
    """A batch of the C library, alive while anything refers to its memory."""

    def __init__(self, model: mujoco.MjModel, nsim: int, nthread: int) -> None:
        self.c = _typed()
        packed = np.empty(mujoco.mj_sizeModel(model), dtype=np.uint8)
        mujoco.mj_saveModel(model, None, packed)
        copy = self.c.mj_loadModelBuffer(packed.ctypes.data, packed.size)
        why = ctypes.create_string_buffer(1000)
        config = ctypes.byref(_Config(nthread, True))
        self.pointer = self.c.mjb_makeBatch(copy, nsim, config, why, len(why)) if copy else None
        self.c.mj_deleteModel(copy)
        if not self.pointer:
            raise ModelError(f"MuJoCo cannot batch this model: {why.value.decode()}")

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self.c.mjb_deleteBatch(self.pointer)

    def array(self, address: int, dtype: Any, shape: tuple[int, ...]) -> Array:
        """Memory of the batch as an array that keeps it alive."""
        return np.asarray(_Memory(self, address, dtype, shape))


class _Memory:
    """Numbers in a batch, for numpy."""

    def __init__(self, owner: _Handle, address: int, dtype: Any, shape: tuple[int, ...]) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "data": (address, False),
            "typestr": np.dtype(dtype).str,
            "shape": shape,
        }


class ForceBatch:
    """As `mujoco.batch.Batch`, and `step` leaves `cfrc_ext` and its kin computed.

    `mujoco.batch` gives `cfrc_ext`, `cfrc_int` and `cacc` only where sensors ask for them, and then
    of the first stage of a Runge-Kutta step. Here `mj_rnePostConstraint` runs after the last
    substep on each simulation's own `MjData`, on the batch's threads, as Gymnasium runs it.

    Source: mjbatch.h of MuJoCo 4.0, `mjb_apply`.
    """

    def __init__(self, model: mujoco.MjModel, nsim: int, nthread: int = 0) -> None:
        """Make `nsim` simulations of a copy of `model`, on `nthread` threads (0: one per CPU).

        Raises:
            ModelError: MuJoCo cannot batch the model.
        """
        self.model, self.nsim = model, nsim
        self._handle = _Handle(model, nsim, nthread)
        self._c, self._b = self._handle.c, self._handle.pointer
        self._data = mujoco.MjData(model)
        size = self._c.mjb_nstate(self._b)
        self.state = self._handle.array(self._c.mjb_state(self._b), np.float64, (nsim, size))
        self._status = self._handle.array(self._c.mjb_status(self._b), np.int32, (nsim,))
        self._arrays: dict[str, Array] = {}
        # An extra argument does no harm to a C function that does not look at it.
        self._forces = ctypes.cast(self._c.mj_rnePostConstraint, ctypes.c_void_p)

    def bind(self, name: str) -> Array:
        """Live array `(nsim, ...)` over a field of `MjData`; of the state, also for writing."""
        if name not in self._arrays:
            like = getattr(self._data, name)
            if name in _STATE:
                size = ctypes.c_int()
                part = int(_STATE[name])
                address = self._c.mjb_stateComponent(self._b, part, ctypes.byref(size))
                begin = (address - self.state.ctypes.data) // 8
                view = self.state[:, begin : begin + size.value]
            else:
                address = self._c.mjb_output(self._b, name.encode(), None, None)
                if not address:
                    raise ModelError(f"{name} is not a field that a batch can show")
                view = self._handle.array(address, like.dtype, (self.nsim, like.size))
                view.flags.writeable = False
            self._arrays[name] = view.reshape(self.nsim, *np.shape(like))
        return self._arrays[name]

    def expand(self, name: str) -> Array:
        """Give a field of the model a value for each simulation; return them, `(nsim, ...)`."""
        address = self._c.mjb_expand(self._b, name.encode(), None, None)
        if not address:
            raise ModelError(f"{name} is not a field of the model that a batch can expand")
        return self._of_model(name, address)

    def expanded(self, name: str) -> Array | None:
        """Values of a field of the model that was expanded, or None if all share one."""
        address = self._c.mjb_expanded(self._b, name.encode(), None, None)
        return self._of_model(name, address) if address else None

    def _of_model(self, name: str, address: int) -> Array:
        owner, _, field = name.rpartition(".")
        like = np.asarray(getattr(self.model.opt if owner else self.model, field))
        return self._handle.array(address, like.dtype, (self.nsim, *like.shape))

    def step(self, ids: Ids | None = None, nstep: int = 1) -> None:
        """Advance by `nstep` physics steps, and compute the forces of the last.

        Raises:
            SimulationError: MuJoCo raised in some simulations, which are left as they were.
        """
        which = _selection(ids)
        failure = self._failure(self._c.mjb_step(self._b, *which, nstep, _NONE), ids)
        self._c.mjb_apply(self._b, *which, self._forces, None, 0)
        self._c.mjb_forward(self._b, *which, _NONE)  # only shows what was computed
        if failure:
            raise failure

    def forward(self, ids: Ids | None = None, stage: int = _ALL) -> None:
        """Compute what follows from the state, up to `stage`."""
        self._require(self._c.mjb_forward(self._b, *_selection(ids), int(stage)), ids)

    def reset(self, ids: Ids | None = None, stage: int = _ALL) -> None:
        """Return to the model's defaults, and compute what follows, up to `stage`."""
        self._require(self._c.mjb_reset(self._b, *_selection(ids), None, int(stage)), ids)

    def set_const(self, ids: Ids | None = None) -> None:
        """Recompute what MuJoCo derives from fields of the model."""
        self._require(self._c.mjb_setConst(self._b, *_selection(ids)), ids)

    def _failure(self, failed: int, ids: Ids | None) -> SimulationError | None:
        if not failed:
            return None
        asked = np.arange(self.nsim) if ids is None else np.asarray(ids)
        which = asked[self._status[asked] != 0]
        message = self._c.mjb_error(self._b, int(which[0])).decode(errors="replace")
        return SimulationError(which, message, len(asked))

    def _require(self, failed: int, ids: Ids | None) -> None:
        if failure := self._failure(failed, ids):
            raise failure


def _selection(ids: Ids | None) -> tuple[Any, int]:
    """Pointer to C's ids and their number; a null pointer for all."""
    if ids is None:
        return None, 0
    kept = np.ascontiguousarray(ids, dtype=np.int32)
    return kept.ctypes.data_as(ctypes.c_void_p), len(kept)


def _typed() -> ctypes.CDLL:
    """The library with the signatures of mjbatch.h."""
    c = library()
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(c, name)
        function.restype, function.argtypes = result, arguments
    return c
