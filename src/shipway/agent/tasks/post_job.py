"""What is done when the steps of a job have succeeded: caches are kept, each in a line of its own.

As on Azure the timeline shows them as `Post-job: NAME`.
"""

import json
from dataclasses import replace
from pathlib import Path

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import cache
from shipway.azpipelines.results import Result
from shipway.base import ids
from shipway.base.errors import ShipwayError
from shipway.devops import logs, runs
from shipway.devops.runs import Issue, Record

_LAST = 10_000


def run(job: JobContext, parent: Record) -> Result:
    """Keep what the job's Cache steps restored or missed; Failed when one cannot be kept."""
    result: Result = "Succeeded"
    for number, marker in enumerate(cache.markers(job)):
        if not _save(job, parent, marker, _LAST + number):
            result = "Failed"
    return result


def _save(job: JobContext, parent: Record, marker: Path, order: int) -> bool:
    store, run_id = job.store, parent.run_id
    record_id = ids.guid_from("post-job", parent.record_id, marker.name)
    found = runs.find_record(store, run_id, record_id)
    if found is not None and found.state == "completed":
        return found.result == "succeeded"
    log = logs.create(store, run_id=run_id, record_id=record_id)
    name = job.masker.mask(f"Post-job: {json.loads(marker.read_text())['name']}")
    record = runs.set_record(
        store,
        Record(
            record_id=record_id, run_id=run_id, parent_id=parent.record_id, kind="Task",
            name=name, order=order, task_name="Cache", task_version="2", log_id=log.log_id,
            identifier=f"{parent.identifier}.{marker.stem}", state="inProgress",
            started_at=store.clock.now(),
        ),
    )  # fmt: skip
    problem = ""
    with logs.writer(store, log) as writer:
        writer.write(f"##[section]Starting: {name}")
        try:
            cache.save(job, marker, lambda line: writer.write(job.masker.mask(line)))
        except (ShipwayError, OSError) as error:
            problem = job.masker.mask(str(error))
            writer.write(f"##[error]{problem}")
        writer.write(f"##[section]Finishing: {name}")
    issues = (Issue(kind="error", message=problem),) if problem else ()
    runs.set_record(
        store,
        replace(
            record, state="completed", result="failed" if problem else "succeeded",
            finished_at=store.clock.now(), issues=issues,
        ),
    )  # fmt: skip
    return not problem
