"""A store on a clock that moves only when told to."""

from pathlib import Path

import pytest

from shipway.base.clock import FrozenClock
from shipway.base.home import Home
from shipway.store.store import Store, open_store


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store(tmp_path: Path, clock: FrozenClock) -> Store:
    return open_store(Home(tmp_path / "home"), clock)
