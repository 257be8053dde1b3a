"""What the tests of bundles share."""

import shutil
import signal

import pytest
from sample_bundle import bundle


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    return bundle().save(tmp_path_factory.mktemp("original") / "b")


@pytest.fixture
def saved(original, tmp_path):
    """A bundle to tamper with."""
    return shutil.copytree(original, tmp_path / "b")


@pytest.fixture
def impatient():
    """A load that waits for somebody fails instead of waiting for ever."""

    def fail(number, frame):
        raise TimeoutError("loading waits for somebody")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
