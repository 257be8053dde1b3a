"""`second`: the simulated robot that stands beside the nominal one."""

from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.adapt.gap.simulator import Simulator, calibrated
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle


def second(spec: RobotSpec, asked: str | None) -> list[Simulator]:
    """The calibrated robot of a bundle, or of what `ashore calibrate --out` wrote; none of None.

    Raises:
        AdaptError: the bundle was not adapted, or the file is no posterior of this robot.
        BundleError: there is no such bundle.
    """
    if asked is None:
        return []
    if Path(asked).is_file():
        return [calibrated(spec, Path(asked).read_text(encoding="utf-8"))]
    bundle = Bundle.load(find_bundle(asked))
    if bundle.posterior is None:
        raise AdaptError(
            f"{asked} was not adapted to any log, so that it holds no calibrated robot; give a "
            "bundle that `ashore adapt` made, or what `ashore calibrate --out` wrote"
        )
    return [calibrated(spec, bundle.posterior)]
