"""Labelled windows and logs for the tests of the probe."""

import numpy as np
from bench import SPEC, small_bundle

from ashore.adapt.probe.labelled_window import LabelledWindows
from ashore.hardware.logs.log import Log, LogHeader, LogWriter

BUNDLE = small_bundle()
SIZE = BUNDLE.contract.observation_size
RATE = SPEC.rate
BORN = 100.0
"""When the clock of logs begins [s]."""


def windows(labels, *, groups=4, each=5, ticks=10, seed=0, shift=1.0) -> LabelledWindows:
    """`groups` logs for each label, `each` windows a log; the label shifts one observation."""
    rng = np.random.default_rng(seed)
    rows = [(i, label) for i, label in enumerate(labels) for _ in range(groups * each)]
    seen = rng.normal(0.0, 1.0, (len(rows), ticks, SIZE)).astype(np.float32)
    seen[:, :, 0] += shift * np.array([i for i, _ in rows])[:, None]
    log = np.arange(len(rows)) // each
    return LabelledWindows(
        seen=seen,
        label=np.array([str(label) for _, label in rows]),
        log=log,
        episode=log,
        stretch=log,
    )


def write_log(path, value=0.0, *, setup=None, episodes=((0.0, 8.0),), lost=(), seed=0):
    """A log of a policy at work on the servo, from second to second; the clock began long before.

    Observations lie around `value`, and the ticks `lost` are not in it.
    """
    rng = np.random.default_rng(seed)
    spec, contract = BUNDLE.spec.to_json(), BUNDLE.contract.to_json()
    header = LogHeader(robot=SPEC.name, spec=spec, contract=contract, setup=setup or {})
    with LogWriter(path, header, offline=True) as log:
        for begin, end in episodes:
            log.event(BORN + begin, "info", "state", "running", {"task": "track", "plan": [0.0]})
            for tick in range(round(begin * RATE), round(end * RATE)):
                if tick not in lost:
                    seen = rng.normal(value, 1.0, SIZE)
                    log.policy(BORN + tick / RATE, seen, np.zeros(1))
            log.event(BORN + end, "info", "state", "ready")
    return Log.open(path)
