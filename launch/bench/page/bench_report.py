"""`BenchReport`: what all benchmarks measured on one machine, as a file."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.launch.bench.figure import Row
from ashore.policies.provenance import commit, versions
from ashore.policies.storage.whole_file import write_file

FIGURES = "figures.json"
"""The file's usual name in a folder of a report."""


@dataclass(frozen=True, kw_only=True)
class BenchResult:
    """What one benchmark measured."""

    command: str
    """What ran."""
    created: str
    """When it ended, UTC, ISO 8601."""
    seconds: float
    """How long it took [s]."""
    rows: tuple[Row, ...] = ()
    """Its figures."""
    error: str = ""
    """Why there are none; empty if there are."""


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """What benchmarks measured, and where."""

    short: bool
    """Whether they were the short ones."""
    machine: Mapping[str, str]
    """Processor, cores, memory, kernel."""
    versions: Mapping[str, str]
    """Of what can change a figure, and of Ashore's own commit."""
    results: Mapping[str, BenchResult] = field(default_factory=dict)
    """By the benchmark's name."""

    @classmethod
    def here(cls, short: bool) -> "BenchReport":
        """A report of this machine, without figures."""
        return cls(
            short=short,
            machine=machine(),
            versions={**versions(), "commit": commit()},
        )

    @classmethod
    def load(cls, path: Path) -> "BenchReport":
        """Read one.

        Raises:
            AdaptError: there is none, or it is something else.
        """
        try:
            body = json.loads(path.read_bytes())
            results = {
                name: BenchResult(**{**each, "rows": tuple(each["rows"])})
                for name, each in body.pop("results").items()
            }
            return cls(**body, results=results)
        except OSError as error:
            raise AdaptError(f"cannot read the figures {path}: {error.strerror}") from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise AdaptError(
                f"{path} holds no figures of `ashore bench all`: {error}; leave --against out, or "
                "give one that it wrote"
            ) from None

    def save(self, path: Path) -> None:
        """Write it whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(asdict(self), indent=1).encode())

    def having(self, name: str, result: BenchResult) -> "BenchReport":
        """The same with one benchmark's result."""
        return replace(self, results={**self.results, name: result})

    def same_as(self, other: "BenchReport") -> bool:
        """Whether figures of both can stand in one report: of one commit, machine and length."""
        known = not self.versions["commit"].endswith(("dirty", "installed", "unknown"))
        return known and replace(self, results={}) == replace(other, results={})

    @property
    def rows(self) -> list[Row]:
        """All figures."""
        return [row for result in self.results.values() for row in result.rows]


def machine() -> dict[str, str]:
    """What of this machine can change a figure."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "processor": _processor(),
        "cores": str(cores),
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str:
    """The processor's name as Linux tells it, or its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
