"""AzureCLI@2 (and @1): a script with the service connection's identity, and only that script.

The task asks Azure DevOps for a federated token of the connection, logs `az` in within the job's
own AZURE_CONFIG_DIR, runs the script and logs out again, whatever happened.
Source: azureclitask.ts of microsoft/azure-pipelines-tasks.
"""

import hmac
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shipway.agent.service_connections import ConnectionLogin, login_of
from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.tasks import paths, power_shell
from shipway.agent.tasks.script import run_watched
from shipway.base.errors import BadInput, NotSupported

_KEY = "SHIPWAY_AZ_PROFILE_KEY"
_ACTIVE_SECONDS = 86_400


def _script_body(step: StepRun) -> str:
    """The inline script, or the path of the file. Raises `BadInput`."""
    place = paths.required(step, "scriptLocation").lower()
    if place not in ("inlinescript", "scriptpath"):
        raise BadInput(
            f"Unaccepted script location value '{place}'. The value must be one of: "
            "'inlineScript' or 'scriptPath'", code="InvalidInput", where="scriptLocation",
        )  # fmt: skip
    if place == "inlinescript":
        return paths.required(step, "inlineScript")
    path = _script_file(step)
    if not path.is_file():
        raise BadInput(f"the script '{path}' does not exist", code="ScriptMissing")
    return str(path)


def _script_text(step: StepRun) -> str:
    """What bash runs."""
    body = _script_body(step)
    if step.input("scriptLocation").lower() == "inlinescript":
        return body
    return f'exec bash {shlex.quote(body)} "$@"'


def _script_file(step: StepRun) -> Path:
    return paths.path_of(step, paths.required(step, "scriptPath"))


def _folder(step: StepRun, *, beside_script: bool) -> Path:
    """Where the script runs; made when it is missing, as the task does."""
    given = step.input("workingDirectory")
    if not given and beside_script and step.input("scriptLocation").lower() == "scriptpath":
        return _script_file(step).parent
    folder = paths.path_of(step, given)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _arguments(step: StepRun, text: str) -> list[str]:
    """The words of `arguments`, for a script file and for an inline one."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BadInput(
            f"the input 'arguments' cannot be read: {error}", where="arguments"
        ) from None


def _profile_key(step: StepRun) -> str:
    """What `az` seals its credentials with in the job's folder; the same after a restart."""
    job = step.job
    return hmac.new(job.sealing_key, f"az {job.job_record_id}".encode(), "sha256").hexdigest()


def _login(step: StepRun, login: ConnectionLogin) -> int:
    """`az login` and the subscription; the token is never part of a command line."""
    flag = "--federated-token" if login.federated else "--password"
    if step.flag("visibleAzLogin", default=True):
        step.log(
            "##[command]az login --service-principal -u *** --tenant "
            f"{login.tenant_id} --allow-no-subscriptions {flag} ***"
        )
    text = (
        f"az login --service-principal -u {login.client_id} --tenant {login.tenant_id}"
        f' {flag} "$AZ_TOKEN" --allow-no-subscriptions --output none && '
        f"az account set --subscription {login.subscription_id}"
    )
    return step.run_process(
        ProcessOrder(
            command=["/bin/bash", "-c", text],
            cwd=step.job.directories.workspace,
            label="login",
            secret_env_vars={"AZ_TOKEN": login.secret, _KEY: _profile_key(step)},
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    """What runs between login and logout."""

    text: str
    cwd: Path
    arguments: Sequence[str] = ()
    suffix: str = ".sh"
    interpreter: Sequence[str] = ("/bin/bash", "--noprofile", "--norc")

    def command(self, path: str) -> list[str]:
        """What runs the script that lies at `path`."""
        if self.suffix == ".ps1":
            return [*self.interpreter, "-Command", f". '{path}'"]
        return [*self.interpreter, path, *self.arguments]


def _session(step: StepRun, login: ConnectionLogin, script: _Script) -> StepResult:
    code = _login(step, login)
    if code != 0:
        step.error("Azure login failed.")
        return "failed"
    extra: dict[str, str] = {}
    if step.flag("addSpnToEnvironment"):
        extra = {"servicePrincipalId": login.client_id, "tenantId": login.tenant_id}
    name = "idToken" if login.federated else "servicePrincipalKey"
    secret = {name: login.secret} if extra else {}
    path, descriptors = step.script(script.text, suffix=script.suffix)
    step.log(f"##[command]{script.interpreter[0]} {Path(path).name}")
    return run_watched(
        step,
        script.command(path),
        fail_on_stderr=step.flag("failOnStandardError"),
        what="Script",
        complaint="Script has output to stderr. Failing as failOnStdErr is set to true.",
        env_vars=extra,
        secret_env_vars={**secret, _KEY: _profile_key(step)},
        fds=descriptors,
        cwd=script.cwd,
    )


def _login_of(step: StepRun) -> ConnectionLogin:
    """The connection's login; `keepAzSessionActive` keeps it good for as long as a script may run.

    Azure's task signs in again every eight minutes. Raises `BadInput` in its words for a connection
    with a key.
    """
    name = paths.required(step, "azureSubscription")
    if not step.flag("keepAzSessionActive"):
        return login_of(step.job, name)
    login = login_of(step.job, name, seconds=_ACTIVE_SECONDS)
    if not login.federated:
        raise BadInput(
            "The 'keepAzSessionActive' input might be used only for workload identity federation "
            "ARM service connection. The referenced service endpoint auth scheme was unexpected: "
            "serviceprincipal. Change the scheme or remove 'keepAzSessionActive' input.",
            code="InvalidInput", where="keepAzSessionActive",
        )  # fmt: skip
    return login


def _run(step: StepRun, script: _Script) -> StepResult:
    login = _login_of(step)
    step.job.masker.add(login.secret)
    try:
        return _session(step, login, script)
    finally:
        step.run_process(
            ProcessOrder(
                command=["/bin/bash", "-c", "az account clear"],
                cwd=step.job.directories.workspace,
                label="logout",
            )
        )


def _run_1(step: StepRun) -> StepResult:
    """The first version knows bash only, and a script file runs in its own folder."""
    return _run(
        step,
        _Script(
            text=_script_text(step),
            arguments=_arguments(step, step.input("args")),
            cwd=_folder(step, beside_script=True),
        ),
    )


def _power_shell(step: StepRun) -> _Script:
    """The script as PowerShell runs it, its preference first and its last exit code handed on."""
    inner = _script_body(step)
    arguments = step.input("scriptArguments")
    if step.input("scriptLocation").lower() == "scriptpath":
        quoted = inner.replace("'", "''")
        text = f". '{quoted}' {arguments}".strip()
    else:
        text = f". {{\n{inner}\n}} {arguments}".strip() if arguments else inner
    preference = step.input("powerShellErrorActionPreference", "stop")
    ending = [] if step.flag("powerShellIgnoreLASTEXITCODE") else [power_shell.EXIT_CODE]
    return _Script(
        text="\n".join(["\ufeff$ErrorActionPreference = '" + preference + "'", text, *ending]),
        cwd=_folder(step, beside_script=False), suffix=".ps1",
        interpreter=(
            power_shell.program(step), "-NoLogo", "-NoProfile", "-NonInteractive",
            "-ExecutionPolicy", "Unrestricted",
        ),
    )  # fmt: skip


def _run_2(step: StepRun) -> StepResult:
    kind = paths.required(step, "scriptType").lower()
    if kind in ("ps", "pscore"):
        return _run(step, _power_shell(step))
    if kind != "bash":
        raise NotSupported(
            f"scriptType '{kind}' is not supported on this agent",
            code="ScriptTypeNotSupported",
            hint="Use scriptType: bash or pscore.",
        )
    return _run(
        step,
        _Script(
            text=_script_text(step),
            arguments=_arguments(step, step.input("scriptArguments")),
            cwd=_folder(step, beside_script=False),
        ),
    )


AZURE_CLI_2 = Task(name="AzureCLI", version=2, run=_run_2)
AZURE_CLI_1 = Task(name="AzureCLI", version=1, run=_run_1)
