"""Laws of the Feetech codec: the manual's own bytes, and any bytes at all."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ashore.hardware.errors import BusError
from ashore.hardware.wire import feetech
from ashore.hardware.wire.feetech import HEADER, LONGEST, Parser
from ashore.hardware.wire.frame import Frame

# Source: Feetech, "communication protocol manual", the examples of each instruction.
MANUAL = [
    (feetech.ping(1), "FFFF 01 02 01 FB"),
    (feetech.status(1), "FFFF 01 02 00 FC"),
    (feetech.read(1, 0x38, 2), "FFFF 01 04 02 38 02 BE"),
    (feetech.status(1, 0, b"\x18\x05"), "FFFF 01 04 00 18 05 DD"),
    (feetech.write(254, 5, b"\x01"), "FFFF FE 04 03 05 01 F4"),
    (
        feetech.write(1, 0x2A, b"\x00\x08\x00\x00\xe8\x03"),
        "FFFF 01 09 03 2A 00 08 00 00 E8 03 D5",
    ),
    (
        feetech.reg_write(1, 0x2A, b"\x00\x08\x00\x00\xe8\x03"),
        "FFFF 01 09 04 2A 00 08 00 00 E8 03 D4",
    ),
    (feetech.action(), "FFFF FE 02 05 FA"),
    (
        feetech.sync_write(dict.fromkeys((1, 2, 3, 4), b"\x00\x08\x00\x00\xe8\x03"), 0x2A),
        "FFFF FE 20 83 2A 06 01 00 08 00 00 E8 03 02 00 08 00 00 E8 03"
        "03 00 08 00 00 E8 03 04 00 08 00 00 E8 03 58",
    ),
    (feetech.sync_read([1, 2], 0x38, 8), "FFFF FE 06 82 38 08 01 02 36"),
]

bodies = st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x02, 0x12]), max_size=60).map(bytes)
frames = st.builds(
    Frame,
    id=st.integers(0, 253),
    instruction=st.just(0x55),
    params=bodies | st.binary(max_size=60),
    error=st.integers(0, 255),
)


@pytest.mark.parametrize(("packet", "expected"), MANUAL)
def test_every_packet_is_the_manuals_to_the_byte(packet: bytes, expected: str) -> None:
    assert packet == bytes.fromhex(expected)


def test_every_instruction_parses_back() -> None:
    parser = Parser(replies=False)
    assert b"".join(feetech.encode(f) for p, _ in MANUAL for f in parser.feed(p)) == b"".join(
        packet for packet, _ in MANUAL
    )
    assert parser.corrupt == 0


@given(st.lists(frames, max_size=6), st.data())
def test_frames_survive_any_cut_of_the_stream(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(feetech.encode(frame) for frame in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    parser, seen = Parser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        seen += parser.feed(stream[start:end])
    assert seen == sent
    assert parser.corrupt == 0


@given(st.lists(st.binary(max_size=300) | bodies, max_size=20))
def test_no_bytes_raise_anything_or_fill_the_buffer(chunks: list[bytes]) -> None:
    parser = Parser()
    for chunk in chunks:
        parser.feed(HEADER + chunk)
        assert len(parser) <= LONGEST + 4
        assert parser.lacking >= 1
    parser.flush()
    assert len(parser) <= 4


@given(frames, st.data())
def test_a_flipped_bit_is_never_decoded_as_the_servos_word(
    frame: Frame, data: st.DataObject
) -> None:
    packet = bytearray(feetech.encode(frame))
    bit = data.draw(st.integers(16, 8 * len(packet) - 1))
    packet[bit // 8] ^= 1 << bit % 8
    parser = Parser()
    seen = parser.feed(bytes(packet)) + parser.flush()
    # The whole packet is refused; params that look like packets are found, and are shorter.
    assert all(len(found.params) < len(frame.params) for found in seen)


def test_a_row_of_ff_before_a_packet_changes_nothing() -> None:
    parser = Parser()
    assert parser.feed(b"\xff" * 9 + feetech.status(3, 0, b"\xff\xff")) == [
        Frame(id=3, instruction=0x55, params=b"\xff\xff")
    ]
    assert parser.corrupt == 0


def test_a_cut_frame_costs_only_itself() -> None:
    whole = Frame(id=9, instruction=0x55, params=b"\x01\x02")
    parser = Parser()
    seen = parser.feed(feetech.status(2, 0, b"abcd")[:-2] + feetech.encode(whole))
    assert whole in [*seen, *parser.flush()]
    assert parser.corrupt_ids[0] == 2


def test_a_model_number_is_read_with_its_high_byte_where_the_series_keeps_it() -> None:
    assert feetech.identity(b"\x03\x0a\x00\x09\x03") == (777).to_bytes(2, "little") + b"\x03"
    assert feetech.identity(b"\x02\x00\x01\x05\x04") == (1284).to_bytes(2, "little") + b"\x02"


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.binary(max_size=400))
def test_what_cannot_be_said_is_refused_in_the_rooms_own_words(
    servo: int, address: int, data: bytes
) -> None:
    for say in (
        lambda: feetech.write(servo, address, data),
        lambda: feetech.sync_write({servo: data, 1: data}, address),
        lambda: feetech.sync_read([servo], address, len(data)),
        lambda: feetech.ping(servo),
    ):
        with suppress(BusError):
            assert say().startswith(HEADER)
