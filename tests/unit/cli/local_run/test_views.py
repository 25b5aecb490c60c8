"""How a run is told while it goes on and when it is over."""

import os
import re
import signal
from pathlib import Path
from typing import Any, cast

import pytest
from tests.unit.cli.local_run.told_runs import Told, record, run

from shipway.base import clock
from shipway.base.errors import Unavailable
from shipway.cli import run_tree
from shipway.cli.local_run import failures, follow, screen, timeline
from shipway.cli.local_run.follow import Answers, Follower
from shipway.cli.local_run.lines import Lines
from shipway.cli.local_run.screen import Screen
from shipway.cli.local_run.step_logs import StepLogs
from shipway.cli.local_run.timeline import Timeline
from shipway.cli.pipeline_check.working_tree import WorkingTree
from shipway.client.session import Session

BROKEN: dict[str, Any] = {
    "result": "failed",
    "issues": [{"kind": "error", "message": "Bash exited with code '3'."}],
}
APPROVAL = {
    "approval_id": "a-1", "status": "pending", "stage": "Ship", "resource": "prod",
    "record_id": "check", "steps": [{"approver": "avery", "by": "", "status": "pending"}],
}  # fmt: skip


def logs_of(told: Told) -> StepLogs:
    return StepLogs(cast("Session", told), 3)


def whole(**step: Any) -> tuple[dict[str, Any], ...]:
    """Stage Build, its phase and job, two steps and a stage that is skipped."""
    return (
        record("Stage", "Build", ended=4.0, result="failed"),
        record("Phase", "phase", "Build", ended=4.0, result="failed"),
        record("Job", "Unit", "phase", ended=3.0, result="failed"),
        record("Task", "fetch", "Unit", ended=1.0),
        record("Task", "tests", "Unit", begun=1.0, ended=2.0, **{**BROKEN, **step}),
        record("Stage", "Ship", result="skipped", reason="its condition is false"),
    )


def test_lines_come_in_the_order_of_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    view = Lines(logs_of(Told()), with_logs=False)
    view.show(run(record("Stage", "Build", ended=None), record("Job", "Unit", "Build", ended=None)))
    for _ in range(2):
        view.show(run(*whole()))
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"  [\d.]+ s$", "", line) for line in lines] == [
        "● Build", "● Build › Unit", "✓ Build › Unit › fetch",
        "- Ship: skipped, its condition is false", "✗ Build › Unit › tests", "✗ Build › Unit",
        "✗ Build",
    ]  # fmt: skip


def test_a_wait_of_a_stage_that_nobody_wrote_is_the_run_s() -> None:
    [(text, _)] = timeline.waits(run(approvals=[{**APPROVAL, "stage": "__default"}]))
    assert text == "the run waits for approval of prod by avery"


def test_a_job_that_is_left_out_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    told = ({"kind": "warning", "message": "its condition is false: eq(1, 2)"},)
    skipped = record("Phase", "Unit", "Build", result="skipped", issues=told)
    Lines(logs_of(Told()), with_logs=False).show(run(record("Stage", "Build"), skipped))
    assert "- Build › Unit: skipped, its condition is false: eq(1, 2)" in capsys.readouterr().out


def test_a_job_whose_time_was_up_is_told_at_the_end() -> None:
    told = [{"kind": "error", "message": "The job ran longer than the maximum time of 1 minutes."}]
    shown = run(
        record("Phase", "phase", result="canceled"),
        record("Job", "Unit", "phase", result="canceled", issues=told),
        record("Task", "tests", "Unit", result="canceled"),
    )
    tree = WorkingTree(root=Path("/nowhere"))
    [one] = failures.find(shown, {}, tree, logs_of(Told()), lines=20)
    assert (one.path, one.errors) == ("Unit", (told[0]["message"],))


def test_a_stage_that_nobody_wrote_is_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    view = Lines(logs_of(Told()), with_logs=False)
    view.show(run(record("Stage", "__default"), record("Job", "Job", "__default")))
    assert capsys.readouterr().out.startswith("✓ Job  ")


def test_every_line_of_a_log_is_printed_once_when_that_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = Told(log7=["##[section]Starting: tests", "one", "", "##[error]two"])
    view = Lines(logs_of(told), with_logs=True)
    shown = run(record("Job", "Unit", ended=None), record("Task", "tests", "Unit", log_id=7))
    view.show(shown)
    view.show(shown)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Unit | one", "Unit |", "Unit | two", "✓ Unit › tests  1.0 s",
    ]  # fmt: skip


def test_a_long_silence_is_broken_ever_more_seldom(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moment[0])
    view = Lines(logs_of(Told()), with_logs=False)
    busy = run(record("Job", "Unit", ended=None), record("Task", "tests", "Unit", ended=None))
    for _ in range(16):
        view.show(busy)
        moment[0] += 10
    said = capsys.readouterr().out
    assert said.count("Unit › tests: still running") == 2


def test_what_waits_is_told_once_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    view = Lines(logs_of(Told()), with_logs=False)
    for _ in range(2):
        view.show(run(approvals=[APPROVAL]))
    said = capsys.readouterr().out
    assert said.count("Ship waits for approval of prod by avery: shipway approve 3") == 1


def test_a_stage_by_hand_and_a_lock_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(
        record("Stage", "Ship", ended=None),
        record("Checkpoint", "checks", "Ship", ended=None),
        record("Checkpoint.ExclusiveLock", "lock", "checks", ended=None),
        to_start=["Later on"],
    )
    assert timeline.waits(shown) == [
        ("Later on starts by hand", "shipway runs start-stage 3 'Later on'")
    ]
    assert timeline.holds(shown) == ["Ship waits for an exclusive lock"]
    Lines(logs_of(Told()), with_logs=False).show(shown)
    assert "○ Ship waits for an exclusive lock\n" in capsys.readouterr().out


def test_the_failed_step_is_told_with_its_place_and_the_end_of_its_log(tmp_path: Path) -> None:
    told = Told(log7=[
        "##[section]Starting: tests", "Script contents:", "pytest",
        "========================== Starting Command Output ===========================",
        "one", "two", "three", "##[error]Bash exited with code '3'.", "##[section]Finishing: tests",
    ])  # fmt: skip
    places = {"tests": {"file": "steps/unit.yml", "line": 4, "column": 3}}
    tree = WorkingTree(root=tmp_path)
    shown = run(*whole(log_id=7))
    (found,) = failures.find(shown, places, tree, logs_of(told), lines=3)
    assert (found.path, found.line) == ("Build › Unit › tests", 4)
    assert found.file.endswith("steps/unit.yml")
    assert found.tail == ("two", "three", "Bash exited with code '3'.")
    text = "\n".join(failures.show([found], 3))
    assert "steps/unit.yml:4:3" in text
    assert "shipway logs 3 --step tests" in text
    assert text.count("exited with code") == 1
    (all_of_it,) = failures.find(shown, places, tree, logs_of(told), lines=50)
    assert all_of_it.tail == ("one", "two", "three", "Bash exited with code '3'.")


def test_a_job_that_failed_by_itself_says_why(tmp_path: Path) -> None:
    job = record("Job", "Unit", "Build", **{**BROKEN, "issues": []}, reason="no agent")
    shown = run(record("Stage", "Build", result="failed"), job)
    (found,) = failures.find(shown, {}, WorkingTree(root=tmp_path), logs_of(Told()), lines=5)
    assert (found.kind, found.errors, found.place, found.tail) == ("Job", ("no agent",), "", ())


def test_of_many_failures_the_first_are_told(tmp_path: Path) -> None:
    jobs = [record("Job", f"j{n}", "Build", **BROKEN) for n in range(13)]
    found = failures.find(
        run(record("Stage", "Build", result="failed"), *jobs), {}, WorkingTree(root=tmp_path),
        logs_of(Told()), lines=5,
    )  # fmt: skip
    assert "and 3 more: shipway runs show 3" in list(failures.show(found, 3))


def test_failed_jobs_are_named_as_the_command_takes_them_unless_all_failed() -> None:
    bad = record("Phase", "Unit", "Build", result="failed")
    assert failures.jobs_of(run(record("Stage", "Build"), bad)) == []
    fine = record("Phase", "Lint", "Build")
    assert failures.jobs_of(run(record("Stage", "Build"), bad, fine)) == ["Build.Unit"]
    alone = record("Phase", "Job", "__default", result="failed")
    found = failures.jobs_of(run(record("Stage", "__default"), alone, fine))
    assert found == ["Job"]


def test_tests_that_failed_are_told_by_name() -> None:
    failed = [{"name": "test_sum", "suite": "unit", "message": "1 != 2"},
              {"name": "test_b", "suite": "", "message": ""}]  # fmt: skip
    tests = {"title": "all", "passed": 1, "failed": 2, "skipped": 0, "failures": failed}
    text = "\n".join(run_tree.foot(run(tests=[tests]), 1))
    assert "✗ unit test_sum: 1 != 2\n" in text
    assert "✗ test_b\n" in text


def test_the_picture_has_the_output_of_what_runs_and_one_line_for_what_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = Told(log7=["\x1b[2Kone\r", "two\x07"])
    view = Screen(logs_of(told))
    view.show(run(
        record("Stage", "Build", ended=None), record("Job", "Done", "Build"),
        record("Task", "quiet", "Done"), record("Job", "Unit", "Build", ended=None),
        record("Task", "tests", "Unit", ended=None, log_id=7), record("Stage", "Ship"),
        approvals=[APPROVAL],
    ))  # fmt: skip
    drawn = capsys.readouterr().out
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip() for line in drawn.splitlines()]
    assert [line.split("  ")[0] if line[0] != " " else line.strip() for line in lines if line]
    text = "\n".join(lines)
    assert "  ✓ Done" in text
    assert "quiet" not in text
    assert "      │ one\n      │ two" in text
    assert "\x07" not in drawn
    assert "shipway approve 3 --as USER" in text
    view.close(run(*whole()))
    assert capsys.readouterr().out.endswith("\x1b[?25h")


def test_a_large_picture_keeps_its_end_and_no_line_wraps() -> None:
    size = os.terminal_size((20, 10))
    fitted = screen._fitted([f"line {n}" for n in range(30)], size)
    assert (len(fitted), fitted[-1]) == (9, "line 29")
    assert "22 lines above" in fitted[0]
    mixed = ["● Build", *[f"  ✓ leg {n}" for n in range(12)], "  ✗ bad", "  ● leg", "○ Ship"]
    fitted = screen._fitted(mixed, size)
    assert fitted[:2] == ["● Build", "  ... 8 that succeeded"]
    assert fitted[-3:] == mixed[-3:]
    assert len(fitted) == 9
    assert screen._cut("\x1b[31m" + "x" * 50 + "\x1b[0m", 20) == "\x1b[31m" + "x" * 20 + "\x1b[0m"


def test_the_last_picture_shows_few_steps_all_and_of_many_those_that_went_wrong() -> None:
    few = "\n".join(screen.final(run(*whole())))
    assert "fetch" in few
    many = [record("Task", f"s{n}", "Unit") for n in range(40)]
    text = "\n".join(screen.final(run(*whole(), *many)))
    assert "tests" in text
    assert "s39" not in text


class _Seen:
    """A view that only notes what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.ended: list[str] = []

    def show(self, run: timeline.Facts) -> None:
        del run

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self, run: timeline.Facts) -> None:
        self.ended.append(str(run["state"]))

    def abandon(self) -> None:
        self.ended.append("abandoned")


def followed(told: Told, **answers: Any) -> tuple[follow.Outcome, _Seen]:
    view = _Seen()
    outcome = Follower(cast("Session", told), 3, view, Answers(**answers)).follow()
    return outcome, view


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)


OVER = run(state="completed", result="succeeded")


def test_what_may_be_answered_is_answered_and_what_is_refused_is_asked_once() -> None:
    needing = [{"message": "needs", "resources": ["environment 'prod'"]}]
    told = Told([run(permissions=needing), run(approvals=[APPROVAL]), OVER])
    outcome, view = followed(told, approve_as="avery", permit=True, until_waiting=True)
    assert [path for path, _ in told.posted] == ["/runs/3/permit", "/approvals/a-1/approve"]
    assert told.posted[1][1]["as"] == "avery"
    assert outcome.run["result"] == "succeeded"
    assert view.notes == ["permitted: environment 'prod'", "approved: prod"]
    told = Told([run(approvals=[APPROVAL]), run(approvals=[APPROVAL]), OVER])
    told.refused = {"/approvals/a-1/approve"}
    _, view = followed(told, approve_as="")
    assert view.notes == ["not approved: prod: you may not"]


def test_a_run_that_only_waits_is_left_when_that_is_asked_for() -> None:
    working = run(record("Job", "Unit", ended=None), approvals=[APPROVAL])
    begun = run(record("Stage", "Build", ended=None), to_start=["Later"])
    idle = run(approvals=[APPROVAL])
    told = Told([working, begun, idle, working, idle, idle, idle, OVER])
    outcome, view = followed(told, until_waiting=True)
    assert (outcome.run["state"], view.ended) == ("inProgress", ["inProgress"])
    assert len(told.runs) == 1


class _Interrupting(Told):
    """Hears Ctrl-C at its first answers."""

    def __init__(self, *numbers: int) -> None:
        super().__init__([run(), run(), run(), OVER])
        self.asked, self.numbers = 0, numbers

    def get(self, path: str) -> Any:
        self.asked += 1
        if self.asked in self.numbers:
            signal.raise_signal(signal.SIGINT)
        return super().get(path)


def test_ctrl_c_cancels_the_run_and_follows_it_to_its_end() -> None:
    told = _Interrupting(2)
    outcome, view = followed(told)
    assert outcome.interrupted
    assert [path for path, _ in told.posted] == ["/runs/3/cancel"]
    assert view.ended == ["completed"]


def test_a_second_ctrl_c_leaves_the_run_alone() -> None:
    told = _Interrupting(1, 2)
    view = _Seen()
    with pytest.raises(KeyboardInterrupt):
        Follower(cast("Session", told), 3, view, Answers()).follow()
    assert view.ended == ["abandoned"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class _Gone(Told):
    """Ends after its first answer."""

    def get(self, path: str) -> Any:
        if not self.runs:
            raise Unavailable("it does not answer", code="ServerNotRunning")
        return self.runs.pop()


def test_a_server_that_goes_away_does_not_end_the_run() -> None:
    view = _Seen()
    with pytest.raises(Unavailable) as caught:
        Follower(cast("Session", _Gone([run()])), 3, view, Answers()).follow()
    assert "shipway runs watch 3" in caught.value.hint
    assert view.ended == ["abandoned"]


def test_children_of_a_stage_are_its_jobs() -> None:
    told = Timeline(run(*whole()))
    assert [one["name"] for one in told.children(told.stages()[0])] == ["Unit"]
