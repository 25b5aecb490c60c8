"""Lines of the timeline that the agent adds to those of a job's steps, each with its log."""

from collections.abc import Callable
from dataclasses import replace

from shipway.agent.job_context import JobContext
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.base.errors import ShipwayError
from shipway.devops import logs, runs
from shipway.devops.runs import Issue, Record

Log = Callable[[str], None]


def show(job: JobContext, line: Record, act: Callable[[Log], None]) -> bool:
    """Do it under a record with a log of its own; whether it went well.

    What goes wrong outside of us is the line's error.
    """
    store = job.store
    log = logs.create(store, run_id=line.run_id, record_id=line.record_id)
    record = runs.set_record(
        store,
        replace(line, log_id=log.log_id, state="inProgress", started_at=store.clock.now()),
    )
    problem = ""
    with logs.writer(store, log) as writer:
        writer.write(f"##[section]Starting: {line.name}")
        try:
            act(lambda text: writer.write(job.masker.mask(text)))
        except (ShipwayError, RuntimeValueError, ValueError, OSError) as error:
            problem = job.masker.mask(str(error))
            writer.write(f"##[error]{problem}")
        writer.write(f"##[section]Finishing: {line.name}")
    issues = (Issue(kind="error", message=problem),) if problem else ()
    runs.set_record(
        store,
        replace(
            record, state="completed", result="failed" if problem else "succeeded",
            finished_at=store.clock.now(), issues=issues,
        ),
    )  # fmt: skip
    return not problem
