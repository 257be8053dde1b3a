"""Laws of LeRobotDatasets: the layout as LeRobot 0.4.4 reads it, and the way back."""

import json

import numpy as np
import pytest
from log_samples import episodes

from ashore.hardware.errors import LogError
from ashore.hardware.exporters.lerobot_dataset import export_lerobot
from ashore.hardware.exporters.running_stats import RunningStats
from ashore.hardware.importers.lerobot import import_lerobot
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FILE = "chunk-000/file-000.parquet"


def exported(tmp_path, **changed):
    log = episodes(tmp_path / "log.mcap", **changed)
    return export_lerobot(log, tmp_path / "set"), tmp_path / "set"


def test_an_episode_is_a_stretch_in_which_the_policy_ran(tmp_path):
    result, folder = exported(tmp_path)
    assert result == (2, 10, 0, None)
    rows = pq.read_table(folder / "data" / FILE).to_pydict()
    assert rows["episode_index"] == [0] * 5 + [1] * 5
    assert rows["frame_index"] == [0, 1, 2, 3, 4] * 2
    assert rows["index"] == list(range(10))
    assert rows["task_index"] == [0] * 5 + [1] * 5
    # A frame's time is its number over 50 Hz, as float32.
    assert rows["timestamp"] == [float(np.float32(i / 50)) for i in range(5)] * 2
    # The goal behind each reading, in both episodes.
    assert rows["action"] == [[float(e + i)] * 2 for e in range(2) for i in range(5)]
    expected = np.float32(0.1 + 2.0 + 1 / 50)
    assert rows["observation.state"][1] == [expected] * 2


def test_the_layout_is_what_lerobot_reads(tmp_path):
    _, folder = exported(tmp_path)
    info = json.loads((folder / "meta/info.json").read_text())
    data = pq.read_table(folder / "data" / FILE)
    assert info["codebase_version"] == "v3.0"
    assert (info["fps"], info["total_episodes"], info["total_frames"]) == (50, 2, 10)
    assert info["splits"] == {"train": "0:2"}
    assert info["features"]["action"]["names"] == ["hip", "knee"]
    assert set(info["features"]) == set(data.column_names)
    assert data.schema.field("observation.state").type == pa.list_(pa.float32(), 2)
    place = info["data_path"].format(chunk_index=0, file_index=0)
    assert (folder / place).is_file()
    episodes = pq.read_table(folder / "meta/episodes" / FILE).to_pydict()
    assert episodes["dataset_from_index"] == [0, 5]
    assert episodes["dataset_to_index"] == [5, 10]
    assert episodes["length"] == [5, 5]
    assert episodes["tasks"] == [["walk 0"], ["walk 1"]]
    assert episodes["data/chunk_index"] == episodes["meta/episodes/file_index"] == [0, 0]
    assert episodes["stats/action/max"] == [[4.0, 4.0], [5.0, 5.0]]
    stats = json.loads((folder / "meta/stats.json").read_text())
    assert stats["action"]["mean"] == [2.5, 2.5]
    assert stats["action"]["count"] == [10]


def test_one_joint_is_a_plain_column_as_lerobot_wants_it(tmp_path):
    _, folder = exported(tmp_path, joints=1)
    assert pq.read_table(folder / "data" / FILE).schema.field("action").type == pa.float32()
    logs = import_lerobot(folder, tmp_path / "back", "rad")
    assert Log.open(logs[1]).commands.position[:, 0].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_missed_tick_repeats_a_frame_and_is_counted(tmp_path):
    # Tick 2 was missed; 3.3 comes within half a period of 3 and replaces it.
    result, folder = exported(tmp_path, ticks=(0, 1, 3, 3.3, 4.3), count=1)
    assert result == (1, 5, 2, None)
    rows = pq.read_table(folder / "data" / FILE).to_pydict()
    assert [action[0] for action in rows["action"]] == pytest.approx([0, 1, 1, 3.3, 4.3])


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"spec": "{}"}, "says no rate"),
        ({"ticks": ()}, "holds no episode"),
        ({"ticks": (0, 1, 70)}, "comes 1.380 s after the one before"),
    ],
)
def test_a_log_that_is_no_even_episode_is_refused(changed, match, tmp_path):
    with pytest.raises(LogError, match=match):
        exported(tmp_path, **changed)
    assert not (tmp_path / "set").exists()


def dataset(folder, state=((0.0, 90.0), (1.0, -90.0)), episodes=(0, 1), version="v3.0"):
    """A dataset of somebody else's, in plain lists."""
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta").mkdir()
    feature = {"dtype": "float32", "shape": [2], "names": ["a.pos", "b.pos"]}
    info = {"codebase_version": version, "fps": 30, "robot_type": "so100"}
    info["features"] = {"observation.state": feature, "action": feature}
    (folder / "meta/info.json").write_text(json.dumps(info))
    columns = {
        "observation.state": pa.array(list(map(list, state)), pa.list_(pa.float32())),
        "action": pa.array([[10.0, 20.0]] * len(state), pa.list_(pa.float32())),
        "timestamp": pa.array([0.0] * len(state), pa.float32()),
        "episode_index": pa.array(list(episodes), pa.int64()),
    }
    pq.write_table(pa.table(columns), folder / "data" / FILE)
    return folder


def test_a_dataset_becomes_a_log_an_episode_in_the_unit_that_is_said(tmp_path):
    logs = import_lerobot(dataset(tmp_path / "set"), tmp_path / "out.mcap", "deg")
    assert [log.name for log in logs] == ["out_000.mcap", "out_001.mcap"]
    log = Log.open(logs[1])
    assert log.readings.position[0] == pytest.approx([np.pi / 180, -np.pi / 2])
    assert log.commands.position[0] == pytest.approx([np.pi / 18, np.pi / 9])
    assert log.header.setup["joints"] == ["a", "b"]
    assert log.header.robot == "so100"


def test_percent_is_of_the_joints_range(tmp_path):
    spec = RobotSpec.load("arm")
    joints = len(spec.joints)
    if joints != 2:
        with pytest.raises(LogError, match="has 2 joints"):
            import_lerobot(dataset(tmp_path / "set"), tmp_path / "out.mcap", "percent", spec)
        return
    state = ((-100.0, 100.0), (0.0, 0.0))
    folder = dataset(tmp_path / "set", state, (0, 0))
    (log,) = import_lerobot(folder, tmp_path / "out.mcap", "percent", spec)
    position = Log.open(log).readings.position
    lower, upper = spec.column("lower"), spec.column("upper")
    assert position[0] == pytest.approx([lower[0], upper[1]])
    assert position[1] == pytest.approx((lower + upper) / 2)


@pytest.mark.parametrize(
    ("changed", "unit", "match"),
    [
        ({}, None, "say it: --unit rad"),
        ({}, "percent", "give --robot"),
        ({"version": "v2.1"}, "deg", "version 'v2.1'"),
        ({"state": ((0.0, 1.0), (0.0, 1.0, 2.0))}, "deg", "no numbers of one width"),
        ({"state": ((0.0, np.nan), (0.0, 1.0))}, "deg", "joint 1 at 0.0 s is nan"),
    ],
)
def test_a_dataset_that_cannot_be_read_is_refused(changed, unit, match, tmp_path):
    with pytest.raises(LogError, match=match):
        import_lerobot(dataset(tmp_path / "set", **changed), tmp_path / "out.mcap", unit)
    assert not list(tmp_path.glob("*.mcap"))


def test_batches_add_up_to_the_statistics_of_the_whole():
    values = np.random.default_rng(3).normal(5.0, 2.0, (1000, 2))
    values[::7, 1] = np.nan
    stats = RunningStats(2)
    for batch in np.split(values, [1, 10, 500]):
        stats.add(batch)
    found = stats.result()
    assert found["mean"] == pytest.approx(np.nanmean(values, axis=0))
    assert found["std"] == pytest.approx(np.nanstd(values, axis=0))
    assert found["max"] == pytest.approx(np.nanmax(values, axis=0))
    assert found["count"] == [1000]
    assert found["q10"] == pytest.approx(np.nanquantile(values, 0.1, axis=0))


def test_quantiles_of_more_rows_than_are_kept_are_those_of_a_fair_sample():
    # Ordered and in unequal batches: a sample that favours any part would be far off.
    values = np.linspace(0.0, 1.0, 200_000)[:, None]
    stats = RunningStats(1)
    for batch in np.split(values, [1, 9_000, 9_500, 60_000, 199_000]):
        stats.add(batch)
    found = stats.result()
    for name, share in (("q01", 0.01), ("q10", 0.1), ("q50", 0.5), ("q90", 0.9), ("q99", 0.99)):
        # Five standard deviations of a quantile of 10,000 draws.
        assert found[name][0] == pytest.approx(share, abs=0.05 * np.sqrt(share * (1 - share)))
