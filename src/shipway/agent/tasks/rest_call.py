"""InvokeRESTAPI@1, AzureFunction@1/2: a call whose answer, or whose callback, ends the step.

Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/invoke-rest-api-v1
"""

from urllib.parse import quote

from shipway.agent.service_connections import connection_of
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import callback
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import connection_headers, rest_calls, task_callbacks
from shipway.devops.connection_headers import Authorization
from shipway.devops.rest_calls import RestCall

_SELECTOR = "connectedServiceNameSelector"
_SELECTED = {
    "connectedservicename": "connectedServiceName",
    "connectedservicenamearm": "connectedServiceNameARM",
}


def _invoke(step: StepRun) -> StepResult:
    chosen = step.input(_SELECTOR, "connectedServiceName")
    name = _SELECTED.get(chosen.lower())
    if name is None:
        raise NotSupported(
            f"the connection type '{chosen}' of InvokeRESTAPI is not supported on this agent",
            code="InputNotSupported", where=f"connectionType: {chosen}",
            hint="Known: connectedServiceName, connectedServiceNameARM.",
        )  # fmt: skip
    given = step.input(name)
    if not given:
        raise BadInput(f"Input required: {name}", code="InputMissing", where=name)
    connection = connection_of(step.job, given)
    base = connection_headers.base_url_of(connection)
    signed = connection_headers.authorization_of(step.job.store, connection)
    return _call(step, base, suffix=step.input("urlSuffix"), signed=signed)


def _function(step: StepRun) -> StepResult:
    url, key = step.input("function"), step.input("key")
    if not url:
        raise BadInput("Input required: function", code="InputMissing", where="function")
    query = [f"code={quote(key, safe='/=')}" if key else "", step.input("queryParameters")]
    tail = "&".join(part for part in query if part)
    suffix = f"{'&' if '?' in url else '?'}{tail}" if tail else ""
    signed = Authorization(secrets=(key,) if key else ())
    named = step.input("azureServiceConnection")
    if named:
        connection = connection_of(step.job, named)
        scope = f"api://{connection.app_id}/.default"
        token = connection_headers.azure_token(step.job.store, connection, scope=scope)
        signed = Authorization(header=f"Bearer {token}", secrets=(*signed.secrets, token))
    return _call(step, url, suffix=suffix, signed=signed)


def _call(step: StepRun, url: str, *, suffix: str, signed: Authorization) -> StepResult:
    for secret in signed.secrets:
        step.job.masker.add(secret)
    call = rest_calls.prepare(
        method=step.input("method", "POST"), url=url, suffix=suffix,
        headers=step.input("headers"), body=step.input("body"), authorization=signed.header,
        secrets=(*signed.secrets, step.job.access_token),
    )  # fmt: skip
    if step.flag("waitForCompletion"):
        return _call_and_wait(step, call)
    return _once(step, call, criteria=step.input("successCriteria"))


def _call_and_wait(step: StepRun, call: RestCall) -> StepResult:
    """An agent that takes over does not call again: whoever was called is at work already."""
    store, run_id = step.job.store, step.job.run.run_id
    if not task_callbacks.was_called(store, run_id, step.record_id):
        result = _once(step, call, criteria="")
        if result != "succeeded":
            return result
        task_callbacks.note_call(store, run_id, step.record_id)
    step.log("Waiting for the callback: TaskCompleted.")
    result = callback.wait(step)
    if result == "failed":
        task_callbacks.forget(store, run_id, step.record_id)
    return result


def _once(step: StepRun, call: RestCall, *, criteria: str) -> StepResult:
    outcome = rest_calls.perform(step.job.store.home, call, criteria=criteria)
    for line in outcome.log:
        if line != outcome.reason:  # it is told below, as an error
            step.log(line)
    if outcome.passed:
        return "succeeded"
    step.error(outcome.reason)
    return "failed"


INVOKE = Task(name="InvokeRESTAPI", version=1, run=_invoke)
FUNCTION_1 = Task(name="AzureFunction", version=1, run=_function)
FUNCTION_2 = Task(name="AzureFunction", version=2, run=_function)
