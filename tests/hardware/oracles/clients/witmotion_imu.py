"""The client of WitMotion sensors that PyPI has: it listens in a thread, and remembers the last."""

import json
import sys
import time

import witmotion

PATIENCE, ATTEMPTS = 3.0, 10


def main(port: str) -> dict[str, object]:
    """Return what it heard first of each kind.

    Its thread ends where a message comes before its constructor is through, so it may be deaf.
    """
    for _ in range(ATTEMPTS):
        imu = witmotion.IMU(port, baudrate=115200)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            angles, force = imu.get_angle(), imu.get_acceleration()
            spin = imu.get_angular_velocity()
            if force and spin and None not in angles:
                break
            time.sleep(0.01)
        imu.close()
        imu.ser.close()
        if None not in angles:
            break
    return {"angles": angles, "force": force, "spin": spin}


sys.stdout.write(json.dumps(main(sys.argv[1])))
