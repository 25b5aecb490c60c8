"""`shipway pipelines run --dry-run`, and what a run is told before there is a server."""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.cli import main
from shipway.cli.local_run import verb

YAML = """\
variables:
- {name: who, value: world}
stages:
- stage: Build
  jobs:
  - job: Unit
    strategy: {matrix: {one: {n: 1}, two: {n: 2}}}
    steps:
    - script: echo hello
    - script: echo off
      enabled: false
    - task: AzureCLI@2
      name: out
      inputs:
        {azureSubscription: dev, scriptType: bash, scriptLocation: inlineScript, inlineScript: az}
  - job: Nightly
    condition: eq(variables['Build.Reason'], 'Schedule')
    steps: [{script: echo never}]
- stage: Ship
  condition: and(succeeded(), eq(dependencies.Build.outputs['Unit.out.v'], '1'))
  jobs:
  - deployment: Prod
    environment: prod
    strategy: {runOnce: {deploy: {steps: [{script: echo shipped}]}}}
- stage: Ask
  dependsOn: []
  jobs:
  - job: Person
    pool: server
    steps: [{task: ManualValidation@1, inputs: {notifyUsers: ''}}]
"""


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree; there is no server and none may be started."""
    (tmp_path / "ci.yml").write_text(YAML)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHIPWAY_HOME", str(tmp_path / "no-home"))
    return tmp_path


def dry(*arguments: str) -> int:
    return main.main(["pipelines", "run", "ci.yml", "--dry-run", *arguments])


def entry(found: dict[str, Any], *path: str) -> dict[str, Any]:
    """A stage, job or step of the JSON by the names that lead to it."""
    at, children = found, found["stages"]
    for name in path:
        at = next(one for one in children if one["name"] == name)
        children = at.get("jobs") or at.get("steps") or []
    return at


def test_everything_is_told_in_order(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    assert dry() == 0
    said = capsys.readouterr().out
    order = ["Build", "Unit", "Checkout", "echo hello", "AzureCLI@2", "Nightly", "Ship", "Prod",
             "echo shipped", "Ask", "Person", "ManualValidation@1"]  # fmt: skip
    assert [said.index(word) for word in order] == sorted(said.index(word) for word in order)
    assert "echo never" not in said
    assert "matrix: one, two" in said
    assert "waits for the checks of environment 'prod'" in said
    assert "waits for the checks of service connection 'dev'" in said
    assert "waits for a person to resume it" in said
    assert "ci.yml:9" in said
    assert said.splitlines()[-1] == "3 stages, 4 jobs, 7 steps; 2 skipped; 1 decided when it runs"
    assert not (tree / "no-home").exists()


def test_what_is_skipped_and_what_is_open_is_told_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert dry("--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == 0
    nightly = entry(found, "Build", "Nightly")
    assert nightly["outcome"] == "skipped"
    assert nightly["reason"].startswith("its condition is false: eq(variables[")
    assert entry(found, "Build", "Unit")["steps"][2]["reason"] == "it is disabled"
    ship = entry(found, "Ship")
    assert (ship["outcome"], ship["after"]) == ("unknown", ["Build"])
    out = entry(found, "Build", "Unit", "out")
    assert (out["task"], out["file"], out["line"]) == ("AzureCLI@2", "ci.yml", 12)


def test_variables_and_the_branch_count(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    text = """\
variables: {fixed: a}
jobs:
- job: A
  condition: eq(variables.given, 'yes')
  steps: [{script: a}]
- job: B
  condition: eq(variables['Build.SourceBranch'], 'refs/heads/release')
  steps: [{script: b}]
- job: C
  condition: eq(variables.fixed, 'b')
  steps: [{script: c}]
"""
    (tree / "ci.yml").write_text(text)
    given = ("--variable", "given=yes", "--variable", "fixed=b", "--branch", "release", "--json")
    assert dry(*given) == 0
    found = json.loads(capsys.readouterr().out)
    outcomes = {job["name"]: job["outcome"] for job in entry(found, "__default")["jobs"]}
    # what the file sets wins over what a run is given
    assert outcomes == {"A": "runs", "B": "runs", "C": "skipped"}


def test_a_part_is_told_with_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert dry("--stage", "ship") == 0
    said = capsys.readouterr().out
    assert "left out: Build, Ask\n" in said
    assert "echo hello" not in said
    assert dry("--stage", "Shp") == 2
    assert "Did you mean 'Ship'?" in capsys.readouterr().err


def test_a_task_that_is_not_there_is_told_at_its_step(
    capsys: pytest.CaptureFixture[str], tree: Path
) -> None:
    text = "steps:\n- script: a\n- task: Marketplace@9\n- script: b\n"
    (tree / "ci.yml").write_text(text)
    assert dry("--json") == 2
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["missing_tasks"] == [
        {"task": "Marketplace@9", "file": "ci.yml", "line": 3, "column": 3}
    ]
    assert "ci.yml:3:" in told.err
    assert dry() == 2
    assert "no agent here has this task" in capsys.readouterr().out


def test_without_a_file_it_is_the_usual_one(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    assert main.main(["pipelines", "run", "--dry-run"]) == 2
    assert "there is no file 'azure-pipelines.yml'" in capsys.readouterr().err
    (tree / "azure-pipelines.yml").write_text("steps: [{script: a}]")
    assert main.main(["pipelines", "run", "--dry-run"]) == 0


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_what_does_not_compile_is_told_without_a_server(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], tree: Path
) -> None:
    (tree / "ci.yml").write_text("steps:\n- script: a\n  nonsense: 1\n")
    assert main.main(["pipelines", "run", "ci.yml", *arguments]) == 2
    assert "ci.yml:3:" in capsys.readouterr().err
    assert main.main(["pipelines", "run", "ci.yml", "--json", *arguments]) == 2
    assert json.loads(capsys.readouterr().out)["exit_code"] == 2
    assert not (tree / "no-home").exists()


def test_a_secret_comes_from_the_environment_or_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("API_KEY", "from-env")
    assert verb._secrets(["api.key", "other=a=b", "empty="]) == {
        "api.key": "from-env", "other": "a=b", "empty": "",
    }  # fmt: skip
    assert main.main(["pipelines", "run", "ci.yml", "--secret", "nowhere"]) == 2
    assert "no value for the secret 'nowhere'" in capsys.readouterr().err
