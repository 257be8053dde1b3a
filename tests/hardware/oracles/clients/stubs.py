"""What LeRobot's buses import, as far as they use it to talk to servos: next to nothing."""

import operator
import sys
from types import ModuleType


def stub() -> None:
    """Put small modules where the heavy ones would be."""
    modules = {
        "deepdiff": {"DeepDiff": operator.ne},
        "tqdm": {"tqdm": iter},
        "lerobot.utils.utils": {"enter_pressed": None, "move_cursor_up": None},
    }
    for name, contents in modules.items():
        module = ModuleType(name)
        vars(module).update(contents)
        sys.modules[name] = module
