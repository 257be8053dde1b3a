"""How many servos are asked again in one packet: those cut off, or all of a silent line."""

from collections.abc import Iterable, Mapping, Sequence

from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.doubt import Doubt
from ashore.hardware.wire.exchange import Exchange
from ashore.hardware.wire.joint_read import Blocks, JointRead, sizes_of, widened, wider
from ashore.hardware.wire.protocol import ServoProtocol
from ashore.hardware.wire.question import trimmed
from ashore.hardware.wire.result import Result, Status

_HALF = 0.5  # share of the budget after which the likely dead one is not asked again
_FRUITLESS = 2  # bulk reads nobody answers, after which those cut off are left for this time


def silent_of(results: Mapping[int, Result], asked: Iterable[int]) -> list[int]:
    """Return those of `asked` that gave no good answer."""
    return [servo for servo in asked if results[servo].silent]


def several(protocol: ServoProtocol, blocks: Blocks) -> bytes:
    """Return the question for blocks that come in a status each, in the order of `blocks`.

    A Feetech line knows it only for blocks of one address and size.
    """
    ids = list(blocks)
    if len(ids) == 1:
        return protocol.read(ids[0], *blocks[ids[0]])
    if protocol is dynamixel:
        return dynamixel.bulk_read(blocks)
    return protocol.sync_read(ids, *blocks[ids[0]])


def judge(exchange: Exchange, doubt: Doubt, read: JointRead) -> dict[int, Result]:
    """Return what a collected reply says of everybody, and hold the silent in doubt."""
    results = exchange.decode(read)
    if not read.whole:
        for servo in silent_of(results, results):
            miss = doubt.fail if servo in read.doubted else doubt.owe
            miss(servo, read.due)
    if doubt:
        doubt.prove((i for i, result in results.items() if not result.silent), read.sent)
    missing = Result(Status.MISSING)
    read.results = {servo: results.get(servo, missing) for servo in read.blocks}
    return read.results


def bulk(exchange: Exchange, doubt: Doubt, ids: Sequence[int], blocks: Blocks) -> dict[int, Result]:
    """Ask `ids` for their blocks, so that nothing stale is like an answer, and weigh what comes."""
    wanted = {servo: blocks[servo] for servo in ids}
    more = wider(doubt, wanted, jointly=False)
    if more is None:
        return {}
    asked = widened(wanted, more)
    wary = [servo for servo in ids if servo in doubt]
    answers = exchange.ask(several(exchange.protocol, asked), sizes_of(asked), wary=wary)
    for servo, answer in answers.items():
        if answer.silent:
            doubt.owe(servo, asked[servo][1])
        else:
            doubt.settle([servo])
    return trimmed(answers, more)


def ask_behind(
    exchange: Exchange, doubt: Doubt, read: JointRead, results: Mapping[int, Result]
) -> dict[int, Result]:
    """Ask those again who gave no good answer to a fast read, if time is.

    Within a budget, if nobody at all was heard, that is another fast read, once: the line itself
    is silent then, or slow, and much that is asked makes it slower. Otherwise the first cut the
    others off, and bulk reads find them; no second joint read, which would move the time of a
    lockstep twin twice.
    """
    patience, found = exchange.patience, dict[int, Result]()
    silent = silent_of(results, read.sizes)
    if patience.hurried and not read.heard and len(silent) > 1 and not patience.over():
        found = _ask_whole(exchange, doubt, read)
        silent = silent_of(found, found)
        if len(silent) == len(found):
            return found
    return found | _ask_cut_off(exchange, doubt, silent, read.blocks)


def _ask_whole(exchange: Exchange, doubt: Doubt, read: JointRead) -> dict[int, Result]:
    """Ask everybody again in one fast read, the first, likely dead, last."""
    first, *rest = read.asked
    wanted = {servo: read.blocks[servo] for servo in (*rest, first)}
    more = wider(doubt, wanted, jointly=True)
    if more is None:
        return {}
    exchange.counters.retried += len(wanted)
    asked = widened(wanted, more)
    again = JointRead(blocks=wanted, request=read.request, asked=asked, more=more)
    exchange.begin(again)
    exchange.collect(again)
    return judge(exchange, doubt, again)


def _ask_cut_off(
    exchange: Exchange, doubt: Doubt, silent: Sequence[int], blocks: Blocks
) -> dict[int, Result]:
    """Ask those whom the first of `silent` cut off, and it last."""
    found: dict[int, Result] = {}
    patience, fruitless = exchange.patience, 0
    while silent and fruitless < _FRUITLESS and not patience.over():
        behind = list(silent[1:])
        order = behind if patience.over(_HALF) else [*behind, silent[0]]
        if not order:
            break
        exchange.counters.retried += len(order)
        answers = bulk(exchange, doubt, order, blocks)
        found |= {servo: answer for servo, answer in answers.items() if not answer.silent}
        # Whoever is silent ahead of one that answered is silent by itself.
        heard = [n for n, servo in enumerate(behind) if servo in found]
        fruitless += not heard
        rest = behind[heard[-1] + 1 :] if heard else behind
        silent = rest if len(rest) > 1 else []
    return found
