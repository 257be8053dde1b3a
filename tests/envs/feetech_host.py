"""A host of Feetech servos for the tests: it asks a firmware in packets and reads its replies."""

from pendulum_plant import PendulumPlant

from ashore.envs.twin.feetech.feetech_firmware import FeetechFirmware
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.reply import joined
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import feetech
from ashore.hardware.wire.parser import Frame

CONFIG = FirmwareConfig(ids=(1, 2, 3), model="sts3215")


class FeetechHost:
    """Speaks with three servos on pendulums, or others; registers are by name, in counts."""

    def __init__(self, config: FirmwareConfig = CONFIG, **plant: float) -> None:
        self.plant = PendulumPlant(len(config.ids), **{"supply": 12.0, **plant})
        self.firmware = FeetechFirmware(self.plant, config)
        self.tables = {
            servo: ControlTable.load(model)
            for servo, model in zip(config.ids, config.models, strict=True)
        }

    def bytes(self, packet: bytes) -> bytes:
        return joined(self.firmware.handle(packet))

    def ask(self, packet: bytes) -> list[Frame]:
        return feetech.parser().feed(self.bytes(packet))

    def write(self, name: str, value: int, servo: int = 1) -> int:
        """Write a register, whatever its range; return the status's error byte."""
        register = self.tables[servo][name]
        if register.sign_bit is not None and value < 0:
            value = -value | 1 << register.sign_bit
        data = value.to_bytes(register.size, register.byteorder)
        (frame,) = self.ask(feetech.write(servo, register.address, data))
        return frame.error

    def read(self, name: str, servo: int = 1) -> int:
        register = self.tables[servo][name]
        (frame,) = self.ask(feetech.read(servo, register.address, register.size))
        return register.decode(frame.params)

    def error(self, servo: int = 1) -> int:
        (frame,) = self.ask(feetech.ping(servo))
        return frame.error

    def run(self, seconds: float) -> None:
        self.firmware.advance(self.firmware.time + seconds)

    def track(self, name: str, seconds: float, step: float = 0.01) -> list[int]:
        """Return a register of the first servo at every step."""
        found = []
        for _ in range(round(seconds / step)):
            self.run(step)
            found.append(self.read(name))
        return found
