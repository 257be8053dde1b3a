"""Laws of the contract: one observation, whoever builds it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ashore.envs.tasks import make_task
from ashore.hardware.contract import ActionTerm, Contract, Memory, ObservationTerm
from ashore.hardware.errors import ContractError
from ashore.hardware.spec import RobotSpec, shipped_robots

SPEC = RobotSpec.load("servo")


def contract(*terms, **changed):
    one = ActionTerm(base="base", scale=(0.5,), lower=(-1.0,), upper=(1.0,))
    parts = {"robot": "r", "joints": ("a",), "task": "t", "rate": 50.0, "action": one}
    return Contract(terms=terms, **{**parts, **changed})


def observe(made, *ticks):
    memory = Memory(made, 1)
    return [made.observe({"x": np.array([[x]])}, memory)[0].tolist() for x in ticks]


def test_a_term_is_offset_then_scaled_then_clipped():
    made = contract(ObservationTerm(signal="x", size=1, offset=1.0, scale=2.0, clip=3.0))
    # (1.5 - 1) * 2 = 1; (9 - 1) * 2 = 16, clipped to 3; (-9 - 1) * 2 = -20, clipped to -3
    assert observe(made, 1.5, 9.0, -9.0) == [[1.0], [3.0], [-3.0]]


def test_history_is_newest_first_and_the_first_tick_stands_for_the_past():
    made = contract(ObservationTerm(signal="x", size=1, history=3))
    assert observe(made, 1.0, 2.0, 3.0, 4.0) == [[1, 1, 1], [2, 1, 1], [3, 2, 1], [4, 3, 2]]


def test_delay_shows_what_was_some_ticks_ago():
    made = contract(ObservationTerm(signal="x", size=1, history=2, delay=2))
    assert observe(made, 1.0, 2.0, 3.0, 4.0, 5.0) == [[1, 1], [1, 1], [1, 1], [2, 1], [3, 2]]


def test_a_stride_leaves_ticks_out():
    made = contract(ObservationTerm(signal="x", size=1, history=3, stride=2))
    # 5, 3 and 1 are two ticks apart; of the fourth tick, 4, 2 and what stands for the past
    assert observe(made, 1.0, 2.0, 3.0, 4.0, 5.0)[3:] == [[4, 2, 1], [5, 3, 1]]


def test_context_stands_behind_the_terms():
    made = contract(ObservationTerm(signal="x", size=1, scale=2.0)).with_context(2, 3)
    assert (made.present_size, made.observation_size) == (1, 3)
    # the term is 2 x; its context the same now and three ticks ago
    assert observe(made, 1.0, 2.0, 3.0, 4.0, 5.0)[3:] == [[8, 8, 2], [10, 10, 4]]


def test_the_normaliser_comes_last():
    made = contract(ObservationTerm(signal="x", size=1, scale=2.0, history=2))
    normal = made.with_normaliser(np.array([1.0, 0.0]), np.array([0.5, 4.0]))
    # 3 * 2 = 6 in both places: (6 - 1) / 0.5 = 10 and (6 - 0) / 4 = 1.5
    assert observe(normal, 3.0) == [[10.0, 1.5]]


def test_terms_stand_in_order_with_all_of_a_tick_together():
    made = contract(
        ObservationTerm(signal="y", size=2, history=2), ObservationTerm(signal="x", size=1)
    )
    memory = Memory(made, 1)
    made.observe({"x": np.array([[1.0]]), "y": np.array([[2.0, 3.0]])}, memory)
    seen = made.observe({"x": np.array([[4.0]]), "y": np.array([[5.0, 6.0]])}, memory)
    assert seen.tolist() == [[5.0, 6.0, 2.0, 3.0, 4.0]]


def test_restart_forgets_one_robot_alone():
    made = contract(ObservationTerm(signal="x", size=1, history=2))
    memory = Memory(made, 2)
    made.observe({"x": np.array([[1.0], [1.0]])}, memory)
    memory.restart(np.array([1]))
    seen = made.observe({"x": np.array([[2.0], [2.0]])}, memory)
    assert seen.tolist() == [[2.0, 1.0], [2.0, 2.0]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_robots_row_has_the_same_bits_alone_and_in_a_batch(seed, n):
    rng = np.random.default_rng(seed)
    terms = (
        ObservationTerm(signal="x", size=2, offset=0.1, scale=0.3, clip=0.7, history=3, delay=1),
        ObservationTerm(signal="y", size=1, scale=1.7, history=2),
    )
    made = contract(*terms)
    size = made.observation_size
    made = made.with_normaliser(rng.normal(size=size), rng.uniform(0.1, 3.0, size))
    together, alone = Memory(made, n), [Memory(made, 1) for _ in range(n)]
    for _ in range(4):
        signals = {"x": rng.normal(size=(n, 2)), "y": rng.normal(size=(n, 1))}
        batch = made.observe(signals, together)
        for i, memory in enumerate(alone):
            single = made.observe({k: v[i : i + 1] for k, v in signals.items()}, memory)
            assert single.tobytes() == batch[i : i + 1].tobytes()


def test_an_action_moves_the_goal_from_its_base_and_is_clipped_twice():
    made = contract(ObservationTerm(signal="x", size=1))
    signals = {"base": np.array([[0.2], [0.2], [0.8]])}
    # 0.2 + 0.5 * 0.4 = 0.4; 7 counts as 1: 0.2 + 0.5 = 0.7; 0.8 + 0.5 = 1.3, clipped to 1
    goal = made.act(np.array([[0.4], [7.0], [1.0]]), signals)
    assert goal == pytest.approx(np.array([[0.4], [0.7], [1.0]]), abs=1e-12)


def test_an_action_that_is_no_number_reaches_the_safety_filter():
    made = contract(ObservationTerm(signal="x", size=1))
    assert np.isnan(made.act(np.array([[np.nan]]), {"base": np.array([[0.0]])})).all()


TERM = ObservationTerm(signal="x", size=1)
WHOLE = contract(TERM)


@pytest.mark.parametrize(
    "other",
    [
        *(
            replace(WHOLE, **{key: value})
            for key, value in {
                "robot": "s",
                "joints": ("b",),
                "task": "u",
                "rate": 51.0,
                "mean": (0.0,),
                "std": (1.0,),
                "terms": (TERM, TERM),
                "context": (TERM,),
            }.items()
        ),
        *(
            replace(WHOLE, terms=(replace(TERM, **{key: value}),))
            for key, value in {
                "signal": "y",
                "size": 2,
                "offset": 0.1,
                "scale": 2.0,
                "clip": 5.0,
                "history": 2,
                "delay": 1,
                "stride": 2,
            }.items()
        ),
        *(
            replace(WHOLE, action=replace(WHOLE.action, **{key: value}))
            for key, value in {
                "base": "x",
                "scale": (0.6,),
                "lower": (-2.0,),
                "upper": (2.0,),
            }.items()
        ),
    ],
)
def test_the_hash_changes_with_any_field(other):
    assert other.hash != WHOLE.hash


@pytest.mark.parametrize("robot", shipped_robots())
def test_a_contract_survives_json(robot):
    spec = RobotSpec.load(robot)
    made = make_task(spec.task, spec).contract(spec).with_context(4, 2)
    back = Contract.from_json(made.to_json())
    assert back == made
    assert back.hash == made.hash


def test_an_edited_contract_is_refused():
    text = WHOLE.to_json()
    with pytest.raises(ContractError, match="was edited or damaged"):
        Contract.from_json(text.replace('"rate": 50.0', '"rate": 60.0'))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"hash": 1}', WHOLE.to_json()[:-9]])
def test_what_is_no_contract_is_refused(text):
    with pytest.raises(ContractError, match="not a contract"):
        Contract.from_json(text)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"name": "arm"}, "robot 'servo'"), ({"rate": 100.0}, "rate 50")],
)
def test_a_policy_of_another_robot_is_refused(changed, message):
    made = make_task("track", SPEC).contract(SPEC)
    made.require_fit(SPEC)
    with pytest.raises(ContractError, match=message):
        made.require_fit(replace(SPEC, **changed))


def test_joints_in_another_order_do_not_fit():
    pair = tuple(replace(SPEC.joints[0], name=name, id=i) for i, name in enumerate(("a", "b")))
    both = replace(SPEC, joints=pair)
    made = make_task("track", both).contract(both)
    with pytest.raises(ContractError, match="joints"):
        made.require_fit(replace(both, joints=pair[::-1]))


def test_an_absent_signal_and_a_wrong_width_are_named():
    memory = Memory(WHOLE, 1)
    with pytest.raises(ContractError, match="no signal 'x'; there are: y"):
        WHOLE.observe({"y": np.zeros((1, 1))}, memory)
    with pytest.raises(ContractError, match=r"signal 'x' is \(1, 2\); the contract wants \(n, 1\)"):
        WHOLE.observe({"x": np.zeros((1, 2))}, memory)


def test_sizes_that_contradict_one_another_are_refused():
    with pytest.raises(ContractError, match=r"action.scale has 1 values for 2 joints"):
        contract(TERM, joints=("a", "b"))
    with pytest.raises(ContractError, match="normaliser mean has 2 values for 1 observations"):
        contract(TERM, mean=(0.0, 1.0))
