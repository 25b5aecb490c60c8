"""Pull requests as the owner's commands need them."""

from typing import Any

from shipway.azure.entra.principals import Principal
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, Forbidden, NotFound
from shipway.devops import (
    definitions,
    github_mirrors,
    members,
    policy_evaluations,
    projects,
    pull_requests,
    repositories,
)
from shipway.devops.pull_request_states import APPROVED, MergeStrategy
from shipway.devops.pull_requests import CompletionOptions, PullRequest, Reviewer
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester
from shipway.loop import pull_request, pull_request_completion
from shipway.loop.pull_request import Draft
from shipway.store.store import Store
from shipway.wire.devops.pull_request_bodies import identity_of
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people
from shipway.wire.owner.runs import number

_STATES = ("active", "completed", "abandoned", "all")
_STRATEGIES: tuple[MergeStrategy, ...] = ("noFastForward", "squash", "rebase", "rebaseMerge")


def get_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/prs?state=&repository=`: newest first."""
    state = request.arg("state", "active")
    if state not in _STATES:
        raise BadInput(f"'{state}' is no state of a pull request", where="state",
                       hint=f"Known: {', '.join(_STATES)}.")  # fmt: skip
    wanted = request.arg("repository")
    chosen = _repository(store, wanted).repository_id if wanted else None
    found = pull_requests.list_of(store, repository_id=chosen)
    return json_response(
        {"value": [_summary(store, one) for one in found if state in ("all", one.status)]}
    )


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/prs/{number}`: with its reviewers and what policies say."""
    return _whole(store, _one(store, request))


def create(store: Store, request: Request) -> Response:
    """`POST /api/v1/prs` {repository, source, target, title, description, draft, as}."""
    repository = _repository(store, people.text(request, "repository"))
    who = _contributor(store, request, repository.project_id)
    source = definitions.full_branch(people.text(request, "source"))
    target = definitions.full_branch(people.text(request, "target") or repository.default_branch)
    asked = Draft(
        title=people.text(request, "title") or _last_words(store, repository, source),
        description=people.text(request, "description"), source_ref=source, target_ref=target,
        is_draft=request.json().get("draft") is True,
        reviewers=tuple(
            Reviewer(reviewer=reviewer, is_group=is_group, is_required=is_required)
            for object_id, is_required in pull_request.required_reviewers(
                store, repository, target
            ).items()
            for reviewer, is_group in (identity_of(store, object_id),)
        ),
    )  # fmt: skip
    made = pull_request.create(store, repository, asked, _requester(who))
    return _whole(store, made, status=201)


def approve(store: Store, request: Request) -> Response:
    """`POST /api/v1/prs/{number}/approve` {as}."""
    one = _one(store, request)
    who = _contributor(store, request, one.project_id)
    return _whole(store, pull_request.vote(store, one.pull_request_id, _requester(who), APPROVED))


def complete(store: Store, request: Request) -> Response:
    """`POST /api/v1/prs/{number}/complete` {as, strategy, message, delete_source, auto}."""
    one = _one(store, request)
    who = _contributor(store, request, one.project_id)
    strategy = people.text(request, "strategy") or one.options.merge_strategy
    if strategy not in _STRATEGIES:
        raise BadInput(f"'{strategy}' is no merge strategy", where="strategy",
                       hint=f"Known: {', '.join(_STRATEGIES)}.")  # fmt: skip
    options = CompletionOptions(
        merge_strategy=strategy, merge_commit_message=people.text(request, "message"),
        delete_source_branch=request.json().get("delete_source") is True,
        ignored_configuration_ids=one.options.ignored_configuration_ids,
    )  # fmt: skip
    if request.json().get("auto") is True:
        pull_request.change(store, one, options=options)
        return _whole(store, pull_request.set_auto_complete(store, one, _requester(who)))
    done = pull_request_completion.complete(
        store, one.pull_request_id, by=_requester(who), options=options
    )
    return _whole(store, done)


def requeue(store: Store, request: Request) -> Response:
    """`POST /api/v1/prs/{number}/requeue` {as}: the builds that have not succeeded."""
    one = _one(store, request)
    who = _contributor(store, request, one.project_id)
    pull_request_completion.requeue_all(store, one.pull_request_id, _requester(who))
    return _whole(store, one)


def abandon(store: Store, request: Request) -> Response:
    """`POST /api/v1/prs/{number}/abandon` {as}."""
    one = _one(store, request)
    who = _contributor(store, request, one.project_id)
    return _whole(store, pull_request.abandon(store, one.pull_request_id, _requester(who)))


def _one(store: Store, request: Request) -> PullRequest:
    return pull_requests.get(store, number(request.params["number"], "number"))


def _contributor(store: Store, request: Request, project_id: str) -> Principal:
    """Who the command acts as. Raises `Forbidden` for whoever may only look."""
    who = people.acting(store, request)
    if not members.may(store, who, "contribute", project_id=project_id):
        raise Forbidden(f"{who.name} may look at pull requests, not change them", where="as",
                        hint="Name a contributor.")  # fmt: skip
    return who


def _requester(who: Principal) -> Requester:
    return Requester(object_id=who.object_id, name=who.name)


def _repository(store: Store, wanted: str) -> Repository:
    """By `NAME` or `PROJECT/NAME`; the only one there is when none is named.

    Raises `NotFound`, and `BadInput` for a name that several projects have.
    """
    project_name, _, name = wanted.rpartition("/")
    names = {p.project_id: p.name for p in projects.list_all(store)}
    # GitHub has its pull requests itself
    there = [r for r in repositories.list_of(store) if not github_mirrors.is_mirror(r)]
    found = [
        r for r in there
        if (not name or r.name.casefold() == name.casefold())
        and (not project_name or names.get(r.project_id, "").casefold() == project_name.casefold())
    ]  # fmt: skip
    known = ", ".join(f"{names.get(r.project_id, '?')}/{r.name}" for r in there) or "none"
    if not found:
        raise NotFound(f"there is no repository '{wanted}'", where="repository",
                       hint=f"Known: {known}.")  # fmt: skip
    if len(found) > 1:
        raise BadInput(f"'{wanted}' is more than one repository", where="repository",
                       hint=f"Name one of {known}.")  # fmt: skip
    return found[0]


def _last_words(store: Store, repository: Repository, source: str) -> str:
    """The first line of the newest commit, as the service proposes it for a title."""
    found = repositories.resolve(store, repository, source)
    commit = repositories.commit(store, repository, found) if found else None
    return commit.comment.split("\n")[0][:400] if commit else source


def _whole(store: Store, one: PullRequest, *, status: int = 200) -> Response:
    repository = pull_request.repository_of(store, one)
    found = policy_evaluations.of(store, repository, one)
    body = {
        **_summary(store, one), "description": one.description,
        "conflicts": list(one.merge.conflicts), "merge_message": one.merge.message,
        "iterations": one.iteration, "merge_ref": one.merge_ref,
        "reviewers": [
            {"name": r.reviewer.name, "vote": r.vote, "required": r.is_required}
            for r in one.reviewers
        ],
        "policies": [
            {
                "name": e.policy.name, "type": e.policy.kind.name, "status": e.verdict.status,
                "reason": e.verdict.reason, "blocking": e.policy.is_blocking,
                "run_id": e.verdict.context.get("buildId"),
            }
            for e in found
        ],
    }  # fmt: skip
    return json_response(body, status=status)


def _summary(store: Store, one: PullRequest) -> dict[str, Any]:
    repository = pull_request.repository_of(store, one)
    return {
        "number": one.pull_request_id, "title": one.title, "status": one.status,
        "draft": one.is_draft, "repository": repository.name,
        "source": one.source_ref.removeprefix("refs/heads/"),
        "target": one.target_ref.removeprefix("refs/heads/"),
        "merge": one.merge.status, "commit": one.merge.commit,
        "created_by": one.created_by.name, "created_at": timestamp(one.created_at),
        "closed_by": one.closed_by.name if one.closed_by else None,
        "closed_at": timestamp(one.closed_at) if one.closed_at else None,
        "auto_complete": one.auto_complete_by.name if one.auto_complete_by else None,
        "page": f"/prs/{one.pull_request_id}",
    }  # fmt: skip
