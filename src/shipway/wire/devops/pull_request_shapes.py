"""Pull requests, reviewers and policy evaluations as Azure DevOps writes them.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/pull-requests/get-pull-request
"""

from typing import Any

from shipway.devops import projects, repositories
from shipway.devops.policy_evaluations import Evaluation
from shipway.devops.pull_requests import PullRequest, Reviewer
from shipway.devops.repositories import Repository
from shipway.loop.pull_request import repository_of
from shipway.store.store import Store
from shipway.wire.devops import policies, shapes
from shipway.wire.devops.repositories import url_of
from shipway.wire.http import Request

ARTIFACT = "vstfs:///CodeReview/CodeReviewId/"


def artifact_id(one: PullRequest) -> str:
    """What policy evaluations call it."""
    return f"{ARTIFACT}{one.project_id}/{one.pull_request_id}"


def address(request: Request, repository: Repository, one: PullRequest) -> str:
    """Its address in the REST interface."""
    return f"{url_of(request, repository)}/pullRequests/{one.pull_request_id}"


def shape_of(store: Store, request: Request, one: PullRequest) -> dict[str, Any]:
    """`GitPullRequest`."""
    repository = repository_of(store, one)
    project = projects.get(store, one.project_id)
    url = address(request, repository, one)
    options = one.options
    shape: dict[str, Any] = {
        "repository": {
            "id": repository.repository_id, "name": repository.name,
            "url": url_of(request, repository),
            "project": shapes.project_reference(request, project),
        },
        "pullRequestId": one.pull_request_id, "codeReviewId": one.pull_request_id,
        "status": one.status, "title": one.title, "description": one.description,
        "createdBy": shapes.identity(store, request, one.created_by),
        "creationDate": shapes.moment(one.created_at),
        "sourceRefName": one.source_ref, "targetRefName": one.target_ref,
        "mergeStatus": "notSet" if one.status == "abandoned" else one.merge.status,
        "isDraft": one.is_draft, "hasMultipleMergeBases": False, "supportsIterations": True,
        "mergeId": _merge_id(one),
        "reviewers": [reviewer_shape(store, request, url, r) for r in one.reviewers],
        "completionOptions": {
            "mergeCommitMessage": options.merge_commit_message,
            "deleteSourceBranch": options.delete_source_branch,
            "squashMerge": options.merge_strategy == "squash",
            "mergeStrategy": options.merge_strategy,
            "autoCompleteIgnoreConfigIds": list(options.ignored_configuration_ids),
        },
        "url": url, "artifactId": artifact_id(one), "remoteUrl": _web_url(request, repository, one),
        "_links": {"self": {"href": url}, "web": {"href": _web_url(request, repository, one)}},
    }  # fmt: skip
    base = url_of(request, repository)
    for name, commit in (
        ("lastMergeSourceCommit", one.merge.source_commit),
        ("lastMergeTargetCommit", one.merge.target_commit),
        ("lastMergeCommit", one.merge.commit),
    ):
        if commit:
            shape[name] = {"commitId": commit, "url": f"{base}/commits/{commit}"}
    if one.merge.status in ("conflicts", "failure"):
        shape["mergeFailureMessage"] = one.merge.message or ", ".join(one.merge.conflicts)
        shape["mergeFailureType"] = "none" if one.merge.conflicts else "unknown"
    if one.closed_at:
        shape["closedDate"] = shapes.moment(one.closed_at)
    if one.closed_by:
        shape["closedBy"] = shapes.identity(store, request, one.closed_by)
    if one.auto_complete_by:
        shape["autoCompleteSetBy"] = shapes.identity(store, request, one.auto_complete_by)
    return shape


def reviewer_shape(store: Store, request: Request, url: str, one: Reviewer) -> dict[str, Any]:
    """`IdentityRefWithVote`."""
    return {
        **shapes.identity(store, request, one.reviewer), "vote": one.vote,
        "hasDeclined": one.has_declined, "isRequired": one.is_required, "isFlagged": False,
        "isContainer": one.is_group,
        "reviewerUrl": f"{url}/reviewers/{one.reviewer.object_id}",
    }  # fmt: skip


def evaluation_shape(
    store: Store, request: Request, one: PullRequest, item: Evaluation
) -> dict[str, Any]:
    """`PolicyEvaluationRecord`."""
    project = projects.get(store, one.project_id)
    return {
        "configuration": policies.shape_of(store, request, project, item.policy),
        "artifactId": artifact_id(one), "evaluationId": item.evaluation_id,
        "startedDate": shapes.moment(one.created_at), "status": item.verdict.status,
        "context": dict(item.verdict.context) or None,
        "_links": {},
    }  # fmt: skip


def _merge_id(one: PullRequest) -> str:
    commit = one.merge.commit or repositories.ZERO
    return f"{commit[:8]}-{commit[8:12]}-{commit[12:16]}-{commit[16:20]}-{commit[20:32]}"


def _web_url(request: Request, repository: Repository, one: PullRequest) -> str:
    place = f"{shapes.base_url(request)}/{repository.project_id}/_git"
    return f"{place}/{shapes.quoted(repository.name)}/pullrequest/{one.pull_request_id}"
