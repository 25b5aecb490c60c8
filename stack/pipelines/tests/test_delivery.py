from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import arm
import azdo
import collect_result
import find_candidate
import notify
import pipeline_file
import record_approval
import release_rules
import summary
import versions


def model(version: str = "3", **tags: str) -> arm.ModelVersion:
    return arm.ModelVersion("flight-delay", version, {"gate": "passed", **tags}, {})


# versions


@pytest.fixture
def pipelines(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__", "tests")
    return Path(shutil.copytree(versions.PIPELINES, tmp_path / "pipelines", ignore=ignore))


def test_the_same_content_has_the_same_version_anywhere(pipelines: Path) -> None:
    assert versions.component_versions(pipelines) == versions.component_versions()


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("src/train/model.py", {"train"}),
        ("components/gate.yml", {"gate"}),
        ("src/preprocess/new_file.txt", {"preprocess"}),
        ("training-pipeline.yml", set()),
    ],
)
def test_a_change_changes_the_version_of_its_component_alone(
    file: str, changed: set[str], pipelines: Path
) -> None:
    before = versions.component_versions(pipelines)
    text = "display_name: Other\n" if file.endswith("gate.yml") else "# changed\n"
    path = pipelines / file
    content = path.read_text() if path.exists() else ""
    path.write_text(content.replace("display_name: Gate\n", "") + text)
    after = versions.component_versions(pipelines)
    assert {name for name in before if before[name] != after[name]} == changed


def test_layout_comments_and_caches_change_no_version(pipelines: Path) -> None:
    before = versions.component_versions(pipelines)
    gate = pipelines / "components" / "gate.yml"
    gate.write_text("# a comment\n" + gate.read_text())
    (pipelines / "src/gate/__pycache__").mkdir()
    (pipelines / "src/gate/__pycache__/gate.pyc").write_bytes(b"x")
    assert versions.component_versions(pipelines) == before


def test_an_environment_changes_with_its_packages(pipelines: Path) -> None:
    before = versions.environment("job", pipelines)
    conda = pipelines / "environments" / "job.conda.yml"
    conda.write_text(conda.read_text().replace("pandas==2.2.3", "pandas==2.2.2"))
    after = versions.environment("job", pipelines)
    assert before.version == after.version
    assert before.sha256 != after.sha256


# the pipeline file


def resolved() -> dict[str, Any]:
    return pipeline_file.resolve(
        pipeline_file.SOURCE, versions.component_versions(), compute="c", experiment="e"
    )


def test_every_component_is_named_with_its_version() -> None:
    spec = resolved()
    for name, version in versions.component_versions().items():
        assert spec["jobs"][name]["component"] == f"azureml:{name}:{version}"
        assert f"{name}={version}" in spec["inputs"]["component_versions"]
    assert " " not in spec["inputs"]["component_versions"]


def test_inputs_keep_their_kind_when_filled_in() -> None:
    spec = pipeline_file.fill_in(resolved(), ["auc_threshold=0.5", "run=12", "commit=1e5"])
    assert spec["inputs"]["auc_threshold"] == 0.5
    assert yaml.safe_load(yaml.safe_dump(spec))["inputs"]["commit"] == "1e5"
    assert spec["inputs"]["run"] == "12"


@pytest.mark.parametrize("setting", ["nonsense=1", "auc_threshold", "raw_data=x", "seed=many"])
def test_a_wrong_input_is_named(setting: str) -> None:
    with pytest.raises(pipeline_file.PipelineFileError, match=setting.partition("=")[0]):
        pipeline_file.fill_in(resolved(), [setting])


# approvals


def timeline(*, approval: str = "approval-1") -> list[dict[str, Any]]:
    return [
        {"id": "s0", "type": "Stage", "identifier": "CD", "name": "Train", "parentId": None},
        {"id": "s1", "type": "Stage", "identifier": "Approval", "name": "x", "parentId": None},
        {"id": "c0", "type": "Checkpoint", "name": "Checkpoint", "parentId": "s0"},
        {"id": "c1", "type": "Checkpoint", "name": "Checkpoint", "parentId": "s1"},
        {"id": "other", "type": "Checkpoint.Approval", "name": "a", "parentId": "c0"},
        {"id": approval, "type": "Checkpoint.Approval", "name": "a", "parentId": "c1"},
    ]


class FakeRun(azdo.Run):
    """A run whose server answers from a table."""

    answers: dict[str, dict[str, Any]]

    def _get(self, path: str, query: str = "") -> dict[str, Any]:
        if path not in self.answers:
            raise azdo.AzureDevOpsError(f"GET {path}: 404")
        return self.answers[path]


def run(answers: dict[str, dict[str, Any]]) -> FakeRun:
    made = FakeRun(collection="https://dev.azure.com/o", project="p", build_id="7", token="t")
    object.__setattr__(made, "answers", answers)
    return made


APPROVED = {
    "id": "approval-1",
    "status": "approved",
    "steps": [
        {
            "actualApprover": {"displayName": "Ada", "uniqueName": "ada@example.com"},
            "status": "approved",
            "comment": "looks good",
            "lastModifiedOn": "2026-01-02T03:04:05Z",
        },
        {"assignedApprover": {"displayName": "Bob"}, "status": "skipped"},
    ],
}


def test_who_when_and_comment_come_from_the_stages_own_approval() -> None:
    found = run(
        {
            "build/builds/7/timeline": {"records": timeline()},
            "pipelines/approvals/approval-1": APPROVED,
        }
    ).approvals("Approval")
    tags = record_approval.tags_of("approved", found, "7")
    assert tags["approval_by"] == "ada@example.com"
    assert tags["approval_on"] == "2026-01-02T03:04:05Z"
    assert tags["approval_comment"] == "looks good"
    assert (tags["approval_run"], tags["approval_id"]) == ("7", "approval-1")


@pytest.mark.parametrize(
    ("states", "decision"),
    [
        ([], None),
        (["pending"], None),
        (["approved"], "approved"),
        (["approved", "pending"], None),
        (["approved", "rejected"], "rejected"),
        (["timedOut"], "timedOut"),
        (["canceled"], None),
    ],
)
def test_what_was_decided(states: list[str], decision: str | None) -> None:
    approvals = [azdo.Approval(str(n), state, "", "", "") for n, state in enumerate(states)]
    assert record_approval.decision_of(approvals) == decision


# which version to ask about


@pytest.mark.parametrize(
    ("tags", "chosen"),
    [
        ({}, True),
        ({"approval": "approved", "approval_by": "ada"}, False),
        ({"approval": "rejected"}, False),
        ({"approval": "pending", "approval_run": "5"}, False),
        ({"approval": "pending", "approval_run": "6"}, True),
        ({"approval": "pending", "approval_run": "4"}, True),
        ({"run": "5"}, False),
        ({"run": "none"}, True),
        ({"gate": "held"}, False),
    ],
)
def test_a_version_is_asked_about_once(tags: dict[str, str], chosen: bool) -> None:
    """Run 5 is still going, run 6 has ended, run 4 was deleted."""
    builds = {
        "build/builds/5": {"status": "inProgress"},
        "build/builds/6": {"status": "completed"},
    }
    found = find_candidate.choose([model(**tags)], run(builds))
    assert (found is not None) == chosen


def test_an_older_version_is_not_brought_up_again() -> None:
    models = [model("1"), model("2", approval="rejected")]
    assert find_candidate.choose(models, run({})) is None


# deploying


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({}, "no approval recorded"),
        ({"approval": "pending"}, "no approval recorded"),
        ({"approval": "rejected", "approval_by": "ada"}, "no approval recorded"),
        ({"approval": "approved"}, "no approval recorded"),
        ({"approval": "approved", "approval_by": "ada", "approval_run": "6"}, "not in run 7"),
        ({"approval": "approved", "approval_by": "ada", "gate": "held"}, "did not pass"),
    ],
)
def test_a_version_without_an_approval_of_its_own_is_refused(
    tags: dict[str, str], says: str
) -> None:
    with pytest.raises(release_rules.Refused, match=says):
        release_rules.check_approval(model(**tags), "7")


def test_an_approved_version_may_be_deployed() -> None:
    approved = model(approval="approved", approval_by="ada", approval_run="7")
    release_rules.check_approval(approved, "7")


@pytest.mark.parametrize(
    ("traffic", "deployed", "serving", "new"),
    [
        ({}, set(), None, "blue"),
        ({"blue": 100}, {"blue"}, "blue", "green"),
        ({"blue": 0, "green": 100}, {"blue", "green"}, "green", "blue"),
        ({"other": 100}, {"other"}, "other", "blue"),
    ],
)
def test_the_colour_that_does_not_serve_gets_the_new_version(
    traffic: dict[str, int], deployed: set[str], serving: str | None, new: str
) -> None:
    plan = release_rules.plan("e", traffic, deployed)
    assert (plan.serving, plan.new, plan.before) == (serving, new, traffic)


def test_a_release_that_is_not_finished_is_not_built_upon() -> None:
    with pytest.raises(release_rules.Refused, match="split"):
        release_rules.plan("e", {"blue": 90, "green": 10}, {"blue", "green"})


# results and notifications


@pytest.mark.parametrize(
    ("status", "decision", "says"),
    [
        ("Completed", {"passed": True, "reason": "r"}, None),
        ("Failed", {"passed": False, "reason": "AUC 0.6 below 0.7"}, "gate held: AUC 0.6"),
        ("Failed", None, "ML job j ended Failed"),
        ("Failed", {"passed": True, "reason": "r"}, "ML job j ended Failed"),
        ("Canceled", None, "ML job j ended Canceled"),
    ],
)
def test_why_a_job_failed(status: str, decision: dict | None, says: str | None) -> None:
    failure = collect_result.failure_of("j", status, decision)
    assert failure is None if says is None else says in str(failure)


def test_the_version_handed_on_is_the_one_that_this_job_registered() -> None:
    models = [model("1", job="a"), model("2", job="b"), model("3", job="c")]
    assert collect_result.version_of(models, "b") == models[1]
    assert collect_result.version_of(models, "z") is None


def test_the_summary_shows_the_difference_to_the_champion() -> None:
    figures = {"auc": 0.72, "average_precision": 0.4, "brier": 0.15, "accuracy": 0.78}
    measured = {
        "model": figures,
        "champion": {**figures, "auc": 0.70, "name": "flight-delay:2"},
        "by_carrier": [{"carrier": "UA", "rows": 100, "auc": 0.7}, {"carrier": "OO", "rows": 2}],
        "data": {
            "train_rows": 10,
            "test_rows": 5,
            "train_months": ["2013-01"],
            "test_month": "2013-02",
            "late_share": {"train": 0.2, "test": 0.3},
        },
    }
    page = summary.markdown(
        title="t",
        metrics=measured,
        decision={"passed": True, "reason": "r"},
        tags={},
        links={"report": "https://x"},
    )
    assert "| auc | 0.7200 | 0.7000 | +0.0200 |" in page
    assert "[report](https://x)" in page
    assert "OO" not in page


def test_a_notification_says_run_stage_reason_and_link() -> None:
    issue = {"type": "error", "message": "the gate held: AUC 0.6"}
    records = [
        {"type": "Stage", "name": "CI", "result": "succeeded", "order": 1},
        {"type": "Stage", "identifier": "CD", "name": "x", "result": "failed", "order": 2},
        {"type": "Task", "name": "t", "result": "failed", "issues": [issue], "finishTime": "2"},
        {"type": "Job", "name": "j", "result": "failed", "issues": [issue], "finishTime": "3"},
    ]
    content = notify.message(run({}), records, pipeline="dev-ml-pipeline", commit="c")
    assert (content["run"], content["stage"]) == ("7", "CD")
    assert content["reason"] == "the gate held: AUC 0.6"
    assert content["link"] == "https://dev.azure.com/o/p/_build/results?buildId=7"
