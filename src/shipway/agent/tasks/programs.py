"""Programs that tasks run (terraform, npm, docker): finding them, their arguments, their answers.

What is found is what the job's own PATH has, tools that earlier steps put there first.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shipway.agent.task import ProcessOrder, StepResult, StepRun
from shipway.agent.tasks import paths
from shipway.base.errors import BadInput, NotFound

_WORD = re.compile(r'(?:"(?:\\"|[^"])*"|\\"|[^\s"])+')
_QUOTES = re.compile(r'\\(")|"')
# the answer goes to a file; what the program complains of stays in the log
_TO_FILE = 'file=$1; shift; exec "$@" > "$file"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A program with its arguments, where it runs and what it finds in its environment."""

    command: Sequence[str]
    cwd: Path
    label: str = "main"
    env_vars: Mapping[str, str] = field(default_factory=dict)
    secret_env_vars: Mapping[str, str] = field(default_factory=dict)
    fds: Sequence[int] = ()


def find(step: StepRun, name: str) -> str:
    """The path of a program on the job's PATH; empty when there is none."""
    return shutil.which(name, path=step.job.search_path()) or ""


def required(step: StepRun, name: str, *, message: str, hint: str) -> str:
    """The path of a program. Raises `NotFound` with the task's words."""
    found = find(step, name)
    if not found:
        raise NotFound(message, code="ProgramMissing", where=name, hint=hint)
    return found


def words(text: str) -> list[str]:
    """Arguments in one text: parted by blanks, kept together by double quotes, as tasks part them.

    Source: `ToolRunner.line` of azure-pipelines-task-lib.
    """
    return [_QUOTES.sub(lambda quote: quote[1] or "", found[0]) for found in _WORD.finditer(text)]


def folder(step: StepRun, name: str = "workingDirectory") -> Path:
    """The folder that an input names, relative to the default one. Raises `BadInput`."""
    made = paths.path_of(step, step.input(name))
    if not made.is_dir():
        raise BadInput(
            f"Not found {name}: {made}", code="WorkingDirectoryMissing", where=name,
            hint=f"{name} is relative to $(System.DefaultWorkingDirectory).",
        )  # fmt: skip
    return made


def run(step: StepRun, call: Call) -> int:
    """Run a program; its exit code."""
    step.log(_shown(call))
    return _start(step, call, call.command)


def run_quietly(step: StepRun, call: Call) -> int:
    """Run a program that is announced in other words; its exit code."""
    return _start(step, call, call.command)


def run_to_file(step: StepRun, call: Call, file: Path) -> int:
    """Run a program whose standard output goes to a file; its exit code."""
    step.log(_shown(call))
    return ask(step, call, file)


def ask(step: StepRun, call: Call, file: Path) -> int:
    """The same, unannounced: for what only the task wants to know."""
    return _start(step, call, ["/bin/sh", "-c", _TO_FILE, "sh", str(file), *call.command])


def result(step: StepRun, code: int, program: str) -> StepResult:
    """What an exit code means, in the words of the tasks' library."""
    if code == 0:
        return "succeeded"
    step.error(f"The process '{program}' failed with exit code {code}")
    return "failed"


def set_variable(
    step: StepRun, name: str, value: str, *, is_secret: bool = False, is_output: bool = False
) -> None:
    """What `##vso[task.setvariable]` does, for a task."""
    if is_secret:
        step.job.masker.add(value)
    if is_output:
        step.set_output(name, value, is_secret=is_secret)
        name = f"{step.ref_name}.{name}" if step.ref_name else name
    step.job.variables.assign(name, value, is_secret=is_secret)


def prepend_path(step: StepRun, path: Path) -> None:
    """What `##vso[task.prependpath]` does, for a task."""
    prefix = step.job.path_prefix
    if str(path) in prefix:
        prefix.remove(str(path))
    prefix.append(str(path))


def _shown(call: Call) -> str:
    return " ".join(["[command]" + Path(call.command[0]).name, *call.command[1:]])


def _start(step: StepRun, call: Call, command: Sequence[str]) -> int:
    return step.run_process(
        ProcessOrder(
            command=command, cwd=call.cwd, label=call.label, env_vars=call.env_vars,
            secret_env_vars=call.secret_env_vars, fds=call.fds,
        )
    )  # fmt: skip
