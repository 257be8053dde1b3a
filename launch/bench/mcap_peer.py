"""The mcap library's own loops, which logs are set beside."""

import csv
import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from ashore.hardware.logs.log_file import CHUNK_BYTES
from ashore.hardware.logs.log_schemas import CHANNELS, COMMAND, READING
from ashore.hardware.reading import Reading


def write_with_mcap(path: Path, block: Sequence[Reading]) -> float:
    """Write readings, and commands of the same angles, by its writer; return the seconds."""
    schemas = {channel.topic: channel for channel in CHANNELS}
    began = time.perf_counter()
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=CHUNK_BYTES, compression=CompressionType.LZ4)
        finish: Callable[[], None] = writer.finish  # the library does not annotate it
        writer.start()
        ids = {}
        for topic in (READING, COMMAND):
            schema = writer.register_schema(
                schemas[topic].schema_name, "jsonschema", schemas[topic].schema
            )
            ids[topic] = writer.register_channel(topic, "json", schema)
        for index, reading in enumerate(block):
            body = {"time": reading.time}
            for name in ("position", "velocity", "current", "voltage", "temperature", "age"):
                body[name] = getattr(reading, name).tolist()
            body["fault"] = reading.fault.tolist()
            goal = {"time": reading.time, "position": reading.position.tolist()}
            stamp = int(reading.time * 1e9)
            for topic, each in ((READING, body), (COMMAND, goal)):
                writer.add_message(
                    ids[topic], stamp, json.dumps(each).encode(), stamp, sequence=index
                )
        finish()
    return time.perf_counter() - began


def read_with_mcap(path: Path) -> float:
    """Read the same into lists by the library's reader; return the seconds."""
    began, found = time.perf_counter(), dict[str, list[object]]()
    with path.open("rb") as file:
        for _, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            if channel.topic in (READING, COMMAND):
                for name, value in json.loads(message.data).items():
                    found.setdefault(f"{channel.topic}/{name}", []).append(value)
    tables = {name: np.array(values) for name, values in found.items()}
    if len(tables["/reading/position"]) == 0:
        raise ValueError(f"{path} holds no reading")
    return time.perf_counter() - began


def convert_with_mcap(path: Path) -> float:
    """Write the same as CSV by the library's reader; return the seconds."""
    began = time.perf_counter()
    with path.open("rb") as file, ExitStack() as stack:
        writers = {}
        for topic in (READING, COMMAND):
            out = path.with_name(f"{topic.strip('/')}.csv").open("w", newline="")
            writers[topic] = csv.writer(stack.enter_context(out))
        for _, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            if channel.topic in writers:
                cells: list[object] = [message.log_time, message.publish_time]
                for value in json.loads(message.data).values():
                    cells += value if isinstance(value, list) else [value]
                writers[channel.topic].writerow(cells)
    return time.perf_counter() - began
