"""Delay@1: the job waits for some minutes, without an agent.

The minutes count from when the step began, so that a restart does not make them longer.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/delay-v1
"""

from datetime import datetime, timedelta

from shipway.agent.task import StepResult, StepRun, Task
from shipway.base.errors import BadInput
from shipway.devops import runs

_LOOK_SECONDS = 1.0
_SHORTEST = 0.01


def _run(step: StepRun) -> StepResult:
    minutes = _minutes(step)
    clock = step.job.store.clock
    until = _began(step) + timedelta(minutes=minutes)
    step.log(f"Waiting for {minutes:g} minutes, until {until:%Y-%m-%d %H:%M:%S} UTC.")
    while (left := (until - clock.now()).total_seconds()) > 0:
        if step.should_stop():
            return "canceled" if step.is_canceled else "failed"
        step.job.stop.wait(max(min(left, _LOOK_SECONDS), _SHORTEST))
    return "succeeded"


def _began(step: StepRun) -> datetime:
    job = step.job
    record = runs.find_record(job.store, job.run.run_id, step.record_id)
    return (record and record.started_at) or job.store.clock.now()


def _minutes(step: StepRun) -> float:
    text = step.input("delayForMinutes", "0")
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < float("inf"):
        raise BadInput(
            f"the input 'delayForMinutes' is '{text}', not a number of minutes",
            code="InvalidInput", where="delayForMinutes", hint="Give 0 or more.",
        )  # fmt: skip
    return minutes


DELAY = Task(name="Delay", version=1, run=_run)
