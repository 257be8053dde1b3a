"""`ashore excite` on a base that stands fast: rounds that tell most, until they tell little."""

from collections.abc import Iterator

from ashore.adapt.errors import AdaptError
from ashore.adapt.excite.clearance import Clearance
from ashore.adapt.excite.excitation import ROUND, SHAPES, Excitation, excitation
from ashore.adapt.excite.knowledge import Knowledge
from ashore.adapt.excite.learner import Learner
from ashore.adapt.excite.learning import Learning
from ashore.adapt.excite.round_controller import RoundController
from ashore.adapt.excite.rounds import KIND
from ashore.envs.physics.limbs import free_joint
from ashore.envs.physics.robot_model import build_model
from ashore.hardware.logs.log import LogHeader
from ashore.hardware.run.heartbeat import LONGEST
from ashore.hardware.run.runner import Controller, Runner
from ashore.hardware.spec import RobotSpec
from ashore.launch.calibrating import config_for
from ashore.launch.console import complain, say
from ashore.launch.excite_request import ExciteConfig
from ashore.launch.place import drive
from ashore.launch.session import Session, default_log

PATIENCE = 5.0
"""How long one wait for a round to be read takes [s]: less than a supervisor's patience."""


def excite_in_place(config: ExciteConfig) -> Session:
    """Move a robot whose base stands fast in rounds that tell most, until they tell little.

    Raises:
        AdaptError: no robot is named, its base is free and not held, or it has no room to move.
        PortError: the port cannot be opened.
        BusError: the robot on it is not the spec's.
    """
    spec, held = _fast_robot(config)
    rounds = int(config.seconds // ROUND)
    if rounds < 1:
        raise AdaptError(
            f"{config.seconds:g} s are not possible: a round takes {ROUND:g} s; give at least that"
        )
    script = _Script(spec, config, rounds, held)
    out = config.out or default_log(spec.name, KIND)
    out.parent.mkdir(parents=True, exist_ok=True)
    header = LogHeader(
        robot=spec.name,
        spec=spec.to_json(),
        setup={"kind": KIND, "held": held, "reach": config.reach},
    )
    with Learning(script.learner, gently=config.clock == "real") as learning:
        result = drive(config, spec, header, out, lambda runner: script.rounds(runner, learning))
        while learning.unread:
            script.hear(learning.news(PATIENCE))
    script.tell()
    return Session(result=result, rewards=(), log=out)


def _fast_robot(config: ExciteConfig) -> tuple[RobotSpec, bool]:
    """The robot, and whether it has a free base that is held."""
    if config.robot is None:
        raise AdaptError("which robot shall be moved is not said; give --robot NAME")
    spec = RobotSpec.load(config.robot)
    free = free_joint(build_model(spec)) is not None
    if free and not config.held:
        raise AdaptError(
            f"robot {spec.name!r} has a free base and would thrash about on the floor; hang it in "
            "a stand, its feet off the floor, and say --held, or give --walk POLICY"
        )
    return spec, free


class _Script:
    """Chooses each round by what is known, until that is enough."""

    def __init__(self, spec: RobotSpec, config: ExciteConfig, rounds: int, held: bool) -> None:
        self.spec, self.config, self.most, self.held = spec, config, rounds, held
        self.learner = Learner(spec, config_for(spec, excited=True))
        self._clearance = Clearance(spec)
        self._known = self.learner.knowledge
        self._turns = dict.fromkeys(SHAPES, 100 * config.seed)
        self._new = list(SHAPES)
        # What is not possible is refused before torque comes.
        for name in SHAPES:
            self._goals(name)

    def rounds(self, runner: Runner, learning: Learning) -> Iterator[Controller]:
        """One controller a round."""
        for index in range(1, self.most + 1):
            if runner.log.failure is not None:
                complain(runner.log.failure)
                return
            controller = self._next(index)
            say(f"  round {index} of at most {self.most}: {controller.excitation.shape.name}")
            yield controller
            if not controller.finished:
                return
            learning.begin(controller.trajectory())
            self._listen(runner, learning)
            left = self.most - index
            if left and not self._new and (why := self._known.enough(left)):
                say(f"  enough: {why}")
                return

    def _listen(self, runner: Runner, learning: Learning) -> None:
        """Hear what is known by now; where a robot's time waits, everything."""
        self.hear(learning.news())
        if learning.lost:
            complain("what the rounds tell cannot be read any more; they are recorded all the same")
        while learning.unread and self.config.clock == "lockstep":
            if runner.heartbeat is not None:
                runner.heartbeat.beat(LONGEST)
            self.hear(learning.news(PATIENCE))

    def hear(self, news: list[Knowledge]) -> None:
        """Take in what became known, and say it."""
        for knowledge in news:
            self._known = knowledge
            count = len(knowledge.names)
            say(f"    {len(knowledge.told)} of {count} parameters told by round {knowledge.rounds}")

    def tell(self) -> None:
        """Say what is told and what is not."""
        last = self._known
        if not last.rounds:
            say("no round was read to its end, so nothing is told")
            return
        for word, names in (("told", last.told), ("not told", last.untold)):
            shares = (f"{name} ({last.ratios[name]:.0%})" for name in names)
            said = ", ".join(shares) or "nothing"
            say(f"{word}, width left of what was known before: {said}")

    def _next(self, index: int) -> RoundController:
        """Each shape once, then the one that told most; in turn where nobody could tell."""
        if not self._new:
            self._new = [self._known.best()] if self._known.offers else list(SHAPES)
        name = self._new.pop(0)
        controller = RoundController(self.spec, self._goals(name), index, self.held)
        self._turns[name] += 1
        return controller

    def _goals(self, name: str) -> Excitation:
        """The next round of a shape."""
        turn, reach = self._turns[name], self.config.reach
        return excitation(self.spec, SHAPES[name], turn, reach, self._clearance)
