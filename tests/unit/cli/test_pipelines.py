"""`shipway pipelines expand|validate` on working trees, without a server."""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.cli import main

ENTRY = """\
parameters:
- name: words
  type: string
  default: hello
resources:
  repositories:
  - repository: shared
    type: git
    name: Org/shared
steps:
- template: steps/greet.yml
  parameters:
    words: ${{ parameters.words }} ${{ variables.who }}
"""
GREET = (
    "parameters:\n- name: words\n  type: string\nsteps:\n- script: echo ${{ parameters.words }}\n"
)
OTHER = "- template: more.yml@shared\n"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree with one pipeline, and a clone of another repository beside it."""
    root = tmp_path / "flights"
    _write(root, {
        "azure-pipelines.yml": ENTRY, "steps/greet.yml": GREET,
        "../shared/more.yml": "steps:\n- bash: echo more\n",
    })  # fmt: skip
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref: refs/heads/feature/a\n")
    monkeypatch.chdir(root)
    return root


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_expanded_yaml_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--parameter", "words=good day", "--variable", "who=you=all"]
    assert main.main(["pipelines", "expand", "azure-pipelines.yml", *given]) == 0
    said = capsys.readouterr()
    assert (
        "    - task: CmdLine@2\n      inputs:\n        script: echo good day you=all\n" in said.out
    )
    assert said.out.endswith("\n\n")
    assert said.err == ""


def test_the_branch_that_is_checked_out_is_known(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "ci/branch.yml": "steps:\n- script: >-\n    ${{ variables['build.sourceBranch'] }} "
        "${{ variables['Build.SourceBranchName'] }} ${{ variables['Build.Repository.Name'] }}\n"
    })  # fmt: skip
    assert main.main(["pipelines", "expand", "ci/branch.yml"]) == 0
    assert "script: refs/heads/feature/a a flights\n" in capsys.readouterr().out
    given = ["--variable", "build.sourceBRANCH=refs/heads/main"]
    assert main.main(["pipelines", "expand", "ci/branch.yml", *given]) == 0
    assert "script: refs/heads/main a flights\n" in capsys.readouterr().out


def test_all_that_is_wrong_is_told_by_place(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "- scrpt: echo\n- template: Steps/GREET.yml\n- template: steps/gret.yml\n"
    _write(repository, {"azure-pipelines.yml": ENTRY + wrong + OTHER})
    assert main.main(["pipelines", "validate", "azure-pipelines.yml"]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "azure-pipelines.yml:14:3: error: Unexpected value 'scrpt'",
        "  hint: Did you mean 'script'?",
        "azure-pipelines.yml:15:13: error: File /Steps/GREET.yml not found in repository flights.",
        "  hint: It is spelled 'steps/greet.yml': letter case counts.",
        "azure-pipelines.yml:16:13: error: File /steps/gret.yml not found in repository flights.",
        "  hint: Did you mean 'greet.yml'?",
        "azure-pipelines.yml:17:13: error: The repository 'shared' is not on this machine",
        "  hint: Say where a clone of it lies: --repository shared=FOLDER.",
    ]
    assert said.out.splitlines()[-1] == "1 pipeline, 1 wrong: 4 errors, 0 warnings"


def test_an_error_in_a_template_names_the_template(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "azure-pipelines.yml": ENTRY + OTHER,
        "../shared/more.yml": "steps:\n- bash: echo more\n  colour: red\n",
    })  # fmt: skip
    given = ["--repository", "Shared=../shared"]
    assert main.main(["pipelines", "validate", "azure-pipelines.yml", *given]) == 1
    place = repository.parent / "shared" / "more.yml"
    assert capsys.readouterr().err.startswith(f"{place}:3:3: error: Unexpected value 'colour'")


def test_templates_of_other_repositories_come_from_folders(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {"azure-pipelines.yml": ENTRY + OTHER})
    given = ["--repository", "shared=../shared"]
    assert main.main(["pipelines", "expand", "azure-pipelines.yml", *given, "--json"]) == 0
    answer = _json(capsys)
    assert "script: echo more\n" in answer["finalYaml"]
    assert answer["diagnostics"] == []


def test_the_root_of_the_repository_can_be_named(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "project/azure-pipelines.yml": "steps:\n- template: /steps/greet.yml\n",
        "project/steps/greet.yml": "steps:\n- script: echo project\n",
    })  # fmt: skip
    file, given = "project/azure-pipelines.yml", ["--repository", "self=project"]
    assert main.main(["pipelines", "expand", file]) == 1
    assert main.main(["pipelines", "expand", file, *given]) == 0
    assert "script: echo project\n" in capsys.readouterr().out
    assert main.main(["pipelines", "expand", "azure-pipelines.yml", *given]) == 1
    assert "does not lie in the repository" in capsys.readouterr().err


def test_a_folder_is_searched_for_pipelines(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "ci/release.yaml": "trigger: none\nparameters:\n- name: to\n  type: string\n  default: a\n"
        "jobs:\n- job: a\n  steps:\n  - bash: echo\n",
        "ci/broken.yml": "steps:\n- bash: 'echo\n",
        "parts/alone.yml": GREET,
        "parts/my-template.yml": "steps:\n- bash: echo\n",
        "parts/old.yml": "parameters:\n  a: 1\nsteps:\n- bash: echo ${{ parameters.a }}\n",
        ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    steps: []\n",
        ".circleci/config.yml": "version: 2\njobs: {}\nworkflows: {}\n",
        "cloudbuild.yaml": "steps:\n- name: gcr.io/x\n",
        ".yamllint.yml": "extends: default\nrules: {}\n",
        "node_modules/x/azure-pipelines.yml": "steps: wrong\n",
        "settings.yaml": "colour: red\n",
    })  # fmt: skip
    assert main.main(["pipelines", "validate", ".", "ci/release.yaml", "--json"]) == 1
    answer = _json(capsys)
    assert [(one["file"], one["valid"]) for one in answer["pipelines"]] == [
        ("azure-pipelines.yml", True), ("ci/broken.yml", False), ("ci/release.yaml", True),
    ]  # fmt: skip
    assert {one["file"]: one["reason"] for one in answer["skipped"]} == {
        ".github/workflows/ci.yml": "a GitHub workflow",
        ".circleci/config.yml": "of CircleCI",
        "cloudbuild.yaml": "of Google Cloud Build",
        "steps/greet.yml": "a template of azure-pipelines.yml",
        "parts/alone.yml": "a template: its parameter 'words' has no default",
        "parts/my-template.yml": "a template by its name",
        "parts/old.yml": "a template: its parameters have the form that only templates take",
    }
    (found,) = answer["pipelines"][1]["diagnostics"]
    assert (found["severity"], found["service_text"][:17]) == ("error", "/ci/broken.yml: (")


def test_a_task_that_azure_has_and_shipway_lacks_is_a_warning(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {"azure-pipelines.yml": "steps:\n- task: DotNetCoreCLI@2\n"})
    assert main.main(["pipelines", "validate", "azure-pipelines.yml"]) == 0
    said = capsys.readouterr()
    assert "azure-pipelines.yml:2:3: warning: shipway's agents do not have" in said.err
    assert "tasks: {'DotNetCoreCLI@2': succeed}" in said.err
    assert "0 errors, 1 warning" in said.out


def test_every_task_that_nobody_has_is_an_error_where_it_stands(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "azure-pipelines.yml": "steps:\n- template: more.yml\n- task: UsePythonVersoin@0\n",
        "more.yml": "steps:\n- bash: echo\n- task: ContosoScan@3\n  name: scan\n",
    })  # fmt: skip
    assert main.main(["pipelines", "validate", "azure-pipelines.yml"]) == 1
    said = capsys.readouterr().err
    assert "azure-pipelines.yml:3:9: error: A task is missing." in said
    assert "hint: Did you mean 'UsePythonVersion'?" in said
    assert "more.yml:3:9: error: A task is missing." in said
    assert "(Task version 3, job 'Job', step 'scan'.)" in said


def test_a_stub_in_the_working_tree_makes_a_task_known(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "azure-pipelines.yml": "steps:\n- task: ContosoScan@3\n- task: DotNetCoreCLI@2\n",
        "shipway.yml": "tasks:\n  contososcan@3: succeed\n  DotNetCoreCLI@2: fail\n",
    })  # fmt: skip
    assert main.main(["pipelines", "validate", "azure-pipelines.yml"]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out


def test_what_is_wrong_with_the_stubs_is_told_with_its_place(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "azure-pipelines.yml": "steps:\n- bash: echo\n",
        "shipway.yml": "tasks:\n  ContosoScan@3: succeeds\n",
    })  # fmt: skip
    assert main.main(["pipelines", "validate", "azure-pipelines.yml"]) == 1
    said = capsys.readouterr().err
    assert "shipway.yml:2:18: error: 'succeeds' is no stub of the task 'ContosoScan@3'" in said
    assert "hint: Did you mean 'succeed'?" in said


def test_a_parameter_is_for_the_files_that_have_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "other.yml": "trigger: none\nparameters:\n- name: to\n  type: string\n"
        "steps:\n- bash: echo ${{ parameters.to }}\n",
    })  # fmt: skip
    assert main.main(["pipelines", "validate", "."]) == 1
    assert capsys.readouterr().err == (
        "other.yml:3:9: error: A value for the 'to' parameter must be provided.\n"
        "  hint: Give it: --parameter to=VALUE.\n"
    )
    assert main.main(["pipelines", "validate", ".", "--parameter", "to=x"]) == 0


def test_a_parameter_of_a_template_is_for_who_includes_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {
        "parts/asks.yml": "parameters:\n- name: to\n  type: string\nsteps:\n- bash: echo\n",
        "azure-pipelines.yml": "steps:\n- template: parts/asks.yml\n",
    })  # fmt: skip
    assert main.main(["pipelines", "validate", "azure-pipelines.yml"]) == 1
    assert capsys.readouterr().err == (
        "azure-pipelines.yml:2:13: error: A value for the 'to' parameter must be provided.\n"
        "  hint: The template asks for it: add 'to' to the 'parameters' beside 'template'.\n"
    )


def test_a_version_of_a_task_that_is_not_here_names_those_that_are(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, {"azure-pipelines.yml": "steps:\n- task: AzureKeyVault@9\n- task: Bash@1\n"})
    assert main.main(["pipelines", "validate", "azure-pipelines.yml"]) == 1
    assert "  hint: Known versions: Bash@3. " in capsys.readouterr().err


def test_sarif_has_every_finding_once(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(repository, {
        "a b.yml": "steps:\n- template: wrong.yml\n", "c.yml": "steps:\n- template: wrong.yml\n",
        "wrong.yml": "steps:\n- scrpt: echo\n",
    })  # fmt: skip
    assert main.main(["pipelines", "validate", ".", "--sarif", "out.sarif"]) == 1
    assert "2 wrong: 1 error," in capsys.readouterr().out
    log = json.loads((repository / "out.sarif").read_text())
    (result,) = log["runs"][0]["results"]
    driver = log["runs"][0]["tool"]["driver"]
    assert (log["version"], driver["name"]) == ("2.1.0", "shipway")
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "unexpected-value"
    assert result["level"] == "error"
    assert result["message"]["text"] == "Unexpected value 'scrpt'. Did you mean 'script'?"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "wrong.yml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 3},
    }
    _write(repository, {"a b.yml": "steps:\n- scrpt: echo\n"})
    assert main.main(["pipelines", "expand", "a b.yml", "--sarif", "-"]) == 1
    (result,) = _json(capsys)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.yml"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["validate", "no.yml"], 1, "there is no file 'no.yml'"),
        (["validate", "../shared"], 0, ""),
        (["validate", ".git"], 1, "there is no pipeline in '.git'"),
        (["expand", "steps"], 1, "there is no file 'steps'"),
        (["expand", "azure-pipelines.yml", "--parameter", "words"], 2, "is not NAME=VALUE"),
        (["expand", "azure-pipelines.yml", "--repository", "a=none"], 2, "no folder 'none'"),
        (["expand", "azure-pipelines.yml", "--parameter", "no=1"], 1, "Unexpected parameter 'no'"),
        (["validate", ".", "--json", "--sarif", "-"], 1, "both want the standard output"),
        (["validate", ".", "--sarif", "no/out.sarif"], 1, "cannot be written"),
        (["validate"], 2, "FILE|DIR"),
    ],
)
def test_wrong_words_are_told(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["pipelines", *words]) == code
    assert said in capsys.readouterr().err
