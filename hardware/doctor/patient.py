"""`Patient`: what one servo told of itself; `Ward`: the line that it is on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.scan import Found


@dataclass(frozen=True, kw_only=True)
class Patient:
    """One servo id on a line, and everything that was heard of it."""

    id: int
    """The id that was asked."""
    joint: str = ""
    """Its joint's name in the spec; empty if there is none."""
    wanted: ControlTable | None = None
    """What the spec says it is; None without a spec."""
    table: ControlTable | None = None
    """What it is; None if that is not known."""
    model: str = ""
    """Name of the file of `table`; empty if there is none."""
    number: int | None = None
    """Model number that it gave; None if it said nothing good."""
    firmware: int = 0
    """Firmware version that it gave."""
    registers: Mapping[str, int] = field(default_factory=dict)
    """Value of each register that was read [counts]."""
    shared: bool = False
    """Whether several servos seem to answer to its id."""

    @property
    def present(self) -> bool:
        """Whether it gave one good answer at least."""
        return self.number is not None

    @property
    def who(self) -> str:
        """What to call it."""
        return f"servo {self.id} ({self.joint})" if self.joint else f"servo {self.id}"

    def si(self, name: str) -> float | None:
        """Return a register in SI units; None if it was not read."""
        if self.table is None or name not in self.registers:
            return None
        return self.table[name].to_si(self.registers[name])


@dataclass(frozen=True, kw_only=True)
class Ward:
    """One serial line at one rate, and whoever was asked on it."""

    port: str
    """The port, as the user gave it."""
    protocol: str
    """Wire protocol."""
    baud: int
    """Rate [bit/s]."""
    patients: tuple[Patient, ...]
    """The spec's servos, and whoever else answered."""
    robot: str | None = None
    """Name or folder of the spec, as the user gave it."""
    spec: RobotSpec | None = None
    """The spec itself."""
    elsewhere: tuple[Found, ...] = ()
    """Servos that were found at another rate or in another protocol."""

    @property
    def present(self) -> list[Patient]:
        """Those that gave a good answer."""
        return [patient for patient in self.patients if patient.present]

    @property
    def missing(self) -> list[Patient]:
        """Those that gave none, of themselves or of several."""
        return [p for p in self.patients if not (p.present or p.shared)]

    @property
    def strangers(self) -> list[Patient]:
        """Those that the spec does not know."""
        return [p for p in self.patients if self.spec is not None and p.wanted is None]

    def grouped(self, *names: str) -> dict[tuple[str, tuple[int | None, ...]], list[Patient]]:
        """Return those present whose model has the registers `names`, by model and values."""
        groups: dict[tuple[str, tuple[int | None, ...]], list[Patient]] = {}
        for patient in self.present:
            if all(name in patient.registers for name in names):
                values = tuple(patient.registers[name] for name in names)
                groups.setdefault((patient.model, values), []).append(patient)
        return groups

    def write(self, patients: Iterable[Patient], register: str, value: int) -> str:
        """Return the command that writes a register of some of them."""
        patients = list(patients)
        return self._command("write", patients, f" {register} {value}")

    def reboot(self, patients: Iterable[Patient]) -> str:
        """Return the command that restarts some of them."""
        return self._command("reboot", list(patients), "")

    def _command(self, verb: str, patients: list[Patient], rest: str) -> str:
        ids = _runs([patient.id for patient in patients], ",")
        ours = self.spec is None or all(patient.wanted is not None for patient in patients)
        if self.robot is not None and ours:
            return f"ashore servo {verb} {self.port} {ids}{rest} --robot {self.robot}"
        model = next((p.model for p in (*patients, *self.present) if p.model), "MODEL")
        line = f"--model {model} --baud {self.baud}"
        return f"ashore servo {verb} {self.port} {ids}{rest} {line}"


@cache
def model_name(protocol: str, number: int) -> str:
    """Return the name of the control table with a model number; empty if there is none."""
    table = ControlTable.by_number(protocol, number)
    folder = files("ashore.hardware") / "servos"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir())
    return next((name for name in names if ControlTable.load(name) == table), "")


def names_of(patients: Iterable[Patient]) -> str:
    """Return what to call some of them, in a sentence."""
    patients = list(patients)
    if len(patients) == 1:
        return patients[0].who
    return "servos " + _runs([patient.id for patient in patients], ", ")


def _runs(ids: list[int], comma: str) -> str:
    """Return ids as a command takes them, three or more in a row as one run: 1-12,20,21."""
    runs: list[list[int]] = []
    for servo in sorted(ids):
        if runs and runs[-1][-1] == servo - 1:
            runs[-1].append(servo)
        else:
            runs.append([servo])
    parts = [[f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(i) for i in run] for run in runs]
    return comma.join(part for several in parts for part in several)
