"""`azuredevops_build_definition`: a pipeline, as repository, YAML file and what is set beside it.

Calls: POST, GET, PUT and DELETE of `{project}/_apis/build/definitions`; a first run by POST of
`{project}/_apis/pipelines/{id}/runs` when it shall not be skipped.
"""

import logging
from collections.abc import Iterable
from typing import Any, Final

from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    AtAttribute,
    Change,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuredevops import build_triggers, refusals
from shipway.terraform.resources.azuredevops.attributes import (
    block,
    blocks,
    doing,
    flag,
    listed,
    named,
    number,
    path,
    query,
    text,
    unless_there,
)
from shipway.terraform.resources.azuredevops.imports import by_project, is_integer

_VERSION = "7.1-preview.7"
_GITHUB, _AZURE_REPOS = "GitHub", "TfsGit"
_HEADS = "refs/heads/"
_YAML = 2
_refuse = refusals.check("build_definition")
_BLAME: Final[dict[str | int, str]] = {
    "DefinitionExistsException": "name",
    "GitRepositoryNotFoundException": "repository.0.repo_id",
    "RepositoryInformationInvalidException": "repository.0.service_connection_id",
    "VariableGroupNotFoundException": "variable_groups",
}
_log = logging.getLogger(__name__)


def create(calls: Calls, values: Values) -> Values:
    """Make the definition; its first run only when `features` asks for it."""
    there = unless_there("azuredevops_build_definition", "name", lambda: _of_name(calls, values))
    with there, doing("Creating Build Definition", _BLAME):
        made = calls.devops(
            "POST", _base(text(values, "project_id")), api_version=_VERSION, body=expand(values)
        )
    features = block(values, "features")
    if features and features.get("skip_first_run") is False:
        _run(calls, values, made["id"])
    return {"id": str(made["id"])}


def read(calls: Calls, values: Values) -> Values | None:
    """The definition as it is; None when it is gone."""
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    found = calls.devops("GET", address, api_version=_VERSION, missing_ok=True)
    return None if found is None else flatten(found, values)


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Write the whole definition over the revision that was read."""
    body = expand(planned) | {"id": int(text(prior, "id")), "revision": number(prior, "revision")}
    address = _base(text(prior, "project_id")) + path(text(prior, "id"))
    with doing("Updating Build Definition", _BLAME):
        calls.devops("PUT", address, api_version=_VERSION, body=body)


def delete(calls: Calls, values: Values) -> None:
    """Delete it; its runs stay."""
    address = _base(text(values, "project_id")) + path(text(values, "id"))
    calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


def expand(values: Values) -> dict[str, Any]:
    """The definition as the service has it."""
    pool = text(values, "agent_pool_name")
    return {
        "name": text(values, "name"),
        "path": text(values, "path"),
        "type": "build",
        "quality": "definition",
        "queueStatus": text(values, "queue_status"),
        "jobAuthorizationScope": text(values, "job_authorization_scope"),
        "process": {"type": _YAML, "yamlFilename": text(block(values, "repository"), "yml_path")},
        "repository": _repository(block(values, "repository")),
        "queue": {"name": pool, "pool": {"name": pool}},
        "variableGroups": [{"id": int(group)} for group in values.get("variable_groups") or []],
        "variables": {
            text(one, "name"): {
                "value": text(one, "secret_value" if flag(one, "is_secret") else "value"),
                "isSecret": flag(one, "is_secret"),
                "allowOverride": flag(one, "allow_override"),
            }
            for one in blocks(values, "variable")
        },
        "triggers": build_triggers.expand(values),
    }


def flatten(found: dict[str, Any], values: Values) -> Values:
    """The attributes of a definition; what the service never tells stays as `values` have it."""
    pool = ((found.get("queue") or {}).get("pool") or {}).get("name")
    shown: Values = {
        "id": str(found["id"]),
        "name": found["name"],
        "path": found.get("path"),
        "revision": found.get("revision") or 0,
        "queue_status": found.get("queueStatus"),
        "job_authorization_scope": found.get("jobAuthorizationScope"),
        "repository": [_repository_shown(found, block(values, "repository"))],
        "variable_groups": [group["id"] for group in found.get("variableGroups") or []],
        "variable": _variables_shown(found.get("variables") or {}, values),
        **build_triggers.flatten(found.get("triggers") or []),
    }
    return shown | ({"agent_pool_name": pool} if pool else {})


def problems(config: Values) -> Iterable[Problem]:
    """A folder that is none, a variable that is there twice."""
    folder = text(config, "path")
    if folder and not folder.startswith("\\"):
        yield Problem("path", "path must start with backslash")
    if len(folder) > 1 and folder.endswith("\\"):
        yield Problem("path", "path must not end with backslash when not the root path")
    names = [text(one, "name") for one in blocks(config, "variable")]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        yield Problem("variable", f"Unexpectedly found duplicate variable with name {name}")


def refused(change: Change) -> None:
    """What would be configured, but not be so. Raises `AtAttribute`."""
    _refuse(change)
    is_of_azure = text(block(change.planned, "repository"), "repo_type") == _AZURE_REPOS
    if is_of_azure and blocks(change.planned, "pull_request_trigger"):
        raise AtAttribute(
            "pull_request_trigger",
            "`pull_request_trigger` is not supported: Pull requests of Azure Repos start a "
            "pipeline by a branch policy.",
            "Use azuredevops_branch_policy_build_validation.",
        )


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_build_definition`: by name and folder."""
    project, name, folder = (text(config, key) for key in ("project_id", "name", "path"))
    asked = query({"name": name, "path": "" if folder == "\\" else folder})
    some = listed(calls.devops("GET", _base(project) + asked, api_version=_VERSION))
    if not some:
        raise AtAttribute(
            "name", f"Build Definition with name {name} does not exist in project {project} in "
            f"{folder} path",
        )  # fmt: skip
    if len(some) > 1:
        raise AtAttribute(
            "name", f"Multiple build definitions with name {name} found in project {project}"
        )
    found = calls.devops("GET", _base(project) + path(some[0]["id"]), api_version=_VERSION)
    return flatten(found, {}) | {
        "project_id": project, "jobs": [], "schedules": []
    }  # fmt: skip


def _of_name(calls: Calls, values: Values) -> str | None:
    project, name = text(values, "project_id"), text(values, "name")
    asked = query({"name": name, "path": text(values, "path")})
    answer = calls.devops("GET", _base(project) + asked, api_version=_VERSION)
    found = named(listed(answer), name)
    return found and f"{project}/{found}"


def _repository(given: Values) -> dict[str, Any]:
    kind, name = text(given, "repo_type"), text(given, "repo_id")
    is_github = kind == _GITHUB
    return {
        "id": name,
        "name": name,
        "type": kind,
        "url": f"https://github.com/{name}.git" if is_github else "",
        "defaultBranch": text(given, "branch_name"),
        "properties": {
            "connectedServiceId": text(given, "service_connection_id"),
            "apiUrl": f"https://api.github.com/repos/{name}" if is_github else "",
            "reportBuildStatus": "true" if flag(given, "report_build_status") else "false",
        },
    }


def _repository_shown(found: dict[str, Any], before: Values) -> Values:
    told, file = found["repository"], (found.get("process") or {}).get("yamlFilename") or ""
    properties = told.get("properties") or {}
    shown: Values = {
        "repo_id": told["id"],
        "repo_type": told["type"],
        "branch_name": str(told.get("defaultBranch") or "").removeprefix(_HEADS),
        "yml_path": file,
        "url": told.get("url"),
        "github_enterprise_url": "",
        "service_connection_id": properties.get("connectedServiceId")
        or text(before, "service_connection_id"),
        "report_build_status": before.get("report_build_status", True),
    }
    if "reportBuildStatus" in properties:
        shown["report_build_status"] = str(properties["reportBuildStatus"]).lower() == "true"
    if text(before, "yml_path").lstrip("/") == file:
        shown["yml_path"] = text(before, "yml_path")
    return shown


def _variables_shown(told: dict[str, Any], values: Values) -> list[Values]:
    known = {text(one, "name"): one for one in blocks(values, "variable")}
    shown = []
    for name, one in told.items():
        is_secret, before = bool(one.get("isSecret")), known.get(name, {})
        shown.append(
            {
                "name": name,
                "value": text(before, "value") if is_secret else one.get("value") or "",
                "secret_value": text(before, "secret_value") if is_secret else "",
                "is_secret": is_secret,
                "allow_override": bool(one.get("allowOverride")),
            }
        )
    return shown


def _run(calls: Calls, values: Values, definition: int) -> None:
    branch = text(block(values, "repository"), "branch_name").removeprefix(_HEADS)
    body = {"resources": {"repositories": {"self": {"refName": _HEADS + branch}}}}
    address = f"{path(text(values, 'project_id'))}/_apis/pipelines{path(definition)}/runs"
    try:
        calls.devops("POST", address, api_version="7.1-preview.1", body=body)
    except ApiError as error:
        # the definition is there and right; the provider too only warns
        _log.warning("First run of build definition failed, nothing to trigger: %s", error)


def _base(project: str) -> str:
    return f"{path(project)}/_apis/build/definitions"


def _short_branch(name: str) -> str:
    return name.removeprefix(_HEADS)


RESOURCE = TerraformResource(
    type_name="azuredevops_build_definition",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=by_project(is_integer, "projectid/definitionId"),
    state_funcs={"repository.branch_name": _short_branch},
    validate=problems,
    customize=refused,
)
ONE = TerraformDataSource(type_name="azuredevops_build_definition", read=read_one)
