"""`ashore excite --walk`: a policy walks a script, so that its log tells most of a walker."""

from collections.abc import Iterator

from ashore.adapt.errors import AdaptError
from ashore.adapt.excite.scripted_walk import scripted_walk
from ashore.envs.tasks import make_task
from ashore.hardware.logs.log import LogHeader
from ashore.hardware.run.runner import Controller, Runner
from ashore.launch.console import complain, say
from ashore.launch.excite_request import ExciteConfig
from ashore.launch.place import drive, robot_at
from ashore.launch.session import Session, default_log
from ashore.policies.bundle import Bundle
from ashore.policies.controller import PolicyController

KIND = "walk"
"""What the setup of such a log says that it is."""


def excite_walking(config: ExciteConfig, bundle: Bundle) -> Session:
    """Let a policy walk a script: every way there is, turning and standing.

    Raises:
        AdaptError: the policy does not walk.
        ContractError: it was made for another robot.
    """
    spec = robot_at(config, bundle)
    task = make_task(bundle.contract.task, spec)
    if task.name != "walk":
        raise AdaptError(
            f"the policy's task is {task.name!r}, and a script is there for 'walk'; leave out "
            "--walk to excite a robot whose base stands fast"
        )
    plans = scripted_walk(max(1, round(config.seconds / task.episode)))
    out = config.out or default_log(spec.name, KIND)
    out.parent.mkdir(parents=True, exist_ok=True)

    def episodes(runner: Runner) -> Iterator[Controller]:
        for index, plan in enumerate(plans, start=1):
            if runner.log.failure is not None:
                complain(runner.log.failure)
                return
            say(f"  episode {index} of {len(plans)}, {task.episode:g} s")
            yield PolicyController(bundle, task, plan)

    header = LogHeader(
        robot=spec.name,
        spec=spec.to_json(),
        contract=bundle.contract.to_json(),
        setup={"kind": KIND, "policy": bundle.digest},
    )
    return Session(result=drive(config, spec, header, out, episodes), rewards=(), log=out)
