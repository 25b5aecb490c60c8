"""What ManualValidation waits for: an approval that belongs to a task, not to a stage's checks.

It is answered where approvals are: over REST, in the studio and by `shipway approve` and `reject`;
granted is resumed. The people who may answer are frozen when it opens.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/manual-validation-v1
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shipway.azure.entra import users
from shipway.base.errors import BadInput
from shipway.devops import approvals, approver_names, members, projects, security_groups, subjects
from shipway.devops.approval_entities import Approval, Approver
from shipway.devops.checks import Check
from shipway.devops.runs import Run
from shipway.devops.subjects import Subject
from shipway.store.store import Store

RESOURCE_TYPE = "manualvalidation"
LONGEST_MINUTES = 43_200
"""30 days; then the task ends even where its own time-out is longer."""
_ANYBODY = "Users who may queue builds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a step asks: who may answer, what is shown to them, how long."""

    record_id: str
    title: str
    stage_name: str
    instructions: str = ""
    approvers: tuple[Approver, ...]
    requester_may_answer: bool = True
    minutes: int = 0
    """0: as long as there is."""


def open_for(store: Store, run: Run, question: Question) -> Approval:
    """Ask; asking again for the same line of the timeline gives what is there."""
    now = store.clock.now()
    longest = question.minutes or LONGEST_MINUTES
    check = Check(
        check_id=0, project_id=run.project_id, kind="Approval", resource_type=RESOURCE_TYPE,
        resource_id=question.record_id, resource_name=question.title,
        settings={
            "instructions": question.instructions, "minRequiredApprovers": 1,
            "requesterCannotBeApprover": not question.requester_may_answer,
        },
        timeout_minutes=min(longest, LONGEST_MINUTES), created_at=now, updated_at=now,
    )  # fmt: skip
    return approvals.open_for(
        store, run=run, check=check, checkpoint_id=question.record_id,
        stage_name=question.stage_name, approvers=question.approvers,
    )  # fmt: skip


def is_one(approval: Approval) -> bool:
    """Whether an approval belongs to a task."""
    return approval.resource_type == RESOURCE_TYPE


def anybody(store: Store, run: Run) -> Approver:
    """Whoever may queue builds in the run's project, as one approver."""
    people = {users.owner(store).object_id}
    for user in users.list_users(store):
        principal = users.principal_of(store, user)
        if members.may(store, principal, "contribute", project_id=run.project_id):
            people.add(user.object_id)
    group = security_groups.well_known(store, "Contributors", project_id=run.project_id)
    return Approver(approver_id=group.group_id, name=_ANYBODY, members=tuple(sorted(people)))


def named(store: Store, run: Run, names: Iterable[str]) -> tuple[Approver, ...]:
    """Users, groups and teams by what people call them. Raises `BadInput` for who is not there."""
    found: dict[str, Approver] = {}
    for name in names:
        subject = _subject(store, run, name)
        if subject is None:
            raise BadInput(
                f"the approver '{name}' is no user, group or team of this organization",
                code="ApproverNotFound", where=f"approvers: {name}",
                hint=r"Write a mail address, a display name, or [project]\team.",
            )  # fmt: skip
        approver = approver_names.approver_of(store, subject.subject_id)
        found[approver.approver_id] = approver
    return tuple(found.values())


def _subject(store: Store, run: Run, name: str) -> Subject | None:
    wanted = name.strip().lower()
    scope, _, short = wanted.rpartition("\\")
    scope = scope.strip("[]")
    project = projects.get(store, run.project_id)
    is_ours = scope in (project.project_id.lower(), project.name.lower())
    for one in subjects.everybody(store):
        if one.project_id not in ("", run.project_id):
            continue
        full = {one.subject_id, one.display_name, one.account, one.mail}
        names = {part.lower() for part in full if part}
        if wanted in names:
            return one
        # [project]\team and [organization]\group
        last = {part.rpartition("\\")[2] for part in names}
        if short in last and (not scope or is_ours == bool(one.project_id)):
            return one
    return None
