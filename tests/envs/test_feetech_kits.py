"""Feetech's two kits, which nobody here wrote, move the shipped arm's twin in real time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess

PLACE = Path(
    os.environ.get("ASHORE_ORACLES", Path(__file__).resolve().parents[2] / ".venv" / "oracles")
)

# Each turns the wrist by 300 counts, and says what it read on the way.
BEGIN = """
import json, sys, time
import scservo_sdk as sdk
import scservo_sdk.port_handler
scservo_sdk.port_handler.LATENCY_TIMER = 500
port = sdk.PortHandler(sys.argv[1])
assert port.openPort() and port.setBaudRate(1_000_000)
"""
NEWER = """
servo = sdk.sms_sts(port)
start, *fine = servo.ReadPos(5)
assert fine == [0, 0]
servo.WritePosEx(5, start + 300, 1000, 50)
speeds = []
for _ in range(2000):
    position, speed, *fine = servo.ReadPosSpeed(5)
    speeds.append(speed)
    if abs(position - start - 300) < 12 and abs(speed) < 20:
        break
    time.sleep(0.005)
torque = servo.read1ByteTxRx(5, sdk.SMS_STS_TORQUE_ENABLE)[0]
print(json.dumps([start, position, max(speeds), torque]))
"""
OLDER = """
packet = sdk.PacketHandler(0)
start, *fine = packet.read2ByteTxRx(port, 5, 56)
assert fine == [0, 0]
packet.write2ByteTxRx(port, 5, 46, 1000)
packet.write1ByteTxRx(port, 5, 41, 50)
packet.write1ByteTxRx(port, 5, 40, 1)
packet.write2ByteTxRx(port, 5, 42, start + 300)
speeds = []
for _ in range(2000):
    word = packet.read4ByteTxRx(port, 5, 56)[0]
    position, speed = sdk.SCS_LOWORD(word), sdk.SCS_TOHOST(sdk.SCS_HIWORD(word), 15)
    speeds.append(speed)
    if abs(position - start - 300) < 12 and abs(speed) < 20:
        break
    time.sleep(0.005)
torque = packet.read1ByteTxRx(port, 5, 40)[0]
print(json.dumps([start, position, max(speeds), torque]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kit", "script"), [("ftservo-python-sdk", NEWER), ("feetech-servo-sdk", OLDER)]
)
def test_a_kit_moves_the_arm_at_the_speed_it_asked_for(kit: str, script: str) -> None:
    if not (PLACE / kit).is_dir():
        pytest.skip(f"no {kit} in {PLACE}; `make oracles` installs it")
    environment = {**os.environ, "PYTHONPATH": str(PLACE / kit)}
    with TwinProcess(TwinOptions(robot="arm")) as twin:
        command = [sys.executable, "-c", BEGIN + script, twin.port]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    start, position, fastest, torque = json.loads(done.stdout)
    assert start == pytest.approx(2048, abs=8)
    assert position == pytest.approx(start + 300, abs=12)
    # 1000 counts/s; with 50 * 100 counts/s² it has that after 100 of the 300.
    assert 600 < fastest < 1300
    assert torque == 1
