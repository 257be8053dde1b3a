"""`probe`: teach a new head on a frozen trunk, and measure what the trunk was worth."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.interval import Interval, bootstrap
from ashore.adapt.probe.curve import FROZEN, PLAIN, SCRATCH, Point, ProbeCurve
from ashore.adapt.probe.kind import Kind, kind_of
from ashore.adapt.probe.labelled_window import LabelledWindows
from ashore.adapt.probe.linear_head import LinearHead, fit_linear
from ashore.adapt.probe.pooling import moments, pooled
from ashore.adapt.probe.probe_head import ProbeHead
from ashore.adapt.probe.scratch import ScratchConfig, fit_scratch
from ashore.adapt.probe.separation import Separation, separate
from ashore.adapt.probe.target import Target
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
Report = Callable[[str, float], None]
Given = Callable[[Ids], Array]


@dataclass(frozen=True, kw_only=True)
class ProbeConfig:
    """How a head is taught and judged."""

    kind: Kind | None = None
    """What the labels are; None to go by whether all are numbers."""
    sizes: tuple[int, ...] = (25, 50, 100, 200, 400)
    """Numbers of labelled windows of the curve; it ends with all that there are."""
    draws: int = 2
    """Choices of the windows of each size, over which scores are averaged."""
    scratch: ScratchConfig = field(default_factory=ScratchConfig)
    """How the network from scratch is learned."""
    seed: int = 0
    """Seed of what is held out, of choices and of random weights."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A head, and what held-out windows say of it."""

    head: ProbeHead
    """Taught on every window that was not held out; it is the one that the curve ends with."""
    curve: ProbeCurve
    """Held-out scores over labelled windows."""
    separation: Separation
    """What was held out."""
    target: Target
    """What the windows are labelled with."""


def probe(
    bundle: Bundle,
    windows: LabelledWindows,
    config: ProbeConfig | None = None,
    report: Report = lambda _, __: None,
) -> Probe:
    """Teach a linear head on a bundle's frozen trunk, beside the same network from scratch.

    Raises:
        AdaptError: too few windows, recordings or labels; it says of what.
    """
    config = config or ProbeConfig()
    kind = config.kind or kind_of(windows.label.tolist())
    target = Target.of(windows.label.tolist(), kind)
    separation = separate(windows, kind, config.seed)
    bench = _Bench(bundle, windows, target, separation, config)
    total, points, work = len(separation.learning), [], 0.0
    sizes = [*(size for size in config.sizes if size < total), total]
    for size in sizes:
        report("learning from labelled windows", work / sum(sizes))
        points.append(bench.point(size))
        work += size
    report("learning from labelled windows", 1.0)
    return Probe(
        head=bench.head(bundle),
        curve=ProbeCurve(kind=kind, points=points, idle=bench.idle()),
        separation=separation,
        target=target,
    )


class _Bench:
    """Windows, split once for all learners."""

    def __init__(
        self,
        bundle: Bundle,
        windows: LabelledWindows,
        target: Target,
        separation: Separation,
        config: ProbeConfig,
    ) -> None:
        self.policy, self.seen, self.target = bundle.policy, windows.seen, target
        self.separation, self.config = separation, config
        self.features = {
            FROZEN: pooled(self.policy, windows.seen),
            PLAIN: np.stack([moments(x) for x in windows.seen]),
        }

    def point(self, size: int) -> Point:
        """Scores of all learners with `size` windows."""
        whole = size == len(self.separation.learning)
        draws = [self._drawn(size, draw) for draw in range(1 if whole else self.config.draws)]
        scores = {}
        for name in (FROZEN, SCRATCH, PLAIN):
            found = [self._judged(self._taught(name, rows)) for rows in draws]
            scores[name] = np.mean(found, axis=0)
        return Point(windows=size, scores=scores)

    def head(self, bundle: Bundle) -> ProbeHead:
        """The head taught on all windows that are learned from."""
        linear = self._linear(FROZEN, self.separation.learning)
        return ProbeHead(
            trunk=bundle.policy,
            policy=bundle.digest,
            classes=self.target.classes,
            ticks=self.seen.shape[1],
            rate=bundle.spec.rate,
            mean=linear.mean.astype(np.float32),
            spread=linear.spread.astype(np.float32),
            weight=linear.weight.astype(np.float32),
            bias=linear.bias.astype(np.float32),
        )

    def idle(self) -> Interval:
        """Score of a guess that looks at nothing."""
        known = self.target.value[self.separation.learning]
        guess = np.zeros((len(self.target.value), self.target.width))
        if self.target.classes:
            guess[:, np.bincount(known.astype(np.intp)).argmax()] = 1.0
        else:
            guess[:] = np.median(known)
        return bootstrap(self._judged(lambda rows: guess[rows]))

    def _taught(self, name: str, rows: Ids) -> Given:
        if name != SCRATCH:
            linear = self._linear(name, rows)
            return lambda asked: linear(self.features[name][asked])
        fit = fit_scratch(
            self.policy,
            self.seen[rows],
            self.target.take(rows),
            self.separation.group[rows],
            self.config.seed,
            self.config.scratch,
        )
        return lambda asked: fit(self.seen[asked])

    def _linear(self, name: str, rows: Ids) -> LinearHead:
        group = self.separation.group[rows]
        return fit_linear(self.features[name][rows], self.target.take(rows), group)

    def _judged(self, given: Given) -> Array:
        """Mean score of each held-out group, `(g,)`."""
        rows = self.separation.held_out
        score = self.target.take(rows).score(given(rows))
        group = np.unique(self.separation.group[rows], return_inverse=True)[1]
        return np.asarray(np.bincount(group, score) / np.bincount(group))

    def _drawn(self, size: int, draw: int) -> Ids:
        """Some windows to learn from: classes come in turn, and each one's groups in turn."""
        rng = np.random.default_rng((self.config.seed, draw))
        rows = rng.permutation(self.separation.learning)
        pairs = np.stack([self.separation.group[rows], self.target.kinds[rows]], axis=1)
        rows = rows[np.argsort(_rank(pairs), kind="stable")]
        return rows[np.argsort(_rank(self.target.kinds[rows][:, None]), kind="stable")][:size]


def _rank(keys: Ids) -> Ids:
    """How many equal rows of `(n, m)` came before each, `(n,)`."""
    seen: dict[tuple[int, ...], int] = {}
    ranks = []
    for key in map(tuple, keys.tolist()):
        ranks.append(seen.get(key, 0))
        seen[key] = ranks[-1] + 1
    return np.array(ranks)
