"""The benchmark of the servo bus: cycles a second beside the wire and peers, and punctual ticks."""

from pathlib import Path

from ashore.launch.bench import bench_cycles, bench_ticks
from ashore.launch.bench.bench_cycles import CyclesConfig
from ashore.launch.bench.bench_ticks import TicksConfig
from ashore.launch.bench.figure import Row

MEANINGS = {
    "cycles_vs_wire": "control cycles a second of our bus; a cycle puts goals to twelve servos "
    "(sync write, 4 bytes each) and gets their current, velocity and position (fast sync read, "
    "10 bytes each); the wire's own limit is its baud by 276 bytes of ten bits; with real-time "
    "priority, as --realtime gives a robot, where the system allows it",
    "cycles_ordinary": "the same without",
    "cycles_vs_": "the same, all at ordinary priority, beside another client on the same twin; the "
    "ratio is the median over rounds in which all took turns",
    "cycles_in_order": "the same where the next goals wait for the answer; above, they are one "
    "answer older, and the wire never waits for the host's arithmetic",
    "cycles_ceiling": "the same of a loop that sends one fixed packet and spins until so many "
    "bytes are back: what the twin and the pseudo-terminal allow",
    "cycle_beyond_wire": "what a cycle of ours takes beyond its time on the wire: the servos' "
    "turnaround (20 us here), the pseudo-terminal, the host",
    "processor": "share of one processor that the host's process takes at the full rate; ours "
    "sleeps until 100 us before an answer is due, and polls from then on",
    "states_lost": "states that did not come in time",
    "late": "how long after its deadline a loop at that rate, with one cycle at 1 Mbaud a tick, "
    "wakes; loaded: a spinning process for every processor; fifo: under SCHED_FIFO; kernel: so are "
    "the kernel's workers that hand a tty's bytes over; skipped: deadlines that were over before "
    "they could be waited for",
}
"""What the figures mean, by the beginning of their names."""


def run(data_dir: Path, short: bool) -> list[Row]:
    """Measure on a paced twin of twelve servos in a process of its own, return delay 0.

    The twin's adapter hands over a packet when it is whole; an FTDI's latency timer would hold
    each cycle up by as much as it is set to. Rates are medians over turns.

    Args:
        data_dir: not used here.
        short: fewer and shorter turns.

    Returns:
        Rows of name, value, unit, peer, peer_value and ratio.
    """
    cycles = CyclesConfig(rounds=3, seconds=0.4) if short else CyclesConfig()
    ticks = TicksConfig(rounds=1, seconds=1.5) if short else TicksConfig()
    return [*bench_cycles.run(cycles), *bench_ticks.run(ticks)]
