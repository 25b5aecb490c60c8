"""What the script tasks run, and how they read their inputs."""

import pytest
from tests.unit.agent.tasks.steps import run_task, write

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import power_shell, python_script, script
from shipway.base.errors import BadInput, NotSupported


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--a 1  --b", ["--a", "1", "--b"]),
        ('--name "two words" x', ["--name", "two words", "x"]),
        (r'"a \"b\" c:\d"', [r'a "b" c:\d']),
        ("$HOME *", ["$HOME", "*"]),
        ('""', [""]),
        ("", []),
    ],
)  # fmt: skip
def test_arguments_are_words_without_a_shell(text: str, expected: list[str]) -> None:
    assert python_script.arguments_of(text) == expected


def test_python_runs_a_file_or_a_text(job: JobContext) -> None:
    write(job.directories.sources, {"s/x.py": ""})
    task = python_script.PYTHON_SCRIPT
    _, step = run_task(
        job, task, scriptPath="s/x.py", arguments="--a 'b'", pythonInterpreter="/py 3",
        workingDirectory="s",
    )  # fmt: skip
    path = str(job.directories.sources / "s" / "x.py")
    assert list(step.orders[0].command)[-4:] == ["/py 3", path, "--a", "'b'"]
    assert step.orders[0].cwd == job.directories.sources / "s"
    _, step = run_task(job, task, scriptSource="inline", script="print(1)", failOnStderr="true")
    assert step.scripts == ["print(1)"]
    assert "watch" in step.orders[0].command
    with pytest.raises(BadInput, match="The `scriptPath` parameter is required"):
        run_task(job, task)
    with pytest.raises(BadInput, match="The given path was not to a file"):
        run_task(job, task, scriptPath="none.py")


def test_bash_runs_a_file_with_arguments_and_a_start_file(job: JobContext) -> None:
    write(job.directories.sources, {"it's.sh": ""})
    _, step = run_task(
        job, script.BASH, filePath="it's.sh", arguments="a $B", bashEnvValue="~/.profile"
    )
    assert step.scripts[0].startswith("exec bash '")
    assert step.scripts[0].endswith(" a $B")
    assert step.orders[0].env_vars == {"BASH_ENV": "~/.profile"}
    job.variables.define("AZP_BASHV3_OLD_SOURCE_BEHAVIOR", "1")
    _, step = run_task(job, script.BASH, filePath="it's.sh")
    assert step.scripts[0].startswith(". '")
    with pytest.raises(BadInput, match="Invalid file path"):
        run_task(job, script.BASH, filePath="none.sh")


def test_only_a_script_of_one_line_is_shown(job: JobContext) -> None:
    _, step = run_task(job, script.COMMAND_LINE, script="echo a")
    assert step.logged[:3] == ["Generating script.", "Script contents:", "echo a"]
    _, step = run_task(job, script.COMMAND_LINE, script="echo a\necho b")
    assert "echo a" not in step.logged
    write(job.directories.sources, {"run me.sh": "", "run.sh": ""})
    _, step = run_task(job, script.COMMAND_LINE, script="run.sh")
    assert step.scripts == ["exec run.sh"]


def test_power_shell_is_refused_by_name_where_it_is_missing(job: JobContext) -> None:
    job.base_environment = {"PATH": str(job.directories.tools)}
    with pytest.raises(NotSupported, match="PowerShell is not installed"):
        run_task(job, power_shell.POWER_SHELL, targetType="inline", script="1")
    with pytest.raises(BadInput, match="Invalid target type 'x'"):
        run_task(job, power_shell.POWER_SHELL, targetType="x")
    with pytest.raises(BadInput, match="Invalid action preference for warningPreference: 'x'"):
        run_task(job, power_shell.POWER_SHELL, targetType="inline", warningPreference="x")


def test_power_shell_runs_with_preferences_where_it_is(job: JobContext) -> None:
    shell = job.directories.tools / "pwsh"
    shell.touch(mode=0o755)
    job.base_environment = {"PATH": str(job.directories.tools)}
    write(job.directories.sources, {"x.ps1": "", "x.sh": ""})
    _, step = run_task(job, power_shell.POWER_SHELL, filePath="x.ps1", arguments="-A 1")
    text = step.scripts[0].splitlines()
    assert text[0].endswith("$ErrorActionPreference = 'stop'")
    assert text[1] == "$ProgressPreference = 'silentlyContinue'"
    assert text[2] == f". '{job.directories.sources / 'x.ps1'}' -A 1"
    assert "exit $LASTEXITCODE" in text[3]
    assert next(iter(step.orders[0].command)) == str(shell)
    with pytest.raises(BadInput, match=r"A path to a \.ps1 file is required"):
        run_task(job, power_shell.POWER_SHELL, filePath="x.sh")
