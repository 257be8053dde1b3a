"""Laws of the joint reply: what its last checksum vouches for is what each block's own would."""

from bench import Bench
from hypothesis import given
from hypothesis import strategies as st

from ashore.hardware.wire import joint_reply
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.frame import crc16
from ashore.hardware.wire.joint_reply import Block, fast_blocks, fast_status
from ashore.hardware.wire.transport import SerialTransport

ERRORS = st.integers(0, 255)


@given(
    said=st.dictionaries(
        st.integers(0, 252), st.tuples(ERRORS, st.binary(min_size=1, max_size=9)), min_size=1
    ),
    noise=st.binary(max_size=5),
    flip=st.none() | st.integers(0, 10_000),
)
def test_the_last_checksum_vouches_for_what_every_blocks_own_does(
    said: dict[int, tuple[int, bytes]], noise: bytes, flip: int | None
) -> None:
    blocks = {servo: Block(*each) for servo, each in said.items()}
    sizes = {servo: len(block.data) for servo, block in blocks.items()}
    raw = bytearray(noise + fast_status(blocks, sizes))
    if flip is None:
        assert fast_blocks(bytes(raw), sizes) == blocks
        return
    raw[flip // 8 % len(raw)] ^= 1 << flip % 8
    found = fast_blocks(bytes(raw), sizes)
    assert all(block is None or block == blocks[servo] for servo, block in found.items())
    assert joint_reply.fast_length(sizes.values()) == len(raw) - len(noise)


def test_a_whole_reply_of_somebody_else_is_not_believed() -> None:
    raw = fast_status({1: Block(0, b"ab"), 9: Block(0, b"cd")}, {1: 2, 9: 2})
    assert crc16(raw[:-2]) == int.from_bytes(raw[-2:], "little")
    assert fast_blocks(raw, {1: 2, 2: 2}) == {1: Block(0, b"ab"), 2: None}


def test_a_bus_that_polls_gets_what_one_that_sleeps_gets(bench: Bench) -> None:
    seen = []
    for spin in (0.0, 0.0005):
        config = BusConfig(latency=0.1, retries=0, spin=spin)
        bus = Bus(SerialTransport(bench.port), config)
        first = bus.begin_fast_sync_read(bench.spec.ids, 116, 4)
        second = bus.begin_fast_sync_read(bench.spec.ids, 116, 4)
        seen += [bus.finish(first), bus.finish(second)]
        # Nobody has this id: the wait ends, and says so.
        seen.append(bus.fast_sync_read([*bench.spec.ids, 99], 116, 4))
        bus.close()
    assert seen[:3] == seen[3:]
    assert all(result.ok for results in seen[:2] for result in results.values())
    assert seen[2][99].silent
