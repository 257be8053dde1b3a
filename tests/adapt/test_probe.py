"""New heads on a frozen trunk: nothing leaks, nothing is claimed that was not held out."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from labelled import BUNDLE, SIZE, windows, write_log
from refusal import refused

from ashore.adapt.errors import AdaptError
from ashore.adapt.probe.folds import folds
from ashore.adapt.probe.kind import kind_of
from ashore.adapt.probe.label import Stretch, from_setup, from_words, joined
from ashore.adapt.probe.label_file import read_labels
from ashore.adapt.probe.labelled_window import LabelledWindows, cut
from ashore.adapt.probe.linear_head import fit_linear
from ashore.adapt.probe.pooling import moments, pooled
from ashore.adapt.probe.probe_head import ProbeHead
from ashore.adapt.probe.separation import separate
from ashore.adapt.probe.target import Target
from ashore.envs.dice import Dice
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.errors import ContractError
from ashore.launch.cli import run
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle


@cache
def head(kind="class", labels=("tile", "carpet")):
    found = windows(labels)
    target = Target.of(found.label.tolist(), kind)
    linear = fit_linear(pooled(BUNDLE.policy, found.seen), target, found.log)
    arrays = {name: value.astype(np.float32) for name, value in vars(linear).items()}
    facts = {"policy": BUNDLE.digest, "classes": target.classes, "ticks": 10, "rate": 50.0}
    return ProbeHead(trunk=BUNDLE.policy, **facts, **arrays), found


def test_a_trunk_gives_what_its_head_is_given():
    policy, seen = BUNDLE.policy, windows(("a", "b")).seen[0]
    layers = policy.activations(seen)
    assert [layer.shape for layer in layers] == [(10, 16), (10, 16)]
    weight, bias = policy.head
    assert np.allclose(layers[-1] @ weight + bias, policy.act(seen), atol=1e-6)
    kept = layers[-1].copy()
    policy.activations(seen + 1.0)
    assert np.array_equal(layers[-1], kept)


def test_a_windows_moments_are_its_mean_its_spread_and_the_spread_of_its_change():
    # 0, 2, 2: mean 4/3; spread sqrt(8/9); changes 2, 0 around 1.
    found = moments(np.array([[0.0], [2.0], [2.0]], np.float32))
    assert found == pytest.approx([4 / 3, np.sqrt(8 / 9), 1.0])


def test_neighbouring_windows_are_never_on_both_sides():
    found = windows(("ice", "wood", "felt"), groups=6)
    parts = separate(found, "class")
    assert parts.unit == "log"
    assert not set(found.log[parts.learning]) & set(found.log[parts.held_out])
    for rows in (parts.learning, parts.held_out):
        assert set(found.label[rows]) == {"ice", "wood", "felt"}
    fold = folds(Target.of(found.label.tolist(), "class").kinds, found.log)
    for group in np.unique(found.log):
        assert len(set(fold[found.log == group])) == 1


def test_a_regression_holds_out_whole_logs_between_those_it_learns_from():
    found = windows((0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), groups=1)
    parts = separate(found, "number")
    assert set(found.label[parts.held_out]) == {"0.1", "0.4"}


def test_logs_are_held_out_rather_than_episodes_and_those_rather_than_stretches():
    whole = windows(("ice", "wood"), groups=2)
    one_log = replace(whole, log=np.zeros_like(whole.log))
    assert separate(whole, "class").unit == "log"
    parts = separate(one_log, "class")
    assert parts.unit == "episode"
    assert any("wood is in one log only" in doubt for doubt in parts.doubts)
    one_episode = replace(one_log, episode=np.zeros_like(whole.log))
    parts = separate(one_episode, "class")
    assert parts.unit == "stretch"
    assert any("no whole episode could be held out" in doubt for doubt in parts.doubts)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (windows(("ice", "wood"), groups=1, each=9), "class", "'ice' is supported by one record"),
        (windows(("ice", "wood"), groups=2, each=3), "class", "'ice' has 6 windows and needs 8"),
        (windows(("ice",)), "class", "nothing to tell apart"),
        (windows((0.0, 1.0)), "number", "only 0, 1; a regression needs 3 different numbers"),
        (windows((0.0, 1.0, 2.0), groups=1), "number", "from 3 recordings and a regression needs"),
        (windows(("ice", 1.0)), "number", "'ice' is no number"),
    ],
)
def test_too_little_is_refused_and_it_is_said_of_what(given, kind, said):
    with pytest.raises(AdaptError, match=said):
        separate(given, kind)


def test_windows_span_neither_gaps_nor_episodes_nor_labels_nor_a_start(tmp_path):
    episodes = ((0.0, 6.0), (10.0, 14.0))
    log = write_log(tmp_path / "a.mcap", episodes=episodes, lost={120})
    stretches = [
        Stretch(log=0, begin=0.0, end=4.5, label="tile"),
        Stretch(log=0, begin=4.5, end=99.0, label="felt"),
    ]
    found = cut([log], BUNDLE, stretches, seconds=1.0)
    # At 50 Hz: 1.0-2.0, tick 120 (2.4 s) lost, 2.42-3.42, 3.42-4.42; 4.5-5.5; 11, 12, 13.
    begins = [50, 121, 171, 225, 550, 600, 650]
    ticks = np.round((log.policy.time - 100.0) * 50).astype(int).tolist()
    wanted = [log.policy.observation[ticks.index(b) : ticks.index(b) + 50] for b in begins]
    assert np.array_equal(found.seen, np.stack(wanted))
    assert found.label.tolist() == ["tile"] * 3 + ["felt"] * 4
    assert found.episode.tolist() == [0] * 4 + [1] * 3
    assert found.stretch.tolist() == [0] * 3 + [1] + [2] * 3


def test_a_log_of_another_contract_is_refused(tmp_path):
    log = write_log(tmp_path / "a.mcap")
    other = replace(BUNDLE, contract=replace(BUNDLE.contract, mean=(0.5,) * SIZE))
    with pytest.raises(ContractError, match=r"a\.mcap: the log was made under contract"):
        cut([log], other, [Stretch(log=0, begin=0.0, end=9.0, label="x")], 2.0)


def test_labels_come_from_a_file_a_setup_or_words(tmp_path):
    logs = [
        write_log(tmp_path / f"{name}.mcap", setup={"load": load}, episodes=((0.0, 0.1),))
        for name, load in (("mon", 0.5), ("tue", 1))
    ]
    assert [s.label for s in from_setup(logs, "load")] == ["0.5", "1"]
    assert [s.label for s in from_words(logs, ("tue=b", "mon.mcap=a"))] == ["b", "a"]
    file = tmp_path / "labels.csv"
    file.write_text("log,begin,end,label\nmon,1,2.5,ice\ntue.mcap,,,wood\n")
    assert read_labels(file, logs) == [
        Stretch(log=0, begin=1.0, end=2.5, label="ice"),
        Stretch(log=1, begin=0.0, end=np.inf, label="wood"),
    ]
    for text, said in (
        ("log,begin,label\n", "no column 'end'"),
        ("log,begin,end,label\nwed,0,1,x\n", "line 2: a label is for 'wed', which is none"),
        ("log,begin,end,label\nmon,2,1,x\n", "line 2: begin '2' must be at least 0 s and before"),
        ("log,begin,end,label\nmon,0,1,\n", "line 2: the label is empty"),
        ("log,begin,end,label\nmon,nan,1,x\n", "line 2: begin 'nan'"),
        ("log,begin,end,label\n", "holds no label"),
    ):
        file.write_text(text)
        with pytest.raises(AdaptError, match=said):
            read_labels(file, logs)
    with pytest.raises(AdaptError, match=r"no label 'floor': it holds load"):
        from_setup(logs, "floor")
    with pytest.raises(AdaptError, match=r"tue\.mcap has no label"):
        from_words(logs, ("mon=a",))


def test_stretches_of_one_label_that_touch_are_one_recording():
    def part(begin, end, label="ice"):
        return Stretch(log=0, begin=begin, end=end, label=label)

    assert joined([part(2, 4), part(0, 2), part(4, 5, "wood")]) == [part(0, 4), part(4, 5, "wood")]
    with pytest.raises(AdaptError, match="both 'ice' and 'wood'"):
        joined([part(0, 2), part(1, 3, "wood")])


def test_labels_are_numbers_only_if_all_are():
    assert (kind_of(["1", "2.5"]), kind_of(["1", "ice"]), kind_of(["nan"])) == (
        "number",
        "class",
        "class",
    )


def test_a_head_learns_what_the_trunk_shows_and_nothing_where_nothing_is_to_be_seen():
    for shift, low, high in ((3.0, 0.95, 1.0), (0.0, 0.2, 0.8)):
        found = windows(("ice", "wood"), groups=6, shift=shift)
        target, parts = Target.of(found.label.tolist(), "class"), separate(found, "class")
        features, rows = pooled(BUNDLE.policy, found.seen), parts.learning
        linear = fit_linear(features[rows], target.take(rows), found.log[rows])
        held = parts.held_out
        assert low <= target.take(held).score(linear(features[held])).mean() <= high


def test_a_head_reads_numbers():
    found = windows((0.0, 1.0, 2.0, 3.0, 4.0), groups=3, ticks=40)
    target, parts = Target.of(found.label.tolist(), "number"), separate(found, "number")
    features, rows = pooled(BUNDLE.policy, found.seen), parts.learning
    linear = fit_linear(features[rows], target.take(rows), found.log[rows])
    held = parts.held_out
    assert target.take(held).score(linear(features[held])).mean() < 0.3


def test_a_head_is_the_same_after_it_was_saved(tmp_path):
    for made, found in (head(), head("number", (0.0, 1.0, 2.0))):
        place = made.save(tmp_path / made.predict(found.seen).dtype.kind, {"curve.svg": b"<svg/>"})
        loaded = ProbeHead.load(place, BUNDLE)
        assert np.array_equal(loaded.predict(found.seen), made.predict(found.seen))
    assert made.predict(found.seen)[-1] == pytest.approx(2.0, abs=1.0)
    with pytest.raises(AdaptError, match="knows no classes"):
        loaded.chances(found.seen)


def test_a_head_of_another_trunk_or_one_that_was_edited_is_refused(tmp_path):
    made, found = head()
    place = made.save(tmp_path / "head")
    actor = {name: 1.5 * value for name, value in BUNDLE.actor.items()}
    with pytest.raises(AdaptError, match="stands on the trunk of policy"):
        ProbeHead.load(place, replace(BUNDLE, actor=actor))
    with pytest.raises(AdaptError, match="exists and is not a head"):
        made.save(tmp_path)
    with pytest.raises(AdaptError, match=r"give \(windows, 10 ticks"):
        made.predict(found.seen[0])
    facts = json.loads((place / "head.json").read_text())
    for changed, said in (
        ({"classes": ["a", "b", "c"]}, "classes ask for"),
        ({"classes": "ab"}, "no list of different names"),
        ({"sha256": "0"}, "edited or damaged"),
        ({"format": 2}, "its format is 2"),
        ({"ticks": "many"}, "cannot be read"),
    ):
        (place / "head.json").write_text(json.dumps({**facts, **changed}))
        with pytest.raises(AdaptError, match=said):
            ProbeHead.load(place, BUNDLE)
    (place / "head.json").unlink()
    with pytest.raises(AdaptError, match="cannot be read"):
        ProbeHead.load(place, BUNDLE)


@pytest.fixture(scope="module")
def walked():
    """Quadrupeds that carry nothing, a bottle and a bag over one course."""
    bundle = Bundle.load(find_bundle("quadruped"))
    task, parts = make_task("walk", bundle.spec), []
    plans = task.plan(Dice(0, 1, purpose="plan"))
    for number, load in enumerate((0.0, 0.6, 1.2)):
        term = Term(parameter="payload", on=("trunk",), operation="add", low=load, high=load)
        source = Randomization(terms=(term, Term(parameter="gyro_noise", low=0.02, high=0.04)))
        config = EnvConfig(robots=8, seed=number, stagger=False, plans=plans)
        env = SimulationVecEnv(bundle.spec, task, bundle.contract, source, config)
        seen = [env.reset()]
        while len(seen) < 350:
            seen.append(env.advance(bundle.policy.act(seen[-1]))[0])
        parts.append(np.stack(seen[50:], axis=1).reshape(24, 100, -1))
    log = np.arange(72) // 3
    label = np.repeat(["0.0", "0.6", "1.2"], 24)
    seen = np.concatenate(parts)
    return bundle, LabelledWindows(seen=seen, label=label, log=log, episode=log, stretch=log)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "good"), [("class", 0.75), ("number", -0.3)])
def test_what_a_quadruped_carries_is_read_off_its_trunk(walked, kind, good):
    bundle, found = walked
    target, parts = Target.of(found.label.tolist(), kind), separate(found, kind)
    features, rows, held = pooled(bundle.policy, found.seen), parts.learning, parts.held_out
    linear = fit_linear(features[rows], target.take(rows), found.log[rows])
    score = target.take(held).score(linear(features[held])).mean()
    assert (score if kind == "class" else -score) > good


@pytest.mark.slow
def test_the_command_keeps_a_head_and_what_it_is_worth(tmp_path, capsys, one_thread):
    policy = BUNDLE.save(tmp_path / "policy")
    logs = [
        write_log(
            tmp_path / f"{floor}{i}.mcap", v, setup={"floor": floor}, seed=i, episodes=[(0.0, 2.6)]
        )
        for floor, v in (("felt", 0.0), ("tile", 0.6))
        for i in range(4)
    ]
    words = ["probe", *(log.path for log in logs), "--policy", policy, "--out", tmp_path / "head"]
    asked = [*words, "--labels", "floor", "--seconds", 0.5]
    assert run([str(word) for word in asked]) == 0
    said = capsys.readouterr().out
    assert "labelled felt, tile; held out are 6, which are 2 whole logs" in said
    assert "note: only 2 logs are held out" in said
    found = ProbeHead.load(tmp_path / "head", BUNDLE)
    seen = np.stack([log.policy.observation[50:75] for log in logs])
    assert found.predict(seen).tolist() == ["felt"] * 4 + ["tile"] * 4
    kept = json.loads((tmp_path / "head" / "result.json").read_text())
    assert kept["windows"] == {"learned from": 18, "held out": 6}
    assert kept["points"][-1]["frozen trunk"]["mean"] == 1.0
    assert (tmp_path / "head" / "curve.svg").read_text().startswith("<svg")
    assert "labels come from one place" in refused(capsys, *words)
    assert "setup of" in refused(capsys, *words, "--labels", "payload")


@pytest.mark.slow
def test_a_head_predicts_without_the_labs_packages():
    heavy = ("torch", "scipy", "mujoco", "matplotlib", "gymnasium", "stable_baselines3")
    code = f"import sys; sys.modules.update(dict.fromkeys({heavy})); import ashore.adapt.probe."
    subprocess.run([sys.executable, "-c", code + "probe_head"], check=True)
