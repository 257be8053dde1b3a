"""The commands of `ashore`, a function each; heavy imports wait until a command needs them.

    policy    train, adapt, undo, export, play
    drive     twin, record, excite, deploy
    trial     trial
    log       import, log export, diagnose, calibrate, replay, open, recover
    log_tools log info, log check, log cut, log merge, log anonymise, log recover, logs
    robot     robot new, robot check, randomization audit
    lab       bench, demo, probe
    sweep     sweep train, sweep adapt
    shell     completion
    servo     doctor, bus scan, servo read, servo write, servo reboot

To add one: a function in the file of its kind, and its line in COMMANDS.
"""

from collections.abc import Callable

from ashore.launch.commands import (
    drive,
    lab,
    log,
    log_tools,
    policy,
    robot,
    servo,
    shell,
    sweep,
    trial,
)

COMMANDS: dict[str, Callable[..., int]] = {
    "train": policy.train,
    "twin": drive.twin,
    "record": drive.record,
    "excite": drive.excite,
    "adapt": policy.adapt,
    "undo": policy.undo,
    "trial": trial.trial,
    "deploy": drive.deploy,
    "export": policy.export,
    "play": policy.play,
    "replay": log.replay,
    "open": log.open_logs,
    "import": log.import_logs,
    "calibrate": log.calibrate,
    "diagnose": log.diagnose,
    "recover": log.recover,
    "log export": log.log_export,
    "log info": log_tools.info,
    "log check": log_tools.check,
    "log cut": log_tools.cut,
    "log merge": log_tools.merge,
    "log anonymise": log_tools.anonymise,
    "log recover": log.recover,
    "logs": log_tools.logs,
    "doctor": servo.doctor,
    "bus scan": servo.bus_scan,
    "servo read": servo.servo_read,
    "servo write": servo.servo_write,
    "servo reboot": servo.servo_reboot,
    "sweep train": sweep.sweep_train,
    "sweep adapt": sweep.sweep_adapt,
    "bench": lab.bench,
    "demo": lab.demo,
    "probe": lab.probe,
    "robot new": robot.robot_new,
    "robot check": robot.robot_check,
    "randomization audit": robot.randomization_audit,
    "completion": shell.completion,
}
"""Every command, by the name it is called by; one of two words is a command in a group."""

DRIVING = frozenset(
    {
        *("record", "excite", "trial", "deploy"),
        *("doctor", "bus scan", "servo read", "servo write", "servo reboot"),
    }
)
"""Those that speak with a robot: what they refuse ends with `Exit.BAD_INPUT`."""
