"""Pull requests: the list, one with its reviewers, policies and runs, and what may be done to it.

Who votes and completes is the session's person; a form says only what.
"""

from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, Forbidden
from shipway.devops import (
    members,
    policy_evaluations,
    policy_types,
    projects,
    pull_request_threads,
    pull_requests,
    repositories,
)
from shipway.devops.policy_evaluations import Evaluation
from shipway.devops.pull_request_states import APPROVED, REJECTED, WAITING, MergeStrategy
from shipway.devops.pull_requests import CompletionOptions, PullRequest
from shipway.devops.runs import Requester
from shipway.loop import pull_request, pull_request_completion
from shipway.store.store import Store
from shipway.studio import wording
from shipway.studio.contexts import PullRequestContext, PullRequestsContext
from shipway.studio.exchange import Answer, Page, Redirect, Visit
from shipway.studio.views import (
    CommentView,
    Moment,
    PolicyView,
    PullRequestView,
    ReviewerView,
)

_SHOWN = 100
_VOTES = {10: "approved", 5: "approved", 0: "pending", -5: "waiting", -10: "rejected"}
_ANSWERS = {"approve": APPROVED, "wait": WAITING, "reject": REJECTED}
_STRATEGIES: tuple[MergeStrategy, ...] = ("noFastForward", "squash", "rebase", "rebaseMerge")


def show_all(store: Store, visit: Visit) -> Answer:
    """GET /prs: the newest pull requests, active ones first."""
    del visit
    found = pull_requests.list_of(store)
    ordered = sorted(found, key=lambda one: one.status != "active")
    rows = tuple(view(store, one) for one in ordered[:_SHOWN])
    context = PullRequestsContext(pull_requests=rows, total=len(found))
    return Page(template="pull_requests.html", title="Pull requests", context=context)


def show(store: Store, visit: Visit) -> Answer:
    """GET /prs/{number}: one pull request."""
    one = pull_requests.get(store, visit.number("number"))
    repository = pull_request.repository_of(store, one)
    found = policy_evaluations.of(store, repository, one)
    is_open = one.status == "active"
    may_change = _may(store, visit, one)
    waits = [e.policy.name for e in policy_evaluations.unmet(found)]
    if one.merge.status != "succeeded":
        waits.insert(0, f"merge: {one.merge.status}")
    context = PullRequestContext(
        pull_request=view(store, one), description=one.description,
        reviewers=tuple(
            ReviewerView(name=r.reviewer.name, vote=_VOTES.get(r.vote, "pending"),
                         is_required=r.is_required)
            for r in one.reviewers
        ),
        policies=tuple(_policy(e) for e in found), conflicts=one.merge.conflicts,
        comments=_comments(store, one), strategies=_STRATEGIES, waits=tuple(waits),
        may_vote=may_change and is_open and not one.is_draft,
        may_complete=may_change and is_open and not one.is_draft and not waits,
        may_change=may_change and is_open,
        may_requeue=may_change and is_open and one.merge.status == "succeeded"
        and any(_is_over(e) for e in found),
    )  # fmt: skip
    title = f"Pull request {one.pull_request_id}"
    return Page(template="pull_request.html", title=title, context=context)


def vote(store: Store, visit: Visit) -> Answer:
    """POST /prs/{number}/vote. Raises what `pull_request.vote` raises."""
    one = _checked(store, visit)
    answer = visit.form.get("answer", "")
    if answer not in _ANSWERS:
        raise BadInput(f"'{answer[:40]}' is no answer", where="answer",
                       hint="Use the page's own buttons.")  # fmt: skip
    pull_request.vote(store, one.pull_request_id, _me(visit), _ANSWERS[answer])
    return _back(one)


def complete(store: Store, visit: Visit) -> Answer:
    """POST /prs/{number}/complete: now, or once its policies are met."""
    one = _checked(store, visit)
    strategy = visit.form.get("strategy", "noFastForward")
    if strategy not in _STRATEGIES:
        raise BadInput(f"'{strategy[:40]}' is no merge strategy", where="strategy",
                       hint=f"Known: {', '.join(_STRATEGIES)}.")  # fmt: skip
    options = CompletionOptions(
        merge_strategy=strategy,
        delete_source_branch=visit.form.get("delete_source") == "yes",
    )  # fmt: skip
    if visit.form.get("when") == "later":
        pull_request.change(store, one, options=options)
        pull_request.set_auto_complete(store, one, _me(visit))
    else:
        pull_request_completion.complete(
            store, one.pull_request_id, by=_me(visit), options=options,
            source_commit=visit.form.get("source_commit", ""),
        )  # fmt: skip
    return _back(one)


def requeue(store: Store, visit: Visit) -> Answer:
    """POST /prs/{number}/requeue: the builds that have not succeeded."""
    one = _checked(store, visit)
    pull_request_completion.requeue_all(store, one.pull_request_id, _me(visit))
    return _back(one)


def abandon(store: Store, visit: Visit) -> Answer:
    """POST /prs/{number}/abandon."""
    one = _checked(store, visit)
    pull_request.abandon(store, one.pull_request_id, _me(visit))
    return _back(one)


def view(store: Store, one: PullRequest) -> PullRequestView:
    """A pull request as a row or a head."""
    now = store.clock.now()
    repository = repositories.by_id(store, one.repository_id)
    project = projects.find(store, one.project_id)
    return PullRequestView(
        number=one.pull_request_id, title=one.title,
        state="draft" if one.is_draft and one.status == "active" else one.status,
        merge=one.merge.status, repository=repository.name if repository else "",
        project=project.name if project else "",
        source=one.source_ref.removeprefix("refs/heads/"),
        target=one.target_ref.removeprefix("refs/heads/"),
        author=one.created_by.name, closed_by=one.closed_by.name if one.closed_by else "",
        auto_complete_by=one.auto_complete_by.name if one.auto_complete_by else "",
        source_commit=one.merge.source_commit, commit=one.merge.commit,
        when=Moment(iso=timestamp(one.created_at), text=wording.ago(one.created_at, now)),
    )  # fmt: skip


def _is_over(evaluation: Evaluation) -> bool:
    """Whether it is a build that may be queued again."""
    is_build = evaluation.policy.type_id == policy_types.BUILD
    return is_build and evaluation.verdict.status in ("queued", "rejected")


def _policy(evaluation: Evaluation) -> PolicyView:
    run = evaluation.verdict.context.get("buildId")
    return PolicyView(
        name=evaluation.policy.name, kind=evaluation.policy.kind.name,
        status=evaluation.verdict.status, reason=evaluation.verdict.reason,
        is_blocking=evaluation.policy.is_blocking, run_number=run if isinstance(run, int) else 0,
    )  # fmt: skip


def _comments(store: Store, one: PullRequest) -> tuple[CommentView, ...]:
    return tuple(
        CommentView(author=comment.author.name, content=comment.content, path=thread.path,
                    status=thread.status)
        for thread in pull_request_threads.list_of(store, one.pull_request_id)
        for comment in thread.comments
    )  # fmt: skip


def _checked(store: Store, visit: Visit) -> PullRequest:
    one = pull_requests.get(store, visit.number("number"))
    if not _may(store, visit, one):
        raise Forbidden(
            f"{visit.principal.name} may look at pull requests, not change them",
            where=visit.path, hint="Ask a contributor of the project.",
        )  # fmt: skip
    return one


def _may(store: Store, visit: Visit, one: PullRequest) -> bool:
    return members.may(store, visit.principal, "contribute", project_id=one.project_id)


def _me(visit: Visit) -> Requester:
    return Requester(object_id=visit.principal.object_id, name=visit.principal.name)


def _back(one: PullRequest) -> Redirect:
    return Redirect(location=f"/prs/{one.pull_request_id}")
