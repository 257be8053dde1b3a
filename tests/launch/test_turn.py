"""Laws of taking turns: work runs between two pauses, and nobody runs meanwhile."""

import pytest

from ashore.launch.turn import Turn


def counting(heard, upto):
    def work(pause):
        for number in range(upto):
            heard.append(number)
            if not pause(number):
                return
        heard.append("end")

    return work


def test_nothing_runs_before_its_turn_and_no_further_than_the_pause():
    heard = []
    turn = Turn(counting(heard, 2))
    assert heard == []
    turn.go()
    assert (heard, turn.stands, turn.over) == ([0], 0, False)
    turn.go()
    turn.go()
    assert (heard, turn.over) == ([0, 1, "end"], True)
    assert turn.seconds > 0.0


def test_work_that_is_told_to_end_ends():
    heard = []
    turn = Turn(counting(heard, 100))
    turn.go()
    turn.end()
    assert (heard, turn.over) == ([0], True)


def test_work_that_never_began_never_begins():
    heard = []
    Turn(counting(heard, 1)).end()
    assert heard == []


def test_a_failure_of_the_work_is_the_callers():
    def work(pause):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Turn(work).go()
