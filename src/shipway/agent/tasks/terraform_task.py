"""TerraformTaskV2@2, V3@3 and V4@4: Terraform with a service connection's identity.

The program is the one on the job's PATH and the providers are those of `shipway tf`.
Source: base-terraform-command-handler.ts of microsoft/azure-pipelines-terraform.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths, programs, terraform_login
from shipway.agent.tasks.programs import Call
from shipway.agent.tasks.terraform_login import NOBODY, Identity
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import attachments

_PLAN_ATTACHMENT = "terraform-plan-results"
_AUTO_APPROVE = "-auto-approve"
_OUT = re.compile(r"-out(?:=|\s+)(?:\"([^\"]+)\"|'([^']+)'|(\S+))")
_CHANGES = 2
_FEDERATION_SINCE = 4
_HINT = (
    "Install it, or let TerraformInstaller@1 do so in a step before: "
    "https://developer.hashicorp.com/terraform/install"
)


def program(step: StepRun) -> str:
    """The path of terraform. Raises `NotFound` in the words of the task."""
    return programs.required(
        step, "terraform", message="Failed to find terraform tool in paths", hint=_HINT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """A step of one of the tasks: the program, its folder, what was asked for."""

    step: StepRun
    version: int
    terraform: str
    cwd: Path
    options: list[str] = field(default_factory=list)

    def call(
        self, *arguments: str, label: str = "main", identity: Identity = NOBODY
    ) -> Call:  # fmt: skip
        return Call(
            command=[self.terraform, *arguments], cwd=self.cwd, label=label,
            env_vars=identity.env_vars, secret_env_vars=identity.secret_env_vars,
        )  # fmt: skip

    def run(self, *arguments: str, label: str = "main", identity: Identity = NOBODY) -> StepResult:
        """Terraform with arguments; succeeded on exit code 0."""
        code = programs.run(self.step, self.call(*arguments, label=label, identity=identity))
        return programs.result(self.step, code, self.terraform)

    def identity(self) -> Identity:
        """The provider's login. Raises `BadInput` when no connection is named."""
        step = self.step
        _check_provider(step)
        login = terraform_login.sign_in(
            step, paths.required(step, "environmentServiceNameAzureRM"),
            knows_federation=self.version >= _FEDERATION_SINCE,
        )  # fmt: skip
        return terraform_login.provider_identity(login)

    def file(self, stem: str) -> Path:
        """A file of this step's own in the default folder; the same after a restart."""
        return paths.path_of(self.step, f"{stem}-{self.step.record_id}.json")


def _check_provider(step: StepRun) -> None:
    provider = paths.required(step, "provider").lower()
    if provider != "azurerm":
        raise NotSupported(
            f"the provider '{provider}' of the Terraform tasks is not supported: there is no cloud "
            "of it here to sign in to",
            code="InputNotSupported", where=f"provider: {provider}", hint="Use provider: azurerm.",
        )  # fmt: skip


def _init(session: _Session) -> StepResult:
    step = session.step
    _check_provider(step)
    login = terraform_login.sign_in(
        step, paths.required(step, "backendServiceArm"),
        knows_federation=session.version >= _FEDERATION_SINCE,
    )  # fmt: skip
    by_variables = _is_true(step, "backendAzureRmUseEnvironmentVariablesForAuthentication")
    settings = {
        "storage_account_name": paths.required(step, "backendAzureRmStorageAccountName"),
        "container_name": paths.required(step, "backendAzureRmContainerName"),
        "key": paths.required(step, "backendAzureRmKey"),
        "resource_group_name": paths.required(step, "backendAzureRmResourceGroupName"),
        "use_azuread_auth": _is_true(step, "backendAzureRmUseEntraIdForAuthentication") and "true",
    }
    argument, descriptors = terraform_login.backend_file(
        step,
        terraform_login.backend_settings(
            login, {n: v for n, v in settings.items() if v}, with_secret=not by_variables
        ),
    )
    identity = terraform_login.backend_identity(login) if by_variables else NOBODY
    code = programs.run(
        step,
        Call(
            command=[session.terraform, "init", *session.options, argument], cwd=session.cwd,
            env_vars=identity.env_vars, secret_env_vars=identity.secret_env_vars, fds=descriptors,
        ),
    )  # fmt: skip
    return programs.result(step, code, session.terraform)


def _is_true(step: StepRun, name: str) -> str:
    return "true" if step.input(name).lower() == "true" else ""


def _validate(session: _Session) -> StepResult:
    return session.run("validate", *session.options)


def _plan(session: _Session) -> StepResult:
    step = session.step
    options = [*session.options, "-detailed-exitcode"]
    published = step.input("publishPlan")
    given = _OUT.search(step.input("commandOptions"))
    file = next((one for one in given.groups() if one), "") if given else ""
    made = str(session.file("terraform-plan").with_suffix(".tfplan"))
    if published and not file:
        options.append(f"-out={made}")
    identity = session.identity()
    code = programs.run(step, session.call("plan", *options, identity=identity))
    if code not in (0, _CHANGES):
        step.error(f"Terraform plan failed with exit code {code}")
        return "failed"
    programs.set_variable(
        step, "changesPresent", "true" if code == _CHANGES else "false", is_output=True
    )
    if published:
        _publish_plan(session, published, file or made)
        Path(made).unlink(missing_ok=True)
    return _plan_as_json(session, identity) if session.version == 2 else "succeeded"


def _plan_as_json(session: _Session, identity: Identity) -> StepResult:
    """Version 2 plans once more, to have the plan as JSON."""
    step = session.step
    binary = session.file("plan-binary").with_suffix(".tfplan")
    code = programs.run_to_file(
        step,
        session.call("plan", *session.options, f"-out={binary}", label="plan", identity=identity),
        session.file("plan-log"),
    )
    file = session.file("plan-json")
    if code == 0:
        code = programs.run_to_file(
            step, session.call("show", "-json", str(binary), label="show"), file
        )
    binary.unlink(missing_ok=True)
    session.file("plan-log").unlink(missing_ok=True)
    programs.set_variable(step, "jsonPlanFilePath", str(file))
    return programs.result(step, code, session.terraform)


def _publish_plan(session: _Session, name: str, plan_file: str) -> None:
    """Attach the plan as JSON; a plan that cannot be published is still a plan."""
    step = session.step
    file = paths.path_of(step, f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.json")
    code = programs.run_to_file(
        step, session.call("show", "-json", plan_file, label="publish"), file
    )
    if code != 0:
        step.warning(
            f"Failed to publish terraform plan: Terraform show failed with exit code {code}"
        )
        return
    _attach(step, name, file)


def _attach(step: StepRun, name: str, file: Path) -> None:
    attachments.add(
        step.job.store, run_id=step.job.run.run_id, record_id=step.record_id,
        kind=_PLAN_ATTACHMENT, name=name, content=file.read_bytes(),
    )  # fmt: skip


def _approved(session: _Session) -> list[str]:
    """The options with approval; nobody could be asked."""
    given = session.step.input("commandOptions")
    return session.options if _AUTO_APPROVE in given else [_AUTO_APPROVE, *session.options]


def _apply(session: _Session) -> StepResult:
    is_second = session.version == 2
    if is_second and session.run("validate", label="validate") != "succeeded":
        return "failed"
    result = session.run("apply", *_approved(session), identity=session.identity())
    if result == "succeeded" and is_second:
        return _outputs_as_json(session, Identity(), [])
    return result


def _destroy(session: _Session) -> StepResult:
    return session.run("destroy", *_approved(session), identity=session.identity())


def _output(session: _Session) -> StepResult:
    return _outputs_as_json(session, session.identity(), session.options)


def _outputs_as_json(session: _Session, identity: Identity, options: list[str]) -> StepResult:
    file = session.file("output")
    code = programs.run_to_file(
        session.step,
        session.call("output", "-json", *options, label="output", identity=identity), file,
    )  # fmt: skip
    programs.set_variable(
        session.step, "jsonOutputVariablesPath", str(file),
        is_output=session.version >= _FEDERATION_SINCE,
    )  # fmt: skip
    return programs.result(session.step, code, session.terraform)


def _show(session: _Session) -> StepResult:
    is_json = session.step.input("outputFormat").lower() == "json"
    arguments = ["show", *(["-json"] if is_json else []), *session.options]
    return _to_console_or_file(session, arguments, variable="showFilePath", is_plan=is_json)


def _custom(session: _Session) -> StepResult:
    words = programs.words(paths.required(session.step, "customCommand"))
    return _to_console_or_file(session, [*words, *session.options], variable="customFilePath")


def _to_console_or_file(
    session: _Session, arguments: list[str], *, variable: str, is_plan: bool = False
) -> StepResult:
    step, identity = session.step, session.identity()
    place = step.input("outputTo", "console").lower()
    if place == "console":
        return session.run(*arguments, identity=identity)
    if place != "file":
        raise BadInput(
            f"'{place}' is not a value of outputTo", code="InvalidInput", where="outputTo",
            hint="It takes console and file.",
        )  # fmt: skip
    file = paths.path_of(step, paths.required(step, "fileName"))
    code = programs.run_to_file(step, session.call(*arguments, identity=identity), file)
    programs.set_variable(step, variable, str(file), is_output=session.version >= _FEDERATION_SINCE)
    if is_plan and code == 0 and session.version >= _FEDERATION_SINCE:
        _attach(step, step.input("fileName"), file)
    return programs.result(step, code, session.terraform)


_SECOND: Mapping[str, Callable[[_Session], StepResult]] = {
    "init": _init, "validate": _validate, "plan": _plan, "apply": _apply, "destroy": _destroy,
}  # fmt: skip
_COMMANDS: Mapping[int, Mapping[str, Callable[[_Session], StepResult]]] = {
    2: _SECOND,
    3: {**_SECOND, "show": _show, "output": _output, "custom": _custom},
    4: {**_SECOND, "show": _show, "output": _output, "custom": _custom},
}


def _task(version: int) -> Task:
    def run(step: StepRun) -> StepResult:
        known = _COMMANDS[version]
        name = paths.required(step, "command").lower()
        if name not in known:
            raise BadInput(
                f"'{name}' is not a command of TerraformTaskV{version}", code="InvalidInput",
                where="command", hint=f"It takes {', '.join(known)}.",
            )  # fmt: skip
        return known[name](
            _Session(
                step=step, version=version, terraform=program(step), cwd=programs.folder(step),
                options=programs.words(step.input("commandOptions")),
            )
        )  # fmt: skip

    return Task(name=f"TerraformTaskV{version}", version=version, run=run, acts_on_job=True)


TERRAFORM_2, TERRAFORM_3, TERRAFORM_4 = _task(2), _task(3), _task(4)
