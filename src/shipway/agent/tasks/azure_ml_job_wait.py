"""AzureMLJobWaitTask@0/1: holds the stage, not an agent, until an Azure ML job has ended.

Asks Azure ML over its REST routes with the service connection's identity; the job's end is the
step's end. Source: https://learn.microsoft.com/azure/machine-learning/how-to-devops-machine-learning
"""

from collections.abc import Callable

from shipway.agent import azure_rest
from shipway.agent.service_connections import login_of
from shipway.agent.task import StepResult, StepRun, Task
from shipway.base.errors import ShipwayError, Unavailable

_POLL_SECONDS = 1.0
_RENEW_SECONDS = 1800
_PROVIDER = "Microsoft.MachineLearningServices/workspaces"
_ENDED = {"Completed", "Failed", "Canceled", "NotResponding"}


def _reader(step: StepRun) -> Callable[[], dict[str, object]]:
    """Asks for the job; gets a new token when one has grown old."""
    home = step.job.store.home
    clock = step.job.store.clock
    until, bearer = 0.0, ""
    login = login_of(step.job, step.input("serviceConnection"))
    url = (
        f"https://management.azure.com/subscriptions/{login.subscription_id}/resourceGroups/"
        f"{step.input('resourceGroupName')}/providers/{_PROVIDER}/"
        f"{step.input('azureMLWorkspaceName')}/jobs/{step.input('azureMLJobName')}"
        "?api-version=2024-10-01"
    )

    def read() -> dict[str, object]:
        nonlocal until, bearer
        now = clock.now().timestamp()
        if now > until:
            fresh = login_of(step.job, step.input("serviceConnection"))
            scope = "https://management.azure.com/.default"
            bearer = azure_rest.token(home, fresh, scope=scope)
            until = now + _RENEW_SECONDS
        headers = {"Authorization": f"Bearer {bearer}"}
        answer = azure_rest.send(home, "GET", url, headers=headers)
        return dict(answer["properties"])

    return read


def _run(step: StepRun) -> StepResult:
    name = step.input("azureMLJobName")
    read = _reader(step)
    shown = ""
    while not step.should_stop():
        try:
            job = read()
        except Unavailable as error:
            step.log(f"{error.message}; asking again")
            step.job.stop.wait(_POLL_SECONDS)
            continue
        except ShipwayError as error:
            step.error(f"The job '{name}' cannot be read: {error}")
            return "failed"
        status = str(job.get("status"))
        if status != shown:
            shown = status
            step.log(f"Azure ML job '{name}' is {status}.")
        if status in _ENDED:
            return _verdict(step, name, status)
        step.job.stop.wait(_POLL_SECONDS)
    return "canceled" if step.is_canceled else "failed"


def _verdict(step: StepRun, name: str, status: str) -> StepResult:
    if status == "Completed":
        return "succeeded"
    step.error(f"The Azure ML job '{name}' ended {status}.")
    return "failed"


WAIT_0 = Task(name="AzureMLJobWaitTask", version=0, run=_run)
WAIT_1 = Task(name="AzureMLJobWaitTask", version=1, run=_run)
