"""Lets the csv module read cells of any length that a log's messages have."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager

from ashore.hardware.logs.log_chunk import LARGEST_CHUNK


@contextmanager
def wide_cells() -> Iterator[None]:
    """Raise the csv module's limit of 131,072 characters a cell; the former one comes back."""
    before = csv.field_size_limit(2 * LARGEST_CHUNK)
    try:
        yield
    finally:
        csv.field_size_limit(before)
