"""`JointName`: what a joint's name says of side and place, to find its mirror image."""

import re
from collections.abc import Iterable, Sequence

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SIDES = {"left": "right", "l": "r"}
_ENDS = "fhrbm"
"""First letters of front, hind, rear, back and middle."""
_PLACES = {
    *("left", "right", "l", "r", "front", "rear", "hind", "back", "mid", "middle"),
    *(end + side for end in _ENDS for side in "lr"),
    *(side + end for end in _ENDS for side in "lr"),
}


class JointName:
    """A name, as words: `leftFrontLegMotor` is left, front, leg, motor."""

    def __init__(self, name: str) -> None:
        self.text = name
        self.words = tuple(word.lower() for word in _WORDS.findall(name))

    @property
    def mirrored(self) -> set[tuple[str, ...]]:
        """What the right-hand joint's words could be, if this is a left-hand one."""
        found = set()
        for index, word in enumerate(self.words):
            for other in _others(word):
                found.add((*self.words[:index], other, *self.words[index + 1 :]))
        return found

    @property
    def kind(self) -> tuple[str, ...]:
        """The words without those that say where it is."""
        return tuple(word for word in self.words if word not in _PLACES)

    @property
    def limb(self) -> tuple[str, ...]:
        """The words that say where it is."""
        return tuple(word for word in self.words if word in _PLACES)


def mirror_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Find left and right joints that are each other's mirror image by name."""
    known = {JointName(name).words: name for name in names}
    pairs = []
    for name in names:
        others = [known[words] for words in JointName(name).mirrored if words in known]
        pairs += [(name, other) for other in others[:1]]
    return pairs


def limbs(names: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    """Joints by limb, in order; a joint whose name says no place has a limb of its own kind."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        if limb := JointName(name).limb:
            found.setdefault(limb, []).append(name)
    return found


def _others(word: str) -> list[str]:
    if word in _SIDES:
        return [_SIDES[word]]
    if len(word) == 2 and word[0] in _ENDS and word[1] == "l":
        return [word[0] + "r"]
    if len(word) == 2 and word[0] == "l" and word[1] in _ENDS:
        return ["r" + word[1]]
    return []
