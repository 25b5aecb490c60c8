"""Approvals over REST: who may answer, who may not, and what it does to the run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.devops_door import Door, open_door, state_of

from shipway.azure.entra import personal_access_tokens, users
from shipway.devops import (
    approvals,
    checks,
    definitions,
    environments,
    projects,
    repositories,
    runs,
)
from shipway.devops.approval_entities import Approval, Approver
from shipway.devops.checks import Check
from shipway.devops.runs import Run


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as running:
        users.create(running.store, name="stranger")
        yield running


@pytest.fixture
def run(door: Door) -> Run:
    """Requested by dana."""
    project = projects.create(door.store, name="flights")
    repository = repositories.create(door.store, project_id=project.project_id, name="flights")
    definition = definitions.create(
        door.store, project_id=project.project_id, name="ml",
        repository_id=repository.repository_id,
    )  # fmt: skip
    environments.create(door.store, project_id=project.project_id, name="prod")
    return runs.queue_run(
        door.store, definition=definition, branch="refs/heads/main", version="0" * 40,
        reason="manual", requested_by=door.user,
    )  # fmt: skip


def token(door: Door, name: str) -> str:
    return personal_access_tokens.create(door.store, user=name).text


def check_over_rest(door: Door, *people: str, **settings: Any) -> dict[str, Any]:
    body: Any = {
        "type": {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"},
        "resource": {"type": "environment", "id": "1", "name": "prod"},
        "settings": {
            "approvers": [{"id": users.get(door.store, p).object_id} for p in people], **settings,
        },
        "timeout": 60,
    }  # fmt: skip
    answer = requests.post(
        f"{door.url}/flights/_apis/pipelines/checks/configurations?api-version=7.1-preview.1",
        json=body, auth=("", door.owner_token), timeout=30,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def opened(door: Door, run: Run, *people: str, **settings: Any) -> Approval:
    made = check_over_rest(door, *people, **settings)
    check: Check = checks.get(door.store, project_id=run.project_id, check_id=made["id"])
    found = [users.get(door.store, p) for p in people]
    return approvals.open_for(
        door.store, run=run, check=check, checkpoint_id="checkpoint", stage_name="Deploy",
        approvers=tuple(Approver(approver_id=u.object_id, name=u.display_name) for u in found),
    )  # fmt: skip


def answer(door: Door, who: str, approval: Approval, status: str = "approved") -> Any:
    return requests.patch(
        f"{door.url}/flights/_apis/pipelines/approvals?api-version=7.1",
        json=[{"approvalId": approval.approval_id, "status": status, "comment": "seen",
               "approver": {"id": "forged"}}],
        auth=("", token(door, who)), timeout=30,
    )  # fmt: skip


def kinds(door: Door, run: Run) -> list[str]:
    return [e.kind for e in door.store.journal.of(f"run/{run.run_id}")][1:]


def test_an_approver_approves_and_the_run_hears_it(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery", instructions="look at the report")
    shown = requests.get(
        f"{door.url}/flights/_apis/pipelines/approvals", auth=("", door.user_token), timeout=30
    ).json()["value"]
    assert [(a["id"], a["status"]) for a in shown] == [(approval.approval_id, "pending")]
    assert shown[0]["instructions"] == "look at the report"
    done = answer(door, "avery", approval)
    assert done.status_code == 200
    step = done.json()["value"][0]["steps"][0]
    assert (step["status"], step["comment"]) == ("approved", "seen")
    assert step["actualApprover"]["displayName"] == "Avery Approver"
    assert kinds(door, run) == ["ApprovalGranted"]
    assert door.store.timers.find(f"approval/{approval.approval_id}") is None
    again = answer(door, "avery", approval)
    assert (again.status_code, again.json()["typeKey"]) == (
        409,
        "ApprovalAlreadyCompletedException",
    )


def test_a_rejection_ends_it(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery", "dana", minRequiredApprovers=1)
    assert answer(door, "avery", approval, "rejected").json()["value"][0]["status"] == "rejected"
    assert kinds(door, run) == ["ApprovalRejected"]


@pytest.mark.parametrize("who", ["dana", "stranger", "owner"])
def test_requester_stranger_and_owner_are_refused_and_the_run_waits(
    door: Door, run: Run, who: str
) -> None:
    approval = opened(
        door, run, "dana", "avery", minRequiredApprovers=1, requesterCannotBeApprover=True
    )
    secret = token(door, who)
    before = state_of(door.store)
    said = requests.patch(
        f"{door.url}/flights/_apis/pipelines/approvals",
        json=[{"approvalId": approval.approval_id, "status": "approved"}],
        auth=("", secret), timeout=30,
    )  # fmt: skip
    assert said.status_code == 403
    assert who in said.json()["message"]
    assert state_of(door.store) == before
    assert approvals.get(door.store, approval.approval_id).status == "pending"


def test_a_job_s_own_token_approves_nothing(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery")
    job = personal_access_tokens.issue_job_token(door.store, run_id=run.run_id)
    before = state_of(door.store)
    said = requests.patch(
        f"{door.url}/flights/_apis/pipelines/approvals",
        json=[{"approvalId": approval.approval_id, "status": "approved"}],
        headers={"Authorization": f"Bearer {job}"}, timeout=30,
    )  # fmt: skip
    assert said.status_code == 403
    assert state_of(door.store) == before


def test_two_are_needed_where_two_are_asked_for(door: Door, run: Run) -> None:
    approval = opened(door, run, "dana", "avery", minRequiredApprovers=2)
    assert answer(door, "avery", approval).json()["value"][0]["status"] == "pending"
    assert kinds(door, run) == []
    twice = answer(door, "avery", approval)
    assert twice.status_code == 409
    assert "has answered" in twice.json()["message"]
    assert answer(door, "dana", approval).json()["value"][0]["status"] == "approved"
    assert kinds(door, run) == ["ApprovalGranted"]


def test_in_sequence_each_waits_for_the_turn(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery", "dana", executionOrder="inSequence")
    early = answer(door, "dana", approval)
    assert (early.status_code, "not yet the turn" in early.json()["message"]) == (403, True)
    steps = answer(door, "avery", approval).json()["value"][0]["steps"]
    assert [s["status"] for s in steps] == ["approved", "pending"]
    assert answer(door, "dana", approval).json()["value"][0]["status"] == "approved"


def test_a_time_out_and_a_cancel_end_it_once(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery")
    timer = door.store.timers.find(f"approval/{approval.approval_id}")
    assert timer is not None
    assert (timer.due - approval.created_at).total_seconds() == 3600
    assert approvals.time_out(door.store, approval_id=approval.approval_id).status == "timedOut"
    assert approvals.cancel(door.store, approval_id=approval.approval_id).status == "timedOut"
    assert kinds(door, run) == ["ApprovalTimedOut"]


def test_a_blocked_approver_may_not_answer_and_others_may(door: Door, run: Run) -> None:
    dana = users.get(door.store, "dana")
    approval = opened(
        door, run, "dana", "avery", minRequiredApprovers=1,
        blockedApprovers=[{"id": dana.object_id}],
    )  # fmt: skip
    assert answer(door, "dana", approval).status_code == 403
    assert approvals.get(door.store, approval.approval_id).status == "pending"
    assert answer(door, "avery", approval).json()["value"][0]["status"] == "approved"
    assert [a.approval_id for a in approvals.list_of(door.store, run_id=run.run_id)] == [
        approval.approval_id
    ]
    assert approvals.list_of(door.store, run_id=run.run_id + 1) == []


def test_approvals_are_found_by_state_and_by_who_may_answer(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery")
    done = answer(door, "avery", approval).json()["value"][0]
    descriptor = done["steps"][0]["assignedApprover"]["descriptor"]
    avery = users.get(door.store, "avery").object_id

    def found(query: str) -> int:
        return len(
            requests.get(
                f"{door.url}/flights/_apis/pipelines/approvals{query}",
                auth=("", door.user_token), timeout=30,
            ).json()["value"]
        )  # fmt: skip

    assert [found(q) for q in ("", "?state=approved", "?state=pending")] == [1, 1, 0]
    assert [found(f"?userIds={who}") for who in (avery, descriptor)] == [1, 1]
    assert found(f"?userIds={users.get(door.store, 'dana').object_id}") == 0


def test_an_answer_may_count_from_a_later_time_on(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery")
    soon = f"{datetime.now(UTC) + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"
    path, secret = f"{door.url}/flights/_apis/pipelines/approvals", token(door, "avery")

    def send(**fields: Any) -> Any:
        body = [{"approvalId": approval.approval_id, **fields}]
        return requests.patch(path, json=body, auth=("", secret), timeout=30)

    assert send(status="approved", deferredTo="tomorrow").status_code == 400
    assert send(status="approved", deferredTo="2020-01-01T00:00:00Z").status_code == 400
    (held,) = send(status="approved", deferredTo=soon).json()["value"]
    assert (held["status"], held["steps"][0]["status"]) == ("deferred", "approved")
    assert held["steps"][0]["deferredTo"].startswith(soon[:-1])
    assert kinds(door, run) == []
    assert send(status="approved").json()["value"][0]["status"] == "approved"
    assert kinds(door, run) == ["ApprovalGranted"]


def test_a_part_is_given_to_somebody_else_with_its_history(door: Door, run: Run) -> None:
    approval = opened(door, run, "avery")
    stranger = users.get(door.store, "stranger")
    body: Any = {
        "approvalId": approval.approval_id, "reassignTo": {"id": stranger.object_id},
        "assignedApprover": {"id": users.get(door.store, "avery").object_id}, "comment": "away",
    }  # fmt: skip
    path = f"{door.url}/flights/_apis/pipelines/approvals"
    wrong, said = (
        requests.patch(path, json=[body], auth=("", token(door, who)), timeout=30)
        for who in ("stranger", "avery")
    )
    assert (wrong.status_code, said.status_code) == (403, 200), said.text
    (step,) = said.json()["value"][0]["steps"]
    assert step["assignedApprover"]["id"] == stranger.object_id
    assert step["history"][0]["assignedTo"]["displayName"] == "Avery Approver"
    assert step["history"][0]["comment"] == "away"
    assert answer(door, "stranger", approval).json()["value"][0]["status"] == "approved"
