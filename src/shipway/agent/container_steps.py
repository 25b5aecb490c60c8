"""The two lines of the timeline that a job with containers has beside its steps."""

from collections.abc import Callable

from shipway.agent import job_containers, own_lines
from shipway.agent.job_containers import WantedContainers
from shipway.agent.job_context import JobContext
from shipway.agent.started_containers import StartedContainers
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.base import ids
from shipway.base.errors import ShipwayError
from shipway.devops.job_work import JobWork
from shipway.devops.runs import Record

_FIRST, _LAST = -1_000, 20_000


def begin(job: JobContext, work: JobWork) -> bool:
    """Start the containers that the job asks for; False when it cannot go on.

    A job that asks for none has no line for it. An agent that takes the job over finds them.
    """
    if work.job.pool.is_server:
        return True
    try:
        asked = job_containers.wanted(job, work)
    except (ShipwayError, RuntimeValueError, ValueError) as error:
        return _shown(job, work, "Initialize containers", _FIRST, _raising(error))
    if asked.is_empty():
        return True

    def start(log: Callable[[str], None]) -> None:
        job.containers = job_containers.start(job, asked, log)

    return _shown(job, work, "Initialize containers", _FIRST, start)


def end(job: JobContext, work: JobWork) -> None:
    """Take away what `begin` started, or some of it."""
    if work.job.pool.is_server:
        return
    try:
        asked = job_containers.wanted(job, work)
    except (ShipwayError, RuntimeValueError, ValueError):
        return
    if not asked.is_empty() and job_containers.has_begun(job):
        _shown(job, work, "Stop Containers", _LAST, _stopping(job, asked))


def _stopping(job: JobContext, asked: WantedContainers) -> Callable[[Callable[[str], None]], None]:
    def stop(log: Callable[[str], None]) -> None:
        job_containers.stop(job, asked, log)
        job.containers = StartedContainers(program="")

    return stop


def _raising(error: Exception) -> Callable[[Callable[[str], None]], None]:
    def fail(log: Callable[[str], None]) -> None:
        del log
        raise error

    return fail


def _shown(
    job: JobContext, work: JobWork, name: str, order: int,
    act: Callable[[Callable[[str], None]], None],
) -> bool:  # fmt: skip
    parent = work.record
    line = Record(
        record_id=ids.guid_from("containers", parent.record_id, name), run_id=parent.run_id,
        parent_id=parent.record_id, kind="Task", name=name, order=order,
        identifier=f"{parent.identifier}.{name.replace(' ', '_')}",
    )  # fmt: skip
    return own_lines.show(job, line, act)
