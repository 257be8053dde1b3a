"""Laws of bundles whose content lies: nothing runs, nothing is exhausted, one sentence is said."""

import io
import json
import os
import pickle
import struct

import numpy as np
import pytest
import torch
from sample_bundle import FINITE, JSON, WEIGHTS, refused, rewrite

from ashore.policies.storage.manifest import MANIFEST
from ashore.policies.storage.weights_file import pack_weights

pytestmark = pytest.mark.usefixtures("impatient")


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def arrays_with(trap):
    buffer = io.BytesIO()
    np.savez(buffer, **{"head.weight": np.array([trap], dtype=object)})
    return buffer.getvalue()


def archive_with(trap):
    buffer = io.BytesIO()
    torch.save({"head.weight": trap}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("name", [*WEIGHTS, *JSON, MANIFEST])
@pytest.mark.parametrize("disguise", [pickle.dumps, arrays_with, archive_with])
def test_a_pickle_is_refused_and_never_run(saved, tmp_path, name, disguise):
    sprung = tmp_path / "sprung"
    content = disguise(Trap(str(sprung)))
    (saved / MANIFEST).write_bytes(content) if name == MANIFEST else rewrite(saved, name, content)
    assert name.split(".")[0] in refused(saved)
    assert not sprung.exists()


def file_of(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(**changed):
    return {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **changed}


ONE = struct.pack("<f", 1.0)
TWICE = json.dumps({"a": entry()})[:-1] + "," + json.dumps({"a": entry()})[1:]
LIES = {
    "no bytes": b"",
    "half a length": b"abc",
    "an endless header": file_of(b"{}", length=2**64 - 1),
    "a header beyond the file": file_of(b"{}", length=50_000_000),
    "a long header": file_of(b"{" + b" " * (2 << 20) + b"}"),
    "a header that is a list": file_of([]),
    "a header that is not text": file_of(b"\xff\xfe"),
    "a deep header": file_of(b'{"a":' + b"[" * 100_000),
    "bytes that belong to no array": file_of({"a": entry()}, ONE + ONE),
    "an array beyond the file": file_of({"a": entry(shape=[2], data_offsets=[0, 8])}, ONE),
    "an array before the file": file_of({"a": entry(data_offsets=[-4, 0])}, ONE),
    "an array backwards": file_of({"a": entry(data_offsets=[4, 0])}, ONE),
    "two arrays in one place": file_of({"a": entry(), "b": entry()}, ONE),
    "a gap": file_of({"a": entry(), "b": entry(data_offsets=[8, 12])}, 3 * ONE),
    "an endless array": file_of({"a": entry(shape=[2**62], data_offsets=[0, 2**64 - 4])}, ONE),
    "an endless shape": file_of({"a": entry(shape=[2**62, 2**62])}, ONE),
    "an endless shape of nothing": file_of({"a": entry(shape=[0, 2**62], data_offsets=[0, 0])}),
    "a hundred axes": file_of({"a": entry(shape=[1] * 100)}, ONE),
    "half numbers": file_of({"a": entry(dtype="BF16", shape=[2])}, ONE),
    "whole numbers": file_of({"a": entry(dtype="I32")}, ONE),
    "double numbers": file_of({"a": entry(dtype="F64", data_offsets=[0, 8])}, ONE + ONE),
    "objects": file_of({"a": entry(dtype="O")}, ONE),
    "one name twice": file_of(TWICE.encode(), ONE),
    "a number that is none": file_of({"a": entry()}, struct.pack("<f", np.nan)),
    "a number without end": file_of({"a": entry()}, struct.pack("<f", np.inf)),
}


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("lie", LIES)
def test_weights_that_lie_are_refused(saved, name, lie):
    rewrite(saved, name, LIES[lie])
    assert name in refused(saved)


def test_a_name_that_no_terminal_should_print_is_not_printed(saved):
    rewrite(saved, WEIGHTS[0], pack_weights({"\x1b]0;owned\x07\n" * 99: np.ones(3, np.float32)}))
    refused(saved)


def test_no_weights_at_all_are_refused(saved):
    rewrite(saved, WEIGHTS[0], pack_weights({}))
    assert "no 'head.weight'" in refused(saved)


TEXTS = {
    "nothing": b"",
    "half of it": b'{"a": ',
    "no text": b"\xff\xfe\x00",
    "deep lists": b"[" * 100_000,
    "deep tables": b'{"a":' * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "a key twice": b'{"a": 1, "a": 2}',
    "half a character": b'{"a": ["\\ud800"]}',
    "what steers a terminal": b'{"a": "\\u001b[2J"}',
    "a name that steers it": b'{"\\u009b2J": 1}',
    "many digits": b"[" + b"9" * 5000 + b"]",
    "more digits than Python converts": b"[-" + b"9" * 500_000 + b"]",
}
NOT_FINITE = {
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": [1e999]}',
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((name, content) for name in (*JSON, MANIFEST) for content in TEXTS.values()),
        *((name, content) for name in (*FINITE, MANIFEST) for content in NOT_FINITE.values()),
    ],
)
def test_text_that_is_no_sound_json_is_refused_by_its_files_name(saved, name, content):
    (saved / MANIFEST).write_bytes(content) if name == MANIFEST else rewrite(saved, name, content)
    assert f"{name} is no sound JSON" in refused(saved)
