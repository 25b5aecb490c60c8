"""What the `azuredevops_branch_policy_*` resources share: a policy configuration on branches.

Calls: POST, GET, PUT and DELETE of `{project}/_apis/policy/configurations`.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resources.azuredevops.attributes import (
    block,
    blocks,
    doing,
    flag,
    listed,
    not_one_of,
    path,
    same_letters,
    text,
    there_already,
)
from shipway.terraform.resources.azuredevops.imports import by_project, is_integer

_VERSION = "7.1-preview.1"
_DEFAULT = "DefaultBranch"
_KINDS = ("Exact", "Prefix", _DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKind:
    """One kind: its type's id, how its `settings` are written and read.

    `flatten` also gets the settings as the state has them.
    """

    type_name: str
    policy_type: str
    expand: Callable[[Values], dict[str, Any]]
    flatten: Callable[[dict[str, Any], Values], Values]


def resource(kind: PolicyKind) -> TerraformResource:
    """The resource of a kind of policy."""
    return TerraformResource(
        type_name=kind.type_name,
        create=functools.partial(_create, kind),
        read=functools.partial(_read, kind),
        update=functools.partial(_update, kind),
        delete=_delete,
        import_state=by_project(is_integer, "projectid/policyId"),
        suppress={"settings.scope.match_type": same_letters},
        validate=_problems,
    )


def _create(kind: PolicyKind, calls: Calls, values: Values) -> Values:
    known = _same(kind, calls, values)
    if known is not None:
        raise AtAttribute("settings.0", there_already(kind.type_name, known))
    with doing("creating policy in Azure DevOps", {404: "settings.0"}):
        made = calls.devops(
            "POST", _base(text(values, "project_id")), api_version=_VERSION,
            body=_body(kind, values),
        )  # fmt: skip
    return {"id": str(made["id"])}


def _read(kind: PolicyKind, calls: Calls, values: Values) -> Values | None:
    project = text(values, "project_id")
    address = _base(project) + path(text(values, "id"))
    found = calls.devops("GET", address, api_version=_VERSION, missing_ok=True)
    if found is None or found.get("isDeleted"):
        return None
    told, before = found.get("settings") or {}, block(values, "settings")
    return {
        "id": str(found["id"]),
        "project_id": project,
        "enabled": bool(found.get("isEnabled", True)),
        "blocking": bool(found.get("isBlocking", True)),
        "settings": [{"scope": _scopes_shown(told), **kind.flatten(told, before)}],
    }


def _update(kind: PolicyKind, calls: Calls, prior: Values, planned: Values) -> None:
    address = _base(text(prior, "project_id")) + path(text(prior, "id"))
    changed = _body(kind, planned) | {"id": int(text(prior, "id"))}
    with doing("updating policy in Azure DevOps", {404: "settings.0"}):
        calls.devops("PUT", address, api_version=_VERSION, body=changed)


def _body(kind: PolicyKind, values: Values) -> dict[str, Any]:
    settings = block(values, "settings")
    return {
        "isEnabled": flag(values, "enabled"),
        "isBlocking": flag(values, "blocking"),
        "type": {"id": kind.policy_type},
        "settings": {"scope": _scopes(settings), **kind.expand(settings)},
    }


def _same(kind: PolicyKind, calls: Calls, values: Values) -> str | None:
    """A policy that says just this: what a create that was cut off has left."""
    project, wanted = text(values, "project_id"), _body(kind, values)["settings"]
    before = block(values, "settings")
    for found in listed(calls.devops("GET", _base(project), api_version=_VERSION)):
        is_of = str((found.get("type") or {}).get("id", "")).lower() == kind.policy_type
        told = found.get("settings") or {}
        if not is_of or _scopes_shown(told) != _scopes_shown(wanted):
            continue
        if kind.flatten(told, before) == kind.flatten(wanted, before):
            return f"{project}/{found['id']}"
    return None


def _delete(calls: Calls, values: Values) -> None:
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    with doing("deleting policy in Azure DevOps"):
        calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


def _scopes(settings: Values) -> list[dict[str, Any]]:
    return [
        {
            "repositoryId": text(one, "repository_id") or None,
            "refName": text(one, "repository_ref") or None,
            "matchKind": text(one, "match_type") or None,
        }
        for one in blocks(settings, "scope")
    ]


def _scopes_shown(settings: dict[str, Any]) -> list[Values]:
    return [
        {
            "repository_id": one.get("repositoryId") or "",
            "repository_ref": one.get("refName") or "",
            "match_type": one.get("matchKind") or "",
        }
        for one in settings.get("scope") or []
    ]


def _problems(config: Values) -> Iterable[Problem]:
    for index, one in enumerate(blocks(block(config, "settings"), "scope")):
        where = f"settings.0.scope.{index}.match_type"
        yield from not_one_of(one.get("match_type"), _KINDS, where, name="match_type")
        if not same_letters(one.get("match_type"), _DEFAULT):
            continue
        for name in ("repository_id", "repository_ref"):
            if one.get(name) is not None:
                yield Problem(
                    f"settings.0.scope.{index}.{name}", "neither 'repository_id' nor "
                    "'repository_ref' can be set when 'match_type=DefaultBranch'",
                )  # fmt: skip


def _base(project: str) -> str:
    return f"{path(project)}/_apis/policy/configurations"
