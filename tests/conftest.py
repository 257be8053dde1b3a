"""What the tests of several rooms share."""

from collections.abc import Callable, Iterator

import pytest
from bench import Bench
from hypothesis import settings

# The same examples every time, however busy the machine is.
settings.register_profile("ashore", deadline=None, derandomize=True)
settings.load_profile("ashore")


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A served twin of the servo robot, as the spec says it is."""
    bench = Bench()
    yield bench
    bench.unplug()


@pytest.fixture
def benches() -> Iterator[Callable[..., Bench]]:
    """Makes served twins of other robots, and unplugs them all."""
    made: list[Bench] = []

    def make(**options: object) -> Bench:
        made.append(Bench(**options))
        return made[-1]

    yield make
    for bench in made:
        bench.unplug()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Networks this small only wait for one another on more than one thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
