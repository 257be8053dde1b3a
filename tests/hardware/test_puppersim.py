"""Logs of a Pupper become logs of Ashore, and what is none is refused."""

import numpy as np
import pytest

from ashore.hardware.errors import LogError
from ashore.hardware.importers.puppersim import JOINTS, import_puppersim
from ashore.hardware.logs.log import Log


def archive(path, **changed):
    rng = np.random.default_rng(0)
    rows = {
        "t": np.cumsum(rng.uniform(0.003, 0.008, 40)),
        "action": rng.normal(size=(40, 12)),
        "MotorAngle": rng.normal(size=(40, 12)),
        "IMU": np.zeros((40, 4)),
        **changed,
    }
    np.savez(path, **{name: value for name, value in rows.items() if value is not None})
    return rows


def test_angles_and_commands_arrive_with_their_irregular_times(tmp_path):
    rows = archive(tmp_path / "trot.npz")
    log = Log.open(import_puppersim(tmp_path / "trot.npz", tmp_path / "trot.mcap", held=True))
    np.testing.assert_allclose(log.readings.time, rows["t"], atol=1e-9)
    np.testing.assert_array_equal(log.readings.position, rows["MotorAngle"])
    np.testing.assert_array_equal(log.commands.position, rows["action"])
    assert np.isnan(log.readings.current).all()
    assert log.header.robot == "pupper"
    assert log.header.setup["trajectory"] == "trot"
    assert log.header.setup["held"] is True
    assert list(log.header.setup["joints"]) == list(JOINTS)


@pytest.mark.parametrize(("changed", "said"), [
    ({"action": None}, "no array 'action'"),
    ({"MotorAngle": np.zeros((40, 11))}, "MotorAngle has shape"),
    ({"t": np.array(1.0)}, "t has shape"),
    ({"MotorAngle": np.full((40, 12), np.nan)}, "not finite"),
])
def test_archives_of_something_else_are_refused_by_name(tmp_path, changed, said):
    archive(tmp_path / "x.npz", **changed)
    with pytest.raises(LogError, match=said):
        import_puppersim(tmp_path / "x.npz", tmp_path / "x.mcap")
    assert not (tmp_path / "x.mcap").exists()


def test_absent_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(LogError, match="No such file"):
        import_puppersim(tmp_path / "none.npz", tmp_path / "x.mcap")
    (tmp_path / "text.npz").write_text("t,action\n")
    with pytest.raises(LogError, match="no numpy archive"):
        import_puppersim(tmp_path / "text.npz", tmp_path / "x.mcap")
