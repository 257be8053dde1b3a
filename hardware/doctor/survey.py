"""`Survey`: asks the servos of a line what they are, and changes nothing."""

from collections.abc import Iterable
from dataclasses import replace

from ashore.hardware.doctor.patient import Patient, model_name
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.protocol import ProtocolName
from ashore.hardware.wire.result import Result
from ashore.hardware.wire.scan import scan_bus
from ashore.hardware.wire.transport import SerialTransport

_PINGS = 3
_RUBBLE = 2  # answers that are no packet, before two servos are said to share an id
_LATENCY = 0.04  # longest wait for a reply: twice an adapter's factory timer, and some [s]

ASKED = (
    "status_return_level",
    "return_delay_time",
    "drive_mode",
    "homing_offset",
    "startup_configuration",
    "shutdown",
    "temperature_limit",
    "min_voltage_limit",
    "max_voltage_limit",
    "torque_enable",
    "bus_watchdog",
    "hardware_error_status",
    "present_input_voltage",
    "present_temperature",
)
"""The registers that checks look at, where a model has them."""


class Survey:
    """Opens a port, pings and reads; a context manager.

    Raises:
        PortError: the port does not open.
        PortLost: it is gone in between.
    """

    def __init__(self, port: str, protocol: ProtocolName, baud: int) -> None:
        """Open `port`; nothing is asked yet."""
        self._sent: list[bytes] = []
        self._heard = b""
        config = BusConfig(protocol=protocol, baud=baud, latency=_LATENCY, retries=0)
        self._bus = Bus(SerialTransport(port, baud, self._listen), config)

    def __enter__(self) -> "Survey":
        """Return itself; the port is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the port."""
        self._bus.close()

    def meet(self, wanted: Iterable[Patient]) -> list[Patient]:
        """Return those `wanted` and whoever else answers, with what they told of themselves."""
        found = {found.id: found for found in scan_bus(self._bus)}
        patients = {patient.id: patient for patient in wanted}
        for servo, one in found.items():
            patient = patients.get(servo, Patient(id=servo))
            patients[servo] = replace(
                patient, number=one.number, firmware=one.firmware or 0, shared=one.shared
            )
        return [self._examine(patients[servo]) for servo in sorted(patients)]

    def _examine(self, patient: Patient) -> Patient:
        if patient.number is None and not patient.shared:
            patient = self._insist(patient)
        if patient.number is None or patient.shared:
            return patient
        protocol = self._bus.config.protocol
        table = ControlTable.by_number(protocol, patient.number)
        patient = replace(patient, table=table, model=model_name(protocol, patient.number))
        return replace(patient, registers={} if table is None else self._read(patient.id, table))

    def _insist(self, patient: Patient) -> Patient:
        """Ask one that did not answer with the others; rubble is an answer of several at once."""
        rubble = 0
        for _ in range(_PINGS):
            self._sent, self._heard = [], b""
            result = self._bus.ping(patient.id)
            if result.ok:
                number = int.from_bytes(result.data[:2], "little")
                return replace(patient, number=number, firmware=result.data[2])
            rubble += self._is_rubble(result)
        return replace(patient, shared=rubble >= _RUBBLE)

    def _is_rubble(self, result: Result) -> bool:
        """Return whether bytes came that are neither an answer nor what was sent.

        Some adapters hand back what was sent.
        """
        heard = self._heard
        for packet in self._sent:
            heard = heard.replace(packet, b"", 1)
        return result.silent and bool(heard)

    def _read(self, servo: int, table: ControlTable) -> dict[str, int]:
        registers = {}
        for register in table:
            if register.name in ASKED:
                result = self._bus.read(servo, register)
                if result.ok:
                    registers[register.name] = register.decode(result.data)
        return registers

    def _listen(self, direction: str, data: bytes) -> None:
        if direction == "tx":
            self._sent.append(data)
        else:
            self._heard += data
