"""Station: a pull request is completed, by hand or as soon as its policies are met.

Completing moves the target branch as a push does: under the repository's lock, with the intention
written first, so that the move, the pull request's new state and the runs that the move starts
are one transaction, also when a server dies between git and the database.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace

from shipway.base.errors import BadInput, Conflict, Forbidden, ShipwayError
from shipway.devops import (
    policies,
    policy_evaluations,
    policy_types,
    pull_request_merges,
    pull_requests,
    pushes,
    repositories,
)
from shipway.devops.policy_evaluations import Evaluation
from shipway.devops.pull_request_states import PULL_REQUEST
from shipway.devops.pull_requests import Completing, CompletionOptions, PullRequest
from shipway.devops.pushes import RefMove
from shipway.devops.repositories import ZERO, Repository
from shipway.devops.runs import Requester, Run
from shipway.loop import pull_request_refresh, push
from shipway.loop.pull_request import repository_of
from shipway.store.doorbell import Doorbell, ring
from shipway.store.store import Store

_LOG = logging.getLogger(__name__)
_BELL = "journal"
_LONGEST_WAIT = 30.0


class AutoCompletion:
    """A thread that completes what has set auto-complete. `start` once, `stop` once.

    Not a reaction: completing waits for the repository's lock, which a push holds while it waits
    for the database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._bell = Doorbell(store.home.sockets, _BELL)
        self._thread = threading.Thread(target=self._run, name="auto-complete", daemon=True)

    def start(self) -> None:
        """Begin with whatever waits already."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is at hand and end the thread."""
        self._stopping.set()
        ring(self._store.home.sockets, _BELL)
        if self._thread.is_alive():
            self._thread.join()
        self._bell.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                complete_due(self._store)
            except Exception:
                _LOG.exception("auto-complete stumbled and goes on")
            self._bell.wait(_LONGEST_WAIT)


def complete(
    store: Store, pull_request_id: int, *, by: Requester, source_commit: str = "",
    options: CompletionOptions | None = None,
) -> PullRequest:  # fmt: skip
    """Bring the source's commits to the target branch.

    `source_commit`: what the caller has seen as the source's newest; empty: whatever it is.
    Raises `Conflict` when it has moved on or the branches conflict, `Forbidden` naming the
    blocking policies that are not met, `InvalidTransition` when it is not active.
    """
    one = pull_requests.get(store, pull_request_id)
    repository = repository_of(store, one)
    with push.one_at_a_time(store, repository):
        one = _ready(store, repository, pull_request_id, source_commit, options)
        commit = pull_request_merges.make(
            store, repository, one.options.merge_strategy, target=one.merge.target_commit,
            source=one.merge.source_commit, message=message_of(one), by=by, author=one.created_by,
        )  # fmt: skip
        if commit == one.merge.target_commit:
            raise BadInput(
                f"the pull request {pull_request_id} brings nothing that {one.target_ref} does "
                "not have", code="InvalidArgumentValueException", where=str(pull_request_id),
                hint="Abandon it.",
            )  # fmt: skip
        with store.database.transaction():
            now = pull_requests.get(store, pull_request_id)
            aim = Completing(commit=commit, by=by)
            pull_requests.save(store, replace(now, options=one.options, completing=aim))
        pushes.intend(store, repository, by)
        try:
            moved = push.move_together(store, repository, _moves(store, repository, one, commit))
        finally:
            push.accept(store, repository)
        if not moved:
            with store.database.transaction():
                now = pull_requests.get(store, pull_request_id)
                pull_requests.save(store, replace(now, completing=None))
            raise _stale(one)
    return pull_requests.get(store, pull_request_id)


def requeue(
    store: Store, one: PullRequest, evaluation: Evaluation, by: Requester, *,
    is_automatic: bool = False,
) -> Run:  # fmt: skip
    """Queue a build policy's run again. Raises `BadInput` where there is none to queue."""
    policy = evaluation.policy
    if policy.type_id != policy_types.BUILD or one.status != "active":
        raise BadInput(
            f"the policy '{policy.name}' has nothing to queue for the {one.status} pull request "
            f"{one.pull_request_id}", code="InvalidArgumentValueException", where="evaluationId",
            hint="Only build policies of active pull requests are queued again.",
        )  # fmt: skip
    if one.merge.status != "succeeded":
        raise Conflict(
            f"the pull request {one.pull_request_id} is not merged: {one.merge.status}",
            code="GitPullRequestMergeConflictsException", where=", ".join(one.merge.conflicts),
            hint="Resolve the conflicts and push.",
        )  # fmt: skip
    with store.database.transaction():
        run = pull_request_refresh.queue_build(store, one, policy, by, is_automatic=is_automatic)
        if run is None:
            raise Conflict(f"the pipeline of the policy '{policy.name}' cannot run",
                           code="DefinitionDisabledException", where=policy.name,
                           hint="Enable it.")  # fmt: skip
        pull_request_refresh.say(store, one, "PullRequestUpdated")
    return run


def requeue_all(store: Store, pull_request_id: int, by: Requester) -> list[Run]:
    """Queue every build policy's run that has not succeeded and is not under way.

    Raises `BadInput` where there is none, and as `requeue`.
    """
    one = pull_requests.get(store, pull_request_id)
    found = [
        e for e in policy_evaluations.of(store, repository_of(store, one), one)
        if e.policy.type_id == policy_types.BUILD and e.verdict.status in ("queued", "rejected")
    ]  # fmt: skip
    if not found:
        raise BadInput(
            f"the pull request {pull_request_id} has no build to queue", where="policies",
            code="InvalidArgumentValueException", hint=f"shipway prs show {pull_request_id}",
        )  # fmt: skip
    return [requeue(store, one, evaluation, by) for evaluation in found]


def complete_due(store: Store) -> list[int]:
    """Complete those that wait for nothing any more; which. Safe to call at any time."""
    done: list[int] = []
    for one in pull_requests.waiting(store):
        repository = repositories.by_id(store, one.repository_id)
        if repository is None or one.is_draft:
            continue
        try:
            if _complete_if_due(store, repository, one):
                done.append(one.pull_request_id)
        except ShipwayError as error:  # it has changed meanwhile; the next turn sees how
            _LOG.info("pull request %d is not completed: %s", one.pull_request_id, error)
    return done


def _complete_if_due(store: Store, repository: Repository, one: PullRequest) -> bool:
    by = one.auto_complete_by
    if by is None or one.merge.status != "succeeded":
        return False
    awaited = _awaited(one, policy_evaluations.of(store, repository, one))
    if awaited and all(_may_build_again(evaluation) for evaluation in awaited):
        for evaluation in awaited:
            requeue(store, one, evaluation, by, is_automatic=True)
    if awaited:
        return False
    complete(store, one.pull_request_id, by=by)
    return True


def message_of(one: PullRequest) -> str:
    """The message of the commit that completes it."""
    if one.options.merge_commit_message:
        return one.options.merge_commit_message
    text = f"Merged PR {one.pull_request_id}: {one.title}"
    return f"{text}\n\n{one.description}" if one.description else text


def _ready(
    store: Store, repository: Repository, pull_request_id: int, source_commit: str,
    options: CompletionOptions | None,
) -> PullRequest:  # fmt: skip
    """The pull request, checked for completion. Raises as `complete`."""
    one = pull_requests.get(store, pull_request_id)
    PULL_REQUEST.step(one.status, "complete", subject=str(pull_request_id))
    if one.is_draft:
        raise BadInput(
            f"the pull request {pull_request_id} is a draft", where=str(pull_request_id),
            code="GitPullRequestDraftCannotCompleteException", hint="Publish it first.",
        )  # fmt: skip
    one = replace(one, options=options or one.options)
    if source_commit and source_commit != one.merge.source_commit:
        raise _stale(one)
    if one.merge.status != "succeeded":
        files = ", ".join(one.merge.conflicts)
        raise Conflict(
            f"the pull request {pull_request_id} cannot be merged ({one.merge.status}): "
            f"{files or one.merge.message}",
            code="GitPullRequestMergeConflictsException", where=files[:500],
            hint="Merge the target branch into the source branch, resolve, and push.",
        )  # fmt: skip
    if missing := policy_evaluations.unmet(policy_evaluations.of(store, repository, one)):
        said = "; ".join(f"{e.policy.name} ({e.verdict.reason or e.verdict.status})"
                         for e in missing)  # fmt: skip
        raise Forbidden(
            f"The pull request {pull_request_id} cannot be completed because required policies "
            f"are not satisfied: {said}",
            code="GitPullRequestUpdateRejectedByPolicyException", where=one.target_ref,
            hint="GET policy/evaluations shows them, as does `shipway prs show`.",
        )  # fmt: skip
    return one


def _moves(
    store: Store, repository: Repository, one: PullRequest, commit: str
) -> Sequence[RefMove]:
    moves = [RefMove(ref=one.target_ref, old=one.merge.target_commit, new=commit)]
    if one.options.delete_source_branch and one.source_ref != repository.default_branch and (
        not policies.is_protected(store, repository, one.source_ref)
    ):  # fmt: skip
        moves.append(RefMove(ref=one.source_ref, old=one.merge.source_commit, new=ZERO))
    return moves


def _may_build_again(evaluation: Evaluation) -> bool:
    """Whether auto-complete queues an expired build: once, when nothing else is waited for."""
    context = evaluation.verdict.context
    is_over = evaluation.verdict.status == "rejected" and context.get("isExpired") is True
    return is_over and context.get("wasAutoRequeued") is not True


def _awaited(one: PullRequest, found: Sequence[Evaluation]) -> list[Evaluation]:
    """What auto-complete waits for: also optional policies, but those that it is to ignore."""
    return [
        e for e in found
        if e.verdict.status not in ("approved", "notApplicable")
        and (
            e.policy.is_blocking
            or e.policy.configuration_id not in one.options.ignored_configuration_ids
        )
    ]  # fmt: skip


def _stale(one: PullRequest) -> Conflict:
    return Conflict(
        "TF401192: The pull request has been modified since: its source is at "
        f"{one.merge.source_commit}, its target at {one.merge.target_commit}",
        code="GitPullRequestStaleException", where="lastMergeSourceCommit",
        hint="Read it again.",
    )  # fmt: skip
