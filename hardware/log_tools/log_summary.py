"""`summarise`: what a log is of and how much it holds, by its index if that can be trusted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_contents import LogContents, read_contents
from ashore.hardware.log_tools.log_cut import RUNNING, STATE
from ashore.hardware.logs.column_names import ColumnNames, numbers
from ashore.hardware.logs.log_columns import parse
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import CHANNELS, COMMAND, EVENT, POLICY, READING

FAULT = "fault"
"""What the event of a run that a fault has stopped begins with."""
_MOST = 20
"""Faults that are kept, and shapes."""
_LONGEST = 500
"""Characters of a text that are kept."""


@dataclass(frozen=True, kw_only=True)
class LogSummary:
    """What a log is of, and how much it holds."""

    robot: str
    """Name of the robot."""
    kind: str
    """What made it: record, deploy, excite, trial, import, or unknown."""
    created: str
    """When it was begun, UTC, ISO 8601; empty if that was not kept."""
    policy: str | None
    """Digest of the policy that ran, if one did."""
    seconds: float
    """From the first reading to the last, or the first command, or the first step [s]."""
    rate: float | None
    """Readings a second, on average; None with fewer than two [Hz]."""
    joints: tuple[str, ...]
    """Names of the joints, or their numbers where no name was kept."""
    counts: Mapping[str, int]
    """Messages of each channel that has some."""
    episodes: int
    """How often a policy or a round began."""
    faults: tuple[str, ...]
    """What stopped it, and what else was logged as an error; the first twenty."""
    labels: tuple[str, ...]
    """What two logs may share that makes them no evidence for each other: `trajectory NAME`,
    `shape NAME`, `recording TIME`."""
    size: int
    """Of the file [B]."""
    indexed: bool
    """Whether it was read by its index; if not, it has none that can be trusted."""
    damage: str | None
    """What is wrong with the file, or None."""


def summarise(path: str | Path) -> LogSummary:
    """Say what a log is of, and how much it holds, in bounded memory.

    The file's checksums are verified; but of a whole log only those messages are decoded that the
    index points to: its events, and the first and last of each channel.

    Raises:
        LogError: it is no log, or nothing of it can be read.
    """
    path = Path(path)
    tally = _Tally()
    contents = read_contents(path, tally.hear)
    if contents is not None and tally.whole(contents):
        return tally.summary(path, contents.header, contents.counts, None, indexed=True)
    scan, tally = LogScan(path), _Tally()
    counts: Counter[str] = Counter()
    for message in scan:
        tally.hear(message)
        counts[message.topic] += 1
    header = scan.header
    if scan.kept == 0 and scan.damage:
        raise LogError(f"the log {path} holds no message that can be read ({scan.damage})")
    return tally.summary(path, header, counts, scan.damage, indexed=False)


@dataclass
class _Tally:
    """What the messages of a log say about it, of those that were decoded."""

    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, LogMessage] = field(default_factory=dict)
    width: int = 0
    episodes: int = 0
    faults: list[str] = field(default_factory=list)
    shapes: set[str] = field(default_factory=set)
    _heard: int = -1

    def hear(self, message: LogMessage) -> None:
        """Take one message in; each event only once."""
        self.first.setdefault(message.topic, message.stamps[1])
        if message.topic == READING and message.topic not in self.last:
            row = parse(message).get("position")
            self.width = len(row) if isinstance(row, list) else 0
        if message.topic == EVENT and message.sequence > self._heard:
            self._heard = message.sequence
            self._event(parse(message))
        self.last[message.topic] = message

    def _event(self, body: Mapping[str, object]) -> None:
        text, data = str(body.get("text", "")), body.get("data")
        state = body.get("kind") == STATE
        self.episodes += state and text == RUNNING
        shape = data.get("shape") if isinstance(data, dict) else None
        if state and isinstance(shape, str) and len(self.shapes) < _MOST:
            self.shapes.add(shape[:_LONGEST])
        if (body.get("level") == "error" or (state and text.startswith(FAULT))) and len(
            self.faults
        ) < _MOST:
            self.faults.append(text[:_LONGEST])

    def whole(self, contents: LogContents) -> bool:
        """Whether no message is missing between those that the index counts."""
        return all(
            topic in self.last and self.last[topic].sequence + 1 == count
            for topic, count in contents.counts.items()
        )

    def summary(
        self,
        path: Path,
        header: LogHeader,
        counts: Mapping[str, int],
        damage: str | None,
        *,
        indexed: bool,
    ) -> LogSummary:
        """All that is known by now."""
        main = next((topic for topic in (READING, COMMAND, POLICY) if topic in self.last), None)
        seconds = (self.last[main].stamps[1] - self.first[main]) / 1e9 if main else 0.0
        readings, setup = counts.get(READING, 0), header.setup
        imported = "source" in setup or "trajectory" in setup
        policy = setup.get("policy")
        return LogSummary(
            robot=header.robot,
            kind=str(setup.get("kind", "import" if imported else "unknown")),
            created=header.created,
            policy=policy if isinstance(policy, str) else None,
            seconds=seconds,
            rate=(readings - 1) / seconds if readings > 1 and seconds > 0.0 else None,
            joints=ColumnNames(header).joints or numbers(self.width),
            counts={c.topic: counts[c.topic] for c in CHANNELS if counts.get(c.topic)},
            episodes=self.episodes,
            faults=tuple(self.faults),
            labels=_labels(header, self.shapes),
            size=path.stat().st_size,
            indexed=indexed,
            damage=damage,
        )


def _labels(header: LogHeader, shapes: set[str]) -> tuple[str, ...]:
    setup = header.setup
    found = {f"recording {time}" for time in header.recordings if "T" in time}
    for key, kind in (("trajectory", "trajectory"), ("shape", "shape"), ("excitation", "shape")):
        value = setup.get(key)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, (str, int, float)) and each != "":
                found.add(f"{kind} {each}"[:_LONGEST])
    return tuple(sorted(found | {f"shape {shape}" for shape in shapes}))
