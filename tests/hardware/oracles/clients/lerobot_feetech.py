"""LeRobot's Feetech bus: handshake, settings, calibration, joint reads and writes."""

import json
import sys

from stubs import stub_for_buses

RETRIES = 5


def main(port: str) -> dict[str, object]:
    """Return what the bus saw."""
    stub_for_buses()
    from lerobot.motors import Motor, MotorCalibration, MotorNormMode
    from lerobot.motors.feetech import FeetechMotorsBus

    motors = {f"m{i}": Motor(i, "sts3215", MotorNormMode.DEGREES) for i in range(1, 7)}
    bus = FeetechMotorsBus(port, motors)
    bus.connect(handshake=True)
    bus.disable_torque()
    bus.configure_motors()
    told = {m: MotorCalibration(motors[m].id, 0, -17, 100, 4000) for m in motors}
    bus.write_calibration(told)
    calibrated = bus.is_calibrated
    positions = bus.sync_read("Present_Position", normalize=False, num_retry=RETRIES)
    bus.enable_torque()
    goals = {motor: 2000 + i for i, motor in enumerate(motors)}
    bus.sync_write("Goal_Position", goals, normalize=False)
    seen = {
        "positions": positions,
        "asked": goals,
        "goals": bus.sync_read("Goal_Position", normalize=False, num_retry=RETRIES),
        "calibrated": calibrated,
        "torque": bus.sync_read("Torque_Enable", num_retry=RETRIES),
        "lock": bus.sync_read("Lock", num_retry=RETRIES),
    }
    bus.disconnect(disable_torque=True)
    return seen


sys.stdout.write(json.dumps(main(sys.argv[1])))
