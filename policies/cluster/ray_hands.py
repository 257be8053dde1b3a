"""`RayHands`: squads as actors of Ray, on one machine or many."""

from collections.abc import Mapping, Sequence
from typing import Any

from ashore.policies.cluster.joining import Cluster
from ashore.policies.cluster.squad import Squad, SquadPlan
from ashore.policies.errors import TrainingError


class RayHands:
    """Runs each squad in an actor of its own."""

    def __init__(self, address: str, plans: Sequence[SquadPlan]) -> None:
        """Join a cluster, unless this process is in one already.

        Args:
            address: of the cluster, as `Cluster` takes it.
            plans: of the squads.

        Raises:
            TrainingError: Ray is not installed, nothing answers there, or there are too few
                processors.
        """
        self._cluster = Cluster(address, len(plans), plans[0].threads)
        self._ray, self._plans = self._cluster.ray, plans
        self._actors: dict[int, Any] = {}

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
            TrainingError: a squad answered with an error, or could not be made.
        """
        told = {n: getattr(self._actors[n], method).remote(*each) for n, each in asked.items()}
        found = {}
        for number, answer in told.items():
            try:
                found[number] = self._ray.get(answer)
            except self._ray.exceptions.RayTaskError as error:
                cause = error.cause if error.cause is not None else error
                raise TrainingError(f"worker {number} failed: {cause}") from None
            except self._ray.exceptions.RayActorError as error:
                if error.actor_init_failed:
                    why = str(error).strip().splitlines()[-1]
                    raise TrainingError(f"worker {number} could not begin: {why}") from None
        return found

    def share(self, value: Any) -> Any:
        """Make a value available to all squads; returns what is to be passed in its place."""
        return self._ray.put(value)

    def dismiss(self) -> None:
        """End all squads, and leave the cluster if it was joined for them."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._actors.clear()
        self._cluster.leave()
