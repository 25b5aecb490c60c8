"""What each logging command does. An unknown one is a warning, a failing one fails its step.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands and the
handlers in the agent (`TaskCommandExtension` and its siblings).
"""

import fnmatch
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, cast

from shipway.agent.job_context import JobContext
from shipway.agent.logging_commands import LoggingCommand
from shipway.azpipelines.plan import StepTarget
from shipway.azpipelines.results import Result
from shipway.base.errors import BadInput, Forbidden, NotSupported, ShipwayError
from shipway.base.sealing import unseal
from shipway.devops import artifacts, attachments, runs

# the agent's own commands that `target: {commands: restricted}` leaves
_RESTRICTED = frozenset(
    (
        "task.complete", "task.debug", "task.issue", "task.logissue", "task.setprogress",
        "task.setsecret", "task.setvariable",
    )
)  # fmt: skip
_RESULTS = ("Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped")


class CommandTarget(Protocol):
    """The step that printed a command, as far as commands may touch it."""

    @property
    def job(self) -> JobContext: ...

    @property
    def target(self) -> StepTarget | None: ...

    @property
    def ref_name(self) -> str: ...

    @property
    def record_id(self) -> str: ...

    def log(self, line: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...

    def fail(self) -> None: ...

    def complete(self, result: Result) -> None: ...

    def set_output(self, name: str, value: str, *, is_secret: bool) -> None: ...


def apply(step: CommandTarget, command: LoggingCommand) -> None:
    """Do what the command asks; problems become issues of the step."""
    effect = EFFECTS.get(command.name)
    if effect is None:
        if command.area in _AREAS:
            step.warning(f"##vso[{command.name}] is not supported; it was ignored.")
        else:
            step.warning(f"'##vso[{command.name}]' is not a known logging command.")
        return
    try:
        _check_target(step, command)
        effect(step, command)
    except ShipwayError as error:
        step.error(str(error))
        step.fail()


def _check_target(step: CommandTarget, command: LoggingCommand) -> None:
    """What the step's `target:` lets it do. Raises `Forbidden` for anything else."""
    target = step.target
    if target is None:
        return
    if target.commands == "restricted" and command.name not in _RESTRICTED:
        raise Forbidden(
            f"##vso[{command.name}] is not allowed in this step due to policy restrictions.",
            code="CommandRestricted", where="target.commands",
        )  # fmt: skip
    name = {"task.setvariable": command.get("variable"), "task.prependpath": "path"}.get(
        command.name
    )
    settable = target.settable_variables
    if name is None or settable is None:
        return
    if not any(fnmatch.fnmatchcase(name.lower(), one.lower()) for one in settable):
        raise Forbidden(
            f"Setting variable '{name}' is not allowed in this step due to policy restrictions.",
            code="VariableRestricted", where="target.settableVariables",
        )  # fmt: skip


def _value(step: CommandTarget, command: LoggingCommand) -> str:
    if not command.flag("sealed"):
        return command.data
    value = unseal(command.data, step.job.sealing_key)
    step.job.masker.add(value)
    return value


def _set_variable(step: CommandTarget, command: LoggingCommand) -> None:
    name = command.get("variable")
    if not name:
        raise BadInput("Required field 'variable' is missing in ##vso[task.setvariable] command.")
    value = _value(step, command)
    secret = command.flag("issecret")
    if secret and "\n" in value:
        raise BadInput("Secrets cannot contain multiple lines.", code="MultiLineSecret")
    read_only = command.flag("isreadonly")
    if command.flag("isoutput"):
        step.set_output(name, value, is_secret=secret)
        name = f"{step.ref_name}.{name}" if step.ref_name else name
    step.job.variables.assign(name, value, is_secret=secret, is_read_only=read_only)


def _set_secret(step: CommandTarget, command: LoggingCommand) -> None:
    step.job.masker.add(_value(step, command))


def _prepend_path(step: CommandTarget, command: LoggingCommand) -> None:
    if command.data in step.job.path_prefix:
        step.job.path_prefix.remove(command.data)
    step.job.path_prefix.append(command.data)


def _complete(step: CommandTarget, command: LoggingCommand) -> None:
    given = command.get("result", "Succeeded")
    result = next((r for r in _RESULTS if r.lower() == given.lower()), None)
    if result is None:
        raise BadInput(f"'{given}' is not a result", hint=f"Known: {', '.join(_RESULTS)}.")
    step.complete(cast("Result", result))


def _log_issue(step: CommandTarget, command: LoggingCommand) -> None:
    kind = command.get("type").lower()
    if kind not in ("error", "warning"):
        raise BadInput(f"task.logissue needs type=error or type=warning, not '{kind}'")
    place = [command.get(n) for n in ("sourcepath", "linenumber", "columnnumber")]
    where = ":".join(p for p in place if p)
    message = f"{where}: {command.data}" if where else command.data
    if kind == "error":
        step.error(message)
    else:
        step.warning(message)


def _debug(step: CommandTarget, command: LoggingCommand) -> None:
    if step.job.variables.get("System.Debug").lower() == "true":
        step.log(f"##[debug]{command.data}")


def _progress(step: CommandTarget, command: LoggingCommand) -> None:
    step.log(f"##[section]{command.get('value', '0')}% {command.data}".rstrip())


def _file(step: CommandTarget, command: LoggingCommand) -> Path:
    path = Path(command.data)
    if not path.is_absolute():
        path = Path(step.job.variables.get("System.DefaultWorkingDirectory")) / path
    if not path.exists():
        raise BadInput(f"the file '{path}' of ##vso[{command.name}] does not exist")
    return path


def _attach(step: CommandTarget, kind: str, name: str, path: Path) -> None:
    attachments.add(
        step.job.store,
        run_id=step.job.run.run_id,
        record_id=step.record_id,
        kind=kind,
        name=name,
        content=path.read_bytes(),
    )


def _upload_summary(step: CommandTarget, command: LoggingCommand) -> None:
    path = _file(step, command)
    _attach(step, attachments.SUMMARY, path.name, path)


def _upload_file(step: CommandTarget, command: LoggingCommand) -> None:
    path = _file(step, command)
    _attach(step, attachments.FILE, path.name, path)


def _add_attachment(step: CommandTarget, command: LoggingCommand) -> None:
    kind, name = command.get("type"), command.get("name")
    if not kind or not name:
        raise BadInput("##vso[task.addattachment] needs 'type' and 'name'")
    _attach(step, kind, name, _file(step, command))


def _upload_artifact(step: CommandTarget, command: LoggingCommand) -> None:
    name = command.get("artifactname") or command.get("containerfolder")
    if not name:
        raise BadInput("##vso[artifact.upload] needs 'artifactname'")
    artifacts.publish(
        step.job.store,
        run_id=step.job.run.run_id,
        name=name,
        source=_file(step, command),
        kind="Container",
        published_by=step.record_id,
    )


def _build_number(step: CommandTarget, command: LoggingCommand) -> None:
    step.job.variables.define("Build.BuildNumber", command.data, is_read_only=True)
    runs.set_run(step.job.store, step.job.run.run_id, run_name=command.data[:255])


def _build_tag(step: CommandTarget, command: LoggingCommand) -> None:
    store = step.job.store
    with store.database.transaction():
        run = runs.get(store, step.job.run.run_id)
        if command.data not in run.tags:
            runs.set_run(store, run.run_id, tags=(*run.tags, command.data))


def _set_endpoint(step: CommandTarget, command: LoggingCommand) -> None:
    del step
    raise NotSupported(
        f"##vso[{command.name}] is not supported", hint="Use a service connection's own settings."
    )


EFFECTS: Mapping[str, Callable[[CommandTarget, LoggingCommand], None]] = {
    "task.setvariable": _set_variable,
    "task.setsecret": _set_secret,
    "task.prependpath": _prepend_path,
    "task.complete": _complete,
    "task.logissue": _log_issue,
    "task.issue": _log_issue,
    "task.debug": _debug,
    "task.setprogress": _progress,
    "task.uploadsummary": _upload_summary,
    "task.uploadfile": _upload_file,
    "task.addattachment": _add_attachment,
    "task.setendpoint": _set_endpoint,
    "artifact.upload": _upload_artifact,
    "build.updatebuildnumber": _build_number,
    "build.addbuildtag": _build_tag,
    "build.uploadlog": _upload_file,
}
_AREAS = {"task", "artifact", "build", "release", "results", "codecoverage", "plugininternal"}
