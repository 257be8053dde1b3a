"""Laws of the joint reply: what its last checksum vouches for is what each block's own would."""

from hypothesis import given
from hypothesis import strategies as st

from ashore.hardware.wire import joint_reply
from ashore.hardware.wire.frame import crc16
from ashore.hardware.wire.joint_reply import Block, fast_blocks, fast_status

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
