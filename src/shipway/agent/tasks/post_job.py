"""What is done when the steps of a job have succeeded: caches are kept, each in a line of its own.

As on Azure the timeline shows them as `Post-job: NAME`.
"""

import json
from pathlib import Path

from shipway.agent import own_lines
from shipway.agent.job_context import JobContext
from shipway.agent.tasks import cache
from shipway.azpipelines.results import Result
from shipway.base import ids
from shipway.devops import runs
from shipway.devops.runs import Record

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
    line = Record(
        record_id=record_id, run_id=run_id, parent_id=parent.record_id, kind="Task",
        name=job.masker.mask(f"Post-job: {json.loads(marker.read_text())['name']}"), order=order,
        task_name="Cache", task_version="2", identifier=f"{parent.identifier}.{marker.stem}",
    )  # fmt: skip
    return own_lines.show(job, line, lambda log: cache.save(job, marker, log))
