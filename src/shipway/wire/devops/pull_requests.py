"""Pull requests: create, find, change, complete, abandon; their commits and iterations.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/pull-requests
"""

from typing import Any

from shipway.base.errors import BadInput
from shipway.devops import pull_request_merges, pull_requests
from shipway.devops.pull_requests import Iteration, PullRequest, Reviewer
from shipway.devops.repositories import Repository
from shipway.loop import pull_request, pull_request_completion
from shipway.loop.pull_request import Draft
from shipway.store.store import Store
from shipway.wire.devops import commits, pull_request_bodies, rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.pull_request_bodies import identity_of, me
from shipway.wire.devops.pull_request_shapes import shape_of
from shipway.wire.devops.repositories import both, repository_of
from shipway.wire.devops.shapes import in_organization, in_project
from shipway.wire.http import Request, Response, Route, json_response

_STATUSES = ("active", "abandoned", "completed", "all", "notSet")


class PullRequests:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Request) -> Response:
        """POST pullrequests."""
        repository, body = repository_of(self._store, request), body_of(request)
        pull_request_bodies.check_new(body)
        target = body.text("targetRefName")
        asked = Draft(
            title=pull_request_bodies.title(body), description=body.text("description", ""),
            source_ref=body.text("sourceRefName"), target_ref=target,
            is_draft=body.boolean("isDraft"), reviewers=self._reviewers(repository, body, target),
        )  # fmt: skip
        made = pull_request.create(self._store, repository, asked, me(request))
        return json_response(shape_of(self._store, request, made), status=201)

    def list_all(self, request: Request) -> Response:
        """GET pullrequests of a repository."""
        return self._page(request, repository_of(self._store, request))

    def list_of_project(self, request: Request) -> Response:
        """GET git/pullrequests of a project."""
        return self._page(request, None)

    def get(self, request: Request) -> Response:
        """GET pullrequests/{id} of a repository."""
        return json_response(shape_of(self._store, request, self._one(request)))

    def get_anywhere(self, request: Request) -> Response:
        """GET git/pullrequests/{id}."""
        number = shapes.number(request.params["pull_request"], "pullRequestId")
        one = pull_requests.get(self._store, number)
        if "project" in request.params:
            project = shapes.project_of(self._store, request)
            pull_requests.get(self._store, number, project_id=project.project_id)
        rights.require(self._store, request, "read", project_id=one.project_id)
        return json_response(shape_of(self._store, request, one))

    def update(self, request: Request) -> Response:
        """PATCH pullrequests/{id}: text, branch, options, auto-complete, status."""
        repository, body = repository_of(self._store, request), body_of(request)
        one, by = self._one(request), me(request)
        pull_request_bodies.check_changed(body)
        options = pull_request_bodies.options(body, one.options)
        status = body.choice("status", _STATUSES[:3], one.status)
        if status == "active" and one.status == "abandoned":
            one = pull_request.reactivate(self._store, one.pull_request_id, by)
        if any(body.has(n) for n in ("title", "description", "isDraft", "completionOptions")):
            # options of a completion that is refused are not kept
            one = pull_request.change(
                self._store, one, options=None if status == "completed" else options,
                title=pull_request_bodies.title(body) if body.has("title") else None,
                description=body.text("description") if body.has("description") else None,
                is_draft=body.boolean("isDraft") if body.has("isDraft") else None,
            )  # fmt: skip
        if body.has("targetRefName") and body.text("targetRefName") != one.target_ref:
            one = pull_request.retarget(
                self._store, repository, one, body.text("targetRefName"), by
            )
        if body.has("autoCompleteSetBy"):
            wanted = pull_request_bodies.auto_complete(body, request)
            one = pull_request.set_auto_complete(self._store, one, wanted)
        if status == "abandoned" and one.status != "abandoned":
            one = pull_request.abandon(self._store, one.pull_request_id, by)
        if status == "completed":
            seen = body.child("lastMergeSourceCommit").text("commitId")
            one = pull_request_completion.complete(
                self._store, one.pull_request_id, by=by, source_commit=seen, options=options
            )
        return json_response(shape_of(self._store, request, one))

    def commits(self, request: Request) -> Response:
        """GET pullrequests/{id}/commits: what the source has and the target does not."""
        repository, one = repository_of(self._store, request), self._one(request)
        listed = pull_request_merges.commits_of(
            self._store, repository, target=one.merge.target_commit,
            source=one.merge.source_commit,
        ) if one.merge.source_commit else []  # fmt: skip
        page, following = shapes.paged(request, listed)
        values = [commits.shape_of(request, repository, c) for c in page]
        return shapes.collection(values, continuation=following)

    def iterations(self, request: Request) -> Response:
        """GET pullrequests/{id}/iterations."""
        one = self._one(request)
        return shapes.collection([self._iteration(request, one, i) for i in one.iterations])

    def iteration(self, request: Request) -> Response:
        """GET pullrequests/{id}/iterations/{number}."""
        one = self._one(request)
        number = shapes.number(request.params["iteration"], "iterationId")
        found = [i for i in one.iterations if i.number == number]
        if not found:
            raise BadInput(
                f"the pull request {one.pull_request_id} has no iteration {number}", status=404,
                code="GitPullRequestIterationNotFoundException", where="iterationId",
            )  # fmt: skip
        return json_response(self._iteration(request, one, found[0]))

    def _one(self, request: Request) -> PullRequest:
        repository = repository_of(self._store, request)
        number = shapes.number(request.params["pull_request"], "pullRequestId")
        return pull_requests.get(self._store, number, repository_id=repository.repository_id)

    def _reviewers(self, repository: Repository, body: Fields, target: str) -> tuple[Reviewer, ...]:
        """Who the body names, and whom policies ask."""
        found: dict[str, Reviewer] = {}
        for one in body.children("reviewers"):
            who, is_group = identity_of(self._store, one.text("id"))
            found[who.object_id] = Reviewer(
                reviewer=who, is_group=is_group, is_required=one.boolean("isRequired")
            )
        wanted = pull_request.required_reviewers(self._store, repository, target)
        for object_id, is_required in wanted.items():
            who, is_group = identity_of(self._store, object_id)
            found[who.object_id] = Reviewer(
                reviewer=who, is_group=is_group, is_required=is_required
            )
        return tuple(found.values())

    def _page(self, request: Request, repository: Repository | None) -> Response:
        project = shapes.project_of(self._store, request) if repository is None else None
        status = request.arg("searchCriteria.status") or request.arg("status") or "active"
        if status.lower() not in [s.lower() for s in _STATUSES]:
            raise BadInput(
                f"The value '{status[:60]}' is not valid for 'searchCriteria.status'",
                code="InvalidArgumentValueException", where="searchCriteria.status",
                hint=f"Known: {', '.join(_STATUSES)}.",
            )  # fmt: skip
        listed = pull_requests.list_of(
            self._store, project_id=project.project_id if project else None,
            repository_id=repository.repository_id if repository else None,
        )  # fmt: skip
        found = [one for one in listed if _is_wanted(request, one, status.lower())]
        page, following = shapes.paged(request, found)
        values = [shape_of(self._store, request, one) for one in page]
        return shapes.collection(values, continuation=following)

    def _iteration(self, request: Request, one: PullRequest, item: Iteration) -> dict[str, Any]:
        return {
            "id": item.number, "description": "", "hasMoreCommits": False,
            "author": shapes.identity(self._store, request, item.pushed_by),
            "createdDate": shapes.moment(item.at), "updatedDate": shapes.moment(item.at),
            "sourceRefCommit": {"commitId": item.source_commit},
            "targetRefCommit": {"commitId": item.target_commit},
            "commonRefCommit": {"commitId": item.target_commit},
            "reason": "create" if item.number == 1 else "push",
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Pull requests."""
    noun = PullRequests(store)
    listed = "git/repositories/{repository}/pullrequests"
    one = f"{listed}/{{pull_request}}"
    criteria = tuple(
        f"searchCriteria.{name}"
        for name in ("status", "creatorId", "reviewerId", "sourceRefName", "targetRefName",
                     "repositoryId", "sourceRepositoryId", "includeLinks")
    )  # fmt: skip
    page = ("maxCommentLength", "$skip", "$top", "continuationToken")
    shown = (*page, "includeCommits", "includeWorkItemRefs")
    write = "contribute"
    return (
        *both("GET", listed, noun.list_all, query=(*criteria, *page)),
        *both("POST", listed, noun.create, action=write, query=("supportsIterations",)),
        *both("GET", one, noun.get, query=shown),
        *both("PATCH", one, noun.update, action=write),
        *both("GET", f"{one}/commits", noun.commits, query=page),
        *both("GET", f"{one}/iterations", noun.iterations, query=("includeCommits",)),
        *both("GET", f"{one}/iterations/{{iteration}}", noun.iteration),
        in_project("GET", "git/pullrequests", noun.list_of_project, query=(*criteria, *page)),
        in_project("GET", "git/pullrequests/{pull_request}", noun.get_anywhere),
        in_organization("GET", "git/pullrequests/{pull_request}", noun.get_anywhere),
    )


def _is_wanted(request: Request, one: PullRequest, status: str) -> bool:
    repository_id = request.arg("searchCriteria.repositoryId").lower()
    reviewer_id = request.arg("searchCriteria.reviewerId").lower()
    return (
        status in ("all", one.status, "notset" if one.status == "active" else "all")
        and request.arg("searchCriteria.sourceRefName") in ("", one.source_ref)
        and request.arg("searchCriteria.targetRefName") in ("", one.target_ref)
        and request.arg("searchCriteria.creatorId").lower() in ("", one.created_by.object_id)
        and repository_id in ("", one.repository_id)
        and (not reviewer_id or pull_requests.find_reviewer(one, reviewer_id) is not None)
    )
