"""Laws of the import of BAM bench logs."""

import json
from pathlib import Path

import numpy as np
import pytest

from ashore.hardware.errors import LogError
from ashore.hardware.importers.bam import import_bam
from ashore.hardware.logs.log import Log, check

BENCH = Path(__file__).resolve().parents[3] / "shared" / "data" / "xl330"

needs_bench = pytest.mark.skipif(not BENCH.is_dir(), reason="the bench's logs are not here")


def entry(**changed):
    sample = {
        "timestamp": 0.005,
        "position": 0.25,
        "speed": -1.5,
        "load": 65093,
        "input_volts": 7.3,
        "temp": 28,
        "goal_position": 0.5,
        "torque_enable": True,
    }
    return {**sample, **changed}


def bench_log(*entries, **changed):
    about = {"mass": 0.49, "length": 0.1, "kp": 100, "vin": 7.4, "motor": "xl330"}
    return {**about, "trajectory": "sin_sin", "entries": list(entries), **changed}


def imported(document, folder: Path) -> Log:
    source = folder / "bench.json"
    source.write_text(document if isinstance(document, str) else json.dumps(document))
    return Log.open(import_bam(source, folder / "bench.mcap"))


def test_one_entry_becomes_a_reading_and_a_command_of_its_time(tmp_path):
    log = imported(bench_log(entry(), entry(timestamp=0.01, torque_enable=False)), tmp_path)
    first = {name: getattr(log.readings, name)[0].tolist() for name in vars(log.readings)}
    assert first["time"] == 0.005
    assert first["position"] == [0.25]
    assert first["velocity"] == [-1.5]
    assert first["voltage"] == [7.3]
    assert first["temperature"] == [28.0]
    # 65093 - 65536 = -443 counts of 885.
    assert first["duty"] == [-443 / 885]
    assert np.isnan(log.readings.current).all()
    assert log.readings.torque_enabled.tolist() == [[True], [False]]
    assert log.commands.time.tolist() == [0.005, 0.01]
    assert log.commands.position.tolist() == [[0.5], [0.5]]
    check(log)


def test_the_setup_keeps_what_the_bench_was(tmp_path):
    header = imported(bench_log(entry()), tmp_path).header
    assert header.robot == "servo"
    assert header.setup == {
        "mass": 0.49,
        "length": 0.1,
        "p_gain": 100,
        "supply_voltage": 7.4,
        "motor": "xl330",
        "trajectory": "sin_sin",
        "source": "bench.json",
    }


@pytest.mark.parametrize("key", ["mass", "kp", "vin", "motor", "trajectory", "entries"])
def test_a_missing_key_is_named(key, tmp_path):
    document = bench_log(entry())
    del document[key]
    with pytest.raises(LogError, match=f"no key '{key}'"):
        imported(document, tmp_path)
    assert not (tmp_path / "bench.mcap").exists()


@pytest.mark.parametrize("key", list(entry()))
def test_a_missing_key_of_an_entry_is_named_with_its_place(key, tmp_path):
    broken = entry()
    del broken[key]
    with pytest.raises(LogError, match=f"entry 1 of .* has no key '{key}'"):
        imported(bench_log(entry(), broken), tmp_path)
    assert not (tmp_path / "bench.mcap").exists()


@pytest.mark.parametrize(
    ("document", "match"),
    [
        ("", "is not JSON"),
        ('{"mass": ', "is not JSON"),
        ("[]", "holds list"),
        (bench_log(), "empty or no list"),
        (bench_log(entries={"0": entry()}), "empty or no list"),
        (bench_log(7), "entry 0 of .* is int"),
        (bench_log(entry(position="left")), "position in entry 0 .*'left'"),
        (bench_log(entry(speed=True)), "speed in entry 0 .* True"),
        (bench_log(entry(speed=float("nan"))), "speed in entry 0 .* must be finite"),
        (bench_log(entry(torque_enable="on")), "torque_enable in entry 0 .*'on'"),
    ],
)
def test_a_file_that_is_no_bench_log_is_refused_with_its_reason(document, match, tmp_path):
    with pytest.raises(LogError, match=match):
        imported(document, tmp_path)
    assert not (tmp_path / "bench.mcap").exists()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(LogError, match="No such file"):
        import_bam(tmp_path / "none.json", tmp_path / "out.mcap")


@needs_bench
@pytest.mark.parametrize("name", ["lift_and_drop_kp800", "sin_sin_kp100", "up_and_down_kp200"])
def test_a_real_bench_log_comes_through_bit_for_bit(name, tmp_path):
    source = BENCH / f"{name}.json"
    log = Log.open(import_bam(source, tmp_path / "bench.mcap"))
    document = json.loads(source.read_text())
    entries = document["entries"]
    assert log.damage is None
    check(log)
    assert log.header.setup["p_gain"] == document["kp"]
    assert log.readings.time.tolist() == [sample["timestamp"] for sample in entries]
    assert log.readings.position[:, 0].tolist() == [sample["position"] for sample in entries]
    assert log.readings.velocity[:, 0].tolist() == [sample["speed"] for sample in entries]
    assert log.commands.position[:, 0].tolist() == [sample["goal_position"] for sample in entries]
    on = [sample["torque_enable"] for sample in entries]
    assert log.readings.torque_enabled[:, 0].tolist() == on
    assert np.abs(log.readings.duty).max() <= 1.0


@needs_bench
def test_the_duty_pushes_towards_the_goal_on_a_real_log(tmp_path):
    log = Log.open(import_bam(BENCH / "sin_sin_kp100.json", tmp_path / "bench.mcap"))
    error = log.commands.position - log.readings.position
    assert np.corrcoef(error[:, 0], log.readings.duty[:, 0])[0, 1] > 0.9
