"""`anonymise`: a log without what names a lab, its physics untouched."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.identity_words import TAKEN, IdentityWords, texts_in
from ashore.hardware.log_tools.log_copy import LogCopy
from ashore.hardware.log_tools.new_log import new_log
from ashore.hardware.logs.log_columns import parse
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import (
    COMMAND,
    EVENT,
    INERTIAL_SIGNALS,
    OPTIONAL_SIGNALS,
    POLICY,
    RAW,
    READING,
    READING_SIGNALS,
)

PHYSICS = frozenset(
    {
        *("kind", "policy", "candidate", "pair", "seed", "held", "reach", "joints", "firmware"),
        *("mass", "length", "p_gain", "supply_voltage", "motor", "supervise", "realtime"),
    }
)
"""Keys of a setup that stay: those that say what moved, and how."""
_NAMED = ("trajectory", "shape", "excitation")
"""Keys whose texts are names that people chose, and that logs are split by."""
_OURS = frozenset({"state", "limit", "safety", "late", "read", "release", "summary", "drift"})
"""Kinds of event whose texts the software wrote; of any other kind the text is taken away."""
_WORDS = ("task", "shape")
"""Texts in an event's data that stay."""
_LOOSE = frozenset({"note", "notes", "comment", "description", "author", "user", "host", "serial"})
"""Keys of a spec or contract whose texts go."""
_KEYS = {
    READING: {"time", "inertial_age", *READING_SIGNALS, *OPTIONAL_SIGNALS, *INERTIAL_SIGNALS},
    COMMAND: {"time", "position"},
    POLICY: {"time", "observation", "action", "signals"},
}
"""What the messages of a log may hold."""


@dataclass(frozen=True, kw_only=True)
class Anonymised:
    """What was taken away."""

    kept: int
    """Messages that are in the new log."""
    taken: tuple[str, ...]
    """What is not, a sentence each."""
    damage: str | None
    """What is wrong with the log that was copied, or None."""


def anonymise(path: str | Path, out: str | Path, *, keep_raw: bool = False) -> Anonymised:
    """Write a log without ports, names, paths, times of day and free text to the new log `out`.

    Readings, commands and policy steps stay byte for byte. Of the setup stays what is physics; a
    trajectory's name becomes a digest, by which equal ones are still known. Of texts in events
    stay those that the software wrote, without paths, ports, files, addresses and whatever the
    setup named. The host's clock becomes the robot's.

    Args:
        path: the log.
        out: the log to write.
        keep_raw: keep the bytes of the wire, in which serial numbers may be.

    Raises:
        LogError: `path` is no log, its header is damaged, nothing of it can be read, `out` exists
            or cannot be written.
    """
    scan = LogScan(path)
    messages = iter(scan)
    message = next(messages, None)
    if message is None or scan.bad_header:
        raise LogError(f"cannot anonymise {path}: {scan.bad_header or 'it holds no message'}")
    veil = _Veil(scan.header)
    with new_log(out, veil.header) as file:
        copy = LogCopy(file)
        while message is not None:
            if message.topic in RAW and not keep_raw:
                veil.taken["messages of raw bytes"] += 1
                copy.leave_out(message)
            else:
                # Both clocks are the robot's: the host's is the time of day.
                copy.keep(message, veil.message(message), (_robot_clock(message), 0))
            message = next(messages, None)
        taken = tuple(f"{count} {what}" for what, count in veil.taken.items() if count)
        copy.say("anonymised", {"taken": list(taken), "lost": copy.lost})
    return Anonymised(kept=copy.kept, taken=taken, damage=scan.damage)


def _robot_clock(message: LogMessage) -> int:
    return message.stamps[1] - message.stamps[0]


class _Veil:
    """Takes away what identifies, and counts it."""

    def __init__(self, header: LogHeader) -> None:
        self.taken: Counter[str] = Counter()
        setup = header.setup
        gone = {key: value for key, value in setup.items() if key not in PHYSICS}
        self._words = IdentityWords(set(texts_in(gone)), _ordinary(header))
        self.header = self._header(header)

    def _header(self, header: LogHeader) -> LogHeader:
        setup: dict[str, object] = {}
        for key, value in header.setup.items():
            if key in PHYSICS:
                setup[key] = self._clean(value, "texts in the setup")
            elif key in _NAMED:
                setup[key] = [_digest(v) for v in value] if isinstance(value, list) else (
                    _digest(value)
                )
                self.taken[f"names of a {key}, made a digest"] += 1
            else:
                self.taken[f"{key} of the setup"] += 1
        if header.created:
            self.taken["time of day of its creation"] += 1
        spec, contract = (
            self._clean(json.loads(text), f"texts in the {name}")
            for name, text in (("spec", header.spec), ("contract", header.contract))
        )
        return LogHeader(
            robot=self._text(header.robot, "name of the robot"),
            spec=_as_before(header.spec, spec),
            contract=_as_before(header.contract, contract),
            setup=setup,
            created=_day(header.created),
        )

    def message(self, message: LogMessage) -> bytes | None:
        """What a message holds without what identifies; None if it stays as it is."""
        if message.topic in RAW:
            return None
        body = parse(message)
        if message.topic == EVENT:
            return self._event(body)
        strange = [key for key in body if key not in _KEYS[message.topic]]
        if not strange:
            return None
        self.taken[f"unknown parts of {message.topic}"] += len(strange)
        return to_json({key: value for key, value in body.items() if key not in strange})

    def _event(self, body: Mapping[str, object]) -> bytes:
        kind, text, data = str(body.get("kind")), str(body.get("text")), body.get("data")
        if kind in _OURS:
            text = self._text(text, "texts of events, in part")
        elif not (kind == "log" and text == "closed"):
            self.taken["texts of events"] += 1
            text = TAKEN
        found = data.items() if isinstance(data, dict) else ()
        known = kind in _OURS or kind == "log"
        kept = {
            key: self._text(value, "texts of events, in part") if isinstance(value, str) else value
            for key, value in found
            if known and (_numbers(value) or (isinstance(value, str) and key in _WORDS))
        }
        self.taken["parts of the data of events"] += len(list(found)) - len(kept)
        kind = kind if known else "note"
        level = str(body.get("level"))
        level = level if level in ("debug", "info", "warning", "error") else "info"
        return to_json(
            {"time": body.get("time"), "level": level, "kind": kind, "text": text, "data": kept}
        )

    def _clean(self, value: object, what: str) -> object:
        """A value of JSON with its texts cleaned."""
        if isinstance(value, str):
            return self._text(value, what)
        if isinstance(value, list):
            return [self._clean(part, what) for part in value]
        if isinstance(value, dict):
            loose = {key for key, part in value.items() if key in _LOOSE and isinstance(part, str)}
            self.taken[what] += sum(bool(value[key]) for key in loose)
            return {
                key: "" if key in loose else self._clean(part, what) for key, part in value.items()
            }
        return value

    def _text(self, text: str, what: str) -> str:
        clean = self._words.clean(text)
        self.taken[what] += clean != text
        return clean


def _ordinary(header: LogHeader) -> set[str]:
    """Texts that stay in the header, and so betray nothing elsewhere."""
    kept = {key: value for key, value in header.setup.items() if key in PHYSICS}
    spec = json.loads(header.spec)
    joints = spec.get("joints") if isinstance(spec, dict) else None
    return {header.robot, *texts_in(kept), *texts_in(joints)}


def _numbers(value: object) -> bool:
    """Whether a value of JSON holds no text."""
    if isinstance(value, dict):
        return all(map(_numbers, value.values()))
    if isinstance(value, list):
        return all(map(_numbers, value))
    return not isinstance(value, str)


def _digest(value: object) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()[:12]


def _as_before(text: str, value: object) -> str:
    """The text as it was, if it says the same; or else as JSON."""
    return text if json.loads(text) == value else to_json(value).decode()


def _day(created: str) -> str:
    """The day of a time, so that the writer does not fill in today's."""
    return created[:10] if created[:10].replace("-", "").isdigit() else "unknown"
