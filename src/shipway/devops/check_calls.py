"""The call that a check makes which asks a service, with the run's variables in it.

The connection is the check's, so no pipeline needs a permission for it. A service that decides
later answers with the ids that the headers have: PlanId is the check suite, JobId and
TaskInstanceId are the check run. Source:
https://learn.microsoft.com/azure/devops/pipelines/process/invoke-checks
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from shipway.azpipelines import macros
from shipway.azure.entra import personal_access_tokens
from shipway.base.errors import NotFound
from shipway.devops import (
    checks,
    connection_headers,
    rest_calls,
    run_progress,
    run_variables,
    runs,
    service_connections,
    variable_groups,
)
from shipway.devops.check_runs import CheckRun
from shipway.devops.connection_headers import Authorization
from shipway.devops.rest_calls import RestCall
from shipway.devops.service_connections import ServiceConnection
from shipway.store.store import Store

HUB = "checks"
_TOKEN_SECONDS = 48 * 3600
# what the task sends where the check says nothing
_HEADERS = """{
"Content-Type":"application/json",
"PlanUrl": "$(system.CollectionUri)",
"ProjectId": "$(system.TeamProjectId)",
"HubName": "$(system.HostType)",
"PlanId": "$(system.PlanId)",
"JobId": "$(system.JobId)",
"TimelineId": "$(system.TimelineId)",
"TaskInstanceId": "$(system.TaskInstanceId)",
"AuthToken": "$(system.AccessToken)"
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCheck:
    """What is called, and by which criteria the answer is judged."""

    call: RestCall
    criteria: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where a call goes, and as whom."""

    url: str
    suffix: str
    signed: Authorization


def waits_for_callback(one: CheckRun) -> bool:
    """Whether the service decides later, by an event of its own."""
    return _input(one, "waitForCompletion").lower() == "true"


def prepare(store: Store, one: CheckRun) -> PreparedCheck:
    """The call of a check run. Signs in where the connection leads, so never in a transaction.

    Raises `ShipwayError`: the connection is gone, refuses, or the inputs cannot be sent.
    """
    values, secrets = _variables(store, one)
    target = _function(one, values) if one.check.kind == "AzureFunction" else _service(store, one)
    values["endpoint.url"] = target.url
    is_given = "headers" in checks.inputs_of(one.check.settings)
    call = rest_calls.prepare(
        method=_input(one, "method") or "POST", url=target.url, suffix=target.suffix,
        headers=_input(one, "headers") if is_given else _HEADERS, body=_input(one, "body"),
        variables=values, authorization=target.signed.header,
        secrets=(*secrets, *target.signed.secrets),
    )  # fmt: skip
    is_judged = not waits_for_callback(one)
    criteria = macros.expand(_input(one, "successCriteria"), values) if is_judged else ""
    return PreparedCheck(call=call, criteria=criteria)


def _service(store: Store, one: CheckRun) -> _Target:
    connection = _connection(store, one)
    return _Target(
        url=connection_headers.base_url_of(connection), suffix=_input(one, "urlSuffix"),
        signed=connection_headers.authorization_of(store, connection),
    )  # fmt: skip


def _function(one: CheckRun, values: Mapping[str, str | None]) -> _Target:
    """As the task does: `<function>?code=<key>&<queryParameters>`."""
    url = macros.expand(_input(one, "function"), values)
    key = macros.expand(_input(one, "key"), values)
    parts = (f"code={quote(key, safe='/=')}" if key else "", _input(one, "queryParameters"))
    query = "&".join(part for part in parts if part)
    suffix = f"{'&' if '?' in url else '?'}{query}" if query else ""
    return _Target(url=url, suffix=suffix, signed=Authorization(secrets=(key,) if key else ()))


def _connection(store: Store, one: CheckRun) -> ServiceConnection:
    selector = _input(one, "connectedServiceNameSelector") or "connectedServiceName"
    name = _input(one, selector)
    found = service_connections.find(store, project_id=one.project_id, name_or_id=name)
    if found is None:
        raise NotFound(
            f"the service connection '{name[:100]}' of the check '{checks.name_of(one.check)}' "
            "was not found",
            code="ServiceEndpointNotFoundException", where=name[:100],
        )  # fmt: skip
    return found


def _variables(store: Store, one: CheckRun) -> tuple[dict[str, str | None], list[str]]:
    """The run's, those of the linked group and the check's own; and which values are secret."""
    run = runs.get(store, one.run_id)
    plan = run_progress.plan_of(run)
    stage = plan.stage(one.stage_name)
    known = run_variables.all_of(store, run, plan, stage=stage) if stage else []
    token = personal_access_tokens.issue_check_token(
        store, run_id=run.run_id, check_run_id=one.check_run_id, seconds=_TOKEN_SECONDS
    )
    given: dict[str, str] = {v.name: v.value for v in known}
    secrets = [token, *(v.value for v in known if v.is_secret)]
    linked = one.check.settings.get("linkedVariableGroup")
    name = linked if isinstance(linked, str) else ""
    group = variable_groups.find(store, project_id=one.project_id, name=name) if name else None
    if group is not None:
        values = variable_groups.values_of(store, group)
        given = _over(given, {name: v.value for name, v in values.items()})
        secrets += [v.value for v in values.values() if v.is_secret]
    expanded = macros.expand_all(_over(given, _own(one, token)), secret_names=())
    return dict(expanded.values), secrets


def _over(given: Mapping[str, str], stronger: Mapping[str, str]) -> dict[str, str]:
    """Both; of a name in other letter case, too, the stronger counts: a run's is anybody's."""
    names = {name.lower() for name in stronger}
    return {**{n: v for n, v in given.items() if n.lower() not in names}, **stronger}


def _own(one: CheckRun, token: str) -> dict[str, str]:
    return {
        "system.HostType": HUB, "system.PlanId": one.suite_id, "system.JobId": one.check_run_id,
        "system.TimelineId": one.suite_id, "system.TaskInstanceId": one.check_run_id,
        "system.AccessToken": token,
    }  # fmt: skip


def _input(one: CheckRun, name: str) -> str:
    value = checks.inputs_of(one.check.settings).get(name)
    return value if isinstance(value, str) else ""
