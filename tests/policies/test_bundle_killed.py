"""A law of saving: whenever it is killed, the older bundle or the newer one is there, whole."""

import subprocess
import sys

import pytest
from sample_bundle import bundle

from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.storage import whole_folder

pytestmark = pytest.mark.slow

SAVER = """
import os, shutil, signal, sys
from ashore.policies.storage import whole_folder
from ashore.policies.bundle import Bundle

root, exchanges = sys.argv[1], sys.argv[2] == "exchange"
newer = Bundle.load(root + "/newer")
if not exchanges:
    whole_folder._exchange = lambda one, other: False


def kill_at(count):
    left, sync = [count], os.fsync

    def audit(event, arguments):
        if event.startswith(operations):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def fsync(descriptor):
        audit("os.fsync", ())
        sync(descriptor)

    operations = ("open", "os.", "ctypes.call_function")
    sys.addaudithook(audit)
    os.fsync = fsync


for count in range(1, 200):
    shutil.copytree(root + "/older", f"{root}/places/{count}/b")
    child = os.fork()
    if child == 0:
        kill_at(count)
        newer.save(f"{root}/places/{count}/b")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(status)
"""


@pytest.mark.parametrize("how", ["exchange", "rename"])
def test_a_save_killed_at_any_operation_leaves_a_whole_bundle_or_says_where_it_is(tmp_path, how):
    older, newer = bundle(1), bundle(2, attachments={})
    newer.save(tmp_path / "newer")
    older.save(tmp_path / "older")
    done = subprocess.run([sys.executable, "-c", SAVER, tmp_path, how], check=False)
    assert done.returncode == 0
    found, aside = [], 0
    for place in sorted((tmp_path / "places").iterdir(), key=lambda path: int(path.name)):
        if not (place / "b").exists():
            with pytest.raises(BundleError, match="saving it was interrupted; the older one is"):
                Bundle.load(place / "b")
            (left,) = place.glob(".b.*/old")
            assert Bundle.load(left).digest == older.digest
            aside += 1
            continue
        found.append(Bundle.load(place / "b").digest)
        # Another save puts things right, whatever was left beside.
        assert Bundle.load(newer.save(place / "b")).digest == newer.digest
    assert set(found) == {older.digest, newer.digest}
    assert found == sorted(found, key=[older.digest, newer.digest].index)
    assert len(found) > 30  # operations at which it was killed
    two = [tmp_path / "older", tmp_path / "newer"]
    assert aside == (how == "rename" or not whole_folder._exchange(*two))
