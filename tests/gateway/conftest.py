from collections.abc import Iterator

import pytest

from sluicegate.runtime.clock import SimulatedClock


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock
