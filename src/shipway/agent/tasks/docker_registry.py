"""Registries of Docker: who a service connection signs in as, and docker's configuration.

The configuration lies in the job's temporary folder and ends with the job.
Source: containerconnection.ts of microsoft/azure-pipelines-tasks-common-packages.
"""

import base64
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shipway.agent import service_connections
from shipway.agent.job_context import JobContext
from shipway.agent.task import StepRun
from shipway.agent.tasks import paths, programs
from shipway.base.errors import BadInput, NotSupported

_VARIABLE = "DOCKER_CONFIG"
_HUB = "index.docker.io"
_AZURE = ".azurecr.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry by its address, and who signs in there."""

    address: str
    auth: str


def host_of(address: str) -> str:
    """The host that an image's name begins with; empty for Docker Hub, whose images have none."""
    host = urlsplit(address).netloc if "//" in address else address.partition("/")[0]
    return "" if host.lower() == _HUB else host


def image_name(repository: str, address: str) -> str:
    """The name of an image in a registry, as Docker takes it."""
    host = host_of(address)
    return (f"{host}/{repository}" if host else repository).lower().replace(" ", "")


def of_step(step: StepRun) -> Registry | None:
    """The registry of `containerRegistry`, or None. Raises `BadInput`, `NotSupported`."""
    name = step.input("containerRegistry")
    return of_connection(step.job, name) if name else None


def of_connection(job: JobContext, name: str) -> Registry:
    """The registry of a service connection. Raises `BadInput`, `NotSupported`."""
    connection = service_connections.connection_of(job, name)
    if connection.kind != "dockerregistry":
        raise BadInput(
            f"the service connection '{connection.name}' is of type {connection.kind}, and one of "
            "type dockerregistry is expected",
            code="ServiceConnectionKind", where=connection.name,
        )  # fmt: skip
    parameters = {key.lower(): value for key, value in connection.parameters.items()}
    address = parameters.get("registry") or parameters.get("loginserver") or connection.url
    if host_of(address).lower().endswith(_AZURE):
        raise NotSupported(
            f"the registry '{host_of(address)}' of the service connection '{connection.name}' is "
            "not served: a container registry of Azure is a record here",
            code="RegistryNotSupported", where=connection.name,
            hint="Use a registry that runs, such as registry:2 on this machine.",
        )  # fmt: skip
    password = service_connections.secret_of(job, connection, "password")
    auth = base64.b64encode(f"{parameters.get('username', '')}:{password}".encode()).decode()
    job.masker.add(auth)
    return Registry(address=address, auth=auth)


def folder_of(step: StepRun) -> Path | None:
    """The folder of docker's configuration that a step before has made, or None."""
    given = step.job.variables.get(_VARIABLE)
    made = Path(given) if given else None
    temporary = step.job.directories.temporary
    if made is None or not made.is_relative_to(temporary) or not (made / "config.json").is_file():
        return None
    return made


def signed_in(step: StepRun) -> list[str]:
    """The addresses of the registries that docker's configuration has."""
    made = folder_of(step)
    return list(_read(made).get("auths", {})) if made else []


def sign_in(step: StepRun, registry: Registry) -> None:
    """Note the registry's login for this step and those that follow."""
    made = folder_of(step) or step.job.directories.temporary / f"DockerConfig-{step.record_id}"
    made.mkdir(mode=0o700, exist_ok=True)
    body = _read(made)
    body.setdefault("auths", {})[registry.address] = {"auth": registry.auth}
    _write(made, body)
    programs.set_variable(step, _VARIABLE, str(made))


def sign_out(step: StepRun, registry: Registry | None) -> None:
    """Forget the login of a registry, or all of them."""
    made = folder_of(step)
    if made is None:
        return
    body = _read(made)
    auths = body.get("auths", {})
    if registry is not None:
        auths.pop(registry.address, None)
    if registry is None or not auths:
        shutil.rmtree(made, ignore_errors=True)
        programs.set_variable(step, _VARIABLE, "")
        return
    _write(made, body)


@contextmanager
def session(step: StepRun, registry: Registry | None) -> Iterator[None]:
    """Signed in while a command runs; afterwards everything is as it was before."""
    if registry is None:
        yield
        return
    before = folder_of(step)
    kept = _read(before) if before else None
    sign_in(step, registry)
    try:
        yield
    finally:
        if before is not None and kept is not None:
            _write(before, kept)
        else:
            sign_out(step, None)


def required(step: StepRun) -> Registry:
    """The registry of `containerRegistry`. Raises `BadInput` when the input is empty."""
    found = of_step(step)
    if found is None:
        raise BadInput(
            f"Input required: containerRegistry ({paths.required(step, 'command')})",
            code="InputMissing", where="containerRegistry",
            hint="No Docker registry service connection is found or specified.",
        )  # fmt: skip
    return found


def _read(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "config.json").read_text()))
    except (OSError, ValueError):
        return {}


def _write(folder: Path, body: Mapping[str, Any]) -> None:
    file = folder / "config.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(body))
