"""`run_errands`: whole commands on a cluster, each in a process of its own."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ashore.envs.physics.engine import THREADS
from ashore.policies.cluster.joining import Cluster
from ashore.policies.cluster.recruit import ClusterConfig

RETRIES = 2
"""How often an errand is begun again whose worker died."""
_PR_SET_PDEATHSIG = 1
"""Of Linux's prctl(2): the signal that a process gets when its parent has died."""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """A command for Python, which goes on where it was stopped if it is begun again."""

    name: str
    """What it is known by; each of a list has another."""
    words: tuple[str, ...]
    """What follows `python`; paths are absolute, and all machines see them."""
    said: Path
    """File that its output is added to."""


def run_errands(
    errands: Sequence[Errand], where: ClusterConfig, done: Callable[[Errand, int | None], None]
) -> None:
    """Run errands, so many at once as the cluster has workers, by Ray Tune.

    An errand whose worker dies is begun again; one that ends with a code other than 0 is not. If
    this process ends, all errands end.

    Args:
        errands: what is to be run.
        where: the cluster; each of its workers runs one errand at a time.
        done: called as each has ended with its exit code, or None if its worker died again and
            again.

    Raises:
        TrainingError: Ray is not installed, nothing answers there, or there are too few processors.
    """
    # Tune would catch Ctrl-C, and end what it runs some time later.
    os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    # Its newer output comes on every verbosity.
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    cluster = Cluster(where.address, where.workers, where.threads)
    try:
        from ray import tune

        class Ends(tune.Callback):
            """Tells as each errand ends."""

            def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **_: Any) -> None:
                done(errands[trial.config["number"]], trial.last_result["code"])

            def on_trial_error(self, iteration: int, trials: Any, trial: Any, **_: Any) -> None:
                done(errands[trial.config["number"]], None)

        def carry_out(config: dict[str, Any]) -> None:
            tune.report({"code": _carry_out(errands[config["number"]], where.threads)})

        with tempfile.TemporaryDirectory(prefix="ashore-tune-") as kept:
            tune.Tuner(
                tune.with_resources(carry_out, {"cpu": where.threads}),
                param_space={"number": tune.grid_search(list(range(len(errands))))},
                tune_config=tune.TuneConfig(max_concurrent_trials=where.workers),
                run_config=tune.RunConfig(
                    name="errands",
                    storage_path=kept,
                    failure_config=tune.FailureConfig(max_failures=RETRIES),
                    callbacks=[Ends()],
                    verbose=0,
                ),
            ).fit()
    finally:
        cluster.leave()


def _carry_out(errand: Errand, threads: int) -> int:
    """Run an errand to its end, on a worker; returns its exit code."""
    with errand.said.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, *errand.words],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, THREADS: str(threads)},
            preexec_fn=_end_with_parent,
        )
        return process.wait()


def _end_with_parent() -> None:
    """Have Linux kill this process when the worker that began it has died."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
