"""`TwinProcess`: a twin in a process of its own, known only by the tty it answers on."""

import argparse
import gc
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Literal

from ashore.envs.errors import EnvsError, TwinError
from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.held_plant import HeldPlant
from ashore.envs.twin.hidden import draw_hidden
from ashore.envs.twin.imu.robot_imu import robot_imu
from ashore.envs.twin.plant import Plant
from ashore.envs.twin.servo_plant import ServoPlant
from ashore.envs.twin.twin import Twin, TwinConfig
from ashore.envs.twin.witness import Witness
from ashore.hardware.errors import HardwareError
from ashore.hardware.spec import RobotSpec

_STARTED = 60.0  # longest wait for the port; imports on a busy machine take their time [s]
_STOPPED = 10.0


@dataclass(frozen=True, kw_only=True)
class TwinOptions:
    """Which twin to serve."""

    robot: str = "servo"
    """Shipped robot's name, or a folder with its spec."""
    hidden: str = "none"
    """Seed of the physics that the twin keeps to itself, or `none` for the nominal robot."""
    clock: Literal["real", "lockstep"] = "real"
    """Whether time follows the host's clock or the host's joint reads."""
    link: Path | None = None
    """Where to put a symbolic link to the pseudo-terminal."""
    paced: bool = True
    """Whether a real-time twin's replies take the time that the wire takes."""
    latency_timer: float = 0.001
    """How long the USB adapter holds back what does not fill one of its packets [s]."""
    turnaround: float = 20e-6
    """What a servo needs to understand a packet and turn the line around [s]."""
    step: float = 0.001
    """Physics step; at 2 ms a twin takes about half as much of a processor [s]."""
    faults: Path | None = None
    """File of what goes wrong, and when; nothing without one."""
    truth: Path | None = None
    """CSV file to write the robot's true motion to, for measurements; a robot has no such thing."""
    held: bool = False
    """Whether a robot whose base is free hangs in a stand, its feet off the floor."""


def serve_twin(options: TwinOptions, announce: Callable[[str], object]) -> None:
    """Serve a twin until SIGINT or SIGTERM.

    `announce` is called once, with its port and, on a second line, that of its inertial sensor.
    What is hidden stays in the twin: it is neither announced nor, unless asked for as the truth,
    written anywhere.

    Raises:
        SpecError: there is no such robot.
        TwinError: the options are not possible, or the link's place is taken.
    """
    spec = RobotSpec.load(options.robot)
    hidden = draw_hidden(spec, options.hidden, options.robot)
    plant = ServoPlant(spec, hidden, options.step)
    period = 1.0 / spec.rate if options.clock == "lockstep" else None
    # A robot in a stand no longer has what its sensor differs in.
    imu = robot_imu(spec.imu, plant.simulation, period) if spec.imu is not None else None
    plant = HeldPlant(spec, hidden, options.step) if options.held else plant
    config = TwinConfig(
        ids=spec.ids,
        rate=spec.rate,
        clock=options.clock,
        link=options.link,
        model=tuple(joint.servo for joint in spec.joints),
        protocol=spec.bus.protocol,
        baud=spec.bus.baud,
        paced=options.paced,
        latency_timer=options.latency_timer,
        turnaround=options.turnaround,
        imu=imu,
    )
    faults = Faults.load(options.faults, config.seed, spec) if options.faults else None
    with ExitStack() as stack:
        moved: Plant = plant
        if options.truth is not None:
            witness = Witness(plant, plant.simulation, options.truth)
            stack.callback(witness.close)
            moved = witness
        twin = Twin(config, moved, faults)
        stack.callback(twin.close)
        port = twin.open()
        # What is there now stays; the collector needs not look at it again amid a reply.
        gc.freeze()
        announce(port if twin.imu_port is None else f"{port}\n{twin.imu_port}")
        twin.serve()


class TwinProcess:
    """Starts a twin in a process of its own, and ends it; a context manager.

    To the host it is a serial port and nothing else. Ending it is unplugging it. It ends with the
    process that started it, even if that is killed.
    """

    def __init__(self, options: TwinOptions) -> None:
        """Start the twin and wait until it answers.

        Raises:
            TwinError: it ended, or gave no port in time; what it said is in the message.
        """
        self.options = options
        command = [sys.executable, "-m", "ashore.envs.twin.twin_process", *_arguments(options)]
        command.append("--tethered")
        with ExitStack() as stack:
            self._errors = stack.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
            )
            stack.callback(self._end)
            self.port, _, imu_port = self._announcement().partition("\n")
            self.imu_port: str | None = imu_port or None
            self._open = stack.pop_all()

    def __enter__(self) -> "TwinProcess":
        """Return itself; it is started already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def close(self) -> None:
        """End it in order, its link removed; ending it twice is allowed."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOPPED)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a cable that is pulled; its link stays behind, leading nowhere."""
        self._open.close()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _announcement(self) -> str:
        """Return what the twin says first, which it says at once: a port a line."""
        stdout, line = self._process.stdout, b""
        deadline = time.monotonic() + _STARTED
        while stdout is not None and not line.endswith(b"\n"):
            left = max(0.0, deadline - time.monotonic())
            if not select.select([stdout], [], [], left)[0]:
                raise TwinError(
                    f"the twin of {self.options.robot!r} gave no port within {_STARTED:.0f} s; "
                    "is the machine overloaded?"
                )
            data = os.read(stdout.fileno(), 4096)
            if not data:
                raise TwinError(self._failure())
            line += data
        return line.decode().strip()

    def _failure(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip() or "it said nothing"
        return f"the twin of {self.options.robot!r} did not start (exit code {code}): {said}"


def _arguments(options: TwinOptions) -> list[str]:
    arguments = ["--robot", options.robot, "--hidden", options.hidden, "--clock", options.clock]
    arguments += ["--latency-timer", str(options.latency_timer)]
    arguments += ["--turnaround", str(options.turnaround), "--step", str(options.step)]
    arguments += [] if options.paced else ["--unpaced"]
    arguments += ["--held"] if options.held else []
    arguments += ["--link", str(options.link)] if options.link else []
    arguments += ["--truth", str(options.truth)] if options.truth else []
    return [*arguments, "--faults", str(options.faults)] if options.faults else arguments


def _announce(port: str) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """Ask this process to end when its standard input does, which its parent holds open."""

    def wait() -> None:
        while os.read(0, 4096):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait, daemon=True).start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the twin that the arguments describe; its ports are the first lines of the output."""
    parser = argparse.ArgumentParser(prog="python -m ashore.envs.twin.twin_process")
    parser.add_argument("--robot", default="servo", help="shipped robot's name, or a folder")
    parser.add_argument("--hidden", default="none", help="seed of the hidden physics, or none")
    parser.add_argument("--clock", default="real", choices=("real", "lockstep"))
    parser.add_argument("--link", type=Path, help="where to put a link to the tty")
    parser.add_argument("--latency-timer", type=float, default=0.001, help="of the adapter [s]")
    parser.add_argument("--turnaround", type=float, default=20e-6, help="of the servos [s]")
    parser.add_argument("--step", type=float, default=0.001, help="of the physics [s]")
    parser.add_argument("--unpaced", dest="paced", action="store_false", help="answer at once")
    parser.add_argument("--held", action="store_true", help="hang it in a stand")
    parser.add_argument("--faults", type=Path, help="file of what goes wrong, and when")
    parser.add_argument("--truth", type=Path, help="file to write the true motion to")
    parser.add_argument("--tethered", action="store_true", help="end when standard input does")
    options = vars(parser.parse_args(arguments))
    if options.pop("tethered"):
        _end_with_parent()
    try:
        serve_twin(TwinOptions(**options), _announce)
    except (EnvsError, HardwareError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
