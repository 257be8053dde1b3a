"""Laws of the ONNX file: raw signals in, and the same actions and goals out as from the bundle."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from networks import Network, Sizes, network_for

from ashore.envs.tasks import make_task
from ashore.hardware.contract import ActionTerm, Contract, Memory, ObservationTerm
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.onnx_model import (
    ACTION,
    FORMAT,
    IR_VERSION,
    OBSERVATION,
    OPSET,
    Window,
    network_model,
    onnx_model,
    windows,
)
from ashore.policies.policy import Policy

ROBOTS = {"servo": "track", "arm": "reach", "quadruped": "walk"}


def contract_of(robot):
    spec = RobotSpec.load(robot)
    return make_task(ROBOTS[robot], spec).contract(spec)


def normalised(contract, seed=0):
    rng, size = np.random.default_rng(seed), contract.observation_size
    return contract.with_normaliser(rng.normal(0.0, 0.3, size), rng.uniform(0.3, 2.0, size))


def awkward(contract):
    """The same signals, each seen in another way: late, with gaps, shifted, cut short."""
    ways = [
        {"history": 3, "stride": 2, "delay": 1},
        {"delay": 4, "offset": 0.3},
        {"history": 2, "stride": 5, "clip": 0.5},
        {"history": 4, "scale": -0.7},
        {},
    ]
    terms = [replace(term, **ways[i % len(ways)]) for i, term in enumerate(contract.terms)]
    return replace(contract, terms=(*terms, replace(terms[0], history=1, delay=0, scale=0.1)))


CONTRACTS = {
    **{robot: contract_of(robot) for robot in ROBOTS},
    **{f"{robot}, past": contract_of(robot).with_context(6, 3) for robot in ROBOTS},
    **{f"{robot}, awkward": awkward(contract_of(robot)) for robot in ROBOTS},
    "servo, awkward past": awkward(contract_of("servo")).with_context(4, 2),
}


def bundle_of(contract, encoded=False, squash=None):
    """A bundle of random weights for a contract that any network may be given."""
    if encoded and not contract.context:
        last = contract.terms[-1]
        contract = replace(contract, terms=contract.terms[:-1], context=(last,))
    contract = normalised(contract)
    actor = network_for(contract, encoded, squash=squash).weights()
    actor["head.weight"] *= 0.3  # so that many actions are not clipped
    return Bundle(
        robot=RobotSpec.load(contract.robot),
        contract=contract,
        actor=actor,
        critic={},
        randomization="[]",
        provenance={},
    )


def drawn(contract, rng, n):
    """Signals of one tick, of sizes at which some are clipped, as float32 holds them."""
    return {
        name: rng.normal(0.0, 2.0, (n, window.size)).astype(np.float32).astype(np.float64)
        for name, window in windows(contract).items()
    }


class Deployer:
    """What somebody writes who has the file, its metadata and nothing else."""

    def __init__(self, content):
        self.session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        about = self.session.get_modelmeta().custom_metadata_map
        self.ticks = {each["name"]: each["ticks"] for each in json.loads(about["inputs"])}
        self.past = {}

    def tick(self, signals):
        for name, ticks in self.ticks.items():
            value = signals[name].astype(np.float32)[:, None]
            before = self.past.get(name, np.repeat(value, ticks, axis=1))
            self.past[name] = np.concatenate([value, before[:, :-1]], axis=1)
        return self.session.run(["action", "goal"], self.past)


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("name", CONTRACTS)
def test_the_file_acts_as_the_bundle_does(name, encoded):
    bundle = bundle_of(CONTRACTS[name], encoded)
    contract, policy = bundle.contract, bundle.policy
    robot, rng = Deployer(onnx_model(bundle)), np.random.default_rng(1)
    memory, inside = Memory(contract, 8), 0
    for _ in range(20):
        signals = drawn(contract, rng, 8)
        wanted = policy.act(contract.observe(signals, memory))
        action, goal = robot.tick(signals)
        assert action.dtype == goal.dtype == np.float32
        assert action == pytest.approx(np.clip(wanted, -1.0, 1.0), abs=1e-5)
        assert goal == pytest.approx(contract.act(wanted, signals), abs=1e-5)
        inside += (np.abs(wanted) < 1.0).mean() / 20
    assert inside > 0.2  # a law about clipped actions alone would prove little


def test_a_squashed_policys_file_squashes():
    size = CONTRACTS["arm"].action_size
    bundle = bundle_of(CONTRACTS["arm"], squash=np.linspace(0.2, 0.9, size))
    contract = bundle.contract
    signals = drawn(contract, np.random.default_rng(2), 50)
    action, _ = Deployer(onnx_model(bundle)).tick(signals)
    wanted = bundle.policy.act(contract.observe(signals, Memory(contract, 50)))
    assert action == pytest.approx(wanted, abs=1e-5)


def test_what_is_not_a_number_is_not_hidden():
    bundle = bundle_of(CONTRACTS["quadruped, past"], encoded=True)
    contract = bundle.contract
    signals = drawn(contract, np.random.default_rng(3), 4)
    signals["imu_gyro"][1, 2] = np.nan
    signals[contract.action.base][2, 5] = np.nan
    signals["joint_velocity"][3] = np.inf  # is clipped, as on the robot
    action, goal = Deployer(onnx_model(bundle)).tick(signals)
    wanted = bundle.policy.act(contract.observe(signals, Memory(contract, 4)))
    assert (np.isnan(action) == np.isnan(wanted)).all()
    assert (np.isnan(goal) == np.isnan(contract.act(wanted, signals))).all()
    assert np.isnan(action[1]).all()
    assert np.isnan(goal[2]).tolist() == [i == 5 for i in range(12)]
    assert not np.isnan(goal[[0, 3]]).any()


def test_a_worked_file():
    contract = Contract(
        robot="servo",
        joints=("shoulder",),
        task="track",
        rate=50.0,
        terms=(ObservationTerm(signal="x", size=1, offset=1.0, scale=2.0, clip=3.0, delay=1),),
        action=ActionTerm(base="y", scale=(0.5,), lower=(-9.0,), upper=(2.0,)),
        mean=(1.0,),
        std=(4.0,),
    )
    actor = {
        "head.weight": np.array([[3.0]], np.float32),
        "head.bias": np.array([0.2], np.float32),
    }
    whole = replace(bundle_of(CONTRACTS["servo"]), contract=contract, actor=actor)
    model = Deployer(onnx_model(whole))
    one = np.ones((1, 1))
    # tick 0: (1.5 - 1) * 2 = 1; (1 - 1) / 4 = 0; action 0.2; goal 1 + 0.5 * 0.2
    action, goal = model.tick({"x": 1.5 * one, "y": one})
    assert (action.item(), goal.item()) == pytest.approx((0.2, 1.1))
    # tick 1 sees tick 0 still
    action, goal = model.tick({"x": 9.0 * one, "y": 4.0 * one})
    assert (action.item(), goal.item()) == pytest.approx((0.2, 2.0))
    # tick 2: (9 - 1) * 2 is clipped to 3; (3 - 1) / 4 = 0.5; 1.7 is clipped to 1
    action, goal = model.tick({"x": one, "y": -one})
    assert (action.item(), goal.item()) == pytest.approx((1.0, -0.5))


def test_the_file_says_what_it_is():
    bundle = bundle_of(CONTRACTS["quadruped, past"], encoded=True)
    content = onnx_model(bundle)
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (IR_VERSION, OPSET)
    about = {each.key: each.value for each in model.metadata_props}
    contract = bundle.contract
    assert Contract.from_json(about["contract"]) == contract
    assert about["contract_hash"] == contract.hash
    assert (about["robot"], about["task"]) == ("quadruped", "walk")
    assert float(about["rate"]) == contract.rate
    assert tuple(json.loads(about["joints"])) == contract.joints
    assert about["digest"] == bundle.digest
    assert about["format"] == str(FORMAT)
    layout = json.loads(about["inputs"])
    inputs = {each.pop("name"): Window(**each) for each in layout}
    assert inputs == windows(contract)
    assert list(inputs) == [each.name for each in model.graph.input]
    assert content == onnx_model(bundle)


def test_a_file_holds_a_policy_of_a_gymnasium_environment_too():
    bundle = bundle_of(CONTRACTS["servo"])
    content = onnx_model(replace(bundle, robot=GymnasiumRobot(name="servo")))
    assert content == onnx_model(bundle)


@pytest.mark.parametrize("signal", ["action", "goal", "target"])
def test_signals_that_cannot_be_inputs_are_refused(signal):
    bundle = bundle_of(CONTRACTS["servo"])
    terms = (*bundle.contract.terms[:-1], ObservationTerm(signal=signal, size=2))
    with pytest.raises(BundleError, match=f"signal '{signal}' cannot be an input of"):
        onnx_model(replace(bundle, contract=replace(bundle.contract, terms=terms)))


@pytest.mark.parametrize("squash", [None, (1.0, 0.5, 2.0)])
def test_a_network_alone_acts_as_it_does_in_numpy(squash):
    sizes = Sizes(context=9, latent=4)
    policy = Policy(Network(sizes, squash=squash).weights())
    seen = np.random.default_rng(0).normal(size=(5, 16)).astype(np.float32)
    session = onnxruntime.InferenceSession(network_model(policy))
    (action,) = session.run([ACTION], {OBSERVATION: seen})
    assert action == pytest.approx(policy.act(seen), abs=1e-5)
