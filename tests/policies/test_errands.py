"""Laws of commands on a cluster: all are run, each is told of, and a dead worker's is run again."""

import os

import pytest

from ashore.policies.cluster.errands import Errand, run_errands
from ashore.policies.cluster.recruit import ClusterConfig
from ashore.policies.errors import TrainingError

HERE = ClusterConfig(address="local", workers=2)

pytestmark = pytest.mark.slow


def errand(folder, name, code):
    return Errand(name=name, words=("-c", code), said=folder / f"{name}.txt")


def run(errands, where=HERE):
    ends = {}
    run_errands(errands, where, lambda errand, code: ends.update({errand.name: code}))
    return ends


def test_errands_end_as_their_commands_do_and_those_are_run_again_whose_worker_died(tmp_path):
    mark = tmp_path / "died"
    once = f"""
import os, pathlib, time
mark = pathlib.Path({str(mark)!r})
print("worker", os.environ["ASHORE_THREADS"], flush=True)
if not mark.exists():
    mark.touch()
    os.kill(os.getppid(), 9)
    time.sleep(600)
"""
    found = run(
        [
            errand(tmp_path, "well", "print('as it should')"),
            errand(tmp_path, "ill", "import sys; print('ashore: no'); sys.exit(3)"),
            errand(tmp_path, "orphan", once),
            errand(tmp_path, "fatal", "import os, time; os.kill(os.getppid(), 9); time.sleep(600)"),
        ]
    )
    # One whose worker dies again and again is given up.
    assert found == {"well": 0, "ill": 3, "orphan": 0, "fatal": None}
    assert (tmp_path / "well.txt").read_text() == "as it should\n"
    assert (tmp_path / "ill.txt").read_text() == "ashore: no\n"
    # Both tries are there, and the first one died with its worker instead of sleeping on.
    assert (tmp_path / "orphan.txt").read_text() == "worker 1\n" * 2


def test_a_cluster_that_is_not_there_is_refused_before_anything_is_run(tmp_path):
    where = ClusterConfig(address="127.0.0.1:1", workers=1)
    with pytest.raises(TrainingError, match=r"no cluster of Ray at 127\.0\.0\.1:1"):
        run([errand(tmp_path, "never", "print(1)")], where)
    assert os.listdir(tmp_path) == []
