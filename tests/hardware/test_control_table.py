"""Laws of the register data: nothing overlaps, units are right, misspellings are helped."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ashore.hardware.errors import HardwareError
from ashore.hardware.servo.control_table import ControlTable, Register

MODELS = ["xl330", "xl430", "xm430", "xm540", "sts3215", "scs0009"]
TABLE = ControlTable.load("xl330")
registers = st.sampled_from([register for model in MODELS for register in ControlTable.load(model)])


@pytest.mark.parametrize("model", MODELS)
def test_no_two_registers_share_a_byte(model: str) -> None:
    table = ControlTable.load(model)
    assert all(first.end <= second.address for first, second in pairwise(table))
    assert all(register.eeprom == (register.address < table.eeprom_end) for register in table)


@pytest.mark.parametrize(
    ("name", "address", "size"),
    [
        ("torque_enable", 64, 1),
        ("hardware_error_status", 70, 1),
        ("position_p_gain", 84, 2),
        ("bus_watchdog", 98, 1),
        ("goal_position", 116, 4),
        ("present_position", 132, 4),
        ("present_input_voltage", 144, 2),
        ("indirect_address_20", 206, 2),
        ("indirect_data_20", 227, 1),
    ],
)
def test_registers_stand_where_the_manual_says(name: str, address: int, size: int) -> None:
    assert (TABLE[name].address, TABLE[name].size) == (address, size)


def test_units_are_the_manuals() -> None:
    position = TABLE["present_position"]
    assert position.to_si(2048) == 0.0
    assert position.to_si(2048 + 1024) == pytest.approx(math.pi / 2)
    assert TABLE["present_velocity"].to_si(1) == pytest.approx(0.229 * 2 * math.pi / 60)
    assert TABLE["profile_acceleration"].to_si(1) == pytest.approx(214.577 * 2 * math.pi / 3600)
    assert TABLE["present_input_voltage"].to_si(50) == pytest.approx(5.0)
    assert TABLE["present_current"].to_si(-1750) == pytest.approx(-1.75)
    assert TABLE["goal_pwm"].to_si(885) == pytest.approx(1.0, abs=1e-3)


@given(registers, st.data())
def test_every_value_survives_its_bytes(register: Register, data: st.DataObject) -> None:
    value = data.draw(st.integers(register.minimum, register.maximum))
    assert register.decode(register.encode(value)) == value


@given(st.integers(-4096, 8192))
def test_counts_survive_radians(counts: int) -> None:
    goal = TABLE["goal_position"]
    assert goal.to_counts(goal.to_si(counts)) == counts


@pytest.mark.parametrize("model", MODELS)
def test_factory_values_are_possible_values(model: str) -> None:
    table = ControlTable.load(model)
    for register in table:
        assert register.minimum <= register.initial <= register.maximum
    assert table["model_number"].initial == table.number
    assert ControlTable.by_number(table.protocol, table.number) is table
    assert table.lock in table.registers


@pytest.mark.parametrize(
    ("model", "name", "address", "size"),
    [
        ("xm430", "current_limit", 38, 2),
        ("xm430", "indirect_address_28", 222, 2),
        ("xm430", "indirect_address_29", 578, 2),
        ("xm430", "indirect_address_56", 632, 2),
        ("xm430", "indirect_data_56", 661, 1),
        ("xl430", "present_load", 126, 2),
        ("xm540", "external_port_data_3", 156, 2),
        ("sts3215", "lock", 55, 1),
        ("sts3215", "goal_position", 42, 2),
        ("sts3215", "present_current", 69, 2),
        ("scs0009", "lock", 48, 1),
    ],
)
def test_every_models_registers_stand_where_its_manual_says(
    model: str, name: str, address: int, size: int
) -> None:
    register = ControlTable.load(model)[name]
    assert (register.address, register.size) == (address, size)


def test_an_xl430_has_no_current() -> None:
    table = ControlTable.load("xl430")
    assert not [register.name for register in table if "current" in register.name]
    assert not {0, 5} & set(table.modes)


def test_a_sign_bit_is_apart_from_the_magnitude() -> None:
    table = ControlTable.load("sts3215")
    assert table["present_position"].decode(b"\x05\x80") == -5
    assert table["goal_position"].encode(-5) == b"\x05\x80"
    assert table["present_load"].decode(b"\x05\x04") == -5  # bit 10
    assert table["homing_offset"].encode(-2047) == b"\xff\x0f"  # bit 11
    # Minus nothing is nothing.
    assert table["present_load"].decode(b"\x00\x04") == 0


def test_the_scs_series_keeps_its_high_byte_first() -> None:
    assert ControlTable.load("scs0009")["goal_position"].encode(0x1FF) == b"\x01\xff"
    assert ControlTable.load("sts3215")["goal_position"].encode(0x1FF) == b"\xff\x01"


def test_a_feetech_servo_has_neither_watchdog_nor_fast_reads() -> None:
    for model in ("sts3215", "scs0009"):
        table = ControlTable.load(model)
        assert {table.watchdog_firmware, table.fast_sync_firmware} == {None}
        assert "bus_watchdog" not in table.registers


def test_a_misspelt_register_is_answered_with_the_nearest() -> None:
    with pytest.raises(HardwareError, match="present_position"):
        TABLE["present_positon"]


def test_an_unknown_model_is_answered_with_the_known() -> None:
    with pytest.raises(HardwareError, match="xl330"):
        ControlTable.load("xl340")


def test_a_value_out_of_range_is_refused_with_the_range() -> None:
    with pytest.raises(HardwareError, match="0 to 4095"):
        TABLE["max_position_limit"].encode(4096)
    with pytest.raises(HardwareError, match="cannot be nan rad"):
        TABLE["goal_position"].to_counts(math.nan)
    with pytest.raises(HardwareError, match="4 bytes"):
        TABLE["goal_position"].decode(b"\0")


def test_a_span_is_the_shortest_block() -> None:
    # Current at 126, velocity, position at 132 of 4 bytes: ten bytes.
    assert TABLE.span(["present_position", "present_current"]) == (126, 10)


def test_fault_bits_have_names() -> None:
    assert TABLE.faults(0b100001) == ["input voltage out of limits", "overload"]
    assert TABLE.faults(0) == []
