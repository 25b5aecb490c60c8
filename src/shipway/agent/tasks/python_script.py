"""PythonScript@0: a file or an inline script, its arguments never seen by a shell.

Source: pythonscript.ts of microsoft/azure-pipelines-tasks, and `line()` of its task library.
"""

from pathlib import Path

from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.tasks import paths
from shipway.agent.tasks.script import WATCH_ERRORS, working_directory
from shipway.base.errors import BadInput


def arguments_of(text: str) -> list[str]:
    """Words by spaces; double quotes hold together, a backslash in them keeps a quote."""
    words: list[str] = []
    word, is_quoted, is_escaped, is_open = "", False, False, False
    for char in text:
        if char == " " and not is_quoted:
            if is_open:
                words.append(word)
            word, is_open = "", False
            continue
        is_open = True
        if char == '"' and not is_escaped:
            is_quoted = not is_quoted
        elif char == "\\" and is_quoted and not is_escaped:
            is_escaped = True
        else:
            word += ("\\" if is_escaped and char != '"' else "") + char
            is_escaped = False
    return [*words, word.strip()] if is_open else words


def _script(step: StepRun) -> tuple[str, tuple[int, ...]]:
    if step.input("scriptSource", "filePath").lower() != "filepath":
        text = _needed(step, "script")
        path, descriptors = step.script(text, suffix=".py")
        return path, tuple(descriptors)
    file = paths.path_of(step, _needed(step, "scriptPath"))
    if not file.is_file():
        raise BadInput(
            f"The given path was not to a file: '{file}'.", code="ScriptMissing", where=str(file),
            hint="scriptPath is relative to $(System.DefaultWorkingDirectory).",
        )  # fmt: skip
    return str(file), ()


def _needed(step: StepRun, name: str) -> str:
    value = step.input(name)
    if not value:
        raise BadInput(f"The `{name}` parameter is required", code="InputMissing", where=name)
    return value


def _run(step: StepRun) -> StepResult:
    path, descriptors = _script(step)
    interpreter = step.input("pythonInterpreter") or "python"
    folder = working_directory(step)
    # bash finds the interpreter on the step's own path, and reads nothing else
    command = [
        "/bin/bash", "--noprofile", "--norc", "-c", 'exec "$0" "$@"', interpreter, path,
        *arguments_of(step.input("arguments")),
    ]  # fmt: skip
    marker = Path(step.job.directories.temporary / f"{step.record_id}-stderr")
    watched = step.flag("failOnStderr")
    if watched:
        command = ["/bin/bash", "-c", WATCH_ERRORS, "watch", str(marker), *command]
    code = step.run_process(ProcessOrder(command=command, cwd=folder, fds=descriptors))
    if code != 0:
        step.error(f"The process '{interpreter}' failed with exit code {code}")
        return "failed"
    if watched and marker.exists():
        step.error(
            f"The process '{interpreter}' failed because one or more lines were written to the "
            "STDERR stream"
        )
        return "failed"
    return "succeeded"


PYTHON_SCRIPT = Task(name="PythonScript", version=0, run=_run)
