"""Check runs: one check as it is evaluated for one stage of a run.

All of a stage's checks make a check suite, whose id is that of the stage's checkpoint. Which
checks count, and with which settings, is fixed when the suite begins. An approval's check run
bears the id of the approval. Knows: documents. Must not know: how a kind of check is judged.
Source: https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/check-evaluations
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from shipway.base import ids
from shipway.devops import checks, rows
from shipway.devops.checks import Category, Check
from shipway.store.store import Store

_KIND, _BY_ID = "check_run", "check_run_id"
CheckRunStatus = Literal[
    "queued", "running", "approved", "rejected", "canceled", "timedOut", "bypassed"
]
# queued    its category has not come yet
# running   waits for something
# approved  passed; with a retry interval or hours it may be taken back
# bypassed  final: a manager of the resource let the stage pass it
# rejected, timedOut, canceled   final
PASSED: tuple[CheckRunStatus, ...] = ("approved", "bypassed")
OPEN: tuple[CheckRunStatus, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """`waits_for` says what a running one waits for; `calls` counts what it has asked a service.

    `due_at` is its time-out once it runs, `next_at` when it is looked at again. `by_name` is who
    bypassed it. `log_id` is the log of its calls.
    """

    check_run_id: str
    suite_id: str
    project_id: str
    run_id: int
    stage_name: str
    check: Check
    status: CheckRunStatus = "queued"
    message: str = ""
    waits_for: Literal["", "people", "hours", "call", "callback", "retry", "lock"] = ""
    calls: int = 0
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    due_at: datetime | None = None
    next_at: datetime | None = None
    by_id: str = ""
    by_name: str = ""
    log_id: int | None = None

    @property
    def category(self) -> Category:
        """When it is evaluated."""
        return checks.category_of(self.check)


def id_of(*, run_id: int, suite_id: str, check: Check) -> str:
    """The id of a check run, which is known before there is one."""
    kind = "approval" if check.kind == "Approval" else "check-run"
    return ids.guid_from(kind, str(run_id), suite_id, str(check.check_id))


def begin(
    store: Store, *, suite_id: str, project_id: str, run_id: int, stage_name: str,
    guarding: Sequence[Check],
) -> list[CheckRun]:  # fmt: skip
    """Fix the checks of a suite; again, it gives what was fixed."""
    if store.documents.find(_KIND, _key(run_id, suite_id)) is not None:
        return of_suite(store, run_id=run_id, suite_id=suite_id)
    now = store.clock.now()
    with store.database.transaction():
        store.documents.put(_KIND, _key(run_id, suite_id), {"run_id": run_id})
        store.documents.put(_BY_ID, suite_id, {"run_id": run_id, "suite_id": suite_id})
        for check in guarding:
            made = CheckRun(
                check_run_id=id_of(run_id=run_id, suite_id=suite_id, check=check),
                suite_id=suite_id, project_id=project_id, run_id=run_id, stage_name=stage_name,
                check=check, created_at=now, updated_at=now,
            )  # fmt: skip
            store.documents.put(_BY_ID, made.check_run_id, {"key": _key_of(made)})
            _save(store, made)
    return of_suite(store, run_id=run_id, suite_id=suite_id)


def of_suite(store: Store, *, run_id: int, suite_id: str) -> list[CheckRun]:
    """The check runs of a suite, in the order in which the checks were made."""
    found = store.documents.list(_KIND, prefix=f"{_key(run_id, suite_id)}/")
    return [rows.read(CheckRun, d.body) for d in found]


def of_run(store: Store, run_id: int) -> list[CheckRun]:
    """The check runs of all stages of a run."""
    found = store.documents.list(_KIND, prefix=f"{run_id:010}/")
    return [rows.read(CheckRun, d.body) for d in found if "check_run_id" in d.body]


def find(store: Store, check_run_id: str) -> CheckRun | None:
    """The check run, or None."""
    place = store.documents.find(_BY_ID, check_run_id.lower())
    if place is None or "key" not in place.body:
        return None
    found = store.documents.find(_KIND, str(place.body["key"]))
    return rows.read(CheckRun, found.body) if found else None


def run_of_suite(store: Store, suite_id: str) -> int | None:
    """The run whose suite that is, or None."""
    place = store.documents.find(_BY_ID, suite_id.lower())
    return int(place.body["run_id"]) if place and "suite_id" in place.body else None


def change(store: Store, one: CheckRun, **fields: Any) -> CheckRun:  # noqa: ANN401  # any field
    """The check run with other fields, kept."""
    now = store.clock.now()
    after = replace(one, updated_at=now, **fields)
    if after.status in OPEN:
        after = replace(after, completed_at=None)
    elif one.status in OPEN or after.completed_at is None:
        after = replace(after, completed_at=now, waits_for="", next_at=after.next_at)
    _save(store, after)
    return after


def _save(store: Store, one: CheckRun) -> None:
    store.documents.put(_KIND, _key_of(one), rows.body_of(one))


def _key(run_id: int, suite_id: str) -> str:
    return f"{run_id:010}/{suite_id}"


def _key_of(one: CheckRun) -> str:
    return f"{_key(one.run_id, one.suite_id)}/{one.check.check_id:010}"
