"""Scripts: CmdLine@2, Bash@3 and what desugars to them (`script`, `bash`).

Source: task.json and bash.ts/cmdline.ts of microsoft/azure-pipelines-tasks.
"""

from pathlib import Path

from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.base.errors import BadInput


def working_directory(step: StepRun) -> Path:
    """The step's `workingDirectory`, relative to the default one. Raises `BadInput`."""
    default = step.job.variables.get("System.DefaultWorkingDirectory")
    given = step.input("workingDirectory") or step.input("cwd")
    folder = Path(default) / given if given else Path(default)
    if not folder.is_dir():
        raise BadInput(
            f"the working directory {folder} does not exist",
            code="WorkingDirectoryMissing",
            hint="workingDirectory is relative to $(System.DefaultWorkingDirectory).",
        )
    return folder


def result_of(step: StepRun, code: int, *, what: str) -> StepResult:
    """The result that an exit code means, and the error line that goes with it."""
    if code == 0:
        return "succeeded"
    step.error(f"{what} exited with code '{code}'.")
    return "failed"


def _run_text(step: StepRun, text: str, interpreter: list[str]) -> StepResult:
    step.log("Generating script.")
    for line in text.splitlines()[:200]:
        step.log(line)
    step.log("========================== Starting Command Output ===========================")
    path, descriptors = step.script(text, suffix=".sh")
    code = step.run_process(
        ProcessOrder(command=[*interpreter, path], cwd=working_directory(step), fds=descriptors)
    )
    return result_of(step, code, what="Bash")


def _run_inline(step: StepRun) -> StepResult:
    return _run_text(step, step.input("script"), ["/bin/bash", "--noprofile", "--norc"])


def _run_bash(step: StepRun) -> StepResult:
    if step.input("targetType", "filePath").lower() == "inline":
        return _run_inline(step)
    file = Path(step.job.variables.get("System.DefaultWorkingDirectory")) / step.input("filePath")
    if not file.is_file():
        raise BadInput(
            f"Invalid file path '{file}'. A path to a file is needed.",
            code="ScriptMissing",
            hint="filePath is relative to $(System.DefaultWorkingDirectory).",
        )
    command = f"exec bash '{file}' {step.input('arguments')}"
    return _run_text(step, command, ["/bin/bash", "--noprofile", "--norc"])


def _run_python(step: StepRun) -> StepResult:
    source = step.input("scriptSource", "filePath")
    interpreter = step.input("pythonInterpreter") or "python"
    if source.lower() == "inline":
        path, descriptors = step.script(step.input("script"), suffix=".py")
    else:
        default = Path(step.job.variables.get("System.DefaultWorkingDirectory"))
        path, descriptors = str(default / step.input("scriptPath")), ()
    arguments = step.input("arguments")
    command = [
        "/bin/bash",
        "--noprofile",
        "--norc",
        "-c",
        f"exec {interpreter} '{path}' {arguments}",
    ]
    code = step.run_process(
        ProcessOrder(command=command, cwd=working_directory(step), fds=descriptors)
    )
    return result_of(step, code, what=interpreter)


COMMAND_LINE = Task(name="CmdLine", version=2, run=_run_inline)
BASH = Task(name="Bash", version=3, run=_run_bash)
PYTHON_SCRIPT = Task(name="PythonScript", version=0, run=_run_python)
