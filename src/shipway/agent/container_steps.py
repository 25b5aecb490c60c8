"""The two lines of the timeline that a job with containers has beside its steps."""

from collections.abc import Callable
from dataclasses import replace

from shipway.agent import job_containers
from shipway.agent.job_containers import WantedContainers
from shipway.agent.job_context import JobContext
from shipway.agent.started_containers import StartedContainers
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.base import ids
from shipway.base.errors import ShipwayError
from shipway.devops import logs, runs
from shipway.devops.job_work import JobWork
from shipway.devops.runs import Issue, Record

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
    """Do it with a record and a log of its own; whether it went well."""
    store, parent = job.store, work.record
    record_id = ids.guid_from("containers", parent.record_id, name)
    log = logs.create(store, run_id=parent.run_id, record_id=record_id)
    record = runs.set_record(
        store,
        Record(
            record_id=record_id, run_id=parent.run_id, parent_id=parent.record_id, kind="Task",
            name=name, order=order, log_id=log.log_id, state="inProgress",
            identifier=f"{parent.identifier}.{name.replace(' ', '_')}",
            started_at=store.clock.now(),
        ),
    )  # fmt: skip
    problem = ""
    with logs.writer(store, log) as writer:
        writer.write(f"##[section]Starting: {name}")
        try:
            act(lambda line: writer.write(job.masker.mask(line)))
        except (ShipwayError, RuntimeValueError, ValueError, OSError) as error:
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
