"""`cast`: the robot that a bundle's policy plays on."""

from ashore.envs.play.hidden_robot import hidden_robot
from ashore.envs.play.player import Cast, Player
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.launch.play_request import PlayRequest
from ashore.launch.quiet import quiet_physics
from ashore.policies.bundle import Bundle


def cast(bundle: Bundle, asked: PlayRequest) -> Player:
    """Put the robot at its start.

    Raises:
        BundleError: the policy is of an environment of Gymnasium's.
        TwinError: `asked.hidden` is neither `none` nor a seed.
    """
    quiet_physics()
    spec = bundle.spec
    ranges = Randomization.from_json(bundle.randomization)
    return Player(
        bundle.policy.act,
        Cast(
            spec=spec,
            task=make_task(bundle.contract.task, spec),
            contract=bundle.contract,
            source=hidden_robot(spec, ranges, asked.hidden),
            seed=asked.seed,
        ),
    )


def names(bundle: Bundle, asked: PlayRequest) -> tuple[str, str]:
    """What people call the play, and which robot and policy it is."""
    robot = "the nominal robot" if asked.hidden == "none" else f"hidden robot {asked.hidden}"
    title = f"{bundle.spec.name}: {bundle.contract.task.replace('_', ' ')}"
    return title, f"{robot}, policy {bundle.digest[:8]}"
