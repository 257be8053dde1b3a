"""Feetech's own kit, 2.0: the STS family by name, and a joint read."""

import json
import sys

import scservo_sdk as sdk
import scservo_sdk.port_handler

IDS = range(1, 7)
OK = (sdk.COMM_SUCCESS, 0)


def main(port: str) -> dict[str, object]:
    """Return what the kit saw."""
    # Its own 50 ms are too short for a busy machine.
    scservo_sdk.port_handler.LATENCY_TIMER = 500
    handler = sdk.PortHandler(port)
    assert handler.openPort()
    assert handler.setBaudRate(1_000_000)
    servo = sdk.sms_sts(handler)
    seen: dict[str, object] = {"pings": [servo.ping(i) for i in IDS]}
    seen["unlock"] = servo.unLockEprom(1)
    seen["limit"] = servo.write2ByteTxRx(1, sdk.SMS_STS_MIN_ANGLE_LIMIT_L, 5)
    seen["lock"] = servo.LockEprom(1)
    seen["limit_read"] = servo.read2ByteTxRx(1, sdk.SMS_STS_MIN_ANGLE_LIMIT_L)
    seen["torque"] = [servo.write1ByteTxRx(i, sdk.SMS_STS_TORQUE_ENABLE, 1) for i in IDS]
    seen["position"] = servo.ReadPos(1)
    seen["position_speed"] = servo.ReadPosSpeed(1)
    seen["write"] = servo.WritePosEx(1, 2100, 1500, 50)
    seen["write_read"] = servo.read2ByteTxRx(1, sdk.SMS_STS_GOAL_POSITION_L)
    seen["negative_speed"] = servo.WriteSpec(2, -300, 10)
    seen["speed_read"] = servo.read2ByteTxRx(2, sdk.SMS_STS_GOAL_SPEED_L)
    seen["registered"] = servo.RegWritePosEx(3, 1900, 1500, 50)
    seen["before_action"] = servo.read2ByteTxRx(3, sdk.SMS_STS_GOAL_POSITION_L)
    seen["action"] = servo.RegAction()
    seen["after_action"] = servo.read2ByteTxRx(3, sdk.SMS_STS_GOAL_POSITION_L)
    for i in IDS:
        assert servo.SyncWritePosEx(i, 2000 + i, 1500, 50)
    seen["sync_write"] = servo.groupSyncWrite.txPacket()
    reader = sdk.GroupSyncRead(servo, sdk.SMS_STS_GOAL_POSITION_L, 2)
    for i in IDS:
        assert reader.addParam(i)
    seen["sync_read"] = reader.txRxPacket()
    seen["goals"] = [reader.getData(i, sdk.SMS_STS_GOAL_POSITION_L, 2) for i in IDS]
    handler.closePort()
    return seen


sys.stdout.write(json.dumps(main(sys.argv[1])))
