"""Checks of a serial port, before anyone opens it: may this user, and does somebody else."""

import grp
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ashore.hardware.doctor.finding import Finding, fine
from ashore.hardware.wire.openers import Opener, openers


@dataclass(frozen=True, kw_only=True)
class PortAccess:
    """Who may open a port."""

    group: str
    """Group of the port's file."""
    allowed: bool
    """Whether this process may."""
    member: bool
    """Whether the user is in that group, perhaps since after this session began."""

    @classmethod
    def of(cls, port: str) -> "PortAccess":
        """Look at a port's file.

        Raises:
            OSError: there is none.
        """
        number, user = os.stat(port).st_gid, _user()
        try:
            entry = grp.getgrgid(number)
        except KeyError:
            return cls(group=str(number), allowed=os.access(port, os.R_OK | os.W_OK), member=False)
        return cls(
            group=entry.gr_name,
            allowed=os.access(port, os.R_OK | os.W_OK),
            member=user in entry.gr_mem,
        )


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def check_access(port: str, access: PortAccess) -> list[Finding]:
    """Look at whether this user may open the port."""
    if access.allowed:
        return [fine("access", f"{port} may be opened")]
    late = access.member
    return [
        Finding(
            level="hurts",
            check="access",
            found=f"{port} may not be opened: it belongs to the group {access.group}",
            why="nothing can be driven through it",
            mend=(f"newgrp {access.group}" if late else f"sudo usermod -aG {access.group} $USER",),
            advice="or log in again: you are in the group since after this session began"
            if late
            else "then log in again",
        )
    ]


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process that has a port open."""

    pid: int
    """Its number."""
    name: str
    """Its name."""


def port_holders(port: str, proc: Path) -> list[Holder]:
    """Return who else has `port` open, as far as may be seen; nobody if it is no serial port.

    Of a pseudo-terminal, the process behind it is none of them: it has its far end open as well.
    """
    target = os.path.realpath(port)
    if not (target.startswith("/dev/pts/") or Path(target).name.startswith("tty")):
        return []
    return [
        Holder(pid=opener.pid, name=opener.name)
        for opener in openers(port, proc)
        if opener.pid != os.getpid() and not _behind(target, opener)
    ]


def _behind(target: str, opener: Opener) -> bool:
    return target.startswith("/dev/pts/") and any("ptmx" in path for path in opener.opened)


def check_holders(port: str, holders: Iterable[Holder]) -> list[Finding]:
    """Look at whether another program speaks on the same line."""
    return [
        Finding(
            level="hurts",
            check="holder",
            found=f"process {holder.pid} ({holder.name}) has {port} open",
            why="two programs on one line take each other's replies",
            mend=(f"kill {holder.pid}",),
            advice="hold the robot first: what it drives may go limp",
        )
        for holder in holders
    ]
