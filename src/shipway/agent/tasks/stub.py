"""What runs in the place of a task that `shipway.yml` gives a stub: success, failure or a script.

A script sees the step's inputs as tasks do, in variables `INPUT_NAME`; its logging commands count.
"""

import shutil
from collections.abc import Iterable

from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.tasks import script
from shipway.base.errors import BadInput, NotSupported
from shipway.devops.task_stubs import FILE_NAME, TaskStub

_COMMANDS = {
    "bash": (["/bin/bash", "--noprofile", "--norc"], ".sh"),
    "sh": (["/bin/sh"], ".sh"),
    "python": (["python3"], ".py"),
    "pwsh": (["pwsh", "-NoLogo", "-NoProfile", "-NonInteractive", "-File"], ".ps1"),
}


def task_of(stub: TaskStub, inputs: Iterable[str]) -> Task:
    """The task that the stub is, for a step with these inputs."""
    names = tuple(inputs)
    return Task(name=stub.name, version=stub.version, run=lambda step: _run(step, stub, names))


def _run(step: StepRun, stub: TaskStub, inputs: tuple[str, ...]) -> StepResult:
    place = f"{FILE_NAME}:{stub.line}"
    step.log(f"##[section]A stub stands in for the task {stub} ({place}: {stub.kind}).")
    for name in inputs:
        step.log(f"  {name}: {step.input(name)}")
    if stub.kind == "script":
        return _run_script(step, stub, inputs)
    if stub.kind == "fail":
        step.error(f"The stub of the task {stub} fails, as {place} says.")
        return "failed"
    return "succeeded"


def _run_script(step: StepRun, stub: TaskStub, inputs: tuple[str, ...]) -> StepResult:
    if "PATH" not in step.job.base_environment:
        raise NotSupported(
            f"the stub of the task {stub} is a script, and an agentless job has no agent to run it",
            code="StubNeedsAgent", where=f"{FILE_NAME}:{stub.line}",
            hint="Write succeed or fail for a task of an agentless job.",
        )  # fmt: skip
    command, suffix = _COMMANDS[stub.shell]
    if shutil.which(command[0], path=step.job.search_path()) is None:
        raise BadInput(
            f"the shell '{command[0]}' of the stub of {stub} is not installed on this machine",
            code="StubShellMissing", where=f"{FILE_NAME}:{stub.line}",
        )  # fmt: skip
    path, descriptors = step.script(stub.script, suffix=suffix)
    given = {_variable(name): step.input(name) for name in inputs}
    secret = {name for name, value in given.items() if step.job.masker.mask(value) != value}
    code = step.run_process(
        ProcessOrder(
            command=[*command, path],
            cwd=script.working_directory(step),
            env_vars={name: value for name, value in given.items() if name not in secret},
            secret_env_vars={name: given[name] for name in secret},
            fds=descriptors,
        )
    )
    return script.result_of(step, code, what=f"The stub of {stub}")


def _variable(name: str) -> str:
    return f"INPUT_{name.replace(' ', '_').replace('.', '_').upper()}"
