"""Feetech's own kit, 2.0: the SCS family, whose words begin with the high byte."""

import json
import sys

import scservo_sdk as sdk
import scservo_sdk.port_handler

IDS = range(1, 7)


def main(port: str) -> dict[str, object]:
    """Return what the kit saw."""
    # Its own 50 ms are too short for a busy machine.
    scservo_sdk.port_handler.LATENCY_TIMER = 500
    handler = sdk.PortHandler(port)
    assert handler.openPort()
    assert handler.setBaudRate(1_000_000)
    servo = sdk.scscl(handler)
    seen: dict[str, object] = {"pings": [servo.ping(i) for i in IDS]}
    seen["torque"] = [servo.write1ByteTxRx(i, sdk.SCSCL_TORQUE_ENABLE, 1) for i in IDS]
    seen["position"] = servo.ReadPos(1)
    seen["write"] = servo.WritePos(1, 600, 0, 1500)
    seen["write_read"] = servo.read2ByteTxRx(1, sdk.SCSCL_GOAL_POSITION_L)
    seen["registered"] = servo.RegWritePos(2, 400, 0, 1500)
    seen["action"] = servo.RegAction()
    seen["after_action"] = servo.read2ByteTxRx(2, sdk.SCSCL_GOAL_POSITION_L)
    for i in IDS:
        assert servo.SyncWritePos(i, 500 + i, 0, 1500)
    seen["sync_write"] = servo.groupSyncWrite.txPacket()
    seen["goals"] = [servo.read2ByteTxRx(i, sdk.SCSCL_GOAL_POSITION_L) for i in IDS]
    handler.closePort()
    return seen


sys.stdout.write(json.dumps(main(sys.argv[1])))
