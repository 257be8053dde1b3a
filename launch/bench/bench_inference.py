"""The benchmark of inference: a policy paced as on a robot, beside onnxruntime."""

import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from ashore.launch.bench.figure import Row, row
from ashore.policies.policy import Policy

RATE = 200.0
"""How often a policy is asked [Hz]: between two calls the processor does something else."""
OBSERVED, WIDTHS, ACTIONS = 48, (512, 256, 128), 12
"""A policy of the size that legged robots run."""

Observation = NDArray[np.float32]
Call = Callable[[Observation], object]


def inference_row(short: bool) -> Row:
    """Measure the slowest percent of calls, of numpy and onnxruntime in turns.

    The network is 48-512-256-128-12 with ELU, larger than any that ships. Each call waits for its
    tick of 200 Hz, as a robot's does, so that caches are cold.
    """
    rng = np.random.default_rng(0)
    weights, wide = {}, OBSERVED
    for i, narrow in enumerate((*WIDTHS, ACTIONS)):
        name = "head" if i == len(WIDTHS) else f"trunk.{i}"
        spread = rng.normal(size=(narrow, wide)) / np.sqrt(wide)
        weights[f"{name}.weight"] = spread.astype(np.float32)
        weights[f"{name}.bias"] = np.zeros(narrow, np.float32)
        wide = narrow
    seen = rng.normal(size=(1, OBSERVED)).astype(np.float32)
    policy = Policy(weights)
    calls: dict[str, Call] = {"ours": policy.act}
    if find_spec("onnxruntime") is not None and find_spec("onnx") is not None:
        calls["onnx"] = onnx_call(policy)
    seconds = paced(calls, seen, rounds=4 if short else 20, each=200)
    slow = {name: 1e6 * float(np.percentile(taken, 99.0)) for name, taken in seconds.items()}
    if "onnx" not in slow:
        absent = "onnxruntime is not here: pip install onnx onnxruntime"
        return row("inference_p99_us", slow["ours"], "us", absent)
    peer = "onnxruntime, one thread"
    return row(
        "inference_p99_us", slow["ours"], "us", peer, slow["onnx"], slow["onnx"] / slow["ours"]
    )


def paced(
    calls: dict[str, Call], seen: Observation, rounds: int, each: int
) -> dict[str, list[float]]:
    """Seconds of each call at `RATE`; the callees take turns, `each` calls a time."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call(seen)
    for _ in range(rounds):
        for name, call in calls.items():
            tick = time.perf_counter()
            for _ in range(each):
                tick += 1.0 / RATE
                time.sleep(max(0.0, tick - time.perf_counter()))
                began = time.perf_counter()
                call(seen)
                taken[name].append(time.perf_counter() - began)
    return taken


def onnx_call(policy: Policy) -> Call:
    """The same network by onnxruntime, on one thread."""
    import onnxruntime

    from ashore.policies.onnx_model import ACTION, OBSERVATION, network_model

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(network_model(policy), options)

    def call(seen: Observation) -> object:
        return session.run([ACTION], {OBSERVATION: seen})

    return call
