"""`ShownLog`: one log, as the page of `ashore open` asks for it."""

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.gap.gap import beside
from ashore.adapt.gap.replay_job import Series
from ashore.adapt.gap.simulator import Simulator
from ashore.hardware.errors import HardwareError, LogError
from ashore.hardware.logs.column_names import ColumnNames
from ashore.hardware.logs.log_schemas import READING, unit_of
from ashore.hardware.logs.log_view import LogView
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

LONGEST = 20.0
"""Longest stretch that is replayed at once [s]."""
POINTS = 4_000
"""Most rows of a stretch that the page is given, whatever it asks for."""
PREDICTED = {
    "joint_position": "position",
    "joint_velocity": "velocity",
    "joint_current": "current",
    "imu_gyro": "gyro",
    "imu_gravity": "gravity",
}
"""The log's name of each signal that a replay predicts."""
EVENTS = 2_000
"""Most events that the page is given."""


class ShownLog:
    """One log, as the page asks for it; times on the page begin with the log's first message."""

    def __init__(
        self, view: LogView, spec: RobotSpec | None, simulators: Sequence[Simulator]
    ) -> None:
        """Show a log.

        Args:
            view: the log.
            spec: its robot; None if nobody knows it, so that it has no names and no picture.
            simulators: robots to replay it by.
        """
        self.view, self.spec, self.simulators = view, spec, simulators
        self.begin, self.end = self.view.span
        self._lock = Lock()
        self._asked: dict[tuple[str, str], object] = {}
        self.replays = 0
        """How many stretches were replayed."""
        self._last: tuple[tuple[float, float], Series | None] | None = None
        joints = () if spec is None else spec.names
        self._names = ColumnNames(self.view.header, joints)
        # A log's columns may be in another order than the spec's joints.
        named = self._names.joints
        same = sorted(named) == sorted(joints)
        self._order = [named.index(name) for name in joints] if same else [*range(len(joints))]

    def facts(self) -> dict[str, object]:
        """What the page shows before anything is picked."""
        header, names = self.view.header, self._names
        signals = [
            {
                "topic": topic,
                "name": name,
                "unit": unit_of(topic, name),
                "labels": names.of_signal(name.removeprefix("signals."), width),
                "predicted": topic == READING and name in PREDICTED.values(),
            }
            for topic, found in self.view.signals.items()
            for name, width in found.items()
        ]
        events = [
            {"time": e.time - self.begin, "level": e.level, "kind": e.kind, "text": e.text}
            for e in self.view.events()
        ]
        return {
            "name": self.view.path.name,
            "robot": header.robot,
            "created": header.created,
            "seconds": self.end - self.begin,
            "kind": header.setup.get("kind", ""),
            "policy": header.setup.get("policy", ""),
            "signals": signals,
            "events": events[:EVENTS],
            "simulators": [each.name for each in self.simulators],
        }

    def table(
        self, topic: str, name: str, begin: float, end: float, points: int
    ) -> dict[str, object]:
        """A signal between two times: `time`, a list a number, and what a row stands for.

        Raises:
            LogError: the log has no such signal.
        """
        self._signal(topic, name)
        points = max(2, min(points, POINTS))
        found = self.view.table(topic, (name,), self.begin + begin, self.begin + end, points)
        return {
            "time": _plain(found["time"] - self.begin),
            "columns": [_plain(column) for column in found[name].T],
            "step": float(found["step"][0]),
        }

    def extremes(
        self, topic: str, name: str, begin: float, end: float, points: int
    ) -> dict[str, object]:
        """The same of all rows between two times: the least and the greatest of each part, in turn.

        When a signal is asked for again, the older asking is answered with what it has, and says
        that this is not the `whole`.

        Raises:
            LogError: the log has no such signal.
        """
        self._signal(topic, name)
        key, mine = (topic, name), object()
        self._asked[key] = mine
        span = self.begin + begin, self.begin + end
        bins = max(1, min(points, POINTS) // 2)
        found = self.view.extremes(topic, name, span, bins, lambda: self._asked[key] is mine)
        both = np.stack([found["low"], found["high"]], axis=1)
        return {
            "time": _plain(np.repeat(found["time"], 2) - self.begin),
            "columns": [_plain(column) for column in both.reshape(-1, both.shape[2]).T],
            "whole": self._asked[key] is mine,
        }

    def _signal(self, topic: str, name: str) -> None:
        if name not in self.view.signals.get(topic, {}):
            raise LogError(f"{self.view.path.name} has no signal {name!r} in {topic!r}")

    def predicted(self, name: str, begin: float, end: float) -> dict[str, object]:
        """A reading's signal as each simulator predicts it, restarted every 0.5 s.

        Lists by simulator; no more than `LONGEST` seconds, and empty where nothing can be replayed.
        """
        series = self.replayed(begin, min(end, begin + LONGEST))
        signal = next((key for key, value in PREDICTED.items() if value == name), "")
        if series is None or signal not in series.predicted:
            return {"time": [], "columns": {}}
        columns = {}
        for each, values in zip(self.simulators, series.predicted[signal], strict=True):
            shown = np.where(series.restart[:, None], np.nan, values)
            if signal.startswith("joint_"):
                shown = shown[:, np.argsort(self._order)]
            columns[each.name] = [_plain(column) for column in shown.T]
        return {"time": _plain(series.time), "columns": columns}

    def replayed(self, begin: float, end: float) -> Series | None:
        """What the simulators predict between two times of the page; the last one is kept."""
        with self._lock:
            if self.spec is None or not self.simulators:
                return None
            if self._last is None or self._last[0] != (begin, end):
                self._last = (begin, end), self._replay(self.spec, begin, end)
                self.replays += 1
            return self._last[1]

    def known(self, time: float) -> Series | None:
        """What was replayed last, if that is about a time of the page."""
        last = self._last
        if last is None or last[1] is None or not last[0][0] <= time <= last[0][1]:
            return None
        return last[1]

    def _replay(self, spec: RobotSpec, begin: float, end: float) -> Series | None:
        part = self.view.log(self.begin + begin, self.begin + end)
        try:
            found = beside(spec, part, self.simulators)
        except (AdaptError, HardwareError):
            return None
        if found is None:
            return None
        first = float(part.readings.time[0]) - self.begin
        return Series(
            time=found.time + first,
            restart=found.restart,
            measured=found.measured,
            predicted=found.predicted,
        )

    def pose(self, time: float) -> Mapping[str, Array] | None:
        """Joint angles `(nj,)` and gravity `(3,)` at a time of the page; None outside the log.

        Gravity is absent of a robot without an inertial sensor.
        """
        at, reach = self.begin + time, 0.5
        found = self.view.table(READING, ("position", "gravity"), at - reach, at + reach, POINTS)
        if not len(found["time"]) or found["position"].shape[1] != len(self._order):
            return None
        row = max(0, int(np.searchsorted(found["time"], at + 1e-9)) - 1)
        pose = {"position": found["position"][row, self._order]}
        gravity = found["gravity"][row] if found["gravity"].shape[1] else np.full(3, np.nan)
        return {**pose, "gravity": gravity} if np.isfinite(gravity).all() else pose


def _plain(values: Array) -> list[float | None]:
    """Numbers as JSON has them, short, and nothing where there is none."""
    return [float(f"{each:.6g}") if np.isfinite(each) else None for each in values.tolist()]
