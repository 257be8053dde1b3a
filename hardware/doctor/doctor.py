"""`Doctor`: looks at computer, port and servos, changes nothing, and says what mends what hurts."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from ashore.hardware.doctor.finding import Finding
from ashore.hardware.doctor.health_check import HEALTH_CHECKS
from ashore.hardware.doctor.imu_check import check_imu
from ashore.hardware.doctor.line_check import LINE_CHECKS
from ashore.hardware.doctor.machine_check import (
    check_governor,
    check_latency_timer,
    check_preemption,
    check_realtime,
    check_workers,
)
from ashore.hardware.doctor.patient import Patient, Ward
from ashore.hardware.doctor.port_check import (
    PortAccess,
    check_access,
    check_holders,
    port_holders,
)
from ashore.hardware.doctor.setting_check import SETTING_CHECKS
from ashore.hardware.doctor.survey import Survey
from ashore.hardware.errors import PortError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.protocol import ProtocolName
from ashore.hardware.wire.scan import BAUDS, PROTOCOLS, Found, scan

CHECKS = (*LINE_CHECKS, *SETTING_CHECKS, *HEALTH_CHECKS)
"""Every check of a line and its servos, in the order in which they are told."""


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Where to look, and how far."""

    sys: Path = Path("/sys")
    """Folder of the kernel's devices."""
    proc: Path = Path("/proc")
    """Folder of the processes."""
    bauds: tuple[int, ...] = BAUDS
    """Rates at which servos are looked for [bit/s]."""
    protocols: tuple[ProtocolName, ...] = PROTOCOLS
    """Protocols in which they are looked for."""
    tell: Callable[[ProtocolName, int], None] = lambda protocol, baud: None
    """Called before each rate that is tried."""

    def examine(
        self, port: str | None = None, robot: str | None = None, imu_port: str | None = None
    ) -> list[Finding]:
        """Look at everything: the computer, and with a port what hangs on it.

        Args:
            port: of the servos.
            robot: name or folder of the robot that should be there.
            imu_port: of the inertial sensor.

        Raises:
            SpecError: there is no such robot.
            PortLost: the port is gone in between.
        """
        spec = RobotSpec.load(robot) if robot is not None else None
        findings = self.examine_computer(port)
        if imu_port is not None:
            findings += self._examine_port(imu_port)
            findings += check_imu(imu_port, spec)
        if port is None:
            return findings
        findings += self._examine_port(port)
        if any(finding.check == "access" and finding.level == "hurts" for finding in findings):
            return findings
        try:
            for ward in self._wards(port, robot, spec):
                findings += [finding for check in CHECKS for finding in check(ward)]
        except PortError as problem:
            findings.append(
                Finding(
                    level="hurts",
                    check="port",
                    found=str(problem),
                    why="the servos on it cannot be asked",
                )
            )
        return findings

    def examine_computer(self, port: str | None) -> list[Finding]:
        """Look at adapters, rights, processors and kernel."""
        return [
            *check_latency_timer(self.sys, port),
            *check_realtime(self.proc),
            *check_workers(self.proc),
            *check_governor(self.sys),
            *check_preemption(self.sys, self.proc),
        ]

    def _examine_port(self, port: str) -> list[Finding]:
        if "://" in port or not os.path.exists(port):
            return []
        access = check_access(port, PortAccess.of(port))
        return access + check_holders(port, port_holders(port, self.proc))

    def _wards(self, port: str, robot: str | None, spec: RobotSpec | None) -> list[Ward]:
        if spec is not None:
            return [self._robot_ward(port, robot, spec)]
        found = scan(port, self.bauds, self.protocols, tell=self.tell)
        wards = []
        for (protocol, baud), _ in groupby(found, key=lambda one: (one.protocol, one.baud)):
            with Survey(port, protocol, baud) as survey:
                patients = tuple(survey.meet([]))
            wards.append(Ward(port=port, protocol=protocol, baud=baud, patients=patients))
        return wards or [Ward(port=port, protocol="", baud=0, patients=())]

    def _robot_ward(self, port: str, robot: str | None, spec: RobotSpec) -> Ward:
        protocol: ProtocolName = "feetech" if spec.bus.protocol == "feetech" else "dynamixel2"
        wanted = [
            Patient(id=joint.id, joint=joint.name, wanted=ControlTable.load(joint.servo))
            for joint in spec.joints
        ]
        with Survey(port, protocol, spec.bus.baud) as survey:
            patients = tuple(survey.meet(wanted))
        ward = Ward(
            port=port,
            protocol=protocol,
            baud=spec.bus.baud,
            patients=patients,
            robot=robot,
            spec=spec,
        )
        return self._searched(ward) if ward.missing else ward

    def _searched(self, ward: Ward) -> Ward:
        """Look for missing servos at other rates and in other protocols."""
        lost = {patient.id for patient in ward.missing}
        found: list[Found] = []
        for protocol in sorted(self.protocols, key=lambda name: name != ward.protocol):
            here = ward.baud if protocol == ward.protocol else None
            bauds: Iterable[int] = (baud for baud in self.bauds if baud != here)
            found += scan(ward.port, bauds, [protocol], tell=self.tell)
            if lost <= {one.id for one in found}:
                break
        return replace(ward, elsewhere=tuple(one for one in found if one.id in lost))
