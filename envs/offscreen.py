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
            "cannot render: this machine gives no OpenGL context; set MUJOCO_GL=egl (Debian: "
            "libegl1) or MUJOCO_GL=osmesa (Debian: libosmesa6) before Python starts"
        ) from error
