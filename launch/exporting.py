"""`ashore export`."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.contract import Contract, Memory, Signals
from ashore.launch.console import say
from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.onnx_model import ACTION, GOAL, onnx_model, windows
from ashore.policies.shipped import find_bundle
from ashore.policies.storage.whole_file import write_file

TOLERANCE = 1e-5
"""Largest difference that is put down to rounding, of an action, and of a goal [rad]."""
ROBOTS, SEED = 64, 0
"""How much the file is tried on before it is written."""


def run_export(bundle: str, out: Path) -> int:
    """Write a bundle's policy as an ONNX file, tried beside the bundle where that can be.

    Raises:
        BundleError: no such bundle, a file that acts differently, or a place that cannot be
            written.
    """
    loaded = Bundle.load(find_bundle(bundle))
    content = onnx_model(loaded)
    try:
        worst = deviation(content, loaded)
        tried = f"acts as the bundle does, within {worst:.1e}"
    except ModuleNotFoundError:
        worst, tried = 0.0, "not tried: pip install onnxruntime, and export again"
    if not worst <= TOLERANCE:
        raise BundleError(
            f"the ONNX model's actions differ from the bundle's by {worst:.1e}, more than "
            f"{TOLERANCE:.0e}; nothing was written: please report this bundle"
        )
    _write(out, content)
    say(f"{out}: {len(content):,} bytes, {tried}")
    for name, each in windows(loaded.contract).items():
        say(f"  input {name}: float32 (batch, {each.ticks}, {each.size}), newest tick first")
    for name in (ACTION, GOAL):
        say(f"  output {name}: float32 (batch, {loaded.contract.action_size})")
    return 0


def deviation(content: bytes, bundle: Bundle) -> float:
    """Largest difference between a model's outputs and the bundle's, on robots that it draws.

    Raises:
        ModuleNotFoundError: onnxruntime is not installed.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    contract, policy, memory = bundle.contract, bundle.policy, Memory(bundle.contract, ROBOTS)
    past: list[Signals] = []
    worst = 0.0
    for signals in plausible_signals(contract):
        past.insert(0, signals)
        action = policy.act(contract.observe(signals, memory))
        wanted = np.clip(action, -1.0, 1.0), contract.act(action, signals)
        found = session.run([ACTION, GOAL], stacked(contract, past))
        gaps = [np.abs(one - other).max() for one, other in zip(found, wanted, strict=True)]
        worst = float(np.max([worst, *gaps]))
    return worst


def plausible_signals(contract: Contract) -> list[dict[str, NDArray[np.float64]]]:
    """Signals whose normalised observations are about as large as those of training.

    They last for one tick more than the contract remembers.
    """
    rng = np.random.default_rng(SEED)
    middle: dict[str, NDArray[np.float64]] = {}
    spread: dict[str, NDArray[np.float64]] = {}
    at = 0
    for term in contract.all_terms:
        here = slice(at, at + term.size)
        scale = term.scale or 1.0
        mean = np.array(contract.mean[here] or 0.0) / scale + term.offset
        middle.setdefault(term.signal, mean)
        spread.setdefault(term.signal, np.array(contract.std[here] or 1.0) / scale)
        at += term.width
    ticks = []
    for _ in range(1 + max(window.ticks for window in windows(contract).values())):
        drawn = {
            name: middle.get(name, 0.0)
            + spread.get(name, 1.0) * rng.normal(size=(ROBOTS, window.size))
            for name, window in windows(contract).items()
        }
        # Numbers that the model's inputs hold exactly.
        ticks.append({k: v.astype(np.float32).astype(np.float64) for k, v in drawn.items()})
    return ticks


def stacked(contract: Contract, past: list[Signals]) -> dict[str, NDArray[np.float32]]:
    """The model's inputs at the newest tick of `past`, newest first; the oldest stands for more."""
    inputs = {}
    for name, window in windows(contract).items():
        seen = [past[min(tick, len(past) - 1)][name] for tick in range(window.ticks)]
        inputs[name] = np.stack(seen, axis=1).astype(np.float32)
    return inputs


def _write(out: Path, content: bytes) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_file(out, content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BundleError(f"cannot write {out}: {reason}; choose another --out") from None
