"""`ashore`: one command line."""

import os
import sys
from collections.abc import Sequence

import tyro

from ashore.adapt.errors import AdaptError
from ashore.envs.errors import EnvsError
from ashore.hardware.errors import HardwareError, PortLost
from ashore.hardware.run.state import Exit
from ashore.launch.commands import COMMANDS, DRIVING
from ashore.launch.console import complain, say
from ashore.policies.errors import PoliciesError, TrainingStopped
from ashore.policies.provenance import versions

SIMULATION = {
    *("mujoco", "gymnasium", "stable_baselines3", "sb3_contrib", "torch"),
    *("scipy", "matplotlib", "rich", "onnx", "tensorboard", "PIL", "plotly"),
}

DESCRIPTION = """Bring a policy ashore: pretrain it in randomized simulation, adapt its final layers
to a robot's own log, and deploy only what held-out evidence supports."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code."""
    try:
        if list(arguments) == ["--version"]:
            say("\n".join(f"{name} {version}" for name, version in versions().items()))
            return 0
        code = call(list(arguments))
    except PortLost as error:
        complain(str(error))
        return Exit.PORT_LOST
    except TrainingStopped as error:
        complain(str(error))
        return Exit.STOPPED
    except (HardwareError, EnvsError, PoliciesError, AdaptError) as error:
        complain(str(error))
        return Exit.BAD_INPUT if name_of(arguments) in DRIVING else 1
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in SIMULATION:
            raise
        complain(
            f"this command needs {error.name}, which is not installed here; "
            "pip install 'ashore[sim]'"
        )
        return 1
    except BrokenPipeError:
        # Whoever read the output is gone, as in `ashore ... | head`; at exit Python writes again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.STOPPED
    except KeyboardInterrupt:
        complain("stopped by Ctrl-C")
        return Exit.STOPPED
    return code


def name_of(arguments: Sequence[str]) -> str:
    """Return the name of the command that the arguments call; empty if there is none."""
    names = (" ".join(arguments[:words]) for words in (2, 1))
    return next((name for name in names if name in COMMANDS), "")


def call(arguments: list[str]) -> int:
    """Call the command that the first word names, or the first two of a command in a group."""
    group = {
        name.partition(" ")[2]: command
        for name, command in COMMANDS.items()
        if arguments and name.startswith(arguments[0] + " ")
    }
    words = 1 if group else 0
    code: int = tyro.extras.subcommand_cli_from_dict(
        group or COMMANDS,
        prog=" ".join(["ashore", *arguments[:words]]),
        description=None if group else DESCRIPTION,
        args=arguments[words:] or ["--help"],
        use_underscores=False,
    )
    return code


def main() -> None:
    """Entry point of the command line."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
