"""Checks of the computer; each reads folders that it is given, such as /sys and /proc."""

import os
import re
from pathlib import Path

from ashore.hardware.doctor.finding import Finding, fine
from ashore.hardware.run.realtime import PRIORITY, WORKERS, kernel_workers

_RULE = 'ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"'
_RULE_FILE = "/etc/udev/rules.d/99-ashore.rules"
_LIMITS_FILE = "/etc/security/limits.d/ashore.conf"
_GOVERNORS = "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
_NICE, _LOCK = 23, 14  # CAP_SYS_NICE and CAP_IPC_LOCK. Source: linux/capability.h
_ENOUGH = 1 << 30  # memory that may be locked [B]: no policy here needs as much


def check_latency_timer(sys: Path, port: str | None) -> list[Finding]:
    """Look at how long USB adapters hold bytes back: that of `port`, or all.

    A cycle waits for it once at least, so 16 ms allow 60 of them a second at any baud rate.
    """
    files = sorted((sys / "bus/usb-serial/devices").glob("*/latency_timer"))
    name = None if port is None else Path(os.path.realpath(port)).name
    return [_latency(file) for file in files if name in (None, file.parent.name)]


def _latency(file: Path) -> Finding:
    name, value = file.parent.name, _number(file)
    found = f"the latency timer of {name} is {value} ms"
    if value is None or value <= 1:
        return fine("latency_timer", found)
    return Finding(
        level="hurts",
        check="latency_timer",
        found=found,
        why=f"replies are held back so long: {1000 // value} cycles a second at any baud rate",
        mend=(
            f"echo 1 | sudo tee /sys/bus/usb-serial/devices/{name}/latency_timer",
            f"echo '{_RULE}' | sudo tee {_RULE_FILE}",
        ),
        advice="the first command mends it until it is unplugged, the second for good",
    )


def check_realtime(proc: Path) -> list[Finding]:
    """Look at whether a run may go before other programs, and keep its memory from the disk."""
    rights = int(_field(proc / "self/status", r"CapEff:\s*(\w+)") or "0", 16)
    priority = _field(proc / "self/limits", r"Max realtime priority\s+(\w+)") or "0"
    locked = _field(proc / "self/limits", r"Max locked memory\s+(\w+)") or "0"
    lacks = []
    if not (rights >> _NICE & 1 or _reaches(priority, PRIORITY)):
        lacks.append(f"rtprio is {priority}, {PRIORITY} is needed")
    if not (rights >> _LOCK & 1 or _reaches(locked, _ENOUGH)):
        lacks.append(f"memlock is {locked} bytes, unlimited is needed")
    if not lacks:
        return [fine("realtime", "real-time priority and locked memory are allowed")]
    return [
        Finding(
            level="hurts",
            check="realtime",
            found=f"no real-time rights: {'; '.join(lacks)}",
            why="a busy computer makes ticks late, and a run with real time refuses to start",
            mend=(
                f"printf '%s - rtprio {PRIORITY}\\n%s - memlock unlimited\\n' $USER $USER"
                f" | sudo tee {_LIMITS_FILE}",
            ),
            advice="log in again afterwards; some remote logins ignore limits.d",
        )
    ]


def _reaches(limit: str, least: int) -> bool:
    return limit == "unlimited" or (limit.isdecimal() and int(limit) >= least)


def check_workers(proc: Path) -> list[Finding]:
    """Look at whether other programs keep the kernel from handing a port's bytes over."""
    ranks = kernel_workers(proc).values()
    if not ranks:
        return []
    if min(ranks) > 0:
        return [fine("workers", "the kernel's workers hand bytes over before programs run")]
    return [
        Finding(
            level="note",
            check="workers",
            found="the kernel's workers that hand a port's bytes over have ordinary priority",
            why="on a busy computer replies wait for milliseconds, with real time too",
            mend=(f"for p in $(pgrep '^kworker/u'); do sudo chrt -f -p {WORKERS} $p; done",),
            advice="it matters to 200 ticks a second beside other work, and lasts until the next "
            "start, for the workers of now",
        )
    ]


def check_governor(sys: Path) -> list[Finding]:
    """Look at whether processors slow down between two ticks."""
    files = sys.glob("devices/system/cpu/cpu*/cpufreq/scaling_governor")
    names = sorted({_text(file) for file in files} - {""})
    if not names:
        return []
    if names == ["performance"]:
        return [fine("governor", "the processors keep their speed")]
    return [
        Finding(
            level="note",
            check="governor",
            found=f"the processors' governor is {', '.join(names)}",
            why="they slow down while a loop sleeps, and its next tick begins slowly",
            mend=(f"echo performance | sudo tee {_GOVERNORS}",),
        )
    ]


def check_preemption(sys: Path, proc: Path) -> list[Finding]:
    """Look at whether the kernel lets a tick interrupt what else it does."""
    if _text(sys / "kernel/realtime") == "1":
        return [fine("preemption", "the kernel is a real-time kernel")]
    if "PREEMPT" in _text(proc / "version"):
        return [fine("preemption", "the kernel is preemptible")]
    return [
        Finding(
            level="note",
            check="preemption",
            found="the kernel is not preemptible",
            why="its own work can delay a tick by milliseconds",
            advice="install your distribution's low-latency or real-time kernel",
        )
    ]


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text.isdecimal() else None


def _field(file: Path, pattern: str) -> str | None:
    found = re.search(pattern, _text(file))
    return found[1] if found else None
