"""Checks: what must hold before a stage may use a protected resource.

An approval is one kind of check. Each is configured on one resource (type and id). Settings keep
Azure's own key names, because they are data of the check's kind. Knows: documents.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shipway.base.errors import BadInput, NotFound
from shipway.base.messages import Json
from shipway.devops import business_hours, required_template, rest_calls, rows, success_criteria
from shipway.store.store import Store

_KIND = "check"

CheckKind = Literal[
    "Approval",
    "ExclusiveLock",
    "BranchControl",
    "BusinessHours",
    "RequiredTemplate",
    "RestApi",
    "AzureFunction",
]
# the order in which checks are evaluated; those of one category side by side
Category = Literal["static", "pre-check approval", "dynamic", "post-check approval", "lock"]
CATEGORIES: tuple[Category, ...] = (
    "static", "pre-check approval", "dynamic", "post-check approval", "lock",
)  # fmt: skip
# an Approval says by `settings.definitionRef.id` when it is asked for; without, in the middle
_APPROVALS: Mapping[str, Category] = {
    "0f52a19b-c67e-468f-b8eb-0ae83b532c99": "pre-check approval",
    "26014962-64a0-49f4-885b-4b874119a5cc": "dynamic",
    "06441319-13fb-4756-b198-c2da116894a4": "post-check approval",
}
_BY_KIND: Mapping[CheckKind, Category] = {
    "BranchControl": "static", "RequiredTemplate": "static", "BusinessHours": "dynamic",
    "RestApi": "dynamic", "AzureFunction": "dynamic", "ExclusiveLock": "lock",
}  # fmt: skip
_NAMES: Mapping[CheckKind, str] = {
    "Approval": "Approval", "ExclusiveLock": "Exclusive lock", "BranchControl": "Branch control",
    "BusinessHours": "Business hours", "RequiredTemplate": "Required template",
    "RestApi": "Invoke REST API", "AzureFunction": "Invoke Azure Function",
}  # fmt: skip
CALLING: tuple[CheckKind, ...] = ("RestApi", "AzureFunction")
"""The kinds that ask a service."""
DEFAULT_TIMEOUT_MINUTES = 43_200  # 30 days, the service's own default
RESOURCE_TYPES = ("endpoint", "environment", "queue", "repository", "securefile", "variablegroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check on a resource. `settings` by kind: Approval has approvers, minRequiredApprovers,
    requesterCannotBeApprover, instructions, executionOrder; RequiredTemplate extendsChecks; the
    tasks BranchControl, BusinessHours, RestApi and AzureFunction have inputs, displayName,
    retryInterval and linkedVariableGroup."""

    check_id: int
    project_id: str
    kind: CheckKind
    resource_type: str
    resource_id: str
    resource_name: str = ""
    settings: Mapping[str, Json]
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES
    is_disabled: bool = False
    version: int = 1
    created_by_id: str = ""
    created_by_name: str = ""
    created_at: datetime
    updated_at: datetime


def create(  # noqa: PLR0913  # one argument for each field that a client may set
    store: Store,
    *,
    project_id: str,
    kind: CheckKind,
    resource_type: str,
    resource_id: str,
    resource_name: str = "",
    settings: Mapping[str, Json] | None = None,
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
    is_disabled: bool = False,
    created_by_id: str = "",
    created_by_name: str = "",
) -> Check:
    """Put a check on a resource. Raises `BadInput` naming the setting that is wrong."""
    now = store.clock.now()
    with store.database.transaction():
        made = Check(
            check_id=store.documents.next_number(_KIND), project_id=project_id, kind=kind,
            resource_type=resource_type.lower(), resource_id=resource_id,
            resource_name=resource_name, settings=dict(settings or {}),
            timeout_minutes=timeout_minutes, is_disabled=is_disabled,
            created_by_id=created_by_id, created_by_name=created_by_name,
            created_at=now, updated_at=now,
        )  # fmt: skip
        _check(made)
        store.documents.create(_KIND, _key(made.check_id), rows.body_of(made))
    return made


def update(
    store: Store, *, project_id: str, check_id: int, settings: Mapping[str, Json],
    timeout_minutes: int | None = None, is_disabled: bool | None = None,
) -> Check:  # fmt: skip
    """Replace the settings of a check. Raises `NotFound`, `BadInput`."""
    with store.database.transaction():
        before = get(store, project_id=project_id, check_id=check_id)
        after = replace(
            before, settings=dict(settings), version=before.version + 1,
            timeout_minutes=before.timeout_minutes if timeout_minutes is None else timeout_minutes,
            is_disabled=before.is_disabled if is_disabled is None else is_disabled,
            updated_at=store.clock.now(),
        )  # fmt: skip
        _check(after)
        store.documents.put(_KIND, _key(check_id), rows.body_of(after))
    return after


def get(store: Store, *, project_id: str, check_id: int) -> Check:
    """The check. Raises `NotFound`."""
    found = store.documents.find(_KIND, _key(check_id))
    if found is None or found.body["project_id"] != project_id:
        raise NotFound(
            f"Check configuration with id {check_id} does not exist.",
            code="CheckConfigurationNotFoundException", where=str(check_id),
        )  # fmt: skip
    return rows.read(Check, found.body)


def on(
    store: Store, *, project_id: str, resource_type: str | None = None,
    resource_id: str | None = None,
) -> list[Check]:  # fmt: skip
    """The checks on a resource (or of a whole project), oldest first, disabled ones too."""
    found = (rows.read(Check, d.body) for d in store.documents.list(_KIND))
    return [
        c
        for c in found
        if c.project_id == project_id
        and (resource_type is None or c.resource_type == resource_type.lower())
        and (resource_id is None or c.resource_id.lower() == resource_id.lower())
    ]


def category_of(check: Check) -> Category:
    """When a check is evaluated: the first category that fails ends the stage."""
    if check.kind == "Approval":
        return _APPROVALS[_definition_id(check.settings) or "26014962-64a0-49f4-885b-4b874119a5cc"]
    return _BY_KIND[check.kind]


def check_resource_type(resource_type: str) -> None:
    """Raises `BadInput` for a type that no protected resource has."""
    if resource_type.lower() not in RESOURCE_TYPES:
        raise _bad(
            f"the resource type '{resource_type}' is not known", "resource.type",
            f"Known: {', '.join(RESOURCE_TYPES)}.",
        )  # fmt: skip


def minutes(number: int) -> timedelta:
    """A check's time-out as a length of time."""
    return timedelta(minutes=number)


def delete(store: Store, *, project_id: str, check_id: int) -> None:
    """Take a check away; approvals that it opened stay. Raises `NotFound`."""
    get(store, project_id=project_id, check_id=check_id)
    store.documents.delete(_KIND, _key(check_id))


def _check(check: Check) -> None:
    check_resource_type(check.resource_type)
    if not 0 < check.timeout_minutes <= DEFAULT_TIMEOUT_MINUTES:
        raise _bad(
            f"the timeout {check.timeout_minutes} is not between 1 and {DEFAULT_TIMEOUT_MINUTES}",
            "timeout", "Give minutes; 43200 is 30 days.",
        )  # fmt: skip
    judge = _CHECKED.get(check.kind)
    if judge is not None:
        judge(check.settings)


def _check_branches(settings: Mapping[str, Json]) -> None:
    if not _text(inputs_of(settings), "allowedBranches"):
        raise _bad(
            "a branch control needs 'allowedBranches'", "settings.inputs.allowedBranches",
            "Give a comma separated list such as refs/heads/main.",
        )  # fmt: skip


def _check_hours(settings: Mapping[str, Json]) -> None:
    business_hours.hours_of(inputs_of(settings))


def _check_templates(settings: Mapping[str, Json]) -> None:
    required_template.templates_of(settings)


def _check_function(settings: Mapping[str, Json]) -> None:
    if not _text(inputs_of(settings), "function"):
        raise _bad("an invoke Azure Function check needs 'function'", "settings.inputs.function",
                   "Give the URL of the function.")  # fmt: skip
    _check_call(settings)


def _check_service(settings: Mapping[str, Json]) -> None:
    inputs = inputs_of(settings)
    selector = _text(inputs, "connectedServiceNameSelector") or "connectedServiceName"
    if selector not in ("connectedServiceName", "connectedServiceNameARM"):
        raise _bad(f"the connection type '{selector[:60]}' is not known",
                   "settings.inputs.connectedServiceNameSelector",
                   "Known: connectedServiceName, connectedServiceNameARM.")  # fmt: skip
    if not _text(inputs, selector):
        raise _bad(f"an invoke REST API check needs '{selector}'", f"settings.inputs.{selector}",
                   "Give the id of a service connection.")  # fmt: skip
    _check_call(settings)


def _check_call(settings: Mapping[str, Json]) -> None:
    inputs = inputs_of(settings)
    method = _text(inputs, "method") or "POST"
    if method.upper() not in rest_calls.METHODS:
        raise _bad(f"the method '{method[:30]}' is not known", "settings.inputs.method",
                   f"Known: {', '.join(rest_calls.METHODS)}.")  # fmt: skip
    problem = success_criteria.problem(_text(inputs, "successCriteria"))
    if problem:
        raise _bad(problem, "settings.inputs.successCriteria", "Such as eq(root['status'], 'ok').")
    if retry_minutes(settings) < 0:
        raise _bad("the retryInterval is not a number of minutes", "settings.retryInterval",
                   "0 makes the first answer final.")  # fmt: skip


def retry_minutes(settings: Mapping[str, Json]) -> int:
    """After how many minutes a check is evaluated again; 0: never, -1: it is no number."""
    told = settings.get("retryInterval", 0)
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else -1


def inputs_of(settings: Mapping[str, Json]) -> Mapping[str, Json]:
    """The inputs of a task check."""
    inputs = settings.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def name_of(check: Check) -> str:
    """What a check is called where it is shown."""
    return _text(check.settings, "displayName") or _NAMES[check.kind]


def _definition_id(settings: Mapping[str, Json]) -> str:
    reference = settings.get("definitionRef")
    return _text(reference, "id").lower() if isinstance(reference, dict) else ""


def _check_approval(settings: Mapping[str, Json]) -> None:
    if _definition_id(settings) not in ("", *_APPROVALS):
        raise _bad(
            f"the approval definition '{_definition_id(settings)[:60]}' is not known",
            "settings.definitionRef.id", f"Known: {', '.join(_APPROVALS)}.",
        )  # fmt: skip
    approvers = settings.get("approvers")
    if not isinstance(approvers, list) or not approvers:
        raise _bad("an approval needs at least one approver", "settings.approvers",
                   "Give [{\"id\": \"<object id of a user>\"}].")  # fmt: skip
    if not all(isinstance(a, dict) and _text(a, "id") for a in approvers):
        raise _bad("every approver needs an id", "settings.approvers[].id",
                   "Use the object id that _apis/identities gives.")  # fmt: skip
    blocked = settings.get("blockedApprovers") or []
    if not isinstance(blocked, list) or not all(
        isinstance(a, dict) and _text(a, "id") for a in blocked
    ):
        raise _bad("every blocked approver needs an id", "settings.blockedApprovers[].id",
                   "Use the object id that _apis/identities gives.")  # fmt: skip
    least = settings.get("minRequiredApprovers", 0)
    if not isinstance(least, int) or isinstance(least, bool) or not 0 <= least <= len(approvers):
        raise _bad(
            f"minRequiredApprovers {least!r} is not between 0 and {len(approvers)}",
            "settings.minRequiredApprovers", "0 means: all of them.",
        )  # fmt: skip
    order = settings.get("executionOrder", "anyOrder")
    if order not in ("anyOrder", "inSequence", 1, 2):
        raise _bad(f"the executionOrder {order!r} is not known", "settings.executionOrder",
                   "Known: anyOrder, inSequence.")  # fmt: skip


def _text(values: Mapping[str, Json], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _bad(message: str, where: str, hint: str) -> BadInput:
    return BadInput(message, code="InvalidCheckConfigurationException", where=where, hint=hint)


def _key(check_id: int) -> str:
    return f"{check_id:010}"


_CHECKED: Mapping[CheckKind, Callable[[Mapping[str, Json]], None]] = {
    "Approval": _check_approval, "BranchControl": _check_branches, "BusinessHours": _check_hours,
    "RequiredTemplate": _check_templates, "RestApi": _check_service,
    "AzureFunction": _check_function,
}  # fmt: skip
