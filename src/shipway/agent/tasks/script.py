"""Scripts: CmdLine@2, Bash@3 and what desugars to them (`script`, `bash`).

Source: task.json and bash.ts/cmdline.ts of microsoft/azure-pipelines-tasks.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.tasks import paths
from shipway.base.errors import BadInput, NotSupported

_LONGEST_NAME = 200
_OUT_OF_MEMORY = (
    "Bash exited with code 137, which means it ran out of memory. Make sure the agent (container) "
    "host has sufficient memory configured."
)
# both streams go to the one log; whether anything came on the second is noted on its way there
WATCH_ERRORS = """\
marker=$1; shift; exec 3>&1
"$@" 2>&1 1>&3 3>&- | while IFS= read -r line || [ -n "$line" ]; do
    : > "$marker"; printf '%s\\n' "$line" >&3
done
exit "${PIPESTATUS[0]}\""""


def working_directory(step: StepRun) -> Path:
    """The step's `workingDirectory`, relative to the default one. Raises `BadInput`."""
    default = step.job.variables.get("System.DefaultWorkingDirectory")
    given = step.input("workingDirectory") or step.input("cwd")
    folder = Path(default) / given if given else Path(default)
    if not folder.is_dir():
        raise BadInput(
            f"Not found workingDirectory: {folder}",
            code="WorkingDirectoryMissing",
            hint="workingDirectory is relative to $(System.DefaultWorkingDirectory).",
        )
    return folder


def result_of(step: StepRun, code: int, *, what: str) -> StepResult:
    """The result that an exit code means, and the error line that goes with it."""
    if code == 0:
        return "succeeded"
    if code == 137 and what == "Bash" and not step.should_stop():
        step.error(_OUT_OF_MEMORY)
        return "failed"
    step.error(f"{what} exited with code '{code}'.")
    return "failed"


def run_watched(
    step: StepRun, command: Sequence[str], *, fail_on_stderr: bool, what: str, complaint: str,
    fds: Sequence[int] = (), env_vars: Mapping[str, str] | None = None,
    secret_env_vars: Mapping[str, str] | None = None, cwd: Path | None = None,
) -> StepResult:  # fmt: skip
    """Run the process of a script in `cwd`, else in its working directory; its result.

    With `fail_on_stderr` a line on the standard error stream fails the step with `complaint`.
    """
    marker = step.job.directories.temporary / f"{step.record_id}-stderr"
    if fail_on_stderr:
        command = ["/bin/bash", "-c", WATCH_ERRORS, "watch", str(marker), *command]
    code = step.run_process(
        ProcessOrder(
            command=command, cwd=cwd or working_directory(step), fds=fds, env_vars=env_vars or {},
            secret_env_vars=secret_env_vars or {},
        )
    )  # fmt: skip
    result = result_of(step, code, what=what)
    if fail_on_stderr and marker.exists():
        step.error(complaint)
        return "failed"
    return result


def refuse_inputs(step: StepRun, task: str, *names: str) -> None:
    """Raise `NotSupported` for an input that asks for what is not done here, by its name."""
    for name in names:
        value = step.input(name)
        if value and value.lower() not in ("false", "none", "0"):
            raise NotSupported(
                f"the input '{name}' of {task} is not supported on this agent",
                code="InputNotSupported", where=f"{name}: {value[:60]}",
                hint="Take it out of the step.",
            )  # fmt: skip


def announce(step: StepRun, text: str) -> None:
    """What the tasks say before a script runs; only one of a single line is shown."""
    step.log("Generating script.")
    if "\n" not in text and "##VSO[" not in text.upper():
        step.log("Script contents:")
        step.log(text)
    step.log("========================== Starting Command Output ===========================")


def file_of(step: StepRun, *, suffix: str = "") -> Path:
    """The script file of `filePath`. Raises `BadInput` in the words of the tasks."""
    file = paths.path_of(step, step.input("filePath"))
    if not file.is_file() or not file.name.lower().endswith(suffix):
        raise BadInput(
            f"Invalid file path '{file}'." + (f" A path to a {suffix} file is required."
                                              if suffix else ""),
            code="ScriptMissing", where=str(file),
            hint="filePath is relative to $(System.DefaultWorkingDirectory).",
        )  # fmt: skip
    return file


def _run_text(step: StepRun, text: str, interpreter: list[str]) -> StepResult:
    path, descriptors = step.script(text, suffix=".sh")
    start_up = step.input("bashEnvValue")
    return run_watched(
        step, [*interpreter, path], fds=descriptors, what="Bash",
        fail_on_stderr=step.flag("failOnStderr"),
        complaint="Bash wrote one or more lines to the standard error stream.",
        env_vars={"BASH_ENV": start_up} if start_up else {},
    )  # fmt: skip


def _run_command_line(step: StepRun) -> StepResult:
    text = step.input("script")
    if text and "\n" not in text and len(text) < _LONGEST_NAME:
        # a script that is just the path of a file
        text = f"exec {text}" if paths.path_of(step, text).is_file() else text
    announce(step, text)
    return _run_text(step, text, ["/bin/bash", "--noprofile", "--norc"])


def _run_bash(step: StepRun) -> StepResult:
    if step.input("targetType", "filePath").lower() != "filepath":
        text = step.input("script")
        announce(step, text)
        return _run_text(step, text, ["/bin/bash"])
    file = file_of(step)
    sourced = step.job.variables.get("AZP_BASHV3_OLD_SOURCE_BEHAVIOR")
    start = "." if sourced else "exec bash"
    command = f"{start} {shlex.quote(str(file))} {step.input('arguments')}".strip()
    step.log("Generating script.")
    step.log(f"Formatted command: {command}")
    step.log("========================== Starting Command Output ===========================")
    return _run_text(step, command, ["/bin/bash"])


COMMAND_LINE = Task(name="CmdLine", version=2, run=_run_command_line)
BASH = Task(name="Bash", version=3, run=_run_bash)
