"""`azuredevops_git_repository_file`: one file on one branch, written by commits over REST.

Calls: GET refs, items, commits of the repository; POST pushes.
"""

from typing import Any

from shipway.base import clock
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import AtAttribute, TerraformResource, Values
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    flag,
    listed,
    path,
    query,
    text,
)

_VERSION = "7.1"
_TRIES = 20
_MOVED = "has already been updated by another client"
_PROTECTED = "GitRefUpdateRejectedByPolicyException"


def create(calls: Calls, values: Values) -> Values:
    """Add the file; one that is there already is only overwritten when that was asked for."""
    repository, file, branch = _named(values)
    if not _has_branch(calls, repository, branch):
        raise AtAttribute("branch", f"Creating Git file. Branch not found. Name: {branch}.")
    kind = "add"
    if _item(calls, repository, file, branch) is not None:
        if not flag(values, "overwrite_on_create"):
            raise AtAttribute(
                "overwrite_on_create", "Refusing to overwrite existing file. Configure "
                "`overwrite_on_create` to `true` to override. A resource with the ID "
                f'"{repository}/{file}:{branch}" already exists',
            )  # fmt: skip
        kind = "edit"
    message = text(values, "commit_message") or f"Add {file}"
    _commit(calls, values, _change(values, kind), message)
    return {"id": f"{repository}/{file}"}


def read(calls: Calls, values: Values) -> Values | None:
    """Content and last commit; None when repository, branch or file are gone."""
    repository, _, file = text(values, "id").partition("/")
    branch = text(values, "branch") or "refs/heads/master"
    found = calls.devops("GET", _place(repository), api_version=_VERSION, missing_ok=True)
    if found is None or not _has_branch(calls, repository, branch):
        return None
    item = _item(calls, repository, file, branch)
    if item is None:
        return None
    last = _last_commit(calls, repository, file, branch)
    author, committer = last.get("author") or {}, last.get("committer") or {}
    return {
        "repository_id": repository,
        "file": file,
        "branch": branch,
        "content": item.get("content") or "",
        "commit_message": last.get("comment"),
        "author_name": author.get("name"),
        "author_email": author.get("email"),
        "committer_name": committer.get("name"),
        "committer_email": committer.get("email"),
    }


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Commit the new content."""
    file = text(prior, "file")
    message = text(planned, "commit_message") or f"Update {file}"
    if message == f"Add {file}":
        message = f"Update {file}"
    _commit(calls, planned, _change(planned, "edit"), message)


def delete(calls: Calls, values: Values) -> None:
    """Commit that the file is no more."""
    repository, file, branch = _named(values)
    gone = (
        calls.devops("GET", _place(repository), api_version=_VERSION, missing_ok=True) is None
        or not _has_branch(calls, repository, branch)
        or _item(calls, repository, file, branch) is None
    )
    if not gone:
        change = {"changeType": "delete", "item": {"path": _rooted(file)}}
        _commit(calls, values, change, f"Delete {file}")


def imported(calls: Calls, given: str) -> Values:
    """`repository/path/of/file`, with `:branch` where it is not master."""
    del calls
    where, _, branch = given.partition(":")
    repository, _, file = where.partition("/")
    if not repository or not file:
        raise AtAttribute(
            "id",
            f"unexpected format of ID ({given}), expected repositoryID/path/to/file:branchName",
        )
    branch = branch or "master"
    full = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
    return {
        "id": where, "repository_id": repository, "file": file, "branch": full,
        "overwrite_on_create": False,
    }  # fmt: skip


def _commit(calls: Calls, values: Values, change: dict[str, Any], message: str) -> None:
    """Push one commit; again from the new tip when another push came between.

    A file that goes away waits a while for the policies of its branch: one destroy takes both.
    """
    repository, file, branch = _named(values)
    commit: dict[str, Any] = {"comment": message, "changes": [change]}
    for role in ("author", "committer"):
        name, email = text(values, f"{role}_name"), text(values, f"{role}_email")
        commit[role] = {"name": name, "email": email}
    passing = (_MOVED, _PROTECTED) if change["changeType"] == "delete" else (_MOVED,)
    with doing(f"Repository file, branch: {branch}, file: {file}", {_PROTECTED: "branch"}):
        for attempt in range(_TRIES):
            try:
                _push(calls, repository, branch, commit)
            except ApiError as error:
                may_pass = error.code in passing or any(word in error.message for word in passing)
                if not may_pass or attempt + 1 == _TRIES:
                    raise
                clock.sleep(min(0.1 * (attempt + 1), 1))
            else:
                return


def _push(calls: Calls, repository: str, branch: str, commit: dict[str, Any]) -> None:
    update = {"name": branch, "oldObjectId": _tip(calls, repository, branch)}
    body = {"refUpdates": [update], "commits": [commit]}
    calls.devops("POST", f"{_place(repository)}/pushes", api_version=_VERSION, body=body)


def _change(values: Values, kind: str) -> dict[str, Any]:
    return {
        "changeType": kind,
        "item": {"path": _rooted(text(values, "file"))},
        "newContent": {"content": text(values, "content"), "contentType": "rawtext"},
    }


def _item(calls: Calls, repository: str, file: str, branch: str) -> dict[str, Any] | None:
    asked = query(
        {
            "path": _rooted(file), "includeContent": "true",
            "versionDescriptor.version": _short(branch),
            "versionDescriptor.versionType": "branch",
        }
    )  # fmt: skip
    found = calls.devops(
        "GET", f"{_place(repository)}/items{asked}", api_version=_VERSION, missing_ok=True
    )
    return None if found is None else dict(found)


def _last_commit(calls: Calls, repository: str, file: str, branch: str) -> dict[str, Any]:
    # an item's own commitId is the tip of the branch, which moves with every other file
    asked = query(
        {
            "searchCriteria.$top": 1, "searchCriteria.itemPath": _rooted(file),
            "searchCriteria.itemVersion.version": _short(branch),
        }
    )  # fmt: skip
    found = listed(
        calls.devops("GET", f"{_place(repository)}/commits{asked}", api_version=_VERSION)
    )
    return found[0] if found else {}


def _tip(calls: Calls, repository: str, branch: str) -> str:
    asked = query({"searchCriteria.$top": 1, "searchCriteria.itemVersion.version": _short(branch)})
    found = calls.devops("GET", f"{_place(repository)}/commits{asked}", api_version=_VERSION)
    return str(listed(found)[0]["commitId"])


def _has_branch(calls: Calls, repository: str, branch: str) -> bool:
    asked = query({"filter": f"heads/{_short(branch)}"})
    found = listed(calls.devops("GET", f"{_place(repository)}/refs{asked}", api_version=_VERSION))
    return any(_short(ref["name"]).casefold() == _short(branch).casefold() for ref in found)


def _place(repository: str) -> str:
    return f"/_apis{path('git', 'repositories', repository)}"


def _named(values: Values) -> tuple[str, str, str]:
    return text(values, "repository_id"), text(values, "file"), text(values, "branch")


def _rooted(file: str) -> str:
    return file if file.startswith("/") else f"/{file}"


def _short(branch: str) -> str:
    return branch.removeprefix("refs/heads/")


RESOURCE = TerraformResource(
    type_name="azuredevops_git_repository_file",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=imported,
)
