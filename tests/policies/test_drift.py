"""A drift watch is silent on the robots that a policy was validated for, and names what drifts."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import SHIPPED, SPEC, Bench, small_bundle

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks.track import Track
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.run.run_result import FINISHED
from ashore.hardware.run.runner import Runner
from ashore.hardware.run.state import Exit
from ashore.launch.place_request import SessionConfig
from ashore.launch.sentry import Sentry
from ashore.launch.session import conclude, run_session
from ashore.policies.bundle import Bundle
from ashore.policies.drift.charts import ChartConfig, gumbel
from ashore.policies.drift.drift_watch import Drift, DriftWatch
from ashore.policies.drift.sessions import Sessions, simulate
from ashore.policies.drift.validated import DriftConfig, watch_of
from ashore.policies.drift.watch import ATTACHMENT, Watch, watch_in, with_watch
from ashore.policies.errors import BundleError

pytestmark = pytest.mark.slow

TASK = Track(SHIPPED)
SOURCE = Randomization(terms=(Term(parameter="gain_divisor", low=240.0, high=270.0),))
SOFT = Randomization(terms=(Term(parameter="gain_divisor", low=600.0, high=600.0),))
CONFIG = DriftConfig(robots=48, seconds=20.0, charts=ChartConfig(tau=(1.0, 5.0)))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return replace(small_bundle(), robot=SHIPPED, contract=TASK.contract(SHIPPED))


@pytest.fixture(scope="module")
def watch(bundle: Bundle) -> Watch:
    return watch_of(bundle, SOURCE, CONFIG)


def drifts(watch: Watch, seen: Sessions) -> list[Drift | None]:
    """What is first said of each robot."""
    found = []
    for robot in range(seen.alive.shape[1]):
        live, first = DriftWatch(watch), None
        for tick, elapsed in enumerate(seen.elapsed):
            said = live.see(
                elapsed, signals(watch, seen, tick, robot), seen.action[tick, robot][None]
            )
            first = first or said
        found.append(first)
    return found


def signals(watch: Watch, seen: Sessions, tick: int, robot: int) -> dict[str, np.ndarray]:
    row = {}
    for names, values in ((watch.sensed, seen.sensed), (watch.asked, seen.asked)):
        # A servo's signals are all of width one.
        row |= {name: values[tick, robot, i].reshape(1, 1) for i, name in enumerate(names)}
    return row


def test_validated_robots_raise_no_alarm_and_a_soft_one_does_and_is_named(bundle, watch):
    nominal = simulate(bundle, TASK, SOURCE, 9, 2, 1)
    # Three minutes: a false alarm is due in an hour.
    assert [said for said in drifts(watch, nominal) if said] == []
    said = drifts(watch, simulate(bundle, TASK, SOFT, 4, 1, 1))
    assert all(said)
    assert "of shoulder" in said[0].signal
    assert said[0].distance > said[0].threshold
    assert "the policy has left what it was validated for: joint" in str(said[0])


def test_what_is_asked_for_is_told_from_what_is_sensed(watch):
    assert watch.asked == ("target", "target_velocity", "target_change")
    assert watch.sensed == ("joint_position", "joint_velocity", "joint_current")
    assert watch.labels[0] == "joint position of shoulder"


def test_missing_signals_and_missed_steps_say_nothing(bundle, watch):
    seen = simulate(bundle, TASK, SOURCE, 1, 1, 1)
    live = DriftWatch(watch)
    for tick, elapsed in enumerate(seen.elapsed):
        if tick % 7 == 3:
            continue
        row = signals(watch, seen, tick, 0)
        row["joint_current"] = np.full((1, 1), np.nan)
        assert live.see(elapsed, row, seen.action[tick, 0][None]) is None
    assert np.isfinite(live.distance).all()
    assert (live.distance > 0.0).all()


def test_a_bundle_keeps_its_watch(bundle, watch, tmp_path):
    kept = Bundle.load(replace(bundle, attachments=with_watch(bundle, watch)).save(tmp_path / "b"))
    again = watch_in(kept)
    assert watch_in(bundle) is None
    for name, value in vars(watch).items():
        assert np.array_equal(getattr(again, name), value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"threshold": [1.0]}, "sizes that do not fit"),
        ({"floor": [0.0, 0.0, 0.0]}, "sizes that do not fit"),
        ({"mean": [0.0, 0.0, "x"]}, "no drift watch"),
        ({"rate": "fast"}, "no drift watch"),
        ({"labels": 3}, "no drift watch"),
        ({"more": 1}, "no drift watch"),
        ({"contract": "0123456789abcdef"}, "made under contract 0123456789abcdef"),
    ],
)
def test_a_damaged_or_foreign_watch_is_refused(bundle, watch, change, words):
    text = json.dumps({**json.loads(watch.to_bytes()), **change}).encode()
    with pytest.raises(BundleError, match=words):
        watch_in(replace(bundle, attachments={ATTACHMENT: text}))


def test_a_gumbel_quantile_is_exceeded_as_often_as_asked():
    rng = np.random.default_rng(0)
    limit = gumbel(rng.gumbel(8.0, 1.5, 400), 0.02)
    assert np.mean(rng.gumbel(8.0, 1.5, 100_000) > limit) == pytest.approx(0.02, abs=0.008)


def test_a_run_that_shall_stop_says_why_logs_it_and_lets_go(
    watch: Watch, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = TASK.contract(SPEC)
    plain = replace(small_bundle(), robot=bench.spec, contract=contract)
    nervous = replace(watch, contract=contract.hash, threshold=0.01 * watch.threshold)
    config = SessionConfig(
        port=bench.port, out=tmp_path / "run.mcap", episodes=1, clock="lockstep", on_drift="stop"
    )
    driven = replace(plain, attachments=with_watch(plain, nervous))
    assert conclude(run_session(driven, config, "deploy")) == Exit.STOPPED
    heard = capsys.readouterr()
    assert heard.err.count("the policy has left what it was validated for") == 1
    assert "stopped: the policy has left what it was validated for" in heard.out
    (event,) = [event for event in Log.open(tmp_path / "run.mcap").events if event.kind == "drift"]
    assert event.level == "warning"
    assert event.data["distance"] > event.data["threshold"]
    assert bench.memory.get("torque_enable") == 0


def test_a_run_that_shall_only_warn_is_warned_once_and_goes_on(
    bundle: Bundle, watch: Watch, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = simulate(bundle, TASK, SOURCE, 1, 1, 1)
    with LogWriter(tmp_path / "run.mcap", LogHeader(robot="servo"), offline=True) as log:
        robot = bench.open()
        runner = Runner(robot, bench.clock, log)
        sentry = Sentry(replace(watch, threshold=0.01 * watch.threshold), runner, "warn")
        for tick, elapsed in enumerate(seen.elapsed):
            sentry(elapsed, signals(watch, seen, tick, 0), seen.action[tick, 0][None])
        assert runner.run([]).reason == FINISHED
        robot.close()
    assert capsys.readouterr().err.count("has left what it was validated for") == 1
    assert Log.open(tmp_path / "run.mcap").events[0].kind == "drift"
