"""Laws of repeated events: the first is told at once, a flood is counted, nothing is lost."""

from pathlib import Path

from bench import SPEC, Script
from body import Body
from hypothesis import given
from hypothesis import strategies as st

from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.run.repeats import Repeats
from ashore.hardware.run.runner import Runner


class Told:
    """A log that only listens."""

    def __init__(self) -> None:
        self.events: list[tuple[float, str, int]] = []

    def event(self, time: float, _: str, __: str, text: str, data: dict | None = None) -> None:
        self.events.append((time, text, (data or {}).get("count", 1)))


def test_a_flood_is_told_once_a_second_with_its_number_and_latest_words() -> None:
    told = Told()
    repeats = Repeats(told)
    for tick in range(120):
        repeats.tell(tick / 50, "clipped", f"goal {tick} was clipped")
    repeats.flush(120 / 50)
    assert told.events == [
        (0.0, "goal 0 was clipped", 1),
        (1.0, "goal 49 was clipped; 49 more in the 1.0 s before", 49),
        (1.0, "goal 50 was clipped", 1),
        (2.0, "goal 99 was clipped; 49 more in the 1.0 s before", 49),
        (2.0, "goal 100 was clipped", 1),
        (2.4, "goal 119 was clipped; 19 more in the 0.4 s before", 19),
    ]


def test_what_is_rare_is_told_each_time() -> None:
    told = Told()
    repeats = Repeats(told)
    for second in range(5):
        repeats.tell(1.5 * second, "late", f"late {second}")
        repeats.tell(1.5 * second, "missed", f"missed {second}")
    repeats.flush(9.0)
    assert len(told.events) == 10


happenings = st.lists(st.tuples(st.floats(0.0, 0.7), st.sampled_from("abc")), max_size=80)


@given(happenings)
def test_what_is_told_adds_up_to_what_happened(happened: list[tuple[float, str]]) -> None:
    told, now = Told(), 0.0
    repeats = Repeats(told)
    for wait, sort in happened:
        now += wait
        repeats.tell(now, sort, sort)
    repeats.flush(now)
    assert sum(count for _, _, count in told.events) == len(happened)
    assert sum(repeats.total.values()) == len(happened)
    # No more than a word at the beginning and one at the end of each second, of each sort.
    assert len(told.events) <= 2 * 3 * (now + 1.0)


def test_a_run_that_is_clipped_at_every_tick_has_a_readable_log(tmp_path: Path) -> None:
    clock, path = LockstepClock(), tmp_path / "run.mcap"
    with LogWriter(path, LogHeader(robot="servo")) as log:
        result = Runner(Body(clock), clock, log).run([Script(lambda _, __: 9.0, 10.0)])
    events = Log.open(path).events
    assert result.interventions == result.told["clipped"] == 500
    told = [e for e in events if e.kind == "safety" and "beyond its limits" in e.text]
    # Ten seconds, told twice in each.
    assert 10 <= len(told) <= 21
    summary = next(e for e in events if e.kind == "summary")
    assert summary.text == result.summary
    assert summary.text.startswith("500 control steps, 0 deadlines missed, 500 commands changed")
    assert summary.data["clipped"] == 500
    assert SPEC.safety.step_limit < 9.0
