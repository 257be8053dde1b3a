"""A log as one numpy archive, an array a signal."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ashore.hardware.exporters.log_layout import KINDS, LogLayout, Signal
from ashore.hardware.exporters.log_parts import Values, parts, survey
from ashore.hardware.new_place import new_place

HEADER = "header"
"""The array of bytes that holds the header's JSON."""
ENDS = ".ends"
"""What the name of an array of ends adds to that of the texts it cuts."""


def export_npz(path: str | Path, out: str | Path) -> str | None:
    """Write an archive that `numpy.load(out, allow_pickle=False)` reads.

    `reading.position` is `(T, nj)`, `reading.time` is `(T, 1)`, and so on; `header` is JSON as
    bytes, which names each column and its unit. Texts and bytes are one array of UTF-8 bytes and
    another, `….ends`, of where each row's end. Arrays grow in files beside the archive first.

    Returns:
        What of the log was lost before, or None.

    Raises:
        LogError: `path` is no log, `out` exists, or the disk refuses.
    """
    layout = survey(path)
    with new_place(Path(out)) as place:
        arrays = _Arrays(place.parent / "arrays", layout)
        for part in parts(path, layout):
            for table, rows in part.items():
                for signal in layout.table(table).signals:
                    arrays.add(f"{table}.{signal.name}", signal, rows[signal.name])
        arrays.pack(place, layout)
    return layout.damage


class _Arrays:
    """Arrays that grow on disk."""

    def __init__(self, folder: Path, layout: LogLayout) -> None:
        folder.mkdir()
        self._rows = {
            f"{table.name}.{signal.name}": (table.rows, signal)
            for table in layout.tables
            for signal in table.signals
        }
        self._members = members(layout)
        self._files = {name: folder / f"{i}" for i, name in enumerate(self._rows)}
        self._ends = dict.fromkeys(self._rows, 0)
        for file in self._files.values():
            file.touch()

    def add(self, name: str, signal: Signal, values: Values) -> None:
        """Append a signal's rows."""
        with self._files[name].open("ab") as file:
            if not isinstance(values, list):
                file.write(np.ascontiguousarray(values, KINDS[signal.kind]).tobytes())
                return
            whole = [v.encode() if isinstance(v, str) else v for v in values]
            file.write(b"".join(whole))
        ends = self._ends[name] + np.cumsum([len(v) for v in whole], dtype=np.uint64)
        self._ends[name] = int(ends[-1])
        with self._files[name].with_suffix(ENDS).open("ab") as file:
            file.write(ends.astype("<u8").tobytes())

    def pack(self, out: Path, layout: LogLayout) -> None:
        """Write the archive."""
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            text = layout.to_json()
            _pack(archive, HEADER, "|u1", (len(text),), BytesIO(text))
            for key, (rows, signal) in self._rows.items():
                file, name = self._files[key], self._members[key]
                with file.open("rb") as values:
                    if signal.kind in KINDS:
                        shape = (rows, signal.width)
                        _pack(archive, name, KINDS[signal.kind], shape, values)
                        continue
                    _pack(archive, name, "|u1", (self._ends[key],), values)
                ends = file.with_suffix(ENDS)
                ends.touch()
                with ends.open("rb") as values:
                    _pack(archive, name + ENDS, "<u8", (rows,), values)


def _pack(
    archive: zipfile.ZipFile, name: str, kind: str, shape: tuple[int, ...], values: BinaryIO
) -> None:
    about = {"descr": kind, "fortran_order": False, "shape": shape}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, about)
        while block := values.read(1 << 20):
            file.write(block)


def members(layout: LogLayout) -> dict[str, str]:
    """Name of each array in the archive, by `table.signal`; none occurs twice.

    What the name of a file cannot hold becomes `_`.
    """
    names: dict[str, str] = {}
    for table in layout.tables:
        for signal in table.signals:
            whole = f"{table.name}.{signal.name}".encode("utf-8", "replace").decode()
            name = "".join(c if c.isprintable() and c not in "\\/" else "_" for c in whole)
            while name in names.values():
                name += "_"
            names[f"{table.name}.{signal.name}"] = name
    return names
