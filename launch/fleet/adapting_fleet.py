"""`ashore adapt --fleet`."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ashore.adapt.adaptation import usual
from ashore.adapt.errors import AdaptError
from ashore.adapt.exchange import exchange
from ashore.adapt.findings_file import read_findings
from ashore.adapt.likeness import likeness
from ashore.adapt.verdict import Answer
from ashore.launch.adapt_request import AdaptRequest
from ashore.launch.console import progress_bar, say
from ashore.launch.fleet.compared import Compared
from ashore.launch.fleet.fleet import find_fleet
from ashore.launch.fleet.fleet_page import fleet_page
from ashore.launch.held_out_logs import require_not_held_out
from ashore.launch.many_commands import command, from_anywhere, require_some, run_many
from ashore.policies.bundle import Bundle
from ashore.policies.cluster.errands import Errand
from ashore.policies.shipped import find_bundle
from ashore.policies.storage.claim import claim
from ashore.policies.storage.whole_file import write_file

ASKED, FILE, PAGE = "asked.json", "fleet.json", "index.html"
ROBOTS, SAID = "robots", "output"


def adapt_fleet(asked: AdaptRequest, folder: Path) -> int:
    """Adapt to each robot of a folder, then ask which are alike; goes on where it was stopped.

    Raises:
        AdaptError: single logs were given too, or the folder holds no robots.
        TrainingError: no workers were asked for, there is no cluster as asked for, or OUT holds
            another fleet.
    """
    if asked.logs:
        raise AdaptError(
            f"{asked.logs[0]} was given beside --fleet {folder}; put it into the folder of its "
            "robot there"
        )
    require_some(asked.workers, "workers")
    fleet = find_fleet(folder)
    for logs in fleet.values():
        require_not_held_out(logs)
    base = Bundle.load(find_bundle(asked.policy))
    out = asked.out.absolute()
    other = "a fleet that was asked for in another way"
    claim(out, ASKED, _identity(asked, base, fleet), other)
    for name in (ROBOTS, SAID):
        (out / name).mkdir(exist_ok=True)
    missing = [name for name in fleet if not (out / ROBOTS / name).exists()]
    errands = [_errand(asked, name, fleet[name], out) for name in missing]

    def ended(name: str) -> str:
        path = out / ROBOTS / name
        return _answer(Bundle.load(path)) if path.exists() else ""

    failed = run_many(errands, asked.cluster, asked.workers, ended)
    judged = {name: Bundle.load(out / ROBOTS / name) for name in fleet if name not in failed}
    _conclude(base, judged, failed, out)
    return 1 if failed else 0


def _identity(asked: AdaptRequest, base: Bundle, fleet: Mapping[str, tuple[Path, ...]]) -> bytes:
    """All that decides what comes out."""
    logs = {
        name: [[path.name, path.stat().st_size] for path in paths] for name, paths in fleet.items()
    }
    parts = {
        "policy": base.digest,
        "seed": asked.seed,
        "strategy": asked.strategy,
        "rung": asked.rung,
        "steps": asked.steps,
        "slice": asked.slice,
        "watch": asked.watch,
        "logs": logs,
    }
    return json.dumps(parts, indent=2).encode()


def _errand(asked: AdaptRequest, name: str, logs: tuple[Path, ...], out: Path) -> Errand:
    words = ["adapt", *(str(path.absolute()) for path in logs)]
    words += ["--policy", from_anywhere(asked.policy)]
    words += ["--out", str(out / ROBOTS / name), "--seed", str(asked.seed)]
    words += ["--strategy", asked.strategy, "--rung", asked.rung]
    words += [] if asked.steps is None else ["--steps", str(asked.steps)]
    words += ["--slice", *asked.slice] if asked.slice else []
    words += [] if asked.watch else ["--no-watch"]
    return command(name, words, out / SAID)


def _answer(bundle: Bundle) -> str:
    verdict: Mapping[str, Any] = bundle.verdict or {}
    return f"{verdict['answer']}: {verdict['why'][0]}"


def _conclude(
    base: Bundle, judged: Mapping[str, Bundle], failed: Mapping[str, str], out: Path
) -> None:
    """Compare the robots, write the page and the file, and say what is in them."""
    known = {
        name: bundle
        for name, bundle in judged.items()
        if bundle.posterior and (bundle.verdict or {})["answer"] != Answer.INSUFFICIENT_DATA.value
    }
    compared = None
    if known:
        alike = likeness({name: read_findings(each.attachments) for name, each in known.items()})
        with progress_bar() as bar:
            compared = Compared(alike, exchange(base, known, usual(base.spec).gate, bar))
    write_file(out / PAGE, fleet_page(judged, failed, compared).encode())
    write_file(out / FILE, json.dumps(_told(judged, failed, compared), indent=2).encode())
    for sentence in compared.sentences if compared else ():
        say(f"  {sentence}")
    for name in sorted(set(judged) - set(known)):
        say(f"  {name}: too little is known of it to say whom it is like")
    say(f"bundles: {out / ROBOTS}; page: {out / PAGE}")


def _told(
    judged: Mapping[str, Bundle], failed: Mapping[str, str], compared: Compared | None
) -> dict[str, Any]:
    robots: dict[str, Any] = {
        name: {"verdict": bundle.verdict, "digest": bundle.digest}
        for name, bundle in judged.items()
    }
    robots |= {name: {"failed": why} for name, why in failed.items()}
    if compared is None:
        return {"robots": robots}
    alike, exchanged = compared.alike, compared.exchanged
    return {
        "robots": robots,
        "compared": list(alike.names),
        "alike": [list(group) for group in alike.groups],
        "difference": alike.difference.tolist(),
        "clearest": {f"{one} {other}": said for (one, other), said in alike.clearest.items()},
        "served": [asdict(each) for each in exchanged.served],
        "reward": exchanged.reward.tolist(),
    }
