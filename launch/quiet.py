"""Keeping MuJoCo's own warnings off the screen."""

import mujoco


def quiet_physics() -> None:
    """Let MuJoCo neither print warnings nor write MUJOCO_LOG.TXT where the command is run.

    A robot whose physics explodes is counted and begun anew, which the commands say themselves.
    """
    config = mujoco.MjLogConfig.get()
    config.logto_console = config.logto_file = False
    config.set()
