"""`Crew`: squads of robots as one vector environment, whose rollouts come as a whole."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from ashore.envs.coverage import Coverage
from ashore.envs.errors import EnvsError
from ashore.policies.cluster.parcel import Parcel, unpacked
from ashore.policies.cluster.squad import SquadPlan, actor_state
from ashore.policies.errors import TrainingError
from ashore.policies.learners.actor_critic import ActorCritic
from ashore.policies.learners.exploring import Experience, Look
from ashore.policies.provenance import versions

Asked = Sequence[tuple[Any, ...]]


class Hands(Protocol):
    """What runs squads, wherever they are."""

    def hire(self, number: int, generation: int) -> None:
        """Have a squad made, in the place of the one before with that number."""
        ...

    def ask(self, method: str, asked: Mapping[int, tuple[Any, ...]]) -> dict[int, Any]:
        """Call a method of some squads, each with its arguments, at the same time.

        Returns:
            The answers; of a squad that died there is none.

        Raises:
            TrainingError: a squad answered with an error.
        """
        ...

    def share(self, value: Any) -> Any:
        """Make a value available to all squads; returns what is to be passed in its place."""
        ...

    def dismiss(self) -> None:
        """End all squads."""
        ...


class Crew(VecEnv):
    """All robots of a training, squad after squad in the order of their numbers.

    A squad that dies costs its share of a rollout at most: others come in its place, and begin
    anew.
    """

    def __init__(self, hands: Hands, plans: Sequence[SquadPlan]) -> None:
        """Make all squads.

        Raises:
            TrainingError: a squad cannot be made, or has other versions than are here.
        """
        self.hands, self.plans = hands, tuple(plans)
        self.lost = 0
        """Squads that died and were replaced."""
        self._generation = [0] * len(self.plans)
        for number in range(len(self.plans)):
            hands.hire(number, 0)
        told = self._all("hello")
        _require_same(told)
        super().__init__(sum(p.robots for p in self.plans), told[0]["seen"], told[0]["done"])

    def reset(self) -> NDArray[np.float32]:
        """Begin an episode on every robot; the wide observations `(n, k)`."""
        return np.concatenate(self._all("begin"))

    def gather(self, policy: ActorCritic, ticks: int, look: Look) -> Experience | None:
        """Let all robots act by a policy, exploring; None if `look` ended it.

        Raises:
            TrainingError: a squad answered with an error, or all of them died.
        """
        weights = self.hands.share(actor_state(policy))
        asked = dict.fromkeys(range(len(self.plans)), (weights, ticks))
        found: dict[int, Parcel] = self.hands.ask("gather", asked)
        self._replace(asked.keys() - found.keys())
        if not found:
            raise TrainingError(
                "all workers died in one rollout; see why on their machines; the last checkpoint "
                "is kept: go on with --resume"
            )
        experience = unpacked([found[number] for number in sorted(found)], policy)
        for _ in range(ticks):
            if not look(len(experience.final)):
                return None
        return experience

    def _replace(self, dead: set[int]) -> None:
        for number in sorted(dead):
            self.lost += 1
            self._generation[number] += 1
            self.hands.hire(number, self._generation[number])
        self.hands.ask("begin", dict.fromkeys(dead, ()))

    def _all(self, method: str, arguments: Asked | None = None) -> list[Any]:
        """Answers of all squads, in their order."""
        given = arguments or [()] * len(self.plans)
        asked = dict(enumerate(given))
        found = self.hands.ask(method, asked)
        if dead := asked.keys() - found.keys():
            self._replace(dead)
            found |= self.hands.ask(method, {number: asked[number] for number in dead})
        if dead := asked.keys() - found.keys():
            raise TrainingError(
                f"worker {min(dead)} died twice as it was asked to {method}; see why on its "
                "machine, and go on with --resume"
            )
        return [found[number] for number in range(len(self.plans))]

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that all squads are in the middle of, copied out of what the squads have sent."""
        return {
            f"{number}/{path}": np.array(array)
            for number, kept in enumerate(self._all("snapshot"))
            for path, array in kept.items()
        }

    def restore(self, kept: Mapping[str, NDArray[Any]]) -> bool:
        """Put all squads where a snapshot was taken; whether all episodes go on.

        Raises:
            EnvsError: it was taken of other squads.
        """
        count = len({path.partition("/")[0] for path in kept if path[:1].isdecimal()})
        if count != len(self.plans):
            before = f"{count} workers" if count else "one machine"
            raise EnvsError(
                f"it was trained on {before} before, and {len(self.plans)} workers are asked now; "
                "go on as it was begun"
            )
        parts: list[dict[str, NDArray[Any]]] = [{} for _ in self.plans]
        for path, array in kept.items():
            number, _, inside = path.partition("/")
            parts[int(number)][inside] = array
        return all(self._all("restore", [(part,) for part in parts]))

    def close(self) -> None:
        """End all squads."""
        self.hands.dismiss()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """What is the same for all robots, or counted over them, once for each asked about."""
        many = len(list(self._get_indices(indices)))
        if attr_name == "broken":
            return [sum(self._all("broken"))] * many
        if attr_name == "source":
            return [self.plans[0].lesson.randomization] * many
        return [None] * many

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kw: Any) -> list[Any]:
        """`survey`, over all robots."""
        if method_name != "survey":
            raise NotImplementedError(f"robots of a crew are not asked to {method_name}")
        surveys: list[Coverage] = self._all("survey")
        return [Coverage.joined(surveys)]

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Squads draw by the configuration's seed from the beginning."""
        return [seed] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Nothing of robots that are elsewhere is set."""
        raise NotImplementedError("robots of a crew are made by their plan")

    def step_async(self, actions: NDArray[Any]) -> None:
        """Robots of a crew act where they are; see `gather`."""
        raise NotImplementedError("robots of a crew act where they are")

    def step_wait(self) -> VecEnvStepReturn:
        """Robots of a crew act where they are; see `gather`."""
        raise NotImplementedError("robots of a crew act where they are")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No robot is wrapped."""
        return [False] * len(list(self._get_indices(indices)))


def _require_same(told: Sequence[Mapping[str, Any]]) -> None:
    here = versions()
    for number, each in enumerate(told):
        strange = [f"{n} {v}" for n, v in each["versions"].items() if v != here[n]]
        if strange:
            raise TrainingError(
                f"worker {number} has {', '.join(strange)}, and here there is "
                f"{', '.join(f'{n} {here[n]}' for n in here)}; robots would not be the same: "
                "install the same versions on all machines"
            )
