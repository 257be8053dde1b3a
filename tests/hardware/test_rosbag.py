"""Laws of the import of ROS 2 bags, on bags that rosbags writes."""

import numpy as np
import pytest

from ashore.hardware.errors import LogError
from ashore.hardware.importers.rosbag import import_rosbag
from ashore.hardware.logs.log import Log

rosbag2 = pytest.importorskip("rosbags.rosbag2")
typesys = pytest.importorskip("rosbags.typesys")
STORE = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
T = STORE.types
JOINTS, IMU = "sensor_msgs/msg/JointState", "sensor_msgs/msg/Imu"
TRAJECTORY, NUMBERS = "trajectory_msgs/msg/JointTrajectory", "std_msgs/msg/Float64MultiArray"
SECOND = 10**9
EPOCH = 1_700_000_000


def header(time):
    stamp = T["builtin_interfaces/msg/Time"](sec=EPOCH + int(time), nanosec=round(time % 1 * 1e9))
    return T["std_msgs/msg/Header"](stamp=stamp, frame_id="base")


def joints(time, names=("hip", "knee"), position=(0.1, 0.2)):
    none = np.array([])
    values = np.array(position)
    return T[JOINTS](
        header=header(time), name=list(names), position=values, velocity=-values, effort=none
    )


def imu(time, turn=(0.0, 0.0, 0.0, 1.0), known=0.0):
    x, y, z, w = turn
    vector, nine = T["geometry_msgs/msg/Vector3"], np.full(9, known)
    return T[IMU](
        header=header(time),
        orientation=T["geometry_msgs/msg/Quaternion"](x=x, y=y, z=z, w=w),
        orientation_covariance=nine,
        angular_velocity=vector(x=1.0, y=2.0, z=3.0),
        angular_velocity_covariance=nine,
        linear_acceleration=vector(x=0.0, y=0.0, z=9.81),
        linear_acceleration_covariance=nine,
    )


def numbers(values):
    layout = T["std_msgs/msg/MultiArrayLayout"](dim=[], data_offset=0)
    return T[NUMBERS](layout=layout, data=np.array(values))


def trajectory(names, values):
    length = T["builtin_interfaces/msg/Duration"](sec=0, nanosec=0)
    none = np.array([])
    point = T["trajectory_msgs/msg/JointTrajectoryPoint"](
        positions=np.array(values), velocities=none, accelerations=none, effort=none,
        time_from_start=length,
    )
    return T[TRAJECTORY](header=header(0.0), joint_names=list(names), points=[point])


def bag(folder, *messages, plugin="SQLITE3"):
    storage = getattr(rosbag2.StoragePlugin, plugin)
    with rosbag2.Writer(folder, version=9, storage_plugin=storage) as writer:
        connections = {}
        for topic, time, message in messages:
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
            stamp = EPOCH * SECOND + round(time * SECOND)
            writer.write(connections[topic], stamp, STORE.serialize_cdr(message, kind))
    return folder


def imported(tmp_path, *messages, **how):
    plugin = how.pop("plugin", "SQLITE3")
    source = bag(tmp_path / "bag", *messages, plugin=plugin)
    return Log.open(import_rosbag(source, tmp_path / "log.mcap", **how))


@pytest.mark.parametrize("plugin", ["SQLITE3", "MCAP"])
def test_joint_states_become_readings_in_the_order_of_the_first(plugin, tmp_path):
    log = imported(
        tmp_path,
        ("/joint_states", 0.0, joints(0.5)),
        ("/joint_states", 0.1, joints(0.75, ("knee", "hip"), (0.4, 0.3))),
        plugin=plugin,
        robot="leg",
    )
    # Times are the headers', from the first on.
    assert log.readings.time.tolist() == [0.0, 0.25]
    assert log.readings.position.tolist() == [[0.1, 0.2], [0.3, 0.4]]
    assert log.readings.velocity.tolist() == [[-0.1, -0.2], [-0.3, -0.4]]
    assert np.isnan(log.readings.current).all()
    assert log.header.robot == "leg"
    assert log.header.setup["joints"] == ["hip", "knee"]
    assert log.header.setup["epoch_ns"] == EPOCH * SECOND + SECOND // 2


def test_a_reading_has_the_newest_imu_before_it(tmp_path):
    # A quarter turn about x brings what was down to -y: the base's -y points down, after q·v·q*.
    half = np.sqrt(0.5)
    log = imported(
        tmp_path,
        ("/imu", 0.0, imu(0.0)),
        ("/joint_states", 0.1, joints(0.1)),
        ("/imu", 0.2, imu(0.2, (half, 0.0, 0.0, half))),
        ("/imu", 0.3, imu(0.3, (half, 0.0, 0.0, half))),
        ("/joint_states", 0.4, joints(0.4)),
        ("/imu", 0.5, imu(0.5, known=-1.0)),
        ("/joint_states", 0.6, joints(0.6)),
    )
    assert log.readings.gyro.tolist() == [[1.0, 2.0, 3.0]] * 3
    assert log.readings.gravity[0] == pytest.approx([0.0, 0.0, -1.0])
    assert log.readings.gravity[1] == pytest.approx([0.0, -1.0, 0.0], abs=1e-9)
    assert np.isnan(log.readings.gravity[2]).all()
    assert log.readings.inertial_age == pytest.approx([0.1, 0.1, 0.1])


@pytest.mark.parametrize(
    "command",
    [numbers([1.0, 2.0]), trajectory(("knee", "hip"), [2, 1.0]), joints(0.5, position=(1.0, 2.0))],
    ids=["numbers", "trajectory", "joint_state"],
)
def test_the_named_topic_is_the_command(command, tmp_path):
    log = imported(
        tmp_path,
        ("/joint_states", 0.5, joints(0.5)),
        ("/goal", 0.5, command),
        ("/other", 0.5, numbers([9.0])),
        command_topic="/goal",
    )
    assert log.commands.position.tolist() == [[1.0, 2.0]]
    assert len(log.readings) == 1


@pytest.mark.parametrize(
    ("messages", "how", "match"),
    [
        ([("/imu", 0.0, imu(0.0))], {}, "0 topics of sensor_msgs/msg/JointState"),
        ([("/a", 0.0, joints(0.0)), ("/b", 0.0, joints(0.0))], {}, "2 topics of .*JointState"),
        ([("/a", 0.0, joints(0.0))], {"command_topic": "/b"}, "no topic '/b'; it has /a"),
        ([("/a", 0.0, joints(0.0)), ("/b", 0.0, imu(0.0))], {"command_topic": "/b"}, "is of "),
        ([("/a", 0.0, joints(0.0)), ("/a", 0.1, joints(0.1, ("x", "y")))], {}, "of joints x, y"),
        ([("/a", 0.0, joints(0.0, position=(1.0,)))], {}, "has 1 values of 2 joints"),
        ([("/a", 0.0, joints(1.0)), ("/a", 0.1, joints(0.5))], {}, "go backwards"),
    ],
)
def test_a_bag_that_cannot_be_read_is_refused(messages, how, match, tmp_path):
    with pytest.raises(LogError, match=match):
        imported(tmp_path, *messages, **how)
    assert not (tmp_path / "log.mcap").exists()


def test_damage_is_one_sentence(tmp_path):
    source = bag(tmp_path / "bag", ("/a", 0.0, joints(0.0)))
    (file,) = source.glob("*.db3")
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(LogError, match="damaged or no ROS 2 bag"):
        import_rosbag(source, tmp_path / "log.mcap")
    with pytest.raises(LogError, match="damaged or no ROS 2 bag"):
        import_rosbag(tmp_path / "none", tmp_path / "log.mcap")
