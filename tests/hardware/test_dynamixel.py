"""Laws of the codec: the manual's own bytes, the SDK's arithmetic, and any bytes at all."""

from contextlib import suppress

import pytest
from dynamixel_sdk import Protocol2PacketHandler
from hypothesis import assume, given
from hypothesis import strategies as st

from ashore.hardware.errors import BusError, HardwareError
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.frame import HEADER, LONGEST, Frame, Parser, crc16, encode, stuff, unstuff

# Source: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0", the examples of each instruction.
MANUAL = [
    (dynamixel.ping(1), "FFFFFD00 01 0300 01 194E"),
    (dynamixel.status(1, 0, b"\x06\x04\x26"), "FFFFFD00 01 0700 55 00 060426 655D"),
    (dynamixel.read(1, 132, 4), "FFFFFD00 01 0700 02 8400 0400 1D15"),
    (dynamixel.status(1, 0, b"\xa6\0\0\0"), "FFFFFD00 01 0800 55 00 A6000000 8CC0"),
    (dynamixel.write(1, 116, b"\0\x02\0\0"), "FFFFFD00 01 0900 03 7400 00020000 CA89"),
    (dynamixel.status(1), "FFFFFD00 01 0400 55 00 A10C"),
    (dynamixel.reg_write(1, 104, b"\xc8\0\0\0"), "FFFFFD00 01 0900 04 6800 C8000000 AE8E"),
    (dynamixel.action(1), "FFFFFD00 01 0300 05 02CE"),
    (dynamixel.factory_reset(1, 1), "FFFFFD00 01 0400 06 01 A1E6"),
    (dynamixel.reboot(1), "FFFFFD00 01 0300 08 2F4E"),
    (dynamixel.clear(1), "FFFFFD00 01 0800 10 01 44584C22 B1DC"),
    (dynamixel.sync_read([1, 2], 132, 4), "FFFFFD00 FE 0900 82 8400 0400 01 02 CEFA"),
    (
        dynamixel.sync_write({1: b"\x96\0\0\0", 2: b"\xaa\0\0\0"}, 116),
        "FFFFFD00 FE 1100 83 7400 0400 01 96000000 02 AA000000 8287",
    ),
    (
        dynamixel.bulk_read({1: (144, 2), 2: (146, 1)}),
        "FFFFFD00 FE 0D00 92 01 9000 0200 02 9200 0100 1A05",
    ),
    (dynamixel.fast_sync_read([1, 2], 580, 4), "FFFFFD00 FE 0900 8A 4402 0400 01 02 72F2"),
    (dynamixel.backup(1), "FFFFFD00 01 0800 20 01 4354524C 16F5"),
]

bodies = st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x55, 0x12]), max_size=60).map(bytes)
frames = st.builds(
    Frame,
    id=st.integers(0, 252),
    instruction=st.just(0x55),
    params=bodies | st.binary(max_size=60),
    error=st.integers(0, 255),
)


@pytest.mark.parametrize(("packet", "expected"), MANUAL)
def test_every_packet_is_the_manuals_to_the_byte(packet: bytes, expected: str) -> None:
    assert packet == bytes.fromhex(expected)


def test_every_packet_of_the_manual_parses_back() -> None:
    stream = b"".join(packet for packet, _ in MANUAL)
    parser = Parser()
    assert b"".join(encode(frame) for frame in parser.feed(stream)) == stream
    assert parser.corrupt == 0


@given(st.binary(max_size=200))
def test_the_checksum_is_the_sdks(data: bytes) -> None:
    assert crc16(data) == Protocol2PacketHandler().updateCRC(0, data, len(data))


@given(bodies | st.binary(max_size=100))
def test_stuffing_is_the_sdks(params: bytes) -> None:
    body = bytes([3]) + params
    packet = [0xFF, 0xFF, 0xFD, 0, 1, (len(body) + 2) & 255, (len(body) + 2) >> 8, *body, 0, 0]
    theirs = bytes(Protocol2PacketHandler().addStuffing(list(packet)))
    length = int.from_bytes(theirs[5:7], "little")
    assert stuff(body) == theirs[7 : 7 + length - 2]


@given(bodies | st.binary(max_size=100))
def test_unstuffing_undoes_stuffing(body: bytes) -> None:
    assert unstuff(stuff(body)) == body
    assert b"\xff\xff\xfd\x00" not in stuff(body)


@given(st.lists(frames, max_size=6), st.data())
def test_frames_survive_any_cut_of_the_stream(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(encode(frame) for frame in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    parser, seen = Parser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        seen += parser.feed(stream[start:end])
    assert seen == sent
    assert parser.corrupt == 0


@given(st.lists(st.binary(max_size=300) | bodies, max_size=20))
def test_no_bytes_raise_anything_foreign_or_fill_the_buffer(chunks: list[bytes]) -> None:
    parser = Parser()
    for chunk in chunks:
        try:
            parser.feed(b"\xff\xff\xfd\x00" + chunk)
        except HardwareError:
            continue
        assert len(parser) <= LONGEST + 7
    parser.flush()
    assert len(parser) <= 7


def test_a_flood_without_a_header_leaves_nothing_behind() -> None:
    parser = Parser()
    assert parser.feed(b"\x5a" * 100_000) == []
    assert len(parser) == 0


@given(frames, st.data())
def test_a_flipped_bit_is_never_decoded(frame: Frame, data: st.DataObject) -> None:
    packet = bytearray(encode(frame))
    bit = data.draw(st.integers(0, 8 * len(packet) - 1))
    packet[bit // 8] ^= 1 << bit % 8
    parser = Parser()
    assert parser.feed(bytes(packet)) + parser.flush() == []


@given(frames, st.integers(1, 4))
def test_a_cut_frame_costs_only_itself(frame: Frame, lost: int) -> None:
    whole = Frame(id=9, instruction=0x55, params=b"\x01\x02\x03\x04")
    packet = encode(frame)
    # If the next header begins with the very bytes lost, nobody can tell that any were.
    assume(not HEADER.startswith(packet[-lost:]))
    parser = Parser()
    seen = parser.feed(packet[:-lost] + encode(whole))
    assert whole in [*seen, *parser.flush()]
    assert parser.corrupt >= 1


def test_a_swallowed_frame_is_found_when_the_wait_is_over() -> None:
    whole = Frame(id=9, instruction=0x55, params=b"\x01")
    parser = Parser()
    # A damaged length claims 1000 bytes, so the parser would wait for ever.
    assert parser.feed(b"\xff\xff\xfd\x00\x07\xe8\x03\x55" + encode(whole)) == []
    assert parser.flush() == [whole]
    assert parser.corrupt_ids == [7]


def test_a_status_without_an_error_byte_is_corrupt_and_not_an_index_error() -> None:
    short = b"\xff\xff\xfd\x00\x01\x03\x00\x55"
    parser = Parser()
    assert parser.feed(short + crc16(short).to_bytes(2, "little")) == []
    assert parser.corrupt == 1


BLOCKS = {i: dynamixel.Block(0, bytes([i, 0xFF, 0xFF, 0xFD])) for i in (1, 2, 3, 4)}


def test_the_joint_reply_has_the_manuals_length() -> None:
    # Three servos of 4 bytes: LEN is 25 (0x19). Source: e-manual, "Fast Sync Read".
    assert dynamixel.fast_sync_status(BLOCKS, 3, 4)[5:7] == b"\x19\x00"


def test_a_joint_reply_is_read_back_whole_behind_noise_and_echo() -> None:
    raw = dynamixel.fast_sync_read(BLOCKS, 132, 4) + b"\xff\x00"
    raw += dynamixel.fast_sync_status(BLOCKS, 4, 4)
    assert dynamixel.fast_sync_blocks(raw, [1, 2, 3, 4], 4) == BLOCKS
    assert Parser().feed(raw)[-1].id == dynamixel.BROADCAST


def test_a_joint_reply_is_not_unstuffed() -> None:
    data = b"\xff\xff\xfd\xfd"
    raw = dynamixel.fast_sync_status({1: dynamixel.Block(0, data)}, 1, 4)
    (frame,) = Parser().feed(raw)
    assert frame.params == b"\x01" + data


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_cut_joint_reply_keeps_the_whole_blocks_before_the_cut(cut: int) -> None:
    raw = dynamixel.fast_sync_status(BLOCKS, 4, 4)
    # 8 bytes of front, 8 for each servo.
    kept = [1, 2, 3, 4][: (len(raw) - cut - 8) // 8]
    found = dynamixel.fast_sync_blocks(raw[:-cut], [1, 2, 3, 4], 4)
    assert found == {servo: BLOCKS[servo] for servo in kept}


def test_one_flipped_bit_costs_one_servo_of_a_joint_reply() -> None:
    raw = bytearray(dynamixel.fast_sync_status(BLOCKS, 4, 4))
    raw[8 + 8 + 3] ^= 0x10
    found = dynamixel.fast_sync_blocks(bytes(raw), [1, 2, 3, 4], 4)
    assert found == {**BLOCKS, 2: None}


def test_a_joint_reply_to_a_bulk_read_keeps_what_precedes_its_hole() -> None:
    sizes = {3: 2, 7: 1, 4: 5}
    blocks = {3: dynamixel.Block(0, b"\x01\x02"), 7: dynamixel.Block(0x80, b"\xff")}
    raw = dynamixel.fast_status(blocks, sizes)
    assert dynamixel.fast_blocks(b"\xff\xff" + raw, sizes) == blocks
    whole = {**blocks, 4: dynamixel.Block(0, b"\xff\xff\xfd\xfd\x00")}
    raw = bytearray(dynamixel.fast_status(whole, sizes))
    assert len(raw) == int.from_bytes(raw[5:7], "little") + 7
    assert dynamixel.fast_blocks(bytes(raw), sizes) == whole
    raw[14] ^= 1  # the id of the second block: 8 of front, 6 of the first, its error byte
    assert dynamixel.fast_blocks(bytes(raw), sizes) == {**whole, 7: None}
    assert dynamixel.fast_bulk_read({3: (126, 2)})[7] == 0x9A


@given(st.integers(-300, 300), st.integers(-1, 70_000), st.integers(-1, 70_000))
def test_what_cannot_be_said_is_refused_in_the_rooms_own_words(
    servo: int, address: int, size: int
) -> None:
    for say in (
        lambda: dynamixel.read(servo, address, size),
        lambda: dynamixel.sync_read([servo], address, size),
        lambda: dynamixel.sync_write({servo: b"a"}, address),
        lambda: dynamixel.bulk_read({servo: (address, size)}),
        lambda: dynamixel.fast_bulk_read({servo: (address, size)}),
        lambda: dynamixel.bulk_write({servo: (address, b"ab")}),
    ):
        with suppress(BusError):
            assert say().startswith(HEADER)


@given(st.binary(max_size=80))
def test_no_joint_reply_raises(raw: bytes) -> None:
    front = dynamixel.fast_sync_status({}, 4, 4)
    found = dynamixel.fast_sync_blocks(front + raw, [1, 2, 3, 4], 4)
    assert set(found) <= {1, 2, 3, 4}


def test_ids_and_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(BusError, match="id 253"):
        dynamixel.ping(253)
    with pytest.raises(BusError, match="sizes"):
        dynamixel.sync_write({1: b"\0", 2: b"\0\0"}, 116)
