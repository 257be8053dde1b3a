"""`ashore replay`."""

import json
from collections.abc import Mapping

import numpy as np

from ashore.adapt.diagnose.record import Record
from ashore.adapt.gap.conduct import conduct
from ashore.adapt.gap.gap import gap
from ashore.adapt.gap.gap_page import Replayed, far, page
from ashore.adapt.gap.lags import lags
from ashore.adapt.gap.parity import Parity, parity
from ashore.adapt.gap.simulator import NOMINAL
from ashore.hardware.contract import Contract
from ashore.hardware.logs.log import Log
from ashore.hardware.run.robot_match import require_log
from ashore.launch.console import progress_bar, say
from ashore.launch.log_spec import spec_for
from ashore.launch.replay_request import ReplayRequest
from ashore.launch.simulators import second
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle, shipped_bundles
from ashore.policies.storage.whole_file import write_file


def run_replay(asked: ReplayRequest) -> int:
    """Replay a log, say what came out, and write the page; 1 if the policy says otherwise."""
    log = Log.open(asked.log)
    spec = spec_for(log.header, log.path, asked.robot)
    require_log(log.header, spec)
    bundle = _policy(log, asked.policy)
    simulators = [NOMINAL, *second(spec, asked.calibrated)]
    with progress_bar() as bar:
        found = gap(spec, log, simulators, stage=bar)
    replayed = Replayed(
        source=asked.log.name,
        spec=spec,
        created=log.header.created,
        conduct=conduct(log, Record.of(log, spec)),
        gap=found,
        lags=lags(spec, log, found),
        parity=_parity(log, bundle),
    )
    out = asked.out or asked.log.with_suffix(".replay.html")
    write_file(out, page(replayed).encode())
    say(json.dumps(_data(replayed), indent=2)) if asked.json else _tell(replayed)
    say(f"page: {out}")
    return 0 if replayed.parity is None or replayed.parity.holds else 1


def _policy(log: Log, asked: str | None) -> Bundle | None:
    """The policy that was asked for, or the shipped one that recorded the log."""
    if asked is not None:
        return Bundle.load(find_bundle(asked))
    recorded = log.header.setup.get("policy")
    shipped = (Bundle.load(path) for path in shipped_bundles().values())
    return next((bundle for bundle in shipped if bundle.digest == recorded), None)


def _parity(log: Log, bundle: Bundle | None) -> Parity | None:
    if bundle is not None:
        return parity(log, bundle.contract, bundle)
    if not json.loads(log.header.contract):
        return None
    return parity(log, Contract.from_json(log.header.contract))


def _tell(found: Replayed) -> None:
    say(f"{found.source}: {found.gap.seconds:.1f} s of a robot at work")
    rows = far(found)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    say(f"root mean squared errors by time between restarts, {' / '.join(found.gap.simulators)}:")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say(f"  {'  '.join(cells).rstrip()}")
    if found.lags is not None:
        middle = 1e3 * np.nanmedian(found.lags.crossed, axis=1)
        named = zip(("the robot", *found.gap.simulators), middle, strict=True)
        told = ", ".join(f"{name} {each:.1f} ms" for name, each in named)
        say(f"joints lag behind their goals, in the median: {told}")
    if found.parity is not None:
        say(f"policy: {found.parity}")


def _data(found: Replayed) -> Mapping[str, object]:
    """The same for a program: errors by way, signal and simulator, a number a column."""
    gap = found.gap
    errors = {
        way: {
            signal: {
                name: [None if np.isnan(each) else float(each) for each in row]
                for name, row in zip(gap.simulators, values, strict=True)
            }
            for signal, values in signals.items()
        }
        for way, signals in gap.errors.items()
    }
    policy = found.parity and {"holds": found.parity.holds, "said": str(found.parity)}
    return {"log": found.source, "seconds": gap.seconds, "errors": errors, "policy": policy}
