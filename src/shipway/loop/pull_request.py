"""Station: a pull request is created, changed, reviewed, abandoned and taken up again.

Whatever merges holds the repository's lock, then begins its transaction, as a push does.
Completing stands in `loop/pull_request_completion.py`.
"""

from dataclasses import dataclass, replace

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import (
    policies,
    policy_types,
    pull_requests,
    repositories,
)
from shipway.devops.pull_request_states import PULL_REQUEST, PullRequestStatus
from shipway.devops.pull_requests import (
    CompletionOptions,
    Iteration,
    PullRequest,
    Reviewer,
)
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester
from shipway.loop import pull_request_refresh, push
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a new pull request says."""

    title: str
    description: str = ""
    source_ref: str
    target_ref: str
    is_draft: bool = False
    reviewers: tuple[Reviewer, ...] = ()


def create(store: Store, repository: Repository, asked: Draft, by: Requester) -> PullRequest:
    """A new pull request, merged as a test; its build policies have their runs queued.

    Raises `BadInput` and `NotFound` for branches, `Conflict` when there is one already.
    """
    with push.one_at_a_time(store, repository):
        present = _branches(store, repository, asked)
        source, target = present[asked.source_ref], present[asked.target_ref]
        one = PullRequest(
            pull_request_id=0, project_id=repository.project_id,
            repository_id=repository.repository_id, title=asked.title,
            description=asked.description, source_ref=asked.source_ref,
            target_ref=asked.target_ref, is_draft=asked.is_draft, created_by=by,
            created_at=store.clock.now(), reviewers=asked.reviewers,
        )  # fmt: skip
        # numbered first, in a transaction of its own: git's ref carries the number
        one = replace(one, pull_request_id=pull_requests.next_id(store))
        one = replace(one, merge=pull_request_refresh.merged(store, repository, one, present))
        first = Iteration(
            number=1, source_commit=source, target_commit=target, pushed_by=by, at=one.created_at
        )
        one = replace(one, iterations=(first,))
        with store.database.transaction():
            pull_requests.save(store, one)
            pull_request_refresh.queue_builds(store, repository, one, by)
            pull_request_refresh.say(store, one, "PullRequestCreated")
    return one


def change(
    store: Store, one: PullRequest, *, title: str | None = None, description: str | None = None,
    is_draft: bool | None = None, options: CompletionOptions | None = None,
) -> PullRequest:  # fmt: skip
    """Change what it says. Raises `Conflict` when it is completed."""
    with store.database.transaction():
        now = pull_requests.get(store, one.pull_request_id)
        if now.status == "completed":
            raise _not_editable(now)
        changed = replace(
            now, title=now.title if title is None else title,
            description=now.description if description is None else description,
            is_draft=now.is_draft if is_draft is None else is_draft,
            options=now.options if options is None else options,
        )  # fmt: skip
        pull_requests.save(store, changed)
        pull_request_refresh.say(store, changed, "PullRequestUpdated")
        if now.is_draft and not changed.is_draft:  # published: now its builds are wanted
            repository = repository_of(store, changed)
            pull_request_refresh.queue_builds(store, repository, changed, changed.created_by)
    return changed


def retarget(
    store: Store, repository: Repository, one: PullRequest, target_ref: str, by: Requester
) -> PullRequest:
    """Point it at another branch: merged anew. Raises as `create`."""
    with push.one_at_a_time(store, repository):
        now = pull_requests.get(store, one.pull_request_id)
        if now.status != "active":
            raise _not_editable(now)
        asked = Draft(title=now.title, source_ref=now.source_ref, target_ref=target_ref)
        present = _branches(store, repository, asked)
        now = replace(now, target_ref=target_ref)
        merge = pull_request_refresh.merged(store, repository, now, present)
        with store.database.transaction():
            now = replace(pull_requests.get(store, one.pull_request_id), target_ref=target_ref,
                          merge=merge)  # fmt: skip
            pull_requests.save(store, now)
            pull_request_refresh.queue_builds(store, repository, now, by)
            pull_request_refresh.say(store, now, "PullRequestUpdated")
    return now


def set_reviewer(store: Store, one: PullRequest, reviewer: Reviewer) -> PullRequest:
    """Ask somebody to review; what they have voted stays."""
    with store.database.transaction():
        now = pull_requests.get(store, one.pull_request_id)
        known = pull_requests.find_reviewer(now, reviewer.reviewer.object_id)
        vote = known.vote if known else reviewer.vote
        changed = pull_requests.with_reviewer(now, replace(reviewer, vote=vote))
        pull_requests.save(store, changed)
        pull_request_refresh.say(store, changed, "PullRequestUpdated")
    return changed


def remove_reviewer(store: Store, one: PullRequest, reviewer_id: str) -> PullRequest:
    """Ask somebody no longer."""
    with store.database.transaction():
        now = pull_requests.get(store, one.pull_request_id)
        changed = pull_requests.without_reviewer(now, reviewer_id)
        pull_requests.save(store, changed)
        pull_request_refresh.say(store, changed, "PullRequestUpdated")
    return changed


def vote(store: Store, pull_request_id: int, voter: Requester, value: int) -> PullRequest:
    """Say what one thinks of the newest iteration. Raises as `pull_requests.voted`."""
    with store.database.transaction():
        now = pull_requests.get(store, pull_request_id)
        changed = pull_requests.voted(now, voter, value, store.clock.now())
        pull_requests.save(store, changed)
        pull_request_refresh.say(store, changed, "PullRequestVoted")
    return changed


def set_auto_complete(store: Store, one: PullRequest, by: Requester | None) -> PullRequest:
    """Complete it as soon as its policies are met; None: not any more."""
    with store.database.transaction():
        now = pull_requests.get(store, one.pull_request_id)
        if now.status != "active":
            raise _not_editable(now)
        changed = replace(now, auto_complete_by=by)
        pull_requests.save(store, changed)
        pull_request_refresh.say(store, changed, "PullRequestUpdated")
    return changed


def abandon(store: Store, pull_request_id: int, by: Requester) -> PullRequest:
    """Give it up. Raises `InvalidTransition`."""
    one = pull_requests.get(store, pull_request_id)
    with push.one_at_a_time(store, repository_of(store, one)), store.database.transaction():
        now = pull_requests.get(store, pull_request_id)
        changed = replace(
            now, status=_step(now, "abandon"), closed_by=by, closed_at=store.clock.now(),
            auto_complete_by=None, completing=None,
        )  # fmt: skip
        pull_requests.save(store, changed)
        pull_request_refresh.say(store, changed, "PullRequestAbandoned")
    return changed


def reactivate(store: Store, pull_request_id: int, by: Requester) -> PullRequest:
    """Take it up again, merged anew. Raises `InvalidTransition`, and as `create`."""
    one = pull_requests.get(store, pull_request_id)
    repository = repository_of(store, one)
    with push.one_at_a_time(store, repository):
        now = pull_requests.get(store, pull_request_id)
        status = _step(now, "reactivate")
        asked = Draft(title=now.title, source_ref=now.source_ref, target_ref=now.target_ref)
        present = _branches(store, repository, asked)
        source, target = present[asked.source_ref], present[asked.target_ref]
        merge = pull_request_refresh.merged(store, repository, now, present)
        changed = replace(now, status=status, closed_by=None, closed_at=None, merge=merge)
        if changed.iterations[-1].source_commit != source:
            made = Iteration(number=now.iteration + 1, source_commit=source,
                             target_commit=target, pushed_by=by,
                             at=store.clock.now())  # fmt: skip
            changed = replace(changed, iterations=(*changed.iterations, made))
        with store.database.transaction():
            pull_requests.save(store, changed)
            pull_request_refresh.queue_builds(store, repository, changed, by)
            pull_request_refresh.say(store, changed, "PullRequestReactivated")
    return changed


def repository_of(store: Store, one: PullRequest) -> Repository:
    """Its repository. Raises `NotFound` when that was deleted."""
    found = repositories.by_id(store, one.repository_id)
    if found is None:
        raise NotFound(
            f"the repository of the pull request {one.pull_request_id} is gone",
            code="GitRepositoryNotFoundException", where=one.repository_id,
        )  # fmt: skip
    return found


def required_reviewers(store: Store, repository: Repository, target_ref: str) -> dict[str, bool]:
    """Who is asked by policy: id -> whether the policy is blocking. Path filters are not looked
    at: whoever is asked for nothing has nothing to say."""
    found: dict[str, bool] = {}
    for policy in policies.of_branch(store, repository, target_ref):
        if policy.type_id == policy_types.REQUIRED_REVIEWERS:
            for wanted in policy.texts("requiredReviewerIds"):
                found[wanted.lower()] = found.get(wanted.lower(), False) or policy.is_blocking
    return found


def _branches(store: Store, repository: Repository, asked: Draft) -> dict[str, str]:
    """Where all branches are. Raises for two that cannot be merged."""
    present = repositories.refs_of(store, repository, "refs/heads/")
    for ref, where in ((asked.source_ref, "sourceRefName"), (asked.target_ref, "targetRefName")):
        if ref not in present:
            raise NotFound(
                f"TF401398: The pull request cannot be activated because the branch {ref[:200]} "
                "does not exist",
                code="GitRefNotFoundException", where=where,
                hint="Push it first; names are full, such as refs/heads/topic.",
            )  # fmt: skip
    if asked.source_ref == asked.target_ref:
        raise BadInput("source and target are the same branch", where="targetRefName",
                       code="InvalidArgumentValueException", hint="Name two branches.")  # fmt: skip
    for other in pull_requests.active_of(store, repository.repository_id):
        if (other.source_ref, other.target_ref) == (asked.source_ref, asked.target_ref):
            raise Conflict(
                "TF401179: An active pull request for the source and target branch already "
                f"exists: {other.pull_request_id}",
                code="GitPullRequestExistsException", where=str(other.pull_request_id),
                hint="A push to its source branch updates it.",
            )  # fmt: skip
    return present


def _step(one: PullRequest, verb: str) -> PullRequestStatus:
    status: PullRequestStatus = PULL_REQUEST.step(  # type: ignore[assignment]  # of its table
        one.status, verb, subject=str(one.pull_request_id)
    )
    return status


def _not_editable(one: PullRequest) -> Conflict:
    return Conflict(
        f"TF401181: The pull request {one.pull_request_id} cannot be edited due to its state: "
        f"{one.status}",
        code="GitPullRequestNotEditableException", where=str(one.pull_request_id),
    )  # fmt: skip
