"""What agentless tasks share that wait to be told from outside how they end."""

from shipway.agent.task import StepResult, StepRun
from shipway.devops import task_callbacks

_POLL_SECONDS = 0.25


def wait(step: StepRun) -> StepResult:
    """Wait for `TaskCompleted`, with what is told in the meantime in the log; the step's result."""
    while True:
        result = look(step)
        if result is not None:
            return result
        if step.should_stop():
            return "canceled" if step.is_canceled else "failed"
        step.job.stop.wait(_POLL_SECONDS)


def look(step: StepRun) -> StepResult | None:
    """How the step was ended from outside, or None; takes what was told for its log."""
    store, run_id = step.job.store, step.job.run.run_id
    callback = task_callbacks.find(store, run_id, step.record_id)
    for told in task_callbacks.take(store, run_id, step.record_id):
        for line in told.lines:
            step.log(line)
        for name, output in told.outputs.items():
            step.set_output(name, output.value, is_secret=output.is_secret)
    if callback is None:
        return None
    by = f" by {callback.by_name}" if callback.by_name else ""
    step.log(f"TaskCompleted was told{by}: {callback.result}.")
    if callback.result == "failed":
        step.error("The task was ended as failed by its callback.")
    return callback.result
