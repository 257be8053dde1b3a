"""What is said of a fleet, in sentences and on its page."""

import numpy as np

from ashore.adapt.exchange import Exchange
from ashore.adapt.likeness import Likeness
from ashore.launch.fleet.compared import Compared, listed
from ashore.launch.fleet.fleet_page import fleet_page

NAMES = ("blue", "green", "red", "rose")
ALIKE = Likeness(
    names=NAMES,
    difference=np.array([[0, 1.5, 4, 4], [1.5, 0, 2, 2], [4, 2, 0, 0.3], [4, 2, 0.3, 0]]),
    clearest={("blue", "red"): "gain 2, of red 1", ("green", "red"): "delay 3 s, of red 1 s"},
)
LOSS = np.array([[0, 0.1, 0.1, 0.1], [0.2, 0, 0.2, 0.2], [0.1, 0.1, 0, 0.004], [0.1, 0.1, 0.02, 0]])
EXCHANGED = Exchange(names=NAMES, tuned=("blue", "rose"), reward=0.9 - LOSS, least=0.01)


def test_who_is_alike_and_who_serves_whom_is_said():
    assert Compared(ALIKE, EXCHANGED).sentences == (
        "red and rose are alike, as far as their logs tell",
        "blue is like no other: gain 2, of red 1",
        "green is like no other: delay 3 s, of red 1 s",
        "the policy of rose serves red too: they lose at most 0.004 reward per step",
        "blue needs a policy of its own",
        "the base policy is enough for green",
    )


def test_names_are_listed_as_a_person_does():
    found = [listed(NAMES[:n]) for n in (1, 2, 3)]
    assert found == ["blue", "blue and green", "blue, green and red"]


def test_the_page_has_a_picture_of_each_comparison():
    page = fleet_page({}, {"l<st": "no <log>"}, Compared(ALIKE, EXCHANGED))
    assert page.count("<svg") == 2
    assert "that of rose for red, rose, who lose at most 0.004" in page
    assert "the base one for green" in page
    assert "l&lt;st" in page
    assert "no &lt;log&gt;" in page
    assert "<svg" not in fleet_page({}, {"lost": "why"}, None)
