"""The supervisor: a process of its own that takes torque off when the runner dies or hangs.

`Heartbeat` starts it before torque comes, as a bare script on the standard library, with the
descriptor of the robot's port and of a pipe. Each byte in the pipe says how many tenths of a second
may pass until the next; 0 says that the joints are limp and nobody needs watching. When the pipe
ends or is silent for too long, the supervisor sends torque off until every servo has answered, or
for `PATIENCE`, says so on stderr, and ends. No signal that a person or a service manager sends to
the runner ends it before.
"""

import json
import os
import select
import signal
import sys
import termios
import time
from contextlib import suppress
from typing import NamedTuple

PATIENCE = 3.0
"""Longest that torque off is repeated for [s]."""
ROUNDS = 3
"""How often it is sent at least, for an adapter may have been in the middle of something."""

_REPLY = 0.03  # longest wait for one answer, an adapter's 16 ms included [s]
_BROADCAST = 0xFE


class Orders(NamedTuple):
    """What the supervisor was started with."""

    port: int
    """Descriptor of the robot's port, open."""
    heart: int
    """Descriptor of the pipe that the runner beats on."""
    runner: int
    """Process id of the runner, for the message."""
    packets: list[bytes]
    """What takes torque off: for all at once, and for each servo."""


def watch(heart: int) -> str:
    """Wait for a reason to act, and return it; empty if the runner ended with the joints limp."""
    due: float | None = None
    while True:
        left = None if due is None else max(0.0, due - time.monotonic())
        if not select.select([heart], [], [], left)[0]:
            return "said nothing for too long"
        beats = os.read(heart, 4096)
        if not beats:
            return "" if due is None else "died"
        due = time.monotonic() + beats[-1] / 10 if beats[-1] else None


def release(port: int, packets: list[bytes]) -> tuple[int, int]:
    """Send `packets` again and again; return how many servos answered, of how many.

    In both protocols a reply begins as its question does, up to the servo's id.
    """
    silent = [packet for packet in packets if packet[_head(packet) - 1] != _BROADCAST]
    loud = [packet for packet in packets if packet not in silent]
    asked, until = len(silent), time.monotonic() + PATIENCE
    for count in range(1, 1 << 16):
        for packet in loud:
            _send(port, packet)
        silent = [packet for packet in silent if not _answered(port, packet)]
        if (not silent and count >= ROUNDS) or time.monotonic() > until:
            break
    return asked - len(silent), asked


def _head(packet: bytes) -> int:
    """Bytes up to and with the id: FF FF FD 00 ID of Dynamixel 2.0, FF FF ID of Feetech."""
    return 5 if packet.startswith(b"\xff\xff\xfd\x00") else 3


def _answered(port: int, packet: bytes) -> bool:
    _send(port, packet)
    heard, until = b"", time.monotonic() + _REPLY
    while (left := until - time.monotonic()) > 0.0:
        if not select.select([port], [], [], left)[0]:
            break
        data = os.read(port, 4096)
        if not data:
            raise OSError("it has ended")
        heard += data
        if _replied(heard, packet):
            return True
    return False


def _replied(heard: bytes, packet: bytes) -> bool:
    """Whether a reply to `packet` is in `heard`, which may also hold an adapter's echo of it.

    A status of Dynamixel 2.0 says so in its eighth byte, and one of Feetech without data is two
    bytes long, where no question is.
    """
    head = packet[: _head(packet)]
    mark = 0x55 if len(head) == 5 else 2
    place = 7 if len(head) == 5 else 3
    starts = [i for i in range(len(heard) - place) if heard.startswith(head, i)]
    return any(heard[start + place] == mark for start in starts)


def _send(port: int, packet: bytes) -> None:
    with suppress(termios.error):
        termios.tcflush(port, termios.TCIFLUSH)
    while packet and select.select([], [port], [], _REPLY)[1]:
        packet = packet[os.write(port, packet) :]


def supervise(orders: Orders) -> str:
    """Watch, act if need be, and return what was done; empty for nothing."""
    reason = watch(orders.heart)
    if not reason:
        return ""
    said = f"ashore supervisor: the process that drove the robot ({orders.runner}) {reason}"
    try:
        answered, asked = release(orders.port, orders.packets)
    except OSError as problem:
        return f"{said}; torque may still be on: its port is gone ({problem}); cut its power"
    if answered < asked:
        return (
            f"{said}; sent torque off, but only {answered} of {asked} servos answered; "
            "cut their power to be sure"
        )
    return f"{said}; took torque off, and {answered} of {asked} servos answered"


def main() -> int:
    """Be the supervisor that the first argument describes; 1 if it had to act."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    orders = json.loads(sys.argv[1])
    packets = [bytes.fromhex(packet) for packet in orders.pop("packets")]
    with suppress(OSError):
        os.write(1, b"\n")
    said = supervise(Orders(packets=packets, **orders))
    with suppress(OSError):
        os.write(2, f"{said}\n".encode() if said else b"")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
