"""The kit that PyPI's users have, 1.0: registers by address, jointly and alone."""

import json
import sys

import scservo_sdk as sdk
import scservo_sdk.port_handler

IDS = range(1, 7)
GOAL, PRESENT, TORQUE = 42, 56, 40


def main(port: str) -> dict[str, object]:
    """Return what the kit saw."""
    # Its own 34 ms are too short for a busy machine.
    scservo_sdk.port_handler.LATENCY_TIMER = 500
    handler = sdk.PortHandler(port)
    assert handler.openPort()
    assert handler.setBaudRate(1_000_000)
    packet = sdk.PacketHandler(0)
    seen: dict[str, object] = {"pings": [packet.ping(handler, i) for i in IDS]}
    seen["torque"] = [packet.write1ByteTxRx(handler, i, TORQUE, 1) for i in IDS]
    seen["position"] = packet.read2ByteTxRx(handler, 1, PRESENT)
    seen["write"] = packet.write2ByteTxRx(handler, 1, GOAL, 2100)
    seen["write_read"] = packet.read2ByteTxRx(handler, 1, GOAL)
    seen["registered"] = packet.regWriteTxRx(handler, 2, GOAL, 2, [0xD0, 0x07])
    seen["before_action"] = packet.read2ByteTxRx(handler, 2, GOAL)
    seen["action"] = packet.action(handler, sdk.BROADCAST_ID)
    seen["after_action"] = packet.read2ByteTxRx(handler, 2, GOAL)
    writer = sdk.GroupSyncWrite(handler, packet, GOAL, 2)
    for i in IDS:
        assert writer.addParam(i, [sdk.SCS_LOBYTE(2000 + i), sdk.SCS_HIBYTE(2000 + i)])
    seen["sync_write"] = writer.txPacket()
    reader = sdk.GroupSyncRead(handler, packet, GOAL, 2)
    for i in IDS:
        assert reader.addParam(i)
    seen["sync_read"] = reader.txRxPacket()
    seen["goals"] = [reader.getData(i, GOAL, 2) for i in IDS]
    handler.closePort()
    return seen


sys.stdout.write(json.dumps(main(sys.argv[1])))
