"""What the fault matrix found in the robot and the run, kept as laws."""

from test_fault_matrix import now, read, run
from virtual_twin import FEETECH, VirtualBench


def test_a_servo_that_restarted_gives_no_sample_of_zeros(tmp_path):
    # It forgot its indirect addresses, so that its block reads as zeros: -pi rad, 0 V.
    bench = VirtualBench(now("reboot", "middle", seconds=0.0), tmp_path)
    robot = bench.open()
    read(bench, robot)
    last = robot.readings[-1]
    assert not last.torque_enabled[1]
    assert last.position[1] > -3.0
    assert last.voltage[1] > 0.0


def test_a_feetech_servo_that_restarted_is_noticed_although_the_next_goal_brings_torque(tmp_path):
    bench = VirtualBench(now("reboot", "middle", seconds=0.0), tmp_path, FEETECH)
    assert "lost its torque" in run(bench, tmp_path)[0].reason


def test_an_encoder_that_leaps_faster_than_a_joint_may_turn_stops_a_run(tmp_path):
    # 0.8 rad in 20 ms; 25 rad/s are allowed, and the velocity register says nothing of it.
    bench = VirtualBench(now("jump", "middle", angle=0.8), tmp_path)
    assert "leapt by 0.8" in run(bench, tmp_path)[0].reason
