"""`RunResult`: how a run ended."""

from collections import Counter
from dataclasses import dataclass, field

from ashore.hardware.run.state import Exit, State

FINISHED = "finished"
"""Reason of a run that ended as asked."""


@dataclass(kw_only=True)
class RunResult:
    """How a run ended."""

    state: State = State.LIMP
    """`LIMP` after a run that ended as asked, else `FAULT`."""
    reason: str = FINISHED
    """Why it ended."""
    port_lost: bool = False
    """Whether the wire went away."""
    ticks: int = 0
    """Control steps of episodes."""
    late: int = 0
    """Deadlines missed."""
    interventions: int = 0
    """Commands that the safety filter changed."""
    told: Counter[str] = field(default_factory=Counter)
    """How often each kind of thing happened that the log tells of: clipped, missed, late."""
    complaints: list[str] = field(default_factory=list)
    """A sentence for each joint whose torque may still be on."""

    @property
    def exit(self) -> Exit:
        """Exit code of a command that was this run."""
        if self.state is State.FAULT:
            return Exit.PORT_LOST if self.port_lost else Exit.FAULT
        return Exit.ENDED if self.reason == FINISHED else Exit.STOPPED

    @property
    def summary(self) -> str:
        """One line: what was done, and what was out of the ordinary."""
        said = [f"{self.ticks} control steps", f"{self.late} deadlines missed"]
        said.append(f"{self.interventions} commands changed")
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.told.items()))
        return ", ".join(said) + (f" ({kinds})" if kinds else "")
