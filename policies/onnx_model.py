"""`onnx_model`: a bundle's policy as one ONNX file, from a robot's signals to its joints' goals.

Who runs it needs neither Ashore nor Python, and cannot get the observation wrong: scales, past and
normaliser are inside. There is one input for each signal, float32 `(batch, ticks, size)` in the
signal's own SI units, newest tick first: what it was in the last `ticks` control steps. When an
episode begins, its first tick stands for all of them. Signals that no sensor measures, such as a
command, are the task's to supply. There are two outputs, `(batch, joints)`: `action`, in -1..1,
which is the signal `last_action` one tick later, after zeros; and `goal`, the joints' goals [rad].
What is not a number is not hidden: outputs that depend on it are not numbers either.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ashore.hardware.contract import Contract
from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.policy import Layer, Policy

FORMAT, OPSET, IR_VERSION = 1, 17, 8
"""Layout of inputs, outputs and metadata; ONNX's operators and file version, both of 2022."""
OBSERVATION, ACTION, GOAL = "observation", "action", "goal"
ONNX = "policy.onnx"
"""Name of the model among a bundle's files."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """How much of a signal's past the model is given."""

    ticks: int
    """Control steps, the newest first."""
    size: int
    """Numbers of each."""


def windows(contract: Contract) -> dict[str, Window]:
    """What the model must be given, by signal: those observed, then what actions are added to.

    Raises:
        BundleError: a signal is read with two sizes, or is called as an output is.
    """
    wanted = [(term.signal, term.depth, term.size) for term in contract.all_terms]
    found: dict[str, Window] = {}
    for name, ticks, size in [*wanted, (contract.action.base, 1, contract.action_size)]:
        known = found.get(name, Window(ticks=0, size=size))
        if known.size != size or name in (ACTION, GOAL):
            raise BundleError(
                f"signal {name!r} cannot be an input of {size} numbers: it is an input of "
                f"{known.size} too, or an output's name; train with another contract"
            )
        found[name] = Window(ticks=max(known.ticks, ticks), size=size)
    return found


def onnx_model(bundle: Bundle) -> bytes:
    """Build the model.

    Its metadata hold the contract as JSON, its hash, the robot, its joints, the task, the rate
    [Hz], the bundle's digest, the layout of the inputs, and the number of this format.

    Raises:
        BundleError: the contract's signals cannot be inputs.
    """
    contract, graph = bundle.contract, _Graph()
    inputs = windows(contract)
    observation = _observe(graph, contract, inputs)
    action = graph.clipped(_act(graph, bundle.policy, observation), -1.0, 1.0, ACTION)
    base = graph.ticks(contract.action.base, inputs[contract.action.base].ticks, slice(0, 1, 1))
    step = graph.add("Mul", [action, graph.constant(contract.action.scale)])
    wish = graph.add("Add", [base, step])
    graph.clipped(wish, contract.action.lower, contract.action.upper, GOAL)
    given = [_value(name, each.ticks, each.size) for name, each in inputs.items()]
    gives = [_value(name, contract.action_size) for name in (ACTION, GOAL)]
    return graph.model(given, gives, _metadata(bundle, inputs))


def network_model(policy: Policy) -> bytes:
    """Build a model of a network alone: from a normalised `observation` to an `action`."""
    graph = _Graph()
    graph.add("Identity", [_act(graph, policy, OBSERVATION)], ACTION)
    given, gives = _value(OBSERVATION, policy.observation_size), _value(ACTION, policy.action_size)
    return graph.model([given], [gives], {})


class _Graph:
    """Nodes and constants; values between nodes are numbered."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def model(
        self,
        given: Sequence[onnx.ValueInfoProto],
        gives: Sequence[onnx.ValueInfoProto],
        metadata: dict[str, str],
    ) -> bytes:
        """A checked model of all that was added."""
        made = helper.make_model(
            helper.make_graph(self.nodes, "policy", given, gives, self.constants),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="ashore",
            doc_string=(__doc__ or "").partition("\n\n")[2].strip(),
        )
        helper.set_model_props(made, metadata)
        onnx.checker.check_model(made, full_check=True)
        content: bytes = made.SerializeToString(deterministic=True)
        return content

    def add(self, operator: str, inputs: Sequence[str], output: str = "", **options: Any) -> str:
        name = output or f"/{operator}/{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **options))
        return name

    def constant(self, value: Any, kind: type = np.float32) -> str:
        name = f"/constant/{len(self.constants)}"
        array: NDArray[Any] = np.array(value, dtype=kind)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def part(self, value: str, axis: int, which: slice) -> str:
        """Take the places `which` along an axis."""
        bounds = (which.start, which.stop, axis, which.step)
        return self.add("Slice", [value, *(self.constant([x], np.int64) for x in bounds)])

    def ticks(self, signal: str, given: int, which: slice) -> str:
        """Take ticks of a signal of which `given` are given, side by side, `(batch, k)`."""
        whole = which == slice(0, given, 1)
        taken = signal if whole else self.part(signal, 1, which)
        return self.add("Flatten", [taken], axis=1)

    def clipped(self, value: str, low: Any, high: Any, output: str = "") -> str:
        """Clip, and leave what is not a number as it is, which ONNX's own Clip need not do."""
        bounded = self.add("Max", [value, self.constant(low)])
        bounded = self.add("Min", [bounded, self.constant(high)])
        return self.add("Where", [self.add("IsNaN", [value]), value, bounded], output)

    def layer(self, value: str, layer: Layer) -> str:
        weight, bias = layer
        return self.add("Gemm", [value, self.constant(weight), self.constant(bias[0])])

    def hidden(self, value: str, layers: Sequence[Layer]) -> str:
        for layer in layers:
            value = self.add("Elu", [self.layer(value, layer)])
        return value


def _observe(graph: _Graph, contract: Contract, inputs: dict[str, Window]) -> str:
    """What `Contract.observe` does."""
    parts = [
        graph.ticks(
            term.signal,
            inputs[term.signal].ticks,
            slice(term.delay, term.depth, term.stride),
        )
        for term in contract.all_terms
    ]

    def column(key: str) -> NDArray[np.float32]:
        columns = [np.repeat(getattr(term, key), term.width) for term in contract.all_terms]
        return np.concatenate(columns).astype(np.float32)

    value = graph.add("Concat", parts, axis=1)
    value = graph.add("Sub", [value, graph.constant(column("offset"))])
    value = graph.add("Mul", [value, graph.constant(column("scale"))])
    value = graph.clipped(value, -column("clip"), column("clip"))
    if contract.mean:
        value = graph.add("Sub", [value, graph.constant(contract.mean)])
    if contract.std:
        inverse = np.float32(1.0) / np.array(contract.std, dtype=np.float32)
        value = graph.add("Mul", [value, graph.constant(inverse)])
    return value


def _act(graph: _Graph, policy: Policy, value: str) -> str:
    """What `Policy.act` does with an observation."""
    if policy.latent is not None:
        present = graph.part(value, 1, slice(0, policy.present_size, 1))
        context = graph.part(value, 1, slice(policy.present_size, policy.observation_size, 1))
        latent = graph.layer(graph.hidden(context, policy.encoder), policy.latent)
        value = graph.add("Concat", [present, latent], axis=1)
    value = graph.layer(graph.hidden(value, policy.trunk), policy.head)
    if policy.squash is not None:
        value = graph.add("Mul", [graph.add("Tanh", [value]), graph.constant(policy.squash)])
    return value


def _metadata(bundle: Bundle, inputs: dict[str, Window]) -> dict[str, str]:
    contract = bundle.contract
    layout = [
        {"name": name, "ticks": each.ticks, "size": each.size} for name, each in inputs.items()
    ]
    return {
        "format": str(FORMAT),
        "robot": contract.robot,
        "joints": json.dumps(contract.joints),
        "task": contract.task,
        "rate": repr(contract.rate),
        "digest": bundle.digest,
        "contract": contract.to_json(),
        "contract_hash": contract.hash,
        "inputs": json.dumps(layout),
        "history": "newest tick first; an episode's first tick stands for all before it",
    }


def _value(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
