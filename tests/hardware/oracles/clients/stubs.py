"""What LeRobot imports, as far as it is used for servos and for datasets of numbers: little."""

import operator
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import SimpleNamespace


def stub_for_buses() -> None:
    """For the motor buses."""
    _put("deepdiff", DeepDiff=operator.ne)
    _put("tqdm", tqdm=iter)
    _put("lerobot.utils.utils", enter_pressed=None, move_cursor_up=None)


def stub_for_datasets() -> None:
    """For datasets without images: what decodes images, and what trains on many devices."""
    _put("torchvision", transforms=None)
    _put("av", logging=SimpleNamespace(WARNING=None))
    _put("accelerate", Accelerator=object)


def _put(name: str, **contents: object) -> None:
    """Put a small module where a heavy one would be."""
    module = module_from_spec(ModuleSpec(name, None))
    vars(module).update(contents)
    sys.modules[name] = module
