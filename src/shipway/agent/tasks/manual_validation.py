"""ManualValidation@0/1: the job waits, without an agent, until a person resumes or rejects it.

Nothing else ends it: what callees tell of agentless tasks is not asked for here.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/manual-validation-v1
"""

import re

from shipway.agent.task import StepResult, StepRun, Task
from shipway.base.errors import BadInput
from shipway.devops import approvals, manual_validations
from shipway.devops.approval_entities import Approval, Approver
from shipway.devops.manual_validations import Question

_POLL_SECONDS = 0.25
_ON_TIMEOUT = ("reject", "resume")


def _run(step: StepRun) -> StepResult:
    on_timeout = _on_timeout(step)
    run = step.job.run
    opened = manual_validations.open_for(
        step.job.store, run,
        Question(
            record_id=step.record_id, title=step.name, stage_name=step.job.stage_name,
            instructions=step.input("instructions"), approvers=_approvers(step),
            requester_may_answer=step.flag("allowApproversToApproveTheirOwnRuns", default=True),
            minutes=step.time_limit_minutes,
        ),
    )  # fmt: skip
    _announce(step, opened)
    while opened.status in ("pending", "deferred"):
        if step.job.stop.is_set() and step.should_stop():
            approvals.cancel(step.job.store, approval_id=opened.approval_id)
            return "canceled"
        step.job.stop.wait(_POLL_SECONDS)
        opened = approvals.get(step.job.store, opened.approval_id)
    return _verdict(step, opened, on_timeout)


def _announce(step: StepRun, opened: Approval) -> None:
    step.log("Waiting for a manual validation: resume or reject it.")
    if opened.instructions:
        step.log(f"Instructions: {opened.instructions}")
    who = ", ".join(one.approver.name for one in opened.steps)
    step.log(f"Who may answer: {who}; until {opened.due_at:%Y-%m-%d %H:%M} UTC.")
    notified = ", ".join(_names(step.input("notifyUsers")))
    if notified:
        step.log(f"Azure would write to: {notified}. No mail is sent from here.")
    run = step.job.run.run_id
    step.log(f"shipway approve {run} resumes, shipway reject {run} rejects.")


def _verdict(step: StepRun, opened: Approval, on_timeout: str) -> StepResult:
    answered = next((one for one in opened.steps if one.actual_approver_name), None)
    by = answered.actual_approver_name if answered else ""
    comment = f": {answered.comment}" if answered and answered.comment else "."
    if opened.status == "approved":
        step.log(f"Resumed by {by}{comment}")
        return "succeeded"
    if opened.status == "skipped":
        step.log(f"Resumed: {opened.by_name} bypassed the question.")
        return "succeeded"
    if opened.status == "rejected":
        step.error(f"The manual validation was rejected by {by}{comment}")
        return "failed"
    if opened.status == "timedOut" and on_timeout == "resume":
        step.log("Nobody answered in time; resumed, as onTimeout says.")
        return "succeeded"
    if opened.status == "timedOut":
        step.error("The manual validation was rejected: nobody answered in time.")
        return "failed"
    return "canceled"


def _approvers(step: StepRun) -> tuple[Approver, ...]:
    store, run = step.job.store, step.job.run
    names = _names(step.input("approvers"))
    if names:
        return manual_validations.named(store, run, names)
    return (manual_validations.anybody(store, run),)


def _names(text: str) -> list[str]:
    return [one for one in (part.strip() for part in re.split(r"[,;\n]", text)) if one]


def _on_timeout(step: StepRun) -> str:
    given = step.input("onTimeout", "reject").lower()
    if given not in _ON_TIMEOUT:
        raise BadInput(
            f"the input 'onTimeout' is '{given}'", code="InvalidInput", where="onTimeout",
            hint="Known: reject, resume.",
        )  # fmt: skip
    return given


VALIDATION_0 = Task(name="ManualValidation", version=0, run=_run)
VALIDATION_1 = Task(name="ManualValidation", version=1, run=_run)
