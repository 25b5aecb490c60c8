"""Npm@1: install, ci, publish or any command of npm, with the registries of service connections.

Their credentials stand in a user configuration that exists in memory only.
Source: npmcustom.ts and npmpublish.ts of microsoft/azure-pipelines-tasks.
"""

import base64
from collections.abc import Sequence
from urllib.parse import urlsplit

from shipway.agent import service_connections
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths, programs
from shipway.agent.tasks.programs import Call
from shipway.base.errors import BadInput, NotSupported

_COMMANDS = ("ci", "install", "publish", "custom")


def registry_lines(url: str, *, token: str, username: str, password: str) -> list[str]:
    """The credentials of one registry as npm's configuration has them."""
    parts = urlsplit(url if url.endswith("/") else f"{url}/")
    place = f"//{parts.netloc}{parts.path}"
    if token:
        return [f"{place}:_authToken={token}"]
    encoded = base64.b64encode(password.encode()).decode()
    return [f"{place}:username={username}", f"{place}:_password={encoded}"]


def _credentials(step: StepRun, name: str) -> tuple[str, list[str]]:
    """The address of a connection's registry, and its lines."""
    connection = service_connections.connection_of(step.job, name)
    parameters = {key.lower(): value for key, value in connection.parameters.items()}
    return connection.url, registry_lines(
        connection.url,
        token=service_connections.secret_of(step.job, connection, "apitoken"),
        username=parameters.get("username", ""),
        password=service_connections.secret_of(step.job, connection, "password"),
    )


def _refuse_feed(step: StepRun, name: str) -> None:
    if step.input(name).lower() == "usefeed":
        raise NotSupported(
            f"{name}: useFeed of Npm is not supported: there are no package feeds here",
            code="InputNotSupported", where=f"{name}: useFeed",
            hint="Name the registry in .npmrc or by a service connection.",
        )  # fmt: skip


def _configuration(step: StepRun, command: str) -> list[str]:
    if command == "publish":
        _refuse_feed(step, "publishRegistry")
        url, lines = _credentials(step, paths.required(step, "publishEndpoint"))
        return [f"registry={url}", *lines]
    _refuse_feed(step, "customRegistry")
    names = [one.strip() for one in step.input("customEndpoint").split(",") if one.strip()]
    return [line for name in names for line in _credentials(step, name)[1]]


def _words(step: StepRun, command: str) -> list[str]:
    if command == "custom":
        return programs.words(paths.required(step, "customCommand"))
    return [command]


def _run(step: StepRun) -> StepResult:
    command = paths.required(step, "command").lower()
    if command not in _COMMANDS:
        raise BadInput(
            f"Unknown command: {command}", code="InvalidInput", where="command",
            hint=f"It takes {', '.join(_COMMANDS)}.",
        )  # fmt: skip
    npm = programs.required(
        step, "npm", message="Unable to locate executable file: 'npm'",
        hint="Install Node.js, or let UseNode@1 do so in a step before.",
    )  # fmt: skip
    env_vars = {"npm_config_loglevel": "verbose"} if step.flag("verbose") else {}
    lines = _configuration(step, command)
    descriptors: Sequence[int] = ()
    if lines:
        path, descriptors = step.script("\n".join(lines) + "\n", suffix=".npmrc", label="npmrc")
        env_vars["NPM_CONFIG_USERCONFIG"] = path
    call = Call(
        command=[npm, *_words(step, command)], cwd=programs.folder(step, "workingDir"),
        env_vars=env_vars, fds=descriptors,
    )  # fmt: skip
    return programs.result(step, programs.run(step, call), npm)


NPM = Task(name="Npm", version=1, run=_run)
