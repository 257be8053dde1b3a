"""The benchmark of endurance: a walk through the wires in real time, and an honest account."""

import pytest

from ashore.launch.bench.bench_soak import MEANINGS, soak


@pytest.mark.slow
def test_a_walk_through_the_wires_tells_all_that_it_missed():
    rows = {row["name"]: row for row in soak(1)}
    assert all(any(name.startswith(known) for known in MEANINGS) for name in rows)
    assert rows["soak_unreported_misses"]["value"] == 0
    steps = rows["soak_control_steps"]
    # A busy machine may stop the run; then it says so, and does not fall for that.
    if steps["unit"] == "finished":
        assert steps["value"] + rows["soak_deadlines_missed"]["value"] >= 1000
        assert rows["soak_velocity_error"]["value"] < 0.12
        assert rows["soak_falls"]["value"] == 0
    else:
        assert "control steps" in steps["unit"]
