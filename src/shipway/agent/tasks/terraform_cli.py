"""TerraformCLI@0 (Azure Pipelines Terraform Tasks): each command of Terraform, with its own inputs.

Source: src/commands of jason-johnson/azure-pipelines-tasks-terraform.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths, programs, terraform_login, terraform_task
from shipway.agent.tasks.programs import Call
from shipway.agent.tasks.script import refuse_inputs
from shipway.agent.tasks.terraform_login import NOBODY, Identity
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import attachments

_CHANGES = 2
_PLAIN: Mapping[str, Callable[[Any], str]] = {
    "string": str,
    "number": str,
    "bool": lambda value: str(value).lower(),
}


class _Session:
    """A step of the task: terraform, its folder and the exit code of what it ran last."""

    def __init__(self, step: StepRun) -> None:
        self.step = step
        self.terraform = terraform_task.program(step)
        self.cwd = programs.folder(step)
        self.options = programs.words(step.input("commandOptions"))
        self.exit_code = 0

    def run(
        self, *arguments: str, identity: Identity = NOBODY, fds: Sequence[int] = (),
        good: Sequence[int] = (0,), label: str = "main",
    ) -> StepResult:  # fmt: skip
        """Terraform with arguments; an error names the command and the code."""
        self.exit_code = programs.run(
            self.step, self._call(arguments, label=label, identity=identity, fds=fds)
        )
        return self._verdict(arguments[0], good)

    def answer(
        self, *arguments: str, label: str = "main", is_shown: bool = True
    ) -> tuple[StepResult, str]:
        """Terraform with arguments, and what it printed."""
        file = self.step.job.directories.temporary / f"{self.step.record_id}-{label}.json"
        self.exit_code = programs.run_to_file(
            self.step, self._call(arguments, label=label, identity=NOBODY, fds=()), file
        )
        text = file.read_text() if file.is_file() else ""
        if is_shown:
            self.step.log(text.rstrip())
        return self._verdict(arguments[0], (0,)), text

    def _call(
        self, arguments: Sequence[str], *, label: str, identity: Identity, fds: Sequence[int]
    ) -> Call:
        return Call(
            command=[self.terraform, *arguments], cwd=self.cwd, label=label, fds=fds,
            env_vars=identity.env_vars, secret_env_vars=identity.secret_env_vars,
        )  # fmt: skip

    def _verdict(self, command: str, good: Sequence[int]) -> StepResult:
        if self.exit_code in good:
            return "succeeded"
        self.step.error(f"Terraform command '{command}' failed with exit code '{self.exit_code}'.")
        return "failed"


def _identity(step: StepRun) -> Identity:
    """The login of the provider, when a connection is named: another provider needs none."""
    refuse_inputs(
        step, "TerraformCLI", "runAzLogin", "providerServiceAws", "providerGoogleCredentials"
    )
    connection = step.input("environmentServiceName")
    if not connection:
        return NOBODY
    return terraform_login.provider_identity(
        terraform_login.sign_in(step, connection),
        subscription_id=step.input("providerAzureRmSubscriptionId"),
    )


def _version(session: _Session) -> StepResult:
    return session.run("version")


def _init(session: _Session) -> StepResult:
    step = session.step
    kind = step.input("backendType", "local").lower()
    if kind in ("local", "selfconfigured"):
        return session.run("init", *session.options)
    if kind != "azurerm":
        raise NotSupported(
            f"backendType '{kind}' is not supported: there is no cloud of it here",
            code="InputNotSupported", where=f"backendType: {kind}",
            hint="Use local, azurerm or selfConfigured.",
        )  # fmt: skip
    refuse_inputs(step, "TerraformCLI", "ensureBackend")
    login = terraform_login.sign_in(step, paths.required(step, "backendServiceArm"))
    settings = {
        "storage_account_name": step.input("backendAzureRmStorageAccountName"),
        "container_name": step.input("backendAzureRmContainerName"),
        "key": step.input("backendAzureRmKey"),
        "resource_group_name": step.input("backendAzureRmResourceGroupName"),
        "subscription_id": step.input("backendAzureRmSubscriptionId"),
        "tenant_id": step.input("backendAzureRmTenantId"),
    }
    argument, descriptors = terraform_login.backend_file(
        step, terraform_login.backend_settings(login, settings)
    )
    return session.run("init", argument, *session.options, fds=descriptors)


def _plain(command: str) -> Callable[[_Session], StepResult]:
    return lambda session: session.run(command, *session.options)


def _signed_in(command: str, *flags: str) -> Callable[[_Session], StepResult]:
    def run(session: _Session) -> StepResult:
        missing = [flag for flag in flags if flag not in session.options]
        return session.run(command, *missing, *session.options, identity=_identity(session.step))

    return run


def _plan(session: _Session) -> StepResult:
    step = session.step
    identity = _identity(step)
    name = step.input("publishPlanResults").strip()
    file = session.cwd / (name or f"tfplan-{step.record_id}.tfplan")
    detailed = [] if "-detailed-exitcode" in session.options else ["-detailed-exitcode"]
    result = session.run(
        "plan", *session.options, f"-out={file}", *detailed, identity=identity, good=(0, _CHANGES)
    )
    if result != "succeeded":
        return result
    code = session.exit_code
    result, text = session.answer("show", "-json", str(file), label="show", is_shown=False)
    if result != "succeeded":
        return result
    session.exit_code = code
    actions = _actions(text)
    _set_flag(step, "TERRAFORM_PLAN_HAS_CHANGES", is_set=bool(actions))
    _set_flag(step, "TERRAFORM_PLAN_HAS_DESTROY_CHANGES", is_set="delete" in actions)
    if name:
        _, shown = session.answer("show", str(file), label="text", is_shown=False)
        session.exit_code = code
        attachments.add(
            step.job.store, run_id=step.job.run.run_id, record_id=step.record_id,
            kind="terraform-plan-results", name=name, content=shown.encode(),
        )  # fmt: skip
    return "succeeded"


def _actions(plan: str) -> set[str]:
    """What a plan would do to resources and outputs."""
    read = json.loads(plan)
    changes = [one["change"] for one in read.get("resource_changes", [])]
    changes += list(read.get("output_changes", {}).values())
    return {action for change in changes for action in change["actions"]} - {"no-op", "read"}


def _set_flag(step: StepRun, name: str, *, is_set: bool) -> None:
    programs.set_variable(step, name, "true" if is_set else "false")


def _show(session: _Session) -> StepResult:
    step = session.step
    file = step.input("inputTargetPlanOrStateFilePath")
    json_flag = [] if "-json" in session.options else ["-json"]
    result, text = session.answer("show", *json_flag, *session.options, *([file] if file else []))
    if result != "succeeded" or not file:
        return result
    if ".tfstate" in file:
        step.warning("Cannot check for destroy in .tfstate file")
        return result
    changes = json.loads(text).get("resource_changes", [])
    destroys = any("delete" in one["change"]["actions"] for one in changes)
    if destroys:
        step.warning("Destroy detected!")
    _set_flag(step, "TERRAFORM_PLAN_HAS_DESTROY_CHANGES", is_set=destroys)
    return result


def _output(session: _Session) -> StepResult:
    json_flag = [] if "-json" in session.options else ["-json"]
    # what it printed may hold secret outputs: it is not shown before they are masked
    result, text = session.answer("output", *json_flag, *session.options, is_shown=False)
    if result != "succeeded":
        return result
    found: dict[str, Any] = json.loads(text or "{}")
    if not found:
        session.step.warning(
            "Terraform output command was run but, returned no results. No output variables found."
        )
    for name, one in found.items():
        written = _PLAIN.get(one["type"]) if isinstance(one["type"], str) else None
        if written is not None:
            programs.set_variable(
                session.step, f"TF_OUT_{name.upper()}", written(one["value"]),
                is_secret=bool(one.get("sensitive")),
            )  # fmt: skip
    session.step.log(text.rstrip())
    return result


def _import(session: _Session) -> StepResult:
    step = session.step
    return session.run(
        "import", *session.options, paths.required(step, "resourceAddress"),
        paths.required(step, "resourceId"), identity=_identity(step),
    )  # fmt: skip


def _force_unlock(session: _Session) -> StepResult:
    lock = paths.required(session.step, "lockID")
    return session.run("force-unlock", "-force", lock, identity=_identity(session.step))


def _workspace(session: _Session) -> StepResult:
    step = session.step
    verb = step.input("workspaceSubCommand", "select").lower()
    if verb not in ("select", "new"):
        raise BadInput(
            f'Workspace sub-command "{verb}" is not supported', code="InvalidInput",
            where="workspaceSubCommand", hint="It takes select and new.",
        )  # fmt: skip
    name = paths.required(step, "workspaceName")
    if verb == "new" and step.flag("skipExistingWorkspace"):
        _, listed = session.answer("workspace", "list", label="list")
        if name in (line.strip(" *") for line in listed.splitlines()):
            step.log(f"The workspace {name} already exists.")
            return "succeeded"
    return session.run("workspace", verb, *session.options, name)


def _state(session: _Session) -> StepResult:
    step = session.step
    verb = step.input("stateSubCommand", "list").lower()
    if verb == "mv":
        ends = [
            paths.required(step, "stateMoveSource"),
            paths.required(step, "stateMoveDestination"),
        ]
        return session.run("state", "mv", *session.options, *ends)
    if verb in ("list", "rm"):
        addresses = paths.lines(step.input("stateSubCommandAddresses"))
        return session.run("state", verb, *session.options, *addresses)
    raise BadInput(
        f'State sub-command "{verb}" is not supported', code="InvalidInput",
        where="stateSubCommand", hint="It takes list, mv and rm.",
    )  # fmt: skip


_COMMANDS: Mapping[str, Callable[[_Session], StepResult]] = {
    "version": _version,
    "init": _init,
    "validate": _plain("validate"),
    "plan": _plan,
    "apply": _signed_in("apply", "-auto-approve"),
    "destroy": _signed_in("destroy", "-auto-approve"),
    "fmt": _plain("fmt"),
    "show": _show,
    "refresh": _signed_in("refresh"),
    "import": _import,
    "output": _output,
    "forceunlock": _force_unlock,
    "workspace": _workspace,
    "state": _state,
    "test": _plain("test"),
}


def _check_folder(folder: Path) -> None:
    if not any(one.suffix == ".tf" for one in folder.iterdir()):
        raise BadInput(
            f'No Terraform files found in working directory: "{folder}"',
            code="WorkingDirectoryMissing", where="workingDirectory",
        )  # fmt: skip


def _run(step: StepRun) -> StepResult:
    name = step.input("command", "validate").lower()
    if name not in _COMMANDS:
        raise BadInput(
            f'Support for command "{name}" is not implemented', code="InvalidInput",
            where="command", hint=f"It takes {', '.join(_COMMANDS)}.",
        )  # fmt: skip
    refuse_inputs(step, "TerraformCLI", "secureVarsFile")
    session = _Session(step)
    if name == "init":
        _check_folder(session.cwd)
    try:
        return _COMMANDS[name](session)
    finally:
        programs.set_variable(step, "TERRAFORM_LAST_EXITCODE", str(session.exit_code))


TERRAFORM_CLI = Task(name="TerraformCLI", version=0, run=_run, acts_on_job=True)
