"""`Row`: one figure of a benchmark, beside its peer."""

from typing import Any

Row = dict[str, Any]


def row(
    name: str,
    value: float | None,
    unit: str,
    peer: str | None = None,
    peer_value: float | None = None,
    ratio: float | None = None,
) -> Row:
    """Make a figure; of a peer that could not be measured, `peer` says why.

    Args:
        name: the figure's name.
        value: what was measured; None where the machine doesn't tell.
        unit: of both values.
        peer: what it is compared with.
        peer_value: the peer's figure in the same run.
        ratio: how many times better than the peer's it is.
    """
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
    }


def error_row(
    name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None
) -> Row:
    """Make a figure that is better the smaller it is; without a peer's value there is no peer."""
    if peer_value is None:
        return row(name, value, unit)
    return row(name, value, unit, peer, peer_value, peer_value / value)
