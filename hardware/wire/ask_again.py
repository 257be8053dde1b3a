"""How servos that one silent servo cut off are asked again, all in one packet."""

from collections.abc import Mapping, Sequence

from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.doubt import Doubt
from ashore.hardware.wire.exchange import Exchange
from ashore.hardware.wire.result import Result

Blocks = Mapping[int, tuple[int, int]]
"""Address and size that each servo is asked for."""

_HALF = 0.5  # share of the budget after which the likely dead one is not asked again
_FRUITLESS = 2  # bulk reads nobody answers, after which those cut off are left for this time


def hold(doubt: Doubt, results: Mapping[int, Result], blocks: Blocks) -> None:
    """Hold servos that gave no good answer to a plain question in doubt."""
    for servo, result in results.items():
        if result.silent:
            doubt.owe(servo, blocks[servo][1])


def bulk(exchange: Exchange, doubt: Doubt, ids: Sequence[int], blocks: Blocks) -> dict[int, Result]:
    """Ask `ids`, of whom nothing alike is under way, for their blocks, and weigh their answers."""
    if len(ids) == 1:
        packet = dynamixel.read(ids[0], *blocks[ids[0]])
    else:
        packet = dynamixel.bulk_read({servo: blocks[servo] for servo in ids})
    answers = exchange.ask(packet, {servo: blocks[servo][1] for servo in ids})
    doubt.settle(servo for servo, answer in answers.items() if not answer.silent)
    hold(doubt, answers, blocks)
    return answers


def ask_behind(
    exchange: Exchange, doubt: Doubt, silent: Sequence[int], blocks: Blocks
) -> dict[int, Result]:
    """Ask those again whom the first of `silent` cut off from a fast read, and it last, if time is.

    A status is never like the rest of a joint reply, so no proof is needed first. Nor is this a
    second joint read, which would move the time of a lockstep twin twice.
    """
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
