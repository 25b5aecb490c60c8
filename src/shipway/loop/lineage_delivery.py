"""Azure DevOps' stations of a chain: commit, run, approval."""

from collections.abc import Sequence

from shipway.base.clock import timestamp
from shipway.devops import repositories, runs
from shipway.devops.approval_entities import Approval
from shipway.devops.runs import Run
from shipway.loop.lineage_station import Station, absent, known
from shipway.store.store import Store


def of_commit(store: Store, commit: str, run: Run | None) -> Station:
    """The commit, with its words where the repository is known."""
    if not commit or commit == "unknown":
        return absent("commit", "the job names no commit")
    repository = repositories.by_id(store, run.repository_id) if run else None
    found = repositories.commit(store, repository, commit) if repository else None
    first_line = found.comment.splitlines()[0] if found and found.comment else ""
    return Station(
        kind="commit", title=commit[:10], state="pushed",
        at=found.committer_date if found else "",
        facts=known(
            ("message", first_line), ("author", found.author_name if found else ""),
            ("branch", run.source_branch.removeprefix("refs/heads/") if run else ""),
            ("repository", repository.name if repository else ""), ("commit", commit),
        ),
    )  # fmt: skip


def of_run(store: Store, run: Run | None) -> Station:
    """The run: how it stands, and the first thing that failed in it."""
    if run is None:
        return absent("run", "no pipeline run belongs to it")
    failed = [
        r.name for r in runs.records_of(store, run.run_id)
        if r.kind == "Task" and r.result == "failed"
    ]  # fmt: skip
    return Station(
        kind="run", title=f"{run.definition_name} {run.run_name}", state=run.result or run.state,
        at=timestamp(run.queued_at), page=f"/runs/{run.run_id}",
        facts=known(
            ("run", str(run.run_id)), ("reason", run.reason),
            ("requested by", run.requested_for.name), ("failed step", failed[0] if failed else ""),
        ),
        is_good=run.result in (None, "succeeded", "succeededWithIssues"),
    )  # fmt: skip


def of_approval(found: Sequence[Approval], *, has_model: bool) -> Station:
    """The approvals of a release: all must agree."""
    if not found:
        why = "nobody was asked yet" if has_model else "never opened: there is no model to approve"
        return absent("approval", why)
    steps = [step for approval in found for step in approval.steps if step.actual_approver_name]
    states = {approval.status for approval in found}
    state = next((a.status for a in found if a.status != "approved"), "approved")
    answered = max((timestamp(s.answered_at) for s in steps if s.answered_at), default="")
    return Station(
        kind="approval", title=found[0].resource_name, state=state,
        at=answered or timestamp(found[0].created_at), page="/approvals",
        facts=known(
            ("by", ", ".join(step.actual_approver_name for step in steps)),
            ("comment", "; ".join(step.comment for step in steps if step.comment)),
            ("stage", found[0].stage_name),
            ("id", " ".join(approval.approval_id for approval in found)),
        ),
        is_good=states == {"approved"},
    )  # fmt: skip
