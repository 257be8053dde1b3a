"""`ashore trial`: base and candidate in alternation on the robot, and what came of it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.adapt.measured import measured_episodes
from ashore.adapt.trial import Decision, Outcome, Pair, Trial, TrialConfig, with_record
from ashore.adapt.verdict import require_deployable
from ashore.envs.dice import Dice
from ashore.envs.tasks import make_task
from ashore.envs.tasks.task import Array, Task
from ashore.hardware.logs.log import Log, LogHeader
from ashore.hardware.run.robot_match import require_match
from ashore.hardware.run.run_result import RunResult
from ashore.hardware.run.runner import Runner
from ashore.hardware.run.state import Exit, State
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import say
from ashore.launch.place import drive, robot_at
from ashore.launch.trial_request import TrialRequest
from ashore.policies.bundle import Bundle
from ashore.policies.controller import PolicyController
from ashore.policies.shipped import find_bundle

SHORTEST = 1.0
"""Shortest episode of a trial [s]."""


class Ring:
    """Two policies, and the robot that they take turns on."""

    def __init__(self, asked: TrialRequest, base: Bundle, candidate: Bundle) -> None:
        """Prepare the pairs of a trial.

        Raises:
            AdaptError: the policies cannot be compared.
            ContractError: one was made for another robot.
            NotDeployable: the candidate's verdict is not IMPROVED, or it was rolled back before.
        """
        require_deployable(candidate, asked.candidate)
        self.asked, self.base, self.candidate = asked, base, candidate
        self.spec: RobotSpec = robot_at(asked, candidate)
        base.contract.require_fit(self.spec)
        require_match(base.spec, self.spec, "the base")
        _require_comparable(base, candidate)
        self.task: Task = make_task(base.contract.task, self.spec)
        self.seconds = min(asked.seconds, self.task.episode)
        if self.seconds < SHORTEST:
            raise AdaptError(
                f"episodes of {asked.seconds:g} s are too short to measure a reward; "
                f"give --seconds {SHORTEST:g} or more"
            )

    def plans(self) -> Array:
        """Commands of each pair, `(pairs, k)`; none of them is in a log that was adapted to."""
        return self.task.plan(Dice(self.asked.seed, self.asked.pairs, purpose="trial"))

    def fight(self, index: int, plan: Array, out: Path) -> RunResult:
        """Let both do one episode under the same commands, and log it to `out`."""
        order = [(self.base, self.candidate)[who] for who in Trial.order(index)]

        def episodes(_: Runner) -> Iterator[PolicyController]:
            for bundle in order:
                episode = PolicyController(bundle, self.task, plan)
                episode.duration = self.seconds
                yield episode

        header = LogHeader(
            robot=self.spec.name,
            spec=self.spec.to_json(),
            contract=self.base.contract.to_json(),
            setup=self._setup(index),
        )
        return drive(self.asked, self.spec, header, out, episodes)

    def _setup(self, index: int) -> dict[str, object]:
        """What the log of a pair says that it is."""
        return {
            "kind": "trial",
            "policy": self.base.digest,
            "candidate": self.candidate.digest,
            "pair": index,
            "seed": self.asked.seed,
            "seconds": self.seconds,
        }

    def kept(self, index: int, out: Path) -> bool:
        """Whether a trial that was stopped left this pair whole; what is not whole is set aside.

        Raises:
            AdaptError: the log is of another trial.
        """
        if not out.exists():
            return False
        log, asked = Log.open(out), self._setup(index)
        if {name: log.header.setup.get(name) for name in asked} != asked:
            raise AdaptError(
                f"{out} is of another trial; choose another folder with --out, or give the same "
                "candidate, base, --seed and --seconds to go on with that one"
            )
        whole = any(event.kind == "log" for event in log.events)
        fault = any(e.kind == "state" and e.text.startswith(State.FAULT.value) for e in log.events)
        if whole and not fault and len(rewards(log, self.task)) == 2:
            return True
        for number in count(1):
            aside = out.with_suffix(f".stopped-{number}{out.suffix}")
            if not aside.exists():
                out.rename(aside)
                break
        return False

    def measure(self, index: int, out: Path) -> Pair:
        """What both earned, by the log of their pair.

        Raises:
            AdaptError: the log does not hold both episodes.
        """
        earned = rewards(Log.open(out), self.task)
        if len(earned) != 2:
            raise AdaptError(
                f"{out} holds {len(earned)} whole episodes of two; look into it, and try again"
            )
        base, candidate = (earned[place] for place in Trial.order(index))
        return Pair(base=base, candidate=candidate)

    def failed(self, out: Path) -> bool:
        """Whether the candidate was at work when the run of this log was stopped."""
        marks = [event for event in Log.open(out).events if event.kind == "state"]
        last = [mark for mark in marks if not mark.text.startswith(State.FAULT.value)][-1]
        return last.data.get("policy") == self.candidate.digest


def rewards(log: Log, task: Task) -> list[float]:
    """Measured reward per step of each of a log's episodes.

    Raises:
        AdaptError: the log lacks what the reward is made of.
    """
    return [episode.reward for episode in measured_episodes(log, task)]


def run_trial(asked: TrialRequest) -> int:
    """Try a candidate against a base; leave the answer in the candidate's bundle."""
    folder = find_bundle(asked.candidate)
    ring = Ring(asked, Bundle.load(find_bundle(asked.base)), Bundle.load(folder))
    trial = Trial(TrialConfig(pairs=asked.pairs))
    logs = asked.out or Path("runs") / f"{ring.spec.name}-trial-{time.strftime('%Y%m%d-%H%M%S')}"
    logs.mkdir(parents=True, exist_ok=True)
    say(f"at most {asked.pairs} pairs of episodes of {ring.seconds:g} s; logs: {logs}")
    for index, plan in enumerate(ring.plans()):
        out = logs / f"pair-{index + 1:02}.mcap"
        if not ring.kept(index, out):
            result = ring.fight(index, plan, out)
            if result.exit is not Exit.ENDED:
                return _stopped(ring, trial, result, out)
        pair = ring.measure(index, out)
        decision = trial.add(pair)
        _tell(trial, pair)
        if decision is not None:
            _leave(ring, trial, decision)
            break
    return Exit.ENDED


def _require_comparable(base: Bundle, candidate: Bundle) -> None:
    if base.digest == candidate.digest:
        raise AdaptError(f"base and candidate are the same policy, {base.digest}; name two")
    ours, theirs = base.contract, candidate.contract
    for what, one, other in (
        ("task", ours.task, theirs.task),
        ("number of observations", ours.observation_size, theirs.observation_size),
    ):
        if one != other:
            raise AdaptError(
                f"the base's {what} is {one} and the candidate's is {other}, so they cannot take "
                "turns; try the candidate against the policy that it was adapted from"
            )


def _stopped(ring: Ring, trial: Trial, result: RunResult, out: Path) -> int:
    """Say why a trial ended without an interval; a fault under the candidate is its defeat."""
    fault = result.state is State.FAULT and not result.port_lost
    if fault and ring.failed(out):
        why = f"the robot was stopped by a fault under the candidate: {result.reason}"
        _leave(ring, trial, Decision(outcome=Outcome.ROLLED_BACK, why=why))
    else:
        say(
            f"stopped: {result.reason}; the trial has no answer yet, and the candidate is as it "
            f"was: see to the robot, and give the same command with --out {out.parent} to go on"
        )
    return result.exit


def _tell(trial: Trial, pair: Pair) -> None:
    change = pair.candidate - pair.base
    text = f"  pair {len(trial.pairs)}: base {pair.base:.3f}, candidate {pair.candidate:.3f}"
    say(f"{text}, change {change:+.3f}")


def _leave(ring: Ring, trial: Trial, decision: Decision) -> None:
    """Put the record into the candidate's bundle, and say what to do now."""
    record = trial.record(decision, ring.base, ring.candidate)
    attachments = with_record(ring.candidate, record)
    folder = find_bundle(ring.asked.candidate)
    replace(ring.candidate, attachments=attachments).save(folder)
    say(f"trial: {decision.outcome.value}")
    say(f"  {decision.why}")
    if decision.outcome is Outcome.ACCEPTED:
        say(f"deploy it: ashore deploy {ring.asked.candidate}")
    else:
        say(f"nothing is deployed: keep {ring.asked.base}; the candidate is refused from now on")
