"""`make_renderer`: pictures of a model without a window."""

import mujoco

from ashore.envs.errors import RenderError


def make_renderer(model: mujoco.MjModel, height: int, width: int) -> mujoco.Renderer:
    """A renderer of pictures `(height, width, 3)`.

    Raises:
        RenderError: this machine gives no OpenGL context.
    """
    try:
        return mujoco.Renderer(model, height, width)
    except (mujoco.FatalError, ImportError, AttributeError, RuntimeError) as error:
        raise RenderError(
            "cannot draw a picture: this machine gives no OpenGL context; install libegl1 and "
            "libgl1-mesa-dri (Debian's names) and set MUJOCO_GL=egl, or install libosmesa6 and set "
            "MUJOCO_GL=osmesa"
        ) from error
