"""Commands on servos and their line: doctor, bus scan, servo read, write, reboot."""

import tyro

from ashore.launch.commands.flat import Flat
from ashore.launch.servo_request import ServoRequest

Name = tyro.conf.Positional[str]
Line = Flat[ServoRequest]


def doctor(
    port: tyro.conf.Positional[str | None] = None,
    /,
    robot: str | None = None,
    imu_port: str | None = None,
    json: bool = False,
) -> int:
    """Find each setting that hurts, and print the command that mends it; changes nothing.

    Exit code 1 if something hurts. Without a port it looks at this computer alone.

    Args:
        port: the robot's port, such as /dev/ttyUSB0.
        robot: the robot's name or folder, to hold its servos against its spec.
        imu_port: the port of its inertial sensor.
        json: print JSON.
    """
    from ashore.launch.doctoring import run_doctor

    return run_doctor(port, robot, imu_port, json)


def bus_scan(port: Name, /, json: bool = False) -> int:
    """Ask for servos at every rate and in every protocol; exit code 1 if none answers.

    Args:
        port: the port, such as /dev/ttyUSB0.
        json: print JSON.
    """
    from ashore.launch.doctoring import run_scan

    return run_scan(port, json)


def servo_read(
    port: Name, ids: Name, registers: tyro.conf.Positional[tuple[str, ...]] = (), /, *, line: Line
) -> int:
    """Print registers of servos, in counts and SI units.

    Args:
        port: the port, such as /dev/ttyUSB0.
        ids: one id, several such as 1,2,5-8, or `all` of a robot.
        registers: names of its control table; all by default.
        line: what kind of servos they are.
    """
    from ashore.launch.servoing import run_servo_read

    return run_servo_read(port, ids, registers, line)


def servo_write(
    port: Name,
    ids: Name,
    register: Name,
    value: tyro.conf.Positional[int],
    /,
    line: Line,
    force: bool = False,
) -> int:
    """Write a register of servos, and read it back. Refuses what can move a motor.

    Args:
        port: the port, such as /dev/ttyUSB0.
        ids: one id, several such as 1,2,5-8, or `all` of a robot.
        register: its name in the control table.
        value: what to write, in counts.
        line: what kind of servos they are.
        force: also write torque_enable and goal registers.
    """
    from ashore.launch.servoing import run_servo_write

    return run_servo_write(port, ids, register, value, line, force)


def servo_reboot(port: Name, ids: Name, /, line: Line, force: bool = False) -> int:
    """Restart servos, which clears their faults; torque goes. Refuses those that hold torque.

    Args:
        port: the port, such as /dev/ttyUSB0.
        ids: one id, several such as 1,2,5-8, or `all` of a robot.
        line: what kind of servos they are.
        force: also those that hold torque, and let go.
    """
    from ashore.launch.servoing import run_servo_reboot

    return run_servo_reboot(port, ids, line, force)
