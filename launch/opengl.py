"""`choose_opengl`: what draws where there is no window."""

from collections.abc import Callable, MutableMapping
from ctypes.util import find_library

from ashore.envs.errors import RenderError

LIBRARIES = {"egl": ("EGL", "libegl1"), "osmesa": ("OSMesa", "libosmesa6")}
"""What MUJOCO_GL may be where there is no screen, its library, and Debian's package of it."""

Find = Callable[[str], str | None]


def choose_opengl(environ: MutableMapping[str, str], find: Find = find_library) -> None:
    """Set MUJOCO_GL to what draws without a window, unless the user set it; MuJoCo reads it once.

    Args:
        environ: the process's environment, before MuJoCo is imported.
        find: looks for a library by its name.

    Raises:
        RenderError: the library that would draw is not installed.
    """
    asked = environ.get("MUJOCO_GL", "").lower().strip()
    if asked and asked not in LIBRARIES:  # a window system's, which the user knows
        return
    names = (asked,) if asked else tuple(LIBRARIES)
    for name in names:
        if find(LIBRARIES[name][0]):
            environ["MUJOCO_GL"] = name
            return
    packages = " or ".join(f"{LIBRARIES[name][1]} ({name})" for name in names)
    raise RenderError(
        f"cannot draw a clip: found no library that draws without a window; install {packages}, "
        "Debian's names; or leave out --out for a page, which the browser draws"
    )
