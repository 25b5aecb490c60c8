"""Approvals: what waits for people, and their answers.

Source: https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/approvals
"""

from datetime import UTC, datetime
from typing import Any

from shipway.base.errors import BadInput
from shipway.devops import approval_changes, approvals, projects, runs
from shipway.devops.approval_entities import Approval, ApprovalStep, Reassignment
from shipway.devops.runs import Requester, Run
from shipway.store.store import Store
from shipway.wire.devops import run_words, shapes
from shipway.wire.devops.fields import Fields
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

_STATES = (
    "pending", "deferred", "approved", "rejected", "canceled", "timedOut", "skipped", "all",
)  # fmt: skip
_LIMIT = 1000


class Approvals:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def query(self, request: Request) -> Response:
        """GET pipelines/approvals: by ids, by state, by who may answer."""
        project = shapes.project_of(self._store, request)
        state = request.arg("state") or "all"
        if state.lower() not in (s.lower() for s in _STATES):
            raise BadInput(
                f"The value '{state[:60]}' is not valid for parameter 'state'",
                code="InvalidArgumentValueException", where="state",
                hint=f"Known: {', '.join(_STATES)}.",
            )  # fmt: skip
        wanted = {i.strip().lower() for i in request.arg("approvalIds").split(",") if i.strip()}
        people = {
            _object_id(i.strip().lower())
            for name in ("assignedTo", "userIds")
            for i in request.arg(name).split(",") if i.strip()
        }  # fmt: skip
        found = [
            a for a in approvals.list_of(self._store, project_id=project.project_id)
            if (not wanted or a.approval_id in wanted)
            and state.lower() in ("all", a.status.lower())
            and (not people or people & _people(a))
        ]  # fmt: skip
        top = request.arg("top") or request.arg("$top")
        page = found[: shapes.number(top, "top") if top else _LIMIT]
        return shapes.collection([self._shape(request, a) for a in page])

    def get(self, request: Request) -> Response:
        """GET pipelines/approvals/{id}."""
        project = shapes.project_of(self._store, request)
        found = approvals.get(
            self._store, request.params["approval"], project_id=project.project_id
        )
        return json_response(self._shape(request, found))

    def update(self, request: Request) -> Response:
        """PATCH pipelines/approvals: answers and new approvers, all or none of them.

        The acting person is the token's, never a field of the body. With `deferredTo` an answer
        counts from then on; with `reassignTo` the part of `assignedApprover` gets another's.
        """
        project = shapes.project_of(self._store, request)
        listed = Fields(values={"parameters": request.json_value()}).children("parameters")
        if not listed:
            raise BadInput("Value cannot be null. Parameter name: updateParameters",
                           code="ArgumentNullException", where="updateParameters",
                           hint="Give a list of {approvalId, status, comment}.")  # fmt: skip
        done: list[dict[str, Any]] = []
        with self._store.database.transaction():
            for one in listed:
                verb = self._reassigned if one.has("reassignTo") else self._answered
                done.append(self._shape(request, verb(request, project.project_id, one)))
        return shapes.collection(done)

    def _answered(self, request: Request, project_id: str, one: Fields) -> Approval:
        approval_id, comment = one.text("approvalId"), one.text("comment", "")
        status = one.choice("status", ("approved", "rejected", "deferred"))
        deferred_to = _moment(one) if one.has("deferredTo") or status == "deferred" else None
        approvals.get(self._store, approval_id, project_id=project_id)
        if status == "rejected":
            return approvals.reject(
                self._store, approval_id=approval_id, principal=request.principal,
                comment=comment,
            )  # fmt: skip
        return approvals.approve(
            self._store, approval_id=approval_id, principal=request.principal, comment=comment,
            deferred_to=deferred_to,
        )  # fmt: skip

    def _reassigned(self, request: Request, project_id: str, one: Fields) -> Approval:
        if one.has("status") and one.text("status") not in ("pending", "undefined"):
            raise BadInput(
                "an approval is answered or reassigned, not both", code="ArgumentException",
                where=f"{one.path}.status", hint="Send two updates.",
            )  # fmt: skip
        approvals.get(self._store, one.text("approvalId"), project_id=project_id)
        return approval_changes.reassign(
            self._store, approval_id=one.text("approvalId"), principal=request.principal,
            to=one.child("reassignTo").text("id"),
            of=one.child("assignedApprover").text("id", ""), comment=one.text("comment", ""),
        )  # fmt: skip

    def _shape(self, request: Request, approval: Approval) -> dict[str, Any]:
        project = projects.get(self._store, approval.project_id)
        run = runs.get(self._store, approval.run_id)
        place = f"{shapes.project_url(request, project)}/_apis/pipelines/approvals"
        return {
            "id": approval.approval_id, "status": approval.status,
            "steps": [self._step(request, s) for s in approval.steps],
            "createdOn": shapes.moment(approval.created_at),
            "lastModifiedOn": shapes.moment(approval.updated_at),
            "executionOrder": "inSequence" if approval.execution_order == "inSequence"
            else "anyOrder",
            "minRequiredApprovers": approval.min_required,
            "blockedApprovers": [
                shapes.identity(self._store, request, one) for one in _blocked(approval, run)
            ],
            "instructions": approval.instructions, "permissions": "update"
            if approvals.may_answer(approval, request.principal) else "view",
            "pipeline": {
                "id": str(run.definition_id), "name": run.definition_name,
                "owner": {"id": run.run_id, "name": run.run_name,
                          "_links": run_words.links(request, project, run)},
            },
            "resource": {"type": approval.resource_type, "id": approval.resource_id,
                         "name": approval.resource_name},
            "_links": {"self": {"href": f"{place}/{approval.approval_id}"}},
        }  # fmt: skip

    def _step(self, request: Request, step: ApprovalStep) -> dict[str, Any]:
        who = Requester(object_id=step.approver.approver_id, name=step.approver.name)
        actual = Requester(object_id=step.actual_approver_id, name=step.actual_approver_name)
        return {
            "assignedApprover": shapes.identity(self._store, request, who),
            "actualApprover": shapes.identity(self._store, request, actual)
            if step.actual_approver_id else None,
            "status": step.status, "comment": step.comment, "order": step.order,
            "lastModifiedOn": shapes.moment(step.answered_at),
            "history": [self._history(request, one) for one in step.history],
            "initiatedOn": None, "deferredTo": shapes.moment(step.deferred_to),
        }  # fmt: skip

    def _history(self, request: Request, one: Reassignment) -> dict[str, Any]:
        was = Requester(object_id=one.from_id, name=one.from_name)
        by = Requester(object_id=one.by_id, name=one.by_name)
        return {
            "assignedTo": shapes.identity(self._store, request, was),
            "createdBy": shapes.identity(self._store, request, by),
            "createdOn": shapes.moment(one.at), "comment": one.comment,
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Approvals; before `pipelines/{id}`."""
    noun = Approvals(store)
    base = "pipelines/approvals"
    query = ("approvalIds", "$expand", "userIds", "assignedTo", "state", "top", "$top")
    return (
        in_project("GET", base, noun.query, query=query),
        in_project("PATCH", base, noun.update),  # who is an approver may, whatever else
        in_project("GET", f"{base}/{{approval}}", noun.get, query=("$expand",)),
    )


def _moment(one: Fields) -> datetime:
    text = one.text("deferredTo")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"'{text[:60]}' is no time", code="InvalidApprovalDeferralException",
            where=f"{one.path}.deferredTo", hint="Write it such as 2026-12-01T20:00:00Z.",
        ) from None  # fmt: skip
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _object_id(text: str) -> str:
    """The id of a user that is named by id, or by the graph's descriptor, which holds it."""
    prefix, _, digits = text.partition(".")
    if not prefix or len(digits) != 32:
        return text
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _blocked(approval: Approval, run: Run) -> list[Requester]:
    named = [Requester(object_id=one, name=one) for one in approval.blocked_ids]
    return [run.requested_for, *named] if approval.requester_cannot_approve else named


def _people(approval: Approval) -> set[str]:
    return {
        person
        for step in approval.steps
        for person in (step.approver.approver_id, *step.approver.members)
    }
