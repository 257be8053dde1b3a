"""`LogIndexFile`: what was read of the logs in a folder, so that it need not be read again."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INDEX = ".ashore-logs.sqlite"
"""Name of the file, beside the logs."""
_APPLICATION, _VERSION = 0x41534852, 1
"""What SQLite keeps of whose file it is, and its layout."""
_PATIENCE = 10.0
"""How long another process is waited for [s]."""
_TABLES = (
    "CREATE TABLE logs (name TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, facts TEXT)",
    "CREATE TABLE marks (only INTEGER PRIMARY KEY CHECK (only = 1), toml TEXT)",
)

Row = tuple[int, int, str]
"""Size of a log [B], when it was last changed [ns], and facts about it as JSON."""


class ForeignIndex(Exception):
    """The file is damaged, or not an index of logs."""


class LogIndexFile:
    """An SQLite file; each change is one short transaction, for which others wait."""

    def __init__(self, path: Path) -> None:
        """Open or begin the index.

        Raises:
            ForeignIndex: there is another file in its place, or a damaged one.
            sqlite3.OperationalError: it cannot be opened or written.
        """
        self._base = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
        try:
            with self.change():
                self._begin()
            self.rows()
        except sqlite3.OperationalError:
            self._base.close()
            raise
        except (sqlite3.DatabaseError, ForeignIndex) as error:
            self._base.close()
            raise ForeignIndex(str(error)) from None

    def _begin(self) -> None:
        tables = {name for (name,) in self._base.execute("SELECT name FROM sqlite_master")}
        application = self._base.execute("PRAGMA application_id").fetchone()[0]
        version = self._base.execute("PRAGMA user_version").fetchone()[0]
        if not tables and application == 0:
            for statement in _TABLES:
                self._base.execute(statement)
            self._base.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._base.execute(f"PRAGMA user_version = {_VERSION}")
        elif (application, version) != (_APPLICATION, _VERSION):
            raise ForeignIndex("it is a database, but not an index of logs of this release")

    @contextmanager
    def change(self) -> Iterator[None]:
        """Change all or nothing; others wait meanwhile."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def rows(self) -> dict[str, Row]:
        """What is known, by the path of each log below the folder.

        Raises:
            ForeignIndex: it is damaged.
            sqlite3.OperationalError: it cannot be read now.
        """
        try:
            found = self._base.execute("SELECT name, size, mtime, facts FROM logs").fetchall()
            rows = {str(name): (size, mtime, facts) for name, size, mtime, facts in found}
            for size, mtime, facts in rows.values():
                if not (isinstance(size, int) and isinstance(mtime, int)):
                    raise ValueError("a size or a time is no number")
                _facts(facts)
        except sqlite3.OperationalError as error:
            if "no such" not in str(error):
                raise
            raise ForeignIndex(str(error)) from None
        except (sqlite3.DatabaseError, ValueError, TypeError, RecursionError) as error:
            raise ForeignIndex(str(error)) from None
        return rows

    def put(self, rows: Mapping[str, Row], gone: set[str]) -> None:
        """Keep what was read, and forget what is gone; within `change`."""
        self._base.executemany("DELETE FROM logs WHERE name = ?", [(name,) for name in gone])
        self._base.executemany(
            "INSERT OR REPLACE INTO logs VALUES (?, ?, ?, ?)",
            [(name, *row) for name, row in rows.items()],
        )

    def marks(self) -> str | None:
        """The marks as they were when the index was last used, as TOML."""
        found = self._base.execute("SELECT toml FROM marks").fetchone()
        return str(found[0]) if found else None

    def put_marks(self, toml: str) -> None:
        """Keep the marks; within `change`."""
        self._base.execute("INSERT OR REPLACE INTO marks VALUES (1, ?)", (toml,))

    def close(self) -> None:
        """Close the file."""
        self._base.close()


def _facts(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("facts are no table")
    return found
