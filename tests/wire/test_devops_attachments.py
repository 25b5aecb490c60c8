"""What steps attach and tell: attachments, progress and details, as the unmodified client reads."""

from collections.abc import Iterator

import pytest
from azure.devops.v7_1.build.build_client import BuildClient
from azure.devops.v7_1.build.models import Timeline
from msrest.authentication import BasicAuthentication
from tests.devops_door import Door, open_door

from shipway.devops import attachments, definitions, detail_records, projects, repositories, runs
from shipway.devops.detail_records import DetailRecord
from shipway.devops.runs import Issue, Record, Run

JOB = "5f0d5b5e-0000-4000-8000-000000000001"
STEP = "5f0d5b5e-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("attachments")) as running:
        yield running


@pytest.fixture(scope="module")
def run(door: Door) -> Run:
    store = door.store
    project = projects.create(store, name="flights")
    repository = repositories.create(store, project_id=project.project_id, name="r")
    definition = definitions.create(
        store, project_id=project.project_id, name="ml", repository_id=repository.repository_id
    )
    made = runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="0" * 40,
        reason="manual", requested_by=door.user, variables={"open": "x"}, secrets={"pw": "hidden"},
    )  # fmt: skip
    runs.set_record(store, Record(record_id=JOB, run_id=made.run_id, kind="Job", name="J"))
    issues = tuple(Issue(kind="warning", message=f"w{n}") for n in range(10))
    runs.set_record(
        store,
        Record(
            record_id=STEP, run_id=made.run_id, kind="Task", name="S", parent_id=JOB,
            state="inProgress", percent_complete=40, current_operation="half", issues=issues,
            warning_count=14, details_id=detail_records.timeline_id(STEP),
        ),
    )  # fmt: skip
    for order, name in ((2, "second"), (1, "first")):
        detail_records.put(store, DetailRecord(
            record_id=f"5f0d5b5e-0000-4000-8000-00000000001{order}", run_id=made.run_id,
            job_record_id=JOB, step_record_id=STEP, kind="build", name=name, order=order,
        ))  # fmt: skip
    attachments.add(store, run_id=made.run_id, record_id=STEP, kind="my.kind", name="a b.txt",
                    content=b"content")  # fmt: skip
    return made


@pytest.fixture
def client(door: Door) -> BuildClient:
    return BuildClient(base_url=door.url, creds=BasicAuthentication("", door.user_token))


def test_attachments_are_listed_by_type_and_read(client: BuildClient, run: Run) -> None:
    (found,) = client.get_attachments("flights", run.run_id, "my.kind")
    assert found.name == "a b.txt"
    chunks = client.get_attachment("flights", run.run_id, run.plan_id, STEP, "my.kind", "a b.txt")
    assert b"".join(chunks) == b"content"
    assert client.get_attachments("flights", run.run_id, "other") == []


def test_a_step_shows_progress_exact_counts_and_a_timeline_of_its_own(
    client: BuildClient, run: Run
) -> None:
    timeline: Timeline = client.get_build_timeline("flights", run.run_id)
    step = next(r for r in timeline.records if r.id == STEP)
    assert (step.percent_complete, step.current_operation) == (40, "half")
    assert (step.warning_count, len(step.issues)) == (14, 10)
    details = client.get_build_timeline("flights", run.run_id, step.details.id)
    assert [(r.name, r.type) for r in details.records] == [("first", "build"), ("second", "build")]
