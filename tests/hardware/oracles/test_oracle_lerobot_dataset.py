"""LeRobot's own dataset class, unmodified but for its imports for images, reads and writes ours."""

import numpy as np
import pytest
from log_samples import episodes
from oracle import needs, visit

from ashore.hardware.exporters.lerobot_dataset import export_lerobot
from ashore.hardware.importers.lerobot import import_lerobot
from ashore.hardware.logs.log import Log


@pytest.mark.slow
@needs("lerobot", "datasets")
def test_lerobot_is_given_the_frames_of_a_log_and_what_it_writes_is_a_log_again(tmp_path) -> None:
    pytest.importorskip("pyarrow")
    log = Log.open(episodes(tmp_path / "log.mcap"))
    export_lerobot(log.path, tmp_path / "set")
    seen = visit("lerobot_dataset", str(tmp_path / "set"), "lerobot", "datasets")
    assert (seen["fps"], seen["episodes"], seen["names"]) == (50, 2, ["hip", "knee"])
    # The first reading of each episode is the one before the policy ran.
    ran = np.delete(log.readings.position, [0, 6], axis=0).astype(np.float32)
    assert seen["state"] == ran.tolist()
    assert seen["action"] == log.commands.position.tolist()
    assert seen["time"] == pytest.approx([0.0, 0.02, 0.04, 0.06, 0.08] * 2)
    assert seen["task"] == ["walk 0"] * 5 + ["walk 1"] * 5
    assert seen["second"] == [5, 6, 7, 8, 9]
    assert seen["mean"] == seen["median"] == [2.5, 2.5]
    # An action and the two after it; past an episode's end they repeat the last and say so.
    assert [[goal[0] for goal in chunk] for chunk in seen["chunk"]] == [
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
        [3, 4, 4],
    ]
    assert seen["padded"][2:] == [[False, False, False], [False, False, True]]
    back = import_lerobot(tmp_path / "copy", tmp_path / "back.mcap", "rad")
    again = [Log.open(path) for path in back]
    assert np.array_equal(np.concatenate([one.readings.position for one in again]), ran)
    assert np.array_equal(
        np.concatenate([one.commands.position for one in again]), log.commands.position
    )
