"""Laws of survival: whatever ends a training, it goes on as if nothing had happened."""

import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import survivors
import torch
from stable_baselines3 import PPO
from survivors import CONFIGS, LESSON, PLAIN, STEPS, learn, ppo, sac, watch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ashore.envs.gym.contract_vec_env import ContractVecEnv, gymnasium_contract
from ashore.envs.gym.gymnasium_env import GymnasiumConfig, GymnasiumVecEnv
from ashore.policies.checkpoint import NAME, Checkpoint
from ashore.policies.errors import TrainingError, TrainingStopped
from ashore.policies.event_log import event_logger
from ashore.policies.learners.learner_state import learner_state
from ashore.policies.progress import Watch
from ashore.policies.train import train

pytestmark = pytest.mark.slow

HERE = str(Path(__file__).parent)
PATIENCE = 90.0
BEGIN = """
import resource, signal, sys
from pathlib import Path
# A shell's background processes are born deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
run = Path(sys.argv[1])
from survivors import *
from ashore.policies.errors import TrainingError, TrainingStopped
def tell(progress):
    sys.stdout.write(f"{progress.steps}\\n")
    sys.stdout.flush()
"""


def child(run, script):
    """A process that runs a script after `BEGIN`, with `run` as its argument."""
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + script, str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": HERE},
    )


def wait_for(process, steps):
    """Wait until a child says that it has done some steps."""
    for line in process.stdout:
        if line.strip().isdigit() and int(line) >= steps:
            return
    pytest.fail(f"it ended: {process.communicate()}")


def same(one, other):
    """Whether two nested states are equal to the last bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.numpy().tobytes() == other.numpy().tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def weights(model):
    """Networks and optimizers of a learner."""
    return learner_state(model)["parts"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """By the name of a configuration: the bundle and last checkpoint of a quiet training."""
    found = {}
    for name, config in CONFIGS.items():
        run = tmp_path_factory.mktemp(name)
        bundle = train(LESSON, run, config)
        found[name] = bundle, Checkpoint.load(run)
    return found


def require_equal(run, bundle, whole):
    """Law: weights, optimizers, robots, chance and curve are those of a quiet training."""
    quiet, last = whole
    mine = Checkpoint.load(run)
    assert bundle.digest == quiet.digest
    assert mine.curve == last.curve
    assert same(mine.learner["parts"], last.learner["parts"])
    assert same(mine.chance, last.chance)
    assert mine.robots.keys() == last.robots.keys()
    assert all(mine.robots[k].tobytes() == last.robots[k].tobytes() for k in last.robots)


KILLED = """
from ashore.policies.train import train
train(LESSON, run, CONFIGS["whole"], tell)
"""


def test_a_training_killed_at_any_update_ends_with_the_same_weights(tmp_path, uninterrupted):
    process, chance = child(tmp_path, KILLED), random.Random(5)
    wait_for(process, 200 * chance.randrange(3, 10))
    time.sleep(chance.uniform(0.0, 0.05))
    process.kill()
    process.wait()
    kept = Checkpoint.load(tmp_path)
    assert 0 < kept.steps < PLAIN.steps
    bundle = train(LESSON, tmp_path, CONFIGS["whole"])
    require_equal(tmp_path, bundle, uninterrupted["whole"])


def test_every_checkpoint_leads_to_the_same_weights(tmp_path, uninterrupted):
    run, copies = tmp_path / "run", []

    def copy(progress):
        if (run / NAME).exists() and progress.steps % 800 == 0:
            copies.append(tmp_path / str(progress.steps))
            copies[-1].mkdir()
            for file in (NAME, "run.json"):
                shutil.copy(run / file, copies[-1])

    train(LESSON, run, CONFIGS["whole"], copy)
    assert len(copies) == 3
    for folder in copies:
        require_equal(folder, train(LESSON, folder, CONFIGS["whole"]), uninterrupted["whole"])


@pytest.mark.parametrize("make", [ppo, sac])
def test_stock_learners_go_on_too_at_the_same_learning_rate(make, tmp_path):
    quiet = make(survivors.robots())
    learn(quiet, watch(quiet, tmp_path, every=10_000))
    first = make(survivors.robots())
    # the last checkpoint but one of a training that is then thrown away
    rounds = STEPS // 3 // (first.n_envs * getattr(first, "n_steps", 1))
    learn(first, watch(first, tmp_path, every=rounds))
    kept = Checkpoint.load(tmp_path)
    assert 0 < kept.steps < STEPS
    second = make(survivors.robots(seed=5), seed=5)
    assert kept.restore(second, second.get_env())
    learn(second, watch(second, tmp_path, every=10_000))
    assert second.num_timesteps == quiet.num_timesteps
    assert same(weights(second), weights(quiet))
    assert second.lr_schedule(second._current_progress_remaining) < 1e-4


def test_a_nan_keeps_the_last_good_checkpoint_and_resuming_goes_on(
    tmp_path, monkeypatch, uninterrupted
):
    end = Watch._on_rollout_end

    def poison(self):
        end(self)
        if self.num_timesteps >= 800:
            with torch.no_grad():
                next(self.model.policy.parameters()).fill_(torch.nan)

    with monkeypatch.context() as poisoned:
        poisoned.setattr(Watch, "_on_rollout_end", poison)
        with pytest.raises(TrainingError, match=r"nan after 800 steps; the last checkpoint is kep"):
            train(LESSON, tmp_path, PLAIN)
    assert Checkpoint.load(tmp_path).steps == 600
    require_equal(tmp_path, train(LESSON, tmp_path, PLAIN), uninterrupted["plain"])


def test_a_policy_that_is_not_finite_is_never_kept(tmp_path):
    model = ppo(survivors.robots())
    watching = watch(model, tmp_path)
    model.learn(200, callback=watching)
    watching.checkpoint()
    before = (tmp_path / NAME).read_bytes()
    with torch.no_grad():
        model.policy.log_std.fill_(torch.inf)
    with pytest.raises(TrainingError, match=r"no longer finite after 200 steps; the last checkp"):
        watching.checkpoint()
    assert (tmp_path / NAME).read_bytes() == before


FULL = """
from ashore.policies.train import train
def starve(progress):
    tell(progress)
    if progress.steps == 800:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, MOST))
try:
    train(LESSON, run, CONFIGS["plain"], starve)
except TrainingError as error:
    sys.exit(str(error))
"""


def test_a_full_disk_is_said_and_loses_nothing(tmp_path, uninterrupted):
    process = child(tmp_path, FULL.replace("MOST", "20_000"))
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    (line,) = errors.splitlines()
    assert line.startswith(f"cannot write the checkpoint after 800 steps to {tmp_path}: File too")
    assert line.endswith("the older one is kept: make room for 1 MB there and go on with --resume")
    assert not (tmp_path / f".{NAME}").exists()
    assert Checkpoint.load(tmp_path).steps == 600
    require_equal(tmp_path, train(LESSON, tmp_path, PLAIN), uninterrupted["plain"])


STOCK = """
model = ppo(robots())
"""
LEARN = """
watching = watch(model, run, 1, report)
try:
    with watching.stoppable():
        learn(model, watching)
except TrainingStopped as stopped:
    sys.stderr.write(str(stopped))
    sys.exit(130)
"""


def test_ctrl_c_ends_the_running_update_and_keeps_everything(tmp_path):
    process = child(tmp_path, STOCK + "report = tell" + LEARN)
    wait_for(process, 600)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    kept = Checkpoint.load(tmp_path)
    assert 600 <= kept.steps < STEPS
    assert errors == (
        f"stopped by Ctrl-C after {kept.steps:,} of {STEPS:,} steps; all of it is kept in "
        f"{tmp_path}: go on with --resume"
    )
    quiet = ppo(survivors.robots())
    learn(quiet, watch(quiet, tmp_path, every=10_000))
    resumed = ppo(survivors.robots(), seed=3)
    kept.restore(resumed, resumed.get_env())
    learn(resumed, watch(resumed, tmp_path, every=10_000))
    assert same(weights(resumed), weights(quiet))


SLOW = """
import time
def report(progress):
    tell(progress)
    if progress.steps == 800:
        time.sleep(300.0)
"""


def test_the_second_ctrl_c_stops_at_once_and_leaves_the_older_checkpoint(tmp_path):
    process = child(tmp_path, STOCK + SLOW + LEARN)
    wait_for(process, 800)
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, errors = process.communicate()
    assert errors.endswith("KeyboardInterrupt\n")
    assert Checkpoint.load(tmp_path).steps == 600


def test_being_stopped_leaves_the_handlers_as_they_were(tmp_path):
    model = ppo(survivors.robots())
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    watching = watch(model, tmp_path, report=lambda p: signal.raise_signal(signal.SIGTERM))
    asked = pytest.raises(TrainingStopped, match="as asked by a signal after 200 of 1,600 steps")
    with asked, watching.stoppable():
        learn(model, watching)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert Checkpoint.load(tmp_path).steps == 200


def test_a_stop_in_the_last_update_is_a_stop_too(tmp_path):
    model = ppo(survivors.robots())

    def last(progress):
        if progress.steps == STEPS:
            signal.raise_signal(signal.SIGTERM)

    watching = watch(model, tmp_path, report=last)
    asked = pytest.raises(TrainingStopped, match="after 1,600 of 1,600 steps")
    with asked, watching.stoppable():
        learn(model, watching)
    assert Checkpoint.load(tmp_path).steps == STEPS


def test_robots_of_their_own_code_begin_new_episodes_and_say_so(tmp_path):
    def made():
        inner = GymnasiumVecEnv("Reacher-v5", config=GymnasiumConfig(robots=4))
        return ContractVecEnv(inner, gymnasium_contract(inner))

    model = PPO("MlpPolicy", made(), n_steps=16, batch_size=32, device="cpu")
    model.learn(64)
    Checkpoint.of(model, model.get_env().contract, []).save(tmp_path)
    kept = Checkpoint.load(tmp_path)
    other = PPO("MlpPolicy", made(), n_steps=16, batch_size=32, device="cpu")
    assert not kept.restore(other, other.get_env())
    assert same(weights(other), weights(model))
    other.learn(64, reset_num_timesteps=False)
    assert other.num_timesteps == 128


def test_events_of_steps_done_again_are_hidden(tmp_path):
    for begin, steps in ((0, (200, 400, 600)), (200, (400, 600, 800))):
        log = event_logger(tmp_path, begin)
        for step in steps:
            log.record("reward", step + begin)
            log.record("note", "words have no place here")
            log.record("hidden", 1.0, exclude="tensorboard")
            log.dump(step)
        log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert events.Tags()["scalars"] == ["reward"]
    seen = [(event.step, event.value) for event in events.Scalars("reward")]
    assert seen == [(200, 200.0), (400, 600.0), (600, 800.0), (800, 1_000.0)]


EVENTS = """
from ashore.policies.event_log import event_logger
log = event_logger(run, 0)
resource.setrlimit(resource.RLIMIT_FSIZE, (800, 800))
try:
    for step in range(800):
        log.record("reward", 0.5)
        log.dump(step)
except TrainingError as error:
    log.close()
    sys.exit(str(error))
"""


def test_a_disk_too_full_for_events_is_said_in_one_sentence(tmp_path):
    process = child(tmp_path, EVENTS)
    _, errors = process.communicate(timeout=PATIENCE)
    (line,) = errors.splitlines()
    assert line.startswith(f"cannot write TensorBoard's events to {tmp_path / 'tensorboard'}: File")
    assert "the last checkpoint is kept: make room there" in line


class Hostile:
    def __reduce__(self):
        return os.system, (f"touch {Hostile.mark}",)


def test_a_hostile_checkpoint_executes_nothing(tmp_path):
    model = ppo(survivors.robots())
    model.learn(200)
    Checkpoint.of(model, model.get_env().contract, []).save(tmp_path)
    whole, Hostile.mark = tmp_path / NAME, tmp_path / "executed"
    with zipfile.ZipFile(whole) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(whole, "w") as file:
        for name, content in parts.items():
            hostile = name.endswith("data.pkl")
            file.writestr(name, pickle.dumps(Hostile(), 2) if hostile else content)
    with pytest.raises(TrainingError, match=r"checkpoint.pt is damaged; remove it to start anew"):
        Checkpoint.load(tmp_path)
    assert not Hostile.mark.exists()


def test_a_checkpoint_of_another_learner_or_format_is_refused(tmp_path):
    model = ppo(survivors.robots())
    model.learn(200)
    kept = Checkpoint.of(model, model.get_env().contract, [(200, 0.5)])
    other = sac(survivors.robots())
    with pytest.raises(
        TrainingError, match=r"policy.optimizer, and this one has .*actor.optimizer"
    ):
        kept.restore(other, other.get_env())
    wider = PPO("MlpPolicy", survivors.robots(), policy_kwargs={"net_arch": [8]}, device="cpu")
    with pytest.raises(
        TrainingError, match=r"the checkpoint is of other networks: .*size mismatch"
    ):
        kept.restore(wider, wider.get_env())
    strange = replace(kept, robots={k: v for k, v in kept.robots.items() if k != "plan"})
    with pytest.raises(
        TrainingError, match=r"cannot go on from the checkpoint: .* plan exists in o"
    ):
        strange.restore(model, model.get_env())
    torch.save({"format": 1}, tmp_path / NAME)
    with pytest.raises(TrainingError, match=r"has format 1 and this version reads 3; go on with"):
        Checkpoint.load(tmp_path)


class Mindful(PPO):
    """A learner that knows of something that nobody finds by itself."""

    mind = None

    def extra_state(self):
        return {"thoughts": [torch.arange(3), "hm"], "count": 7}

    def load_extra_state(self, state):
        self.mind = state


def test_a_learner_names_what_nobody_finds_by_itself(tmp_path):
    model = Mindful("MlpPolicy", survivors.robots(), n_steps=16, batch_size=32, device="cpu")
    model.steered, model.seen = 0.25, np.float32(0.1)
    model.running = torch.ones(2)
    model.helpers = {"one": torch.optim.Adam([torch.nn.Parameter(torch.ones(2))], lr=0.5)}
    model.learn(128)
    Checkpoint.of(model, model.get_env().contract, []).save(tmp_path)
    model.steered, model.seen, model.running[:] = 1.0, np.float32(1.0), 0.0
    model.helpers["one"].param_groups[0]["lr"] = 0.1
    Checkpoint.load(tmp_path).restore(model, model.get_env())
    assert (model.steered, model.seen) == (0.25, np.float32(0.1))
    assert model.running.tolist() == [1.0, 1.0]
    assert model.helpers["one"].param_groups[0]["lr"] == 0.5
    assert model.mind["count"] == 7
    assert model.mind["thoughts"][0].tolist() == [0, 1, 2]
