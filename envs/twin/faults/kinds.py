"""`KINDS`: every kind of fault by the name that a file gives."""

from ashore.envs.twin.faults.imu_faults import ImuFault, ImuFrozen, ImuNan, ImuSilent
from ashore.envs.twin.faults.line_fault import LineFault
from ashore.envs.twin.faults.noise_faults import Deaf, Echo, Garble, Noise, Stranger
from ashore.envs.twin.faults.port_faults import Stall, Unplug
from ashore.envs.twin.faults.reply_faults import (
    Delay,
    Drop,
    Duplicate,
    Flip,
    Late,
    Reorder,
    Short,
    Split,
    Truncate,
)
from ashore.envs.twin.faults.sensor_faults import Jump, Sag, SensorFault, Shows, Stuck
from ashore.envs.twin.faults.servo_faults import (
    Absent,
    Alert,
    Limp,
    Reboot,
    ServoFault,
    Setting,
    Watchdog,
    WrongBaud,
    WrongId,
    WrongModel,
)

Kind = LineFault | ServoFault | SensorFault | ImuFault | Unplug | Stall
"""What a fault is, beside when it happens."""

KINDS: dict[str, type[Kind]] = {
    "drop": Drop,
    "flip": Flip,
    "truncate": Truncate,
    "short": Short,
    "duplicate": Duplicate,
    "reorder": Reorder,
    "late": Late,
    "delay": Delay,
    "split": Split,
    "noise": Noise,
    "echo": Echo,
    "deaf": Deaf,
    "garble": Garble,
    "stranger": Stranger,
    "alert": Alert,
    "reboot": Reboot,
    "absent": Absent,
    "watchdog": Watchdog,
    "limp": Limp,
    "id": WrongId,
    "model": WrongModel,
    "baud": WrongBaud,
    "setting": Setting,
    "stuck": Stuck,
    "jump": Jump,
    "shows": Shows,
    "sag": Sag,
    "unplug": Unplug,
    "stall": Stall,
    "imu_silent": ImuSilent,
    "imu_nan": ImuNan,
    "imu_frozen": ImuFrozen,
}

WHOLE = (Echo, Deaf, Garble, Stranger, Unplug, Stall, ImuFault)
"""Kinds that strike the line or the sensor as a whole, and no joint."""
