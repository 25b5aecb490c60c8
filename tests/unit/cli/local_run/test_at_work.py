"""A run that only waits for people is not at work."""

from typing import Any

import pytest

from shipway.cli.local_run import timeline


def record(name: str, kind: str, parent: str = "") -> dict[str, Any]:
    return {"record_id": name, "parent_id": parent, "kind": kind, "state": "inProgress"}


@pytest.mark.parametrize(
    ("status", "more", "at_work"),
    [
        ("pending", [], False),
        ("approved", [], True),
        ("pending", [record("other", "Job")], True),
    ],
)
def test_a_job_whose_task_waits_for_a_person_is_idle(
    status: str, more: list[dict[str, Any]], at_work: bool
) -> None:
    approval = {"record_id": "validation", "status": status}
    records = [record("job", "Job"), record("validation", "Task", "job"), *more]
    assert timeline.is_at_work({"approvals": [approval], "records": records}) is at_work
