"""Commands on a robot's folder."""

from pathlib import Path

import tyro

Name = tyro.conf.Positional[str]


def robot_new(name: Name, /, from_file: Path, out: Path, fixed: bool = False) -> int:
    """Make a robot's folder from an MJCF or URDF: spec, model, randomization, guesses marked.

    Args:
        name: what to call the robot.
        from_file: its MJCF or URDF; meshes may be absent.
        out: folder to make.
        fixed: the base is bolted to the world, although the file does not say so.
    """
    from ashore.launch.robots import draft_robot

    return draft_robot(name, from_file, out, fixed)


def robot_check(robot: Name, /) -> int:
    """Say what a robot's folder lacks, what looks wrong in it, and what to do next.

    Args:
        robot: a folder with spec.toml and its MJCF, or a shipped robot's name.
    """
    from ashore.launch.robots import inspect_robot

    return inspect_robot(robot)


def randomization_audit(robot: Name, /, task: str | None = None, json: bool = False) -> int:
    """Prove, by stepping the simulator, that every term of a robot's randomization does something.

    Fails if a term does nothing, compounds from one reset to the next, or is half applied.

    Args:
        robot: a shipped robot's name, or a folder with spec.toml and randomization.toml.
        task: whose base motion the robots do meanwhile; the robot's own by default.
        json: print JSON.
    """
    from ashore.launch.auditing import run_audit

    return run_audit(robot, task, json)
