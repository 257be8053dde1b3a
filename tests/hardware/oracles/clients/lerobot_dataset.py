"""LeRobot's own dataset class: it reads a folder, and writes what it read to another beside it."""

import json
import sys
from pathlib import Path

from stubs import stub_for_datasets

NAME = "ashore/log"


def main(folder: Path) -> dict[str, object]:
    """Return what a training loop would be given."""
    stub_for_datasets()
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
    from torch.utils.data import DataLoader

    plain = LeRobotDataset(NAME, root=folder)
    frames = [plain[i] for i in range(len(plain))]
    # The action now and of the two frames after it, as a chunking policy asks for.
    after = {"action": [i / plain.fps for i in range(3)]}
    chunked = LeRobotDataset(NAME, root=folder, delta_timestamps=after)
    batch = next(iter(DataLoader(chunked, batch_size=4, shuffle=False)))
    second = LeRobotDataset(NAME, root=folder, episodes=[1])
    own = ("observation.state", "action")
    written = LeRobotDataset.create(
        NAME, plain.fps, {name: plain.features[name] for name in own}, folder.with_name("copy")
    )
    for frame in frames:
        if frame["frame_index"] == 0 and frame["episode_index"] > 0:
            written.save_episode()
        values = {name: frame[name].numpy() for name in own}
        written.add_frame({**values, "task": frame["task"]})
    written.save_episode()
    written.finalize()
    return {
        "fps": plain.fps,
        "episodes": plain.num_episodes,
        "action": [frame["action"].tolist() for frame in frames],
        "state": [frame["observation.state"].tolist() for frame in frames],
        "time": [frame["timestamp"].item() for frame in frames],
        "task": [frame["task"] for frame in frames],
        "names": plain.features["action"]["names"],
        "chunk": batch["action"].tolist(),
        "padded": batch["action_is_pad"].tolist(),
        "second": [second[i]["index"].item() for i in range(len(second))],
        "mean": plain.meta.stats["action"]["mean"].tolist(),
        "median": plain.meta.stats["action"]["q50"].tolist(),
    }


sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
