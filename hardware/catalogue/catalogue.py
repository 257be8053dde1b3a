"""`Catalogue`: the logs under a folder, what they are of, their tags and how they are split."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ashore.hardware.catalogue.log_index_file import INDEX, ForeignIndex, LogIndexFile, Row
from ashore.hardware.catalogue.log_marks import MARKS, LogMarks, marks_in, read_marks
from ashore.hardware.catalogue.log_split import assign
from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_summary import LogSummary, summarise


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One log of a catalogue."""

    name: str
    """Its path below the folder."""
    summary: LogSummary | None
    """What it is of; None if it cannot be read."""
    error: str | None
    """Why it cannot be read, or None."""
    tags: tuple[str, ...] = ()
    """What people call it."""
    part: str | None = None
    """Its part of the split: train, validation, held-out, mixed, or None before a split."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What it may share with others; at least its name."""
        return (f"log {self.name}", *(self.summary.labels if self.summary else ()))


class Catalogue:
    """Lists the logs under a folder, by an index where the folder can be written.

    The index knows a log by its path, size and time of change, and is read again where one of them
    is new; tags and the split are in `logs.toml` as well, from which a lost index is rebuilt. Where
    the index cannot be used, logs are read without it. Several processes may use one folder.
    """

    def __init__(self, folder: str | Path) -> None:
        """Look at a folder.

        Raises:
            LogError: there is none.
        """
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise LogError(f"{folder} is no folder; give one that holds logs")
        self.notes: list[str] = []
        """What came to light, a sentence each: an index that was damaged, a file left out."""

    def entries(self, *, rebuild: bool = False) -> list[Entry]:
        """List all logs, sorted by name; read again are those that changed, or with `rebuild` all.

        Raises:
            LogError: `logs.toml` cannot be read.
        """
        return self._listed(rebuild)[0]

    def tag(self, tag: str, names: Sequence[str | Path], *, remove: bool = False) -> None:
        """Add a tag to logs, or remove it from them.

        Raises:
            LogError: a log is not in the folder, the tag is empty, or the folder cannot be written.
        """
        if not tag.strip():
            raise LogError("a tag is a word; this one is empty")
        chosen = [self._named(name) for name in names]

        def change(marks: LogMarks) -> LogMarks:
            tags = dict(marks.tags)
            for name in chosen:
                others = tuple(each for each in tags.get(name, ()) if each != tag)
                tags[name] = others if remove else (*others, tag)
            return replace(marks, tags={name: found for name, found in tags.items() if found})

        self._change(change)

    def split(self, shares: Sequence[float], seed: int = 0) -> list[Entry]:
        """Split the logs into train, validation and held-out, by trajectory and by excitation.

        Logs that share a trajectory, a shape of excitation or a recording are never in two parts,
        and a log that has a part keeps it, whatever is added and whatever is asked for later.

        Raises:
            LogError: the shares are not three, one is negative, or none is positive; or the folder
                cannot be written.
        """
        if len(shares) != 3 or not all(0.0 <= s < float("inf") for s in shares) or not sum(shares):
            raise LogError(
                f"shares {' '.join(f'{s:g}' for s in shares)} are not possible; give three, of "
                "train, validation and held-out, such as 0.7 0.15 0.15"
            )
        labels = {entry.name: entry.labels for entry in self.entries() if entry.summary}

        def change(marks: LogMarks) -> LogMarks:
            sides = dict(marks.sides)
            for name, part in marks.split.items():
                sides.setdefault(f"log {name}", part)
            parts, sides = assign(labels, sides, shares, seed)
            split = {**marks.split, **parts}
            return replace(marks, split=split, sides=sides, shares=tuple(shares), seed=seed)

        self._change(change)
        return self.entries()

    def _named(self, name: str | Path) -> str:
        """Path below the folder of a log that is given by it, or by a path from here."""
        inside = self.folder / name
        path = inside if inside.is_file() else Path(name)
        with suppress(ValueError, OSError):
            if path.is_file():
                return path.resolve().relative_to(self.folder.resolve()).as_posix()
        raise LogError(f"{name} is no log under {self.folder}; `ashore logs` lists them")

    def _change(self, change: Callable[[LogMarks], LogMarks]) -> None:
        """Change the marks in both places, with nobody else in between."""
        _, index = self._listed(False, keep_open=True)
        if index is None:
            change(read_marks(self.folder) or LogMarks()).write(self.folder)
            return
        try:
            with index.change():
                marks = change(read_marks(self.folder) or LogMarks())
                marks.write(self.folder)
                index.put_marks(marks.to_toml())
        except sqlite3.Error as error:
            raise LogError(
                f"cannot change the index {self.folder / INDEX}: {error}; try again"
            ) from None
        finally:
            index.close()

    def _listed(
        self, rebuild: bool, *, keep_open: bool = False
    ) -> tuple[list[Entry], LogIndexFile | None]:
        index = self._index()
        try:
            known = {} if index is None else index.rows()
            found = self._read({} if rebuild else known)
            marks = self._marks(index)
            if index is not None:
                fresh = {name: row for name, row in found.items() if known.get(name) != row}
                if fresh or known.keys() - found.keys():
                    with index.change():
                        index.put(fresh, known.keys() - found.keys())
        except sqlite3.Error as error:
            raise LogError(f"the index {self.folder / INDEX} fails: {error}; try again") from None
        finally:
            if index is not None and not keep_open:
                index.close()
        return [_entry(name, row, marks) for name, row in sorted(found.items())], index

    def _index(self) -> LogIndexFile | None:
        path = self.folder / INDEX
        try:
            return LogIndexFile(path)
        except ForeignIndex as problem:
            self.notes.append(f"the index {path} was damaged or foreign ({problem}); rebuilt it")
        except sqlite3.OperationalError as error:
            self.notes.append(f"no index is used: {path}: {error}")
            return None
        try:
            for ending in ("", "-journal", "-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            return LogIndexFile(path)
        except (OSError, sqlite3.Error, ForeignIndex) as error:
            self.notes.append(f"no index is used: {path}: {error}")
            return None

    def _read(self, known: dict[str, Row]) -> dict[str, Row]:
        """Size, time of change and facts of every log, read where they are not known."""
        found: dict[str, Row] = {}
        for path in sorted(self.folder.rglob("*.mcap")):
            name = path.relative_to(self.folder).as_posix()
            try:
                name.encode()
                about = path.stat()
            except (UnicodeEncodeError, OSError) as error:
                self.notes.append(f"{name!r} is left out: {error}")
                continue
            size, changed, before = about.st_size, about.st_mtime_ns, known.get(name)
            if not path.is_file():
                continue
            if before is not None and before[:2] == (size, changed) and _readable(before[2]):
                found[name] = before
            else:
                found[name] = size, changed, _facts(path, name)
        return found

    def _marks(self, index: LogIndexFile | None) -> LogMarks:
        """The marks by the file; if it is lost, by the index, and the file is written again."""
        marks, kept = read_marks(self.folder), None if index is None else index.marks()
        if marks is None and kept is not None and not (self.folder / MARKS).exists():
            with suppress(ValueError):
                marks = marks_in(kept)
                marks.write(self.folder)
                self.notes.append(f"{self.folder / MARKS} was lost; wrote it again by the index")
        if marks is not None and index is not None and marks.to_toml() != kept:
            with index.change():
                index.put_marks(marks.to_toml())
        return marks or LogMarks()


def _facts(path: Path, name: str) -> str:
    """What is kept of a log: its summary or why there is none; paths are below the folder."""
    try:
        facts = asdict(summarise(path))
        facts["damage"] = facts["damage"] and facts["damage"].replace(str(path), name)
    except LogError as error:
        facts = {"error": str(error).replace(str(path), name)}
    return json.dumps(facts)


def _readable(facts: str) -> bool:
    found = json.loads(facts)
    return "error" in found or found.keys() == LogSummary.__dataclass_fields__.keys()


def _entry(name: str, row: Row, marks: LogMarks) -> Entry:
    facts, summary = json.loads(row[2]), None
    if "error" not in facts:
        lists = {key: tuple(value) for key, value in facts.items() if isinstance(value, list)}
        summary = LogSummary(**{**facts, **lists})
    return Entry(
        name=name,
        summary=summary,
        error=facts.get("error"),
        tags=marks.tags.get(name, ()),
        part=marks.split.get(name),
    )
