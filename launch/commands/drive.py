"""Commands that drive a robot, and the one that stands in for it."""

import tyro

from ashore.launch.commands.flat import Flat
from ashore.launch.console import say
from ashore.launch.excite_request import ExciteConfig
from ashore.launch.place_request import SessionConfig
from ashore.launch.twin_request import TwinRequest

Name = tyro.conf.Positional[str]
Options = Flat[SessionConfig]


def twin(asked: Flat[TwinRequest]) -> int:
    """Be a robot that isn't there: servo firmware on a tty, moved by hidden physics.

    Prints the tty it answers on, and that of its inertial sensor; serves until Ctrl-C.
    """
    from ashore.envs.twin.twin_process import TwinOptions, serve_twin

    serve_twin(TwinOptions(**vars(asked)), say)
    return 0


def record(policy: str, session: Options) -> int:
    """Drive a robot with a bundle's policy and log everything.

    Args:
        policy: the bundle whose policy drives it: a folder, or the name of one that ships.
        session: where and for how long.
    """
    from ashore.launch.session import conclude, run_session
    from ashore.policies.bundle import Bundle
    from ashore.policies.shipped import find_bundle

    return conclude(run_session(Bundle.load(find_bundle(policy)), session, "record"))


def excite(asked: Flat[ExciteConfig]) -> int:
    """Record the log that tells most of a robot, and say what it tells.

    A robot whose base stands fast, or hangs in a stand (--held), moves in rounds that are chosen
    by what is known, until they tell little; a walker can walk a script instead (--walk POLICY).
    `ashore calibrate` reads the log.
    """
    from ashore.launch.session import conclude

    if asked.walk is None:
        from ashore.launch.exciting import excite_in_place

        return conclude(excite_in_place(asked))
    from ashore.launch.script_walking import excite_walking
    from ashore.policies.bundle import Bundle
    from ashore.policies.shipped import find_bundle

    return conclude(excite_walking(asked, Bundle.load(find_bundle(asked.walk))))


def deploy(bundle: Name, /, session: Options) -> int:
    """Run a policy that the gate has passed; refuse every other.

    Args:
        bundle: what `ashore adapt` wrote.
        session: where and for how long.
    """
    from ashore.adapt.verdict import require_deployable
    from ashore.launch.session import conclude, run_session
    from ashore.policies.bundle import Bundle
    from ashore.policies.shipped import find_bundle

    loaded = Bundle.load(find_bundle(bundle))
    loaded.require_robot()
    require_deployable(loaded, bundle)
    return conclude(run_session(loaded, session, "deploy"))
