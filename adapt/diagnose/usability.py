"""`Usability`: whether anything can be learned from a log, and what is in the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from ashore.adapt.diagnose.agreement import agreement_flaws
from ashore.adapt.diagnose.clock import clock_flaws
from ashore.adapt.diagnose.fall import fall_flaws
from ashore.adapt.diagnose.flaw import Flaw
from ashore.adapt.diagnose.gaps import gap_flaws
from ashore.adapt.diagnose.motion import motion_flaws
from ashore.adapt.diagnose.poison import poison_flaws
from ashore.adapt.diagnose.record import LEAST_ROWS, Record
from ashore.adapt.diagnose.saturation import saturation_flaws
from ashore.adapt.errors import AdaptError
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec


@dataclass(frozen=True, kw_only=True)
class Usability:
    """What is wrong with a log."""

    source: str
    """Name of the log."""
    seconds: float
    """How long a policy or an excitation was at work in it [s]."""
    flaws: tuple[Flaw, ...]
    """What was found, the gravest first."""

    @property
    def usable(self) -> bool:
        """Whether it can be adapted from."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Flaw, ...]:
        """Why it can't."""
        return tuple(flaw for flaw in self.flaws if flaw.severity == "unusable")


def inspect(log: Log, spec: RobotSpec) -> Usability:
    """Ask a log all that can make it worthless, of a fixed base and of a robot on legs alike.

    Raises:
        AdaptError: it is of other joints.
    """
    return inspect_together([log], spec)[0]


def inspect_together(logs: Sequence[Log], spec: RobotSpec) -> tuple[Usability, ...]:
    """Inspect logs of one robot that are learned from together: length and motion count as one.

    Raises:
        AdaptError: one is of other joints.
    """
    records = [None if _empty(log) else Record.of(log, spec) for log in logs]
    held = [record for record in records if record is not None]
    together = motion_flaws(held) if held else []
    return tuple(_of(log, record, together) for log, record in zip(logs, records, strict=True))


def _empty(log: Log) -> bool:
    return min(len(log.readings), len(log.commands)) < LEAST_ROWS


def _of(log: Log, record: Record | None, together: Sequence[Flaw]) -> Usability:
    """What is wrong with one log, and with all of them together."""
    damage = [] if log.damage is None else [
        Flaw(kind="damage", severity="warn", what=f"the file is damaged, {log.damage}",
             cure="what is left is used; `ashore recover` makes a whole log of it")
    ]
    if record is None:
        what = f"it holds {len(log.readings)} readings and {len(log.commands)} goals"
        empty = Flaw(kind="length", severity="unusable", what=what, cure="record it again")
        return Usability(source=log.path.name, seconds=0.0, flaws=(empty, *damage))
    found = [*damage, *together, *clock_flaws(record), *gap_flaws(record), *poison_flaws(record)]
    found += [*agreement_flaws(log, record), *saturation_flaws(record), *fall_flaws(record)]
    found += _faults(log)
    return Usability(
        source=log.path.name,
        seconds=record.seconds,
        flaws=tuple(sorted(found, key=lambda flaw: flaw.severity != "unusable")),
    )


def _faults(log: Log) -> list[Flaw]:
    begin = log.readings.time[0]
    return [
        Flaw(
            kind="fault",
            severity="warn",
            what=f"the run ended in a {event.text}",
            cure="what came before is used; mend that first",
            where=((float(event.time - begin), float(event.time - begin)),),
        )
        for event in log.events
        if event.kind == "state" and event.text.startswith("fault")
    ]


def require_usable(log: Log, spec: RobotSpec) -> Usability:
    """Inspect a log and refuse one that nothing can be learned from.

    Raises:
        AdaptError: it is not usable; the sentence says why.
    """
    found = inspect(log, spec)
    if not found.usable:
        why = "; ".join(map(str, found.reasons))
        raise AdaptError(f"{log.path} is of no use: {why}")
    return found
