"""Laws of the truth that a twin writes down when it is asked to."""

import numpy as np
import pytest

from ashore.envs.errors import TwinError
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.servo_plant import ServoPlant
from ashore.envs.twin.servos.firmware import Firmware
from ashore.envs.twin.witness import BASE, Witness
from ashore.hardware.spec import RobotSpec

QUADRUPED = RobotSpec.load("quadruped")


def test_a_line_a_control_period_says_where_the_robot_truly_is(tmp_path):
    plant, path = ServoPlant(QUADRUPED, {}), tmp_path / "truth.csv"
    witness = Witness(plant, plant.simulation, path)
    Firmware(witness, FirmwareConfig(ids=QUADRUPED.ids, model="xm430")).advance(0.06)
    witness.close()
    truth = np.genfromtxt(path, delimiter=",", names=True)
    assert truth.dtype.names == ("time", *BASE, *QUADRUPED.names)
    assert truth["time"] == pytest.approx([0.02, 0.04, 0.06])
    assert truth["z"][-1] == pytest.approx(plant.simulation.batch.bind("qpos")[0, 2], rel=1e-5)
    angles = [truth[name][-1] for name in QUADRUPED.names]
    assert angles == pytest.approx(plant.simulation.position[0].tolist(), rel=1e-4, abs=1e-6)


def test_a_robot_that_stands_fast_has_no_base_to_tell_of(tmp_path):
    spec = RobotSpec.load("servo")
    plant = ServoPlant(spec, {})
    Witness(plant, plant.simulation, tmp_path / "truth.csv").close()
    assert (tmp_path / "truth.csv").read_text() == "time,shoulder\n"


def test_a_truth_that_cannot_be_written_is_a_sentence(tmp_path):
    plant = ServoPlant(RobotSpec.load("servo"), {})
    with pytest.raises(TwinError, match=r"cannot write the truth to .*: No such file"):
        Witness(plant, plant.simulation, tmp_path / "absent" / "truth.csv")
