"""What an inertial sensor says, held against what the spec expects."""

from ashore.hardware.doctor.finding import Finding, fine
from ashore.hardware.errors import PortError
from ashore.hardware.imu.imu_scan import FoundImu, scan_imu
from ashore.hardware.spec import RobotSpec

_FEWEST = 0.8  # share of the control rate: what is listened to is too short for better


def check_imu(port: str, spec: RobotSpec | None) -> list[Finding]:
    """Listen for an inertial sensor on `port`, at every rate.

    Raises:
        PortLost: the port is gone in between.
    """
    try:
        found = scan_imu(port)
    except PortError as problem:
        why = "the inertial sensor on it cannot be heard"
        return [Finding(level="hurts", check="imu", found=str(problem), why=why)]
    if found is None:
        return [
            Finding(
                level="hurts",
                check="imu",
                found=f"no inertial sensor is understood on {port}, at any rate",
                why="a robot that needs one is refused",
                advice="check its power, its cable, and that it sends acceleration and rates",
            )
        ]
    said = f"{found.codec} at {found.baud} baud on {port}, {found.rate:.0f} samples a second"
    return _judged(found, spec, said) or [fine("imu", f"the inertial sensor speaks {said}")]


def _judged(found: FoundImu, spec: RobotSpec | None, said: str) -> list[Finding]:
    """What is wrong with a sensor that was understood."""
    if spec is None:
        return []
    findings = []
    imu = spec.imu
    if imu is None:
        text = f"the inertial sensor speaks {said}, and robot {spec.name} has none"
        why = "nobody listens to it"
        return [Finding(level="note", check="imu", found=text, why=why)]
    if (imu.codec, imu.baud) != (found.codec, found.baud):
        findings.append(
            Finding(
                level="hurts",
                check="imu",
                found=f"the inertial sensor speaks {said}",
                why=f"the spec expects {imu.codec} at {imu.baud} baud and hears nothing",
                advice=f'write codec = "{found.codec}" and baud = {found.baud} under [imu]',
            )
        )
    if found.rate < _FEWEST * spec.rate:
        findings.append(
            Finding(
                level="hurts",
                check="imu",
                found=f"the inertial sensor speaks {said}",
                why=f"the run takes {spec.rate:.0f} steps a second, and a stale sample stops it",
                advice="let it send more often, with its maker's program",
            )
        )
    return findings
