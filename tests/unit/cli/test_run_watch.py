"""A run as lines and as a picture that redraws itself."""

import os
import re
from datetime import timedelta
from typing import Any

import pytest

from shipway.base.clock import FrozenClock, timestamp
from shipway.cli import run_tree, run_watch

CLOCK = FrozenClock()
START = timestamp(CLOCK.now())
NOW = CLOCK.now() + timedelta(seconds=65)


def record(kind: str, name: str, *, parent: str = "", **facts: Any) -> dict[str, Any]:
    return {
        "record_id": f"{kind} {name}", "parent_id": parent or None, "kind": kind, "name": name,
        "ref_name": name, "state": "completed", "result": "succeeded", "started_at": START,
        "finished_at": None, "log_id": None, "issues": [], **facts,
    }  # fmt: skip


def run(*records: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "run_id": 3, "pipeline": "p", "name": "n", "state": "inProgress", "result": None,
        "branch": "main", "commit": "c" * 40, "reason": "manual", "requested_for": "dana",
        "records": list(records), "approvals": [], "permissions": [], "tests": [],
        "artifacts": [], "page": "/runs/3",
        "diagnostics": [], **facts,
    }  # fmt: skip


def test_the_tree_shows_legs_instead_of_their_phase_and_the_error_of_what_failed() -> None:
    broken = [{"kind": "error", "message": "exit code 3\nmore"}]
    lines = list(
        run_tree.lines(
            run(
                record("Stage", "Build", state="inProgress", result=None),
                record("Phase", "Unit", parent="Stage Build"),
                record("Job", "Unit linux", parent="Phase Unit", result="failed"),
                record("Task", "tests", parent="Job Unit linux", result="failed", issues=broken),
                record("Task", "quiet", parent="Job Unit linux"),
                record("Phase", "Never", parent="Stage Build", result="skipped"),
            ),
            NOW,
            with_steps=False,
        )
    )
    text = "\n".join(lines)
    assert "● Build  1:05 min" in text
    assert "✗ Unit linux" in text
    assert "✗ tests" in text
    assert "exit code 3" in text
    assert "- Never" in text
    assert "quiet" not in text
    assert text.count("Unit") == 1


def test_a_stage_that_waits_says_so() -> None:
    waiting = {"stage": "Ship", "status": "pending", "resource": "prod", "steps": []}
    shown = run(record("Stage", "Ship", state="pending", result=None), approvals=[waiting])
    (line,) = run_tree.lines(shown, NOW, with_steps=True)
    assert line.endswith("waits for approval")
    assert "shipway approve 3 --as USER" in "\n".join(run_tree.foot(shown, 1))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"state": "completed", "result": "succeeded"}, 0),
        ({"state": "completed", "result": "succeededWithIssues"}, 0),
        ({"state": "completed", "result": "failed"}, 1),
        ({"state": "completed", "result": "canceled"}, 1),
        ({"state": "inProgress", "result": None}, 4),
    ],
)
def test_the_exit_code_is_the_result(facts: dict[str, Any], code: int) -> None:
    assert run_watch.exit_code(facts) == code


def test_lines_are_written_once_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    screen = run_watch._Lines()
    busy = record("Task", "a", state="inProgress", result=None)
    for shown in (run(), run(busy), run(busy), run(record("Task", "a")), run(record("Task", "a"))):
        screen.show(shown)
    screen.show(run(record("Task", "a"), state="completed", result="succeeded"))
    out = capsys.readouterr().out
    assert out.count("step a: succeeded") == 1
    assert out.count("run 3: succeeded") == 1


def test_a_picture_fits_the_screen_whatever_is_in_it() -> None:
    coloured = "\x1b[31m" + "x" * 50 + "\x1b[0m"
    lines = ["head", *[coloured] * 100]
    fitted = run_watch._fitted(lines, os.terminal_size((20, 10)))
    assert len(fitted) < 10
    assert fitted[0] == "head"
    assert all(len(re.sub(r"\x1b\[\d+m", "", line)) <= 20 for line in fitted)
    assert fitted[1].endswith("\x1b[0m")
