"""Logs of twins that are put together otherwise than the host believes."""

import re
import shutil
from functools import partial
from pathlib import Path

from ashore.envs.dice import Dice
from ashore.envs.tasks import make_task
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log, LogHeader
from ashore.hardware.spec import find_robot
from ashore.launch.place import drive
from ashore.launch.place_request import Place
from ashore.policies.bundle import Bundle
from ashore.policies.controller import PolicyController
from ashore.policies.shipped import find_bundle


def built(robot, folder, joints):
    """A robot's folder with other values of joints, as (name, key, value)."""
    shutil.copytree(find_robot(robot), folder)
    path = folder / "spec.toml"
    head, *tables = path.read_text().split("[[joints]]")
    for name, key, value in joints:
        at = next(i for i, table in enumerate(tables) if f'name = "{name}"' in table)
        kept = re.sub(rf"(?m)^{key} = .*\n", "", tables[at])
        tables[at] = kept.replace('"\n', f'"\n{key} = {value}\n', 1)
    path.write_text("[[joints]]".join([head, *tables]))
    return folder


def sessions(robot, folder, seconds, seeds, twin=None, bundle=None, **options):
    """Logs of a policy, or the shipped one, on one twin, one a seed, an episode each."""
    bundle = bundle or Bundle.load(find_bundle(robot))
    spec, task = bundle.spec, make_task(bundle.contract.task, bundle.spec)
    task.episode = seconds
    setup = {"held": True} if options.get("held") else {}
    header = LogHeader(
        robot=spec.name, spec=spec.to_json(), contract=bundle.contract.to_json(), setup=setup
    )
    options = TwinOptions(robot=str(twin or robot), clock="lockstep", step=0.002, **options)
    with TwinProcess(options) as served:
        for seed in seeds:
            episode = PolicyController(bundle, task, task.plan(Dice(seed, 1, purpose="plan"))[0])
            place = Place(
                port=served.port, imu_port=served.imu_port, clock="lockstep", supervise=False
            )
            path = Path(folder) / f"{robot}{seed}.mcap"
            drive(place, spec, header, path, partial(_alone, episode))
            yield Log.open(path)


def _alone(episode, _):
    return iter([episode])
