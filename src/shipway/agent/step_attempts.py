"""`retryCountOnTaskFailure`: a step that fails is tried again after a while.

Source: RetryHelper.cs and TaskRunner.cs of https://github.com/microsoft/azure-pipelines-agent
"""

from collections.abc import Callable

from shipway.agent.step_runner import StepRunner
from shipway.azpipelines.results import Result

_MOST = 10


def run(runner: StepRunner, once: Callable[[], Result]) -> Result:
    """The tries of a step: 1, 4, 9 ... seconds lie between them; a cancel ends the waiting."""
    most = runner.plan.retry_count
    if most > _MOST:
        runner.warning(
            f"The maximum allowed number of attempts is {_MOST} but got {most}. Retry attempts "
            f"count will be decreased to {_MOST}."
        )
        most = _MOST
    for attempt in range(most + 1):
        runner.begin_attempt(attempt)
        result = once()
        if result != "Failed" or runner.should_stop() or attempt == most:
            return result
        pause = (attempt + 1) ** 2
        runner.warning(
            f"RetryHelper encountered task failure, will retry (attempt #: {attempt + 1} out of "
            f"{most}) after {pause * 1000} ms"
        )
        if runner.job.stop.wait(pause) and runner.should_stop():
            return "Canceled"
    return "Failed"
