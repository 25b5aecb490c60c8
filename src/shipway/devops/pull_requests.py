"""Pull requests: a branch that asks to go into another, its iterations, reviewers and votes.

Knows: documents. Must not know: HTTP, git (`devops/pull_request_merges.py`), what a policy wants
(`devops/policy_evaluations.py`).
Source: https://learn.microsoft.com/azure/devops/repos/git/pull-requests
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shipway.base.errors import BadInput, NotFound
from shipway.devops import repositories, rows
from shipway.devops.pull_request_states import (
    NO_VOTE,
    VOTES,
    MergeStatus,
    MergeStrategy,
    PullRequestStatus,
)
from shipway.devops.runs import Requester
from shipway.store.store import Store

_KIND = "pull_request"
_ACTIVE = "pull_request_active"
_WAITING = "pull_request_waiting"  # active, to be completed as soon as its policies are met


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who is asked, a person or a group, and what they say now."""

    reviewer: Requester
    vote: int = NO_VOTE
    is_required: bool = False
    is_group: bool = False
    has_declined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteCast:
    """A vote as it was given; it stays when the reviewer's vote is reset."""

    reviewer_id: str
    vote: int
    iteration: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """What the source branch was after a push, and who pushed."""

    number: int
    source_commit: str
    target_commit: str
    pushed_by: Requester
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The two branches merged: from which commits, to which, which paths change, or why not."""

    status: MergeStatus = "queued"
    source_commit: str = ""
    target_commit: str = ""
    commit: str = ""
    paths: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionOptions:
    """How it is to be completed. An empty message: the service's own."""

    merge_strategy: MergeStrategy = "noFastForward"
    delete_source_branch: bool = False
    merge_commit_message: str = ""
    ignored_configuration_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completing:
    """A completion that has begun: the target branch is about to be at `commit`."""

    commit: str
    by: Requester


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """One pull request. The newest of `iterations` is what is voted on."""

    pull_request_id: int
    project_id: str
    repository_id: str
    title: str
    description: str = ""
    source_ref: str
    target_ref: str
    status: PullRequestStatus = "active"
    is_draft: bool = False
    created_by: Requester
    created_at: datetime
    closed_by: Requester | None = None
    closed_at: datetime | None = None
    reviewers: tuple[Reviewer, ...] = ()
    votes: tuple[VoteCast, ...] = ()
    iterations: tuple[Iteration, ...] = ()
    merge: Merge = Merge()
    options: CompletionOptions = CompletionOptions()
    auto_complete_by: Requester | None = None
    completing: Completing | None = None

    @property
    def merge_ref(self) -> str:
        """The ref of the merged branches."""
        return f"refs/pull/{self.pull_request_id}/merge"

    @property
    def iteration(self) -> int:
        """The number of the newest iteration."""
        return self.iterations[-1].number if self.iterations else 0

    @property
    def last_pusher_id(self) -> str:
        """Who pushed to the source branch last."""
        return self.iterations[-1].pushed_by.object_id if self.iterations else ""


def next_id(store: Store) -> int:
    """The next number; they count through the whole organization."""
    return store.documents.next_number(_KIND)


def save(store: Store, one: PullRequest) -> PullRequest:
    """Write it, new or changed."""
    with store.database.transaction():
        store.documents.put(_KIND, _key(one.pull_request_id), rows.body_of(one))
        place = f"{one.repository_id}/{_key(one.pull_request_id)}"
        if one.status == "active":
            store.documents.put(_ACTIVE, place, {})
        else:
            store.documents.delete(_ACTIVE, place)
        if one.status == "active" and one.auto_complete_by:
            store.documents.put(_WAITING, place, {})
        else:
            store.documents.delete(_WAITING, place)
    return one


def get(
    store: Store, pull_request_id: int, *, repository_id: str | None = None,
    project_id: str | None = None,
) -> PullRequest:  # fmt: skip
    """The pull request. Raises `NotFound` in Azure's words."""
    found = store.documents.find(_KIND, _key(pull_request_id))
    is_there = (
        found is not None
        and repository_id in (None, found.body["repository_id"])
        and project_id in (None, found.body["project_id"])
    )
    if found is None or not is_there:
        raise NotFound(
            f"TF401180: The requested pull request was not found: {pull_request_id}.",
            code="GitPullRequestNotFoundException", where=str(pull_request_id),
            hint="GET pullrequests lists them; `shipway prs list` too.",
        )  # fmt: skip
    return rows.read(PullRequest, found.body)


def list_of(
    store: Store, *, project_id: str | None = None, repository_id: str | None = None
) -> list[PullRequest]:
    """Those of a project or repository, newest first; of repositories that are there."""
    found = store.documents.list(_KIND)
    there = {r.repository_id for r in repositories.list_of(store)}
    return [
        rows.read(PullRequest, d.body)
        for d in reversed(found)
        if project_id in (None, d.body["project_id"])
        and repository_id in (None, d.body["repository_id"])
        and d.body["repository_id"] in there
    ]


def active_of(store: Store, repository_id: str) -> list[PullRequest]:
    """The active ones of a repository, oldest first."""
    found = store.documents.list(_ACTIVE, prefix=f"{repository_id}/")
    return [get(store, int(d.key.rpartition("/")[2])) for d in found]


def waiting(store: Store) -> list[PullRequest]:
    """The active ones of every repository that are to be completed as soon as they may."""
    return [get(store, int(d.key.rpartition("/")[2])) for d in store.documents.list(_WAITING)]


def subject(pull_request_id: int) -> str:
    """The journal's subject of a pull request."""
    return f"pull-request/{pull_request_id}"


def with_reviewer(one: PullRequest, reviewer: Reviewer) -> PullRequest:
    """The same with a reviewer more, or with another word about one of them."""
    wanted = reviewer.reviewer.object_id
    if all(r.reviewer.object_id != wanted for r in one.reviewers):
        return replace(one, reviewers=(*one.reviewers, reviewer))
    return replace(
        one,
        reviewers=tuple(reviewer if r.reviewer.object_id == wanted else r for r in one.reviewers),
    )


def find_reviewer(one: PullRequest, reviewer_id: str) -> Reviewer | None:
    """The reviewer of that id, or None."""
    return next((r for r in one.reviewers if r.reviewer.object_id == reviewer_id), None)


def without_reviewer(one: PullRequest, reviewer_id: str) -> PullRequest:
    """The same without a reviewer."""
    left = tuple(r for r in one.reviewers if r.reviewer.object_id != reviewer_id)
    return replace(one, reviewers=left)


def voted(one: PullRequest, voter: Requester, vote: int, at: datetime) -> PullRequest:
    """The same after a vote. Raises `BadInput` for a number that is no vote, a draft, or when it
    is not active."""
    if vote not in VOTES:
        raise BadInput(
            f"{vote} is not a vote", code="InvalidArgumentValueException", where="vote",
            hint="10 approve, 5 approve with suggestions, 0 none, -5 wait for author, -10 reject.",
        )  # fmt: skip
    if one.status != "active" or one.is_draft:
        state = "a draft" if one.is_draft else one.status
        code = "GitPullRequestDraftCannotVoteException" if one.is_draft else None
        raise BadInput(
            f"the pull request {one.pull_request_id} is {state}: it takes no votes",
            code=code or "GitPullRequestNotEditableException", where=str(one.pull_request_id),
            hint="Publish it first." if one.is_draft else "Reactivate it first.",
        )  # fmt: skip
    known = find_reviewer(one, voter.object_id) or Reviewer(reviewer=voter)
    cast = VoteCast(reviewer_id=voter.object_id, vote=vote, iteration=one.iteration, at=at)
    changed = with_reviewer(one, replace(known, vote=vote, has_declined=False))
    return replace(changed, votes=(*one.votes, cast))


def votes_reset(one: PullRequest, *, approvals: bool, others: bool) -> PullRequest:
    """The same with approving votes, or those that wait and reject, taken back."""
    return replace(
        one,
        reviewers=tuple(
            replace(r, vote=NO_VOTE)
            if (approvals and r.vote > 0) or (others and r.vote < 0) else r
            for r in one.reviewers
        ),
    )  # fmt: skip


def _key(pull_request_id: int) -> str:
    return f"{pull_request_id:010}"
