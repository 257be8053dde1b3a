"""The client of WitMotion sensors that PyPI has: it listens in a thread, and remembers the last."""

import json
import sys
import time

import witmotion

PATIENCE = 30.0


def main(port: str) -> dict[str, object]:
    """Return what it heard first of each kind."""
    imu = witmotion.IMU(port, baudrate=115200)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        angles, force, spin = imu.get_angle(), imu.get_acceleration(), imu.get_angular_velocity()
        if force and spin and None not in angles:
            break
        time.sleep(0.01)
    imu.close()
    return {"angles": angles, "force": force, "spin": spin}


sys.stdout.write(json.dumps(main(sys.argv[1])))
