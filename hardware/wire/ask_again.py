"""How servos that one silent servo cut off are asked again, all in one packet."""

from collections.abc import Mapping, Sequence

from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.doubt import Doubt
from ashore.hardware.wire.exchange import Exchange
from ashore.hardware.wire.result import Result

Blocks = Mapping[int, tuple[int, int]]
"""Address and size that each servo is asked for."""

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
    """Ask those again whom the first of `silent` cut off from a fast read, and it last.

    A status is never like the rest of a joint reply, so no proof is needed first. Nor is this a
    second joint read, which would move the time of a lockstep twin twice.
    """
    found: dict[int, Result] = {}
    fruitless = 0
    while silent and fruitless < _FRUITLESS and not exchange.patience.over():
        order = [*silent[1:], silent[0]]
        exchange.counters.retried += len(order)
        answers = bulk(exchange, doubt, order, blocks)
        found |= {servo: answer for servo, answer in answers.items() if not answer.silent}
        # Whoever is silent ahead of one that answered is silent by itself.
        heard = [n for n, servo in enumerate(order) if servo in found]
        fruitless += not heard
        silent = order[heard[-1] + 1 : -1] if heard else order[:-1]
    return found
