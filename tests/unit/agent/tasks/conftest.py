"""A job on folders of the test's own."""

from pathlib import Path

import pytest
from tests.unit.agent.tasks import steps

from shipway.agent.job_context import JobContext


@pytest.fixture
def job(tmp_path: Path) -> JobContext:
    store = steps.open_home(tmp_path)
    return steps.job_of(tmp_path, store, steps.make_run(store))
