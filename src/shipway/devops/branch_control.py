"""Branch control: every repository that a run is made of comes from a branch that is allowed.

Looked at are the run's own branch, those of the repositories under `resources:` at what they were
when the run was compiled, and those of the runs whose pipelines stand there. Branches are written
in full, with `*` for any text. A commit that was chosen by hand has to be on the branch.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals#branch-control
"""

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shipway.azpipelines.plan import RunPlan
from shipway.base.messages import Json
from shipway.devops import chosen_commits, github_mirrors, policies, repositories, runs
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linked:
    """A branch that the run uses; `repository` None when nobody knows it."""

    name: str
    repository: Repository | None
    branch: str
    is_astray: bool = False


def refusal(store: Store, run: Run, plan: RunPlan, inputs: Mapping[str, Json]) -> str:
    """Why the check does not pass, empty when it does."""
    linked = list(_linked(store, run, plan))
    allowed = str(inputs.get("allowedBranches") or "")
    patterns = [text.strip() for text in allowed.split(",") if text.strip()]
    for one in linked:
        if not any(fnmatch.fnmatchcase(one.branch, pattern) for pattern in patterns):
            return (
                f"branch control: {one.branch} of {one.name} is not among the allowed branches "
                f"({allowed}){_spelling(one.branch, patterns)}"
            )
        if one.is_astray:
            return (
                f"branch control: the commit that was chosen of {one.name} is not on {one.branch}"
            )
    if not _is_set(inputs, "ensureProtectionOfBranch"):
        return ""
    for one in linked:
        refused = _unprotected(store, one, unknown=_is_set(inputs, "allowUnknownStatusBranch"))
        if refused:
            return f"branch control: {refused}"
    return ""


def _linked(store: Store, run: Run, plan: RunPlan) -> Iterator[_Linked]:
    own = repositories.by_id(store, run.repository_id)
    yield _Linked(
        name=own.name if own else "the pipeline", repository=own, branch=run.source_branch,
        is_astray=chosen_commits.own_is_astray(store, run),
    )  # fmt: skip
    for one in plan.repositories:
        found = repositories.by_id(store, one.repository_id) if one.repository_id else None
        default = found.default_branch if found else ""
        branch = one.branch or one.ref or default
        astray = chosen_commits.is_astray(
            store, run, alias=one.alias, repository=found, branch=branch, commit=one.commit
        )
        yield _Linked(name=one.name, repository=found, branch=branch, is_astray=astray)
    for chosen in run.pipelines:
        other = runs.get(store, chosen.run_id)
        made_of = repositories.by_id(store, other.repository_id)
        yield _Linked(
            name=f"pipeline {other.definition_name}", repository=made_of,
            branch=other.source_branch, is_astray=chosen_commits.own_is_astray(store, other),
        )  # fmt: skip


def _unprotected(store: Store, one: _Linked, *, unknown: bool) -> str:
    if one.repository is None or github_mirrors.is_mirror(one.repository):
        return "" if unknown else f"nobody knows whether {one.branch} of {one.name} is protected"
    if policies.is_protected(store, one.repository, one.branch):
        return ""
    return (
        f"{one.branch} is not protected in {one.name}, as the check asks: no policy blocks what "
        "is pushed to it"
    )


def _spelling(branch: str, patterns: list[str]) -> str:
    """The usual mistake, told: `main` is no branch's full name."""
    short = [p for p in patterns if not p.startswith(("refs/", "*"))]
    if not any(fnmatch.fnmatchcase(branch, f"refs/heads/{pattern}") for pattern in short):
        return ""
    return "; they have to be written in full, such as refs/heads/main"


def _is_set(inputs: Mapping[str, Json], name: str) -> bool:
    return str(inputs.get(name) or "").lower() == "true"
