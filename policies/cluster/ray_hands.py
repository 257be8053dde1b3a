"""`RayHands`: squads as actors of Ray, on one machine or many."""

import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ashore.policies.cluster.squad import Squad, SquadPlan
from ashore.policies.errors import TrainingError

LOCAL = "local"
"""Address of a Ray of one's own, on this machine alone."""
PATIENCE = 10.0
"""How long a cluster may take to answer [s]; Ray itself would wait for minutes."""


class RayHands:
    """Runs each squad in an actor of its own.

    Source: Moritz et al., "Ray: A distributed framework for emerging AI applications", OSDI 2018.
    """

    def __init__(self, address: str, plans: Sequence[SquadPlan]) -> None:
        """Join a cluster, unless this process is in one already.

        Args:
            address: of the cluster, such as 10.0.0.1:6379 or ray://10.0.0.1:10001; `local` for
                one of this machine's own, which ends with the training.
            plans: of the squads.

        Raises:
            TrainingError: Ray is not installed, or nothing answers there.
        """
        # No data leaves the machines that train.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ModuleNotFoundError:
            raise TrainingError(
                "training past one machine needs Ray, which is not installed here; "
                "pip install 'ashore[ray]'"
            ) from None
        self._ray, self._plans, self._own = ray, plans, not ray.is_initialized()
        self._actors: dict[int, Any] = {}
        if self._own:
            self._join(address)
        wanted = sum(plan.threads for plan in plans)
        resources: Callable[[], dict[str, float]] = ray.cluster_resources  # Ray annotates it not
        there = int(resources().get("CPU", 0))
        if wanted > there:
            self.dismiss()
            raise TrainingError(
                f"{len(plans)} workers need {wanted} processors, and the cluster at {address} has "
                f"{there}; ask for fewer with --workers, or add machines with `ray start`"
            )

    def _join(self, address: str) -> None:
        _require_answer(address)
        own = {"num_cpus": sum(plan.threads for plan in self._plans), "include_dashboard": False}
        place = own if address == LOCAL else {"address": address}
        try:
            self._ray.init(**place, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:
            # It answers with ConnectionError, ValueError, RuntimeError and others of its own.
            raise _absent(address, str(error)) from None

    def hire(self, number: int, generation: int) -> None:
        """Have a squad made, in the place of the one before with that number."""
        plan = self._plans[number]
        actor = self._ray.remote(Squad).options(num_cpus=plan.threads)
        self._actors[number] = actor.remote(plan, generation)

    def ask(self, method: str, asked: Mapping[int, tuple[Any, ...]]) -> dict[int, Any]:
        """Call a method of some squads, each with its arguments, at the same time.

        Returns:
            The answers; of a squad that died there is none.

        Raises:
            TrainingError: a squad answered with an error.
        """
        told = {n: getattr(self._actors[n], method).remote(*each) for n, each in asked.items()}
        found = {}
        for number, answer in told.items():
            try:
                found[number] = self._ray.get(answer)
            except self._ray.exceptions.RayTaskError as error:
                cause = error.cause if error.cause is not None else error
                raise TrainingError(f"worker {number} failed: {cause}") from None
            except self._ray.exceptions.RayActorError:
                continue
        return found

    def share(self, value: Any) -> Any:
        """Make a value available to all squads; returns what is to be passed in its place."""
        return self._ray.put(value)

    def dismiss(self) -> None:
        """End all squads, and leave the cluster if it was joined for them."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._actors.clear()
        if self._own:
            self._ray.shutdown()


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
