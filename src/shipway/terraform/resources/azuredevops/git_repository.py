"""`azuredevops_git_repository` and the data sources that look repositories up.

Calls: POST `_apis/git/repositories`, GET, PATCH and DELETE of one; a clean start is a push of a
README over REST.
"""

from typing import Any

from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    AtAttribute,
    Change,
    PartlyCreated,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuredevops import refusals
from shipway.terraform.resources.azuredevops.attributes import (
    block,
    doing,
    flag,
    follow,
    listed,
    path,
    query,
    same_letters,
    text,
)
from shipway.terraform.resources.azuredevops.imports import by_project
from shipway.terraform.resources.azuredevops.project import digest

_VERSION = "7.1-preview.1"
_NOTHING = "0" * 40
_refuse = refusals.check("git_repository")
_TAKEN: dict[str | int, str] = {409: "name", "GitBranchNotFoundException": "default_branch"}


def create(calls: Calls, values: Values) -> Values:
    """Make the repository, then give it its first content."""
    project, start = text(values, "project_id"), block(values, "initialization")
    if text(values, "default_branch") and _is(start, "Uninitialized"):
        raise AtAttribute(
            "default_branch",
            "Repository 'initialization.init_type = Uninitialized', there will be no branches, "
            "'default_branch' cannot not be set.",
        )
    body: dict[str, Any] = {"name": text(values, "name"), "project": {"id": project}}
    with doing("Creating repository in Azure DevOps", _TAKEN):
        made = calls.devops("POST", "/_apis/git/repositories", api_version=_VERSION, body=body)
    try:
        _begin(calls, values, made)
        if text(values, "default_branch"):
            _change(calls, project, made["id"], {"defaultBranch": text(values, "default_branch")})
    except (ApiError, AtAttribute) as error:
        raise PartlyCreated(values | {"id": made["id"]}, error) from error
    return {"id": made["id"]}


def read(calls: Calls, values: Values) -> Values | None:
    """The repository as it is, a disabled one too; None when it is gone."""
    found = find(calls, text(values, "project_id"), text(values, "id") or text(values, "name"))
    return None if found is None else _shown(found)


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Rename, set the default branch, initialize what was empty."""
    project, repository = text(prior, "project_id"), text(prior, "id")
    found = find(calls, project, repository) or {}
    before, after = block(prior, "initialization"), block(planned, "initialization")
    if before != after and not found.get("defaultBranch") and not found.get("size"):
        _begin(calls, planned, found)
    changed = {"name": text(planned, "name")}
    if text(planned, "default_branch"):
        changed["defaultBranch"] = text(planned, "default_branch")
    _change(calls, project, repository, changed)


def delete(calls: Calls, values: Values) -> None:
    """Delete it with all that was pushed."""
    address = f"/_apis{path('git', 'repositories', text(values, 'id'))}"
    with doing("Deleting repository in Azure DevOps"):
        calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


def find(calls: Calls, project: str, name_or_id: str) -> dict[str, Any] | None:
    """A repository by name or id; a disabled one is only in the list."""
    base = f"{path(project)}/_apis/git/repositories"
    found = calls.devops("GET", base + path(name_or_id), api_version=_VERSION, missing_ok=True)
    if found is not None:
        return dict(found)
    hidden = calls.devops(
        "GET", base + query({"includeHidden": "true"}), api_version=_VERSION, missing_ok=True
    )
    for one in listed(hidden):
        if name_or_id and name_or_id.casefold() in (one["id"].casefold(), one["name"].casefold()):
            return one
    return None


def planned(change: Change) -> None:
    """What was initialized is made anew when it shall be initialized otherwise."""
    _refuse(change)
    if change.prior is None:
        return
    follow(change, "name", "remote_url", "ssh_url", "web_url")
    after = block(change.planned, "initialization")
    before = block(change.prior, "initialization")
    if not before or _is(before, "Uninitialized"):
        return
    for name in ("init_type", "source_type", "source_url"):
        if text(before, name).casefold() != text(after, name).casefold():
            change.requires_replace.add(f"initialization.0.{name}")


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_git_repository`."""
    name, project = text(config, "name"), text(config, "project_id")
    found = find(calls, project, name)
    if found is None:
        raise AtAttribute(
            "name", f"Repository with name {name} does not exist in project {project}"
        )
    return _shown(found)


def read_all(calls: Calls, config: Values) -> Values:
    """`data azuredevops_git_repositories`: of a project or of all, all or of a name."""
    name, project = text(config, "name"), text(config, "project_id")
    hidden = query({"includeHidden": "true" if flag(config, "include_hidden") else "false"})
    place = path(project) if project else ""
    answer = calls.devops("GET", f"{place}/_apis/git/repositories{hidden}", api_version=_VERSION)
    found = [one for one in listed(answer) if not name or same_letters(one["name"], name)]
    names = [one["name"] for one in found] or ["empty"]
    kept = (
        "id", "name", "url", "ssh_url", "web_url", "remote_url", "project_id", "size",
        "default_branch", "disabled",
    )  # fmt: skip
    return {
        "id": "gitRepos#" + digest("-".join(([project] if project else []) + names)),
        "repositories": [{key: _shown(one)[key] for key in kept} for one in found],
    }


def _shown(found: dict[str, Any]) -> Values:
    return {
        "id": found["id"],
        "name": found["name"],
        "project_id": found["project"]["id"],
        "default_branch": found.get("defaultBranch"),
        "is_fork": bool(found.get("isFork")),
        "remote_url": found.get("remoteUrl"),
        "size": found.get("size"),
        "ssh_url": found.get("sshUrl"),
        "url": found.get("url"),
        "web_url": found.get("webUrl"),
        "disabled": bool(found.get("isDisabled")),
    }


def _begin(calls: Calls, values: Values, made: dict[str, Any]) -> None:
    """The first content: nothing, or a README."""
    start = block(values, "initialization")
    if _is(start, "Clean"):
        branch = text(values, "default_branch") or "refs/heads/master"
        with doing("initializing repository in Azure DevOps"):
            calls.devops(
                "POST", f"{_place(made)}/pushes", api_version=_VERSION,
                body=_readme(branch, made["project"]["name"]),
            )  # fmt: skip


def _readme(branch: str, content: str) -> dict[str, Any]:
    change = {
        "changeType": "add",
        "item": {"path": "/README.md"},
        "newContent": {"content": content, "contentType": "rawtext"},
    }
    return {
        "refUpdates": [{"name": branch, "oldObjectId": _NOTHING}],
        "commits": [{"comment": "Initial commit.", "changes": [change]}],
    }


def _change(calls: Calls, project: str, repository: str, body: dict[str, Any]) -> None:
    address = f"{path(project)}/_apis{path('git', 'repositories', repository)}"
    with doing("Updating repository in Azure DevOps", _TAKEN):
        calls.devops("PATCH", address, api_version=_VERSION, body=body)


def _place(made: dict[str, Any]) -> str:
    return f"{path(made['project']['id'])}/_apis{path('git', 'repositories', made['id'])}"


def _is(start: Values, kind: str) -> bool:
    return text(start, "init_type").casefold() == kind.casefold()


RESOURCE = TerraformResource(
    type_name="azuredevops_git_repository",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=by_project(expected="projectid/repositoryName or projectid/repositoryId"),
    suppress={
        "name": same_letters,
        "project_id": same_letters,
        "parent_repository_id": same_letters,
    },
    customize=planned,
)
ONE = TerraformDataSource(type_name="azuredevops_git_repository", read=read_one)
MANY = TerraformDataSource(type_name="azuredevops_git_repositories", read=read_all)
