"""Laws of a damaged log: what is lost is told, and nothing false is read."""

import random

import numpy as np
import pytest
from log_samples import opened, write
from mcap.reader import make_reader

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log, recover

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    return write(tmp_path_factory.mktemp("log") / "whole.mcap")


def test_a_log_cut_anywhere_is_a_prefix_and_says_so(whole, tmp_path):
    full = opened(whole, tmp_path)
    seen = set()
    generator = random.Random(3)
    cuts = {generator.randrange(len(whole)) for _ in range(150)} | {len(whole) - 1, 1, 8, 9}
    for cut in cuts:
        try:
            part = opened(whole[:cut], tmp_path)
        except LogError:
            continue
        count = len(part.readings)
        seen.add(count)
        assert "closing mark" in part.damage
        assert np.array_equal(part.readings.time, full.readings.time[:count])
        assert np.array_equal(part.readings.position, full.readings.position[:count])
        assert part.header == full.header
    assert len(seen) > 3


@pytest.mark.slow
def test_no_flipped_byte_goes_unnoticed(whole, tmp_path):
    full = opened(whole, tmp_path)
    generator = random.Random(5)
    places = {generator.randrange(len(whole)) for _ in range(150)}
    places |= set(range(60)) | {len(whole) - i for i in range(1, 60)}
    for place in sorted(places):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << generator.randrange(8)
        try:
            log = opened(bytes(flipped), tmp_path)
        except LogError:
            continue
        assert log.damage, place
        assert np.isin(log.readings.time, full.readings.time).all()


def test_a_bad_chunk_costs_its_own_messages_and_the_gap_is_told(whole, tmp_path):
    middle = len(whole) // 2
    log = opened(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], tmp_path)
    missing = 300 - len(log.readings)
    assert 0 < missing < 150
    assert f"{missing} messages of /reading are missing" in log.damage
    assert log.readings.time[-1] == 2.99


def test_recovery_makes_a_whole_file_of_what_is_good(whole, tmp_path):
    part = opened(whole[: len(whole) * 2 // 3], tmp_path)
    recovery = recover(part.path, tmp_path / "new.mcap")
    new = Log.open(tmp_path / "new.mcap")
    assert new.damage is None
    assert new.header == part.header
    assert np.array_equal(new.readings.position, part.readings.position)
    assert new.raw == part.raw
    # Five messages a tick, of which the last tick may be cut.
    assert 5 * len(part.readings) - 4 <= recovery.kept <= 5 * len(part.readings)
    assert recovery.lost_bytes > 0
    assert recovery.damage == part.damage
    assert new.events[-1].data["kept"] == recovery.kept
    with (tmp_path / "new.mcap").open("rb") as file:
        assert make_reader(file).get_summary().statistics.message_count == recovery.kept + 1


def test_recovery_counts_what_a_bad_chunk_lost(whole, tmp_path):
    full = opened(whole, tmp_path)
    middle = len(whole) // 2
    opened(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], tmp_path)
    recovery = recover(tmp_path / "log.mcap", tmp_path / "new.mcap")
    # Five messages a tick, 300 ticks, and the closing event.
    assert recovery.kept + recovery.lost == 5 * len(full.readings) + 1
    assert "are missing" in Log.open(tmp_path / "new.mcap").damage


def test_recovery_never_overwrites(whole, tmp_path):
    opened(whole, tmp_path)
    with pytest.raises(LogError, match="exists already"):
        recover(tmp_path / "log.mcap", tmp_path / "log.mcap")
    assert (tmp_path / "log.mcap").read_bytes() == whole
