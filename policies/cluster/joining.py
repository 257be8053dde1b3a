"""`Cluster`: a cluster of Ray that this process is in."""

import logging
import os
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ashore.policies.errors import TrainingError

LOCAL = "local"
"""Address of a Ray of one's own, on this machine alone."""
PATIENCE = 10.0
"""How long a cluster may take to answer [s]; Ray itself would wait for minutes."""


class Cluster:
    """Joined unless this process is in one already, and left if it was joined here.

    Source: Moritz et al., "Ray: A distributed framework for emerging AI applications", OSDI 2018.
    """

    def __init__(self, address: str, workers: int, threads: int) -> None:
        """Join.

        Args:
            address: of the cluster, such as 10.0.0.1:6379 or ray://10.0.0.1:10001; `local` for
                one of this machine's own, which ends with this process.
            workers: how many shall work at the same time.
            threads: processors of each.

        Raises:
            TrainingError: Ray is not installed, nothing answers there, or the processors are fewer.
        """
        # No data leaves the machines that train.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ModuleNotFoundError:
            raise TrainingError(
                "work past one machine needs Ray, which is not installed here; "
                "pip install 'ashore[ray]'"
            ) from None
        self.ray, self._own = ray, not ray.is_initialized()
        wanted = workers * threads
        if self._own:
            self._join(address, wanted)
        resources: Callable[[], dict[str, float]] = ray.cluster_resources  # Ray annotates it not
        there = int(resources().get("CPU", 0))
        if wanted > there:
            self.leave()
            raise TrainingError(
                f"{workers} workers need {wanted} processors, and the cluster at {address} has "
                f"{there}; ask for fewer with --workers, or add machines with `ray start`"
            )

    def _join(self, address: str, processors: int) -> None:
        _require_answer(address)
        own = {"num_cpus": processors, "include_dashboard": False}
        place: dict[str, Any] = own if address == LOCAL else {"address": address}
        try:
            self.ray.init(**place, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:
            # It answers with ConnectionError, ValueError, RuntimeError and others of its own.
            raise _absent(address, str(error)) from None

    def leave(self) -> None:
        """Leave the cluster if it was joined here."""
        if self._own:
            self.ray.shutdown()


def _require_answer(address: str) -> None:
    """Refuse an address at which nobody listens.

    Raises:
        TrainingError: nobody does.
    """
    if address in (LOCAL, "auto"):
        return
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        place = parts.hostname, parts.port
    except ValueError as error:
        raise _absent(address, str(error)) from None
    if None in place:
        raise _absent(address, "it is no HOST:PORT")
    try:
        socket.create_connection((str(place[0]), int(place[1] or 0)), PATIENCE).close()
    except OSError as error:
        raise _absent(address, error.strerror or "no answer") from None


def _absent(address: str, why: str) -> TrainingError:
    first = why.strip().splitlines()[0] if why.strip() else "no answer"
    return TrainingError(
        f"no cluster of Ray at {address}: {first}; begin one with `ray start --head`, or give "
        f"--cluster {LOCAL}"
    )
