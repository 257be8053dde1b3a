"""rustypot, an independent client in Rust, drives the twin."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bench import Bench
from oracle import ATTEMPTS, insist

from ashore.hardware.spec import RobotSpec

rustypot = pytest.importorskip("rustypot", reason="no rustypot: pip install rustypot")

SPEC = RobotSpec.load("quadruped")
IDS = list(SPEC.ids)
MODEL, ALERT = 1020, 0x80
HEADER_LIKE = [0xFF, 0xFF, 0xFD, 0xFF]  # -131073
PATIENCE = 0.5  # longest wait for an answer; this machine may be busy [s]


@pytest.fixture
def robot() -> Iterator[Bench]:
    bench = Bench(SPEC, rate=1000.0, model="xm430")
    yield bench
    bench.unplug()


@pytest.fixture(params=[False, True], ids=["sync", "fast"])
def client(robot: Bench, request: pytest.FixtureRequest) -> Iterator[Any]:
    client = rustypot.Xl430PyController(robot.port, 1_000_000, PATIENCE)
    client.set_fast_sync_read(request.param)
    yield client
    client.close()


def ask(call: Callable[..., Any], *arguments: object) -> Any:
    """Call until no time ran out."""

    def attempt() -> tuple[Any, Exception | None]:
        try:
            return call(*arguments), None
        except RuntimeError as problem:
            return None, problem

    return insist(attempt, lambda answer: answer[1] is None)[0]


def test_everyone_is_there(client: Any) -> None:
    assert all(ask(client.ping, servo) for servo in IDS)
    assert ask(client.scan, IDS) == dict.fromkeys(IDS, MODEL)


@pytest.mark.slow
def test_everyone_is_found_by_one_broadcast(client: Any) -> None:
    assert ask(client.broadcast_scan, IDS) == dict.fromkeys(IDS, MODEL)


def test_registers_of_every_size_go_there_and_back(client: Any) -> None:
    for name, value in (("led", 1), ("position_p_gain", 1234), ("goal_position", 2345)):
        client.write_register(2, name, value, ATTEMPTS)
        assert client.read_register(2, name, ATTEMPTS) == value


def test_the_whole_chain_is_read_and_written_jointly(client: Any) -> None:
    goals = [2000 + servo for servo in IDS]
    client.sync_write_register(IDS, "goal_position", goals, ATTEMPTS)
    assert client.sync_read_register(IDS, "goal_position", ATTEMPTS) == goals
    alone = [client.read_register(servo, "present_position", ATTEMPTS) for servo in IDS]
    jointly = client.sync_read_register(IDS, "present_position", ATTEMPTS)
    assert jointly == pytest.approx(alone, abs=3)


def test_negative_values_mean_the_same_to_both(client: Any) -> None:
    for servo in IDS:
        client.write_register(servo, "operating_mode", 4, ATTEMPTS)
    goals = [-1000 * servo for servo in IDS]
    client.sync_write_register(IDS, "goal_position", goals, ATTEMPTS)
    assert client.sync_read_register(IDS, "goal_position", ATTEMPTS) == goals


def test_values_that_look_like_a_header_go_there_and_back(client: Any) -> None:
    for servo in IDS:
        client.write_register(servo, "operating_mode", 4, ATTEMPTS)
    ask(client.sync_write_raw_data, IDS, 116, [HEADER_LIKE] * len(IDS))
    assert [list(d) for d in ask(client.sync_read_raw_data, IDS, 116, 4)] == [HEADER_LIKE] * 12
    assert list(ask(client.read_raw_data, 1, 116, 4)) == HEADER_LIKE


def test_a_hardware_error_comes_with_every_answer(client: Any, robot: Bench) -> None:
    robot.memory.put("hardware_error_status", 0b100)
    assert ask(client.read_register_with_error, 1, "hardware_error_status") == (0b100, ALERT)
    answers = ask(client.sync_read_register_with_error, IDS, "hardware_error_status")
    assert answers == [(0b100, ALERT), *[(0, 0)] * 11]


def test_a_refusal_comes_as_its_number(client: Any) -> None:
    assert ask(client.write_raw_data_with_error, 1, 132, [0, 0, 0, 0]) == 7
    assert ask(client.write_raw_data_with_error, 1, 64, [2]) == 4


def test_a_reboot_forgets_ram(client: Any) -> None:
    client.write_register(3, "position_p_gain", 77, ATTEMPTS)
    assert client.reboot(3)

    def passing() -> int | None:
        for _ in range(100):
            ask(client.sync_read_raw_data, [1], 132, 4)
        try:
            return int(client.read_register(3, "position_p_gain"))
        except RuntimeError:
            return None

    assert insist(passing, lambda gain: gain is not None, 20) == 800
