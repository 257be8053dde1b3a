"""`Compared`: the robots of a fleet, beside one another."""

from dataclasses import dataclass

from ashore.adapt.exchange import Exchange
from ashore.adapt.likeness import Likeness


@dataclass(frozen=True)
class Compared:
    """Which robots are alike, and whose policies would do for others."""

    alike: Likeness
    """By their parameters."""
    exchanged: Exchange
    """By their policies."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which are alike, and which policies serve all."""
        said = []
        for group in self.alike.groups:
            if len(group) > 1:
                said.append(f"{listed(group)} are alike, as far as their logs tell")
            else:
                why = self.alike.apart(group[0])
                said.append(f"{group[0]} is like no other" + (f": {why}" if why else ""))
        for each in self.exchanged.served:
            others = [name for name in each.robots if name != each.whose]
            lost = f": they lose at most {each.most:.3f} reward per step"
            if each.whose not in self.exchanged.tuned:
                said.append(f"the base policy is enough for {listed(each.robots)}")
            elif others:
                said.append(f"the policy of {each.whose} serves {listed(others)} too{lost}")
            else:
                said.append(f"{each.whose} needs a policy of its own")
        return tuple(said)


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Names as a person would list them."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
