"""The containers of a job: its own, those that steps name, and its services.

As on Azure they are there before the first step (`Initialize containers`) and gone after the last
(`Stop Containers`). The job's container shares the network of this machine, so that it reaches the
server; services have one of their own and are found by their names in both.
Source: `ContainerOperationProvider` of the agent.
"""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shipway.agent import container_engine
from shipway.agent.container_engine import ContainerEngine, EngineFailed, engine_of, words_of
from shipway.agent.job_context import JobContext
from shipway.agent.started_containers import StartedContainers
from shipway.agent.tasks import docker_registry
from shipway.azpipelines import runtime
from shipway.azpipelines.plan import CHECKOUT_TASK
from shipway.azpipelines.plan_resources import ContainerPlan
from shipway.base import front_door
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import run_progress
from shipway.devops.job_work import JobWork

_LABEL = "shipway-job"
_SOCKET = "/var/run/docker.sock"
_HEALTH = "{{if .State.Health}}{{.State.Health.Status}}{{end}}"
_ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
_PAUSES = (2, 3, 7, 13, 25, 35)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedContainers:
    """What a job asks for, with every value that a run gives filled in."""

    job: ContainerPlan | None
    targets: Mapping[str, ContainerPlan]
    services: Mapping[str, ContainerPlan]

    def is_empty(self) -> bool:
        return self.job is None and not self.targets and not self.services


def wanted(job: JobContext, work: JobWork) -> WantedContainers:
    """The containers of a job. Raises `BadInput`, `NotSupported`, `RuntimeValueError`."""
    plan = run_progress.plan_of(work.run) if work.run.plan else None

    def filled(one: ContainerPlan) -> ContainerPlan | None:
        text = _late(job, one.image or "")
        if one.image is not None and text != one.image:
            named = plan.container(text) if plan and text else one
            one = named if named.alias else replace(one, image=text)
        return _expanded(job, one) if one.image or one.type else None

    services = {name: filled(one) for name, one in work.job.services.items()}
    aliases = {
        step.target.container.lower()
        for step in work.job.steps
        if step.target and step.task.name != CHECKOUT_TASK
    } - {"", "host"}
    own = filled(work.job.container) if work.job.container else None
    targets = {alias: plan.container(alias) if plan else None for alias in aliases}
    return WantedContainers(
        job=own,
        services={name: one for name, one in services.items() if one is not None},
        targets={name: _expanded(job, one) for name, one in targets.items() if one is not None},
    )


def start(
    job: JobContext, asked: WantedContainers, log: Callable[[str], None]
) -> StartedContainers:
    """Start them all, services first. Raises `NotFound` without an engine, `EngineFailed`."""
    engine = container_engine.asked(job, log)
    network = f"vsts_network_{job.job_record_id}"
    own = [(name, one) for name, one in asked.targets.items()]
    if asked.job is not None:
        own.append(("", asked.job))
    _sign_in(job, engine, [*asked.services.values(), *(one for _, one in own)])
    images = {str(one.image): one.is_local_image for _, one in (*asked.services.items(), *own)}
    try:
        for number, (image, is_local) in enumerate(images.items()):
            if not is_local:
                engine.run(f"pull-{number}", "pull", image)
    finally:
        _login_file(engine).unlink(missing_ok=True)  # steps see this folder, also in containers
    if asked.services:
        engine.run("network", "network", "create", "--label", _LABEL, network)
    hosts = [_service(job, engine, network, name, one) for name, one in asked.services.items()]
    names = {}
    for alias, one in own:
        names[alias] = _name(job, alias or "job")
        _own(job, engine, names[alias], one, hosts)
    return StartedContainers(
        program=engine.program,
        user=engine.user,
        job=names.pop("", ""),
        targets=names,
        env_vars=engine.env_vars,
    )


def has_begun(job: JobContext) -> bool:
    """Whether anything was made that has to go away."""
    return any((job.directories.control / "containers").glob("create-*"))


def stop(job: JobContext, asked: WantedContainers, log: Callable[[str], None]) -> None:
    """Take them all away; what cannot be is told and left."""
    engine = engine_of(job, log)
    own = [
        *asked.targets,
        *(["job"] if asked.job else []),
        *(f"service-{n}" for n in asked.services),
    ]
    for name in own:
        _try(engine, f"rm-{name}", "rm", "--force", _name(job, name))
    if asked.services:
        _try(engine, "network-rm", "network", "rm", f"vsts_network_{job.job_record_id}")


def _service(
    job: JobContext, engine: ContainerEngine, network: str, name: str, one: ContainerPlan
) -> tuple[str, str]:
    """A service that runs: its name and address."""
    container = _name(job, f"service-{name}")
    engine.run(
        f"create-service-{name}", "create", "--name", container, "--label", _LABEL,
        "--network", network, "--network-alias", name, *_options(one),
        str(one.image), env_vars=one.env,
    )  # fmt: skip
    engine.run(f"start-service-{name}", "start", container)
    for line in engine.run(f"port-{name}", "port", container):
        inside, _, outside = line.partition(" -> ")
        port = inside.partition("/")[0].strip()
        job.variables.define(f"agent.services.{name}.ports.{port}", outside.rpartition(":")[2])
    _wait_for(job, engine, container, name)
    (address,) = engine.run(f"address-{name}", "inspect", "--format", _ADDRESS, container)[:1] or [
        ""
    ]
    return name, address.strip()


def _wait_for(job: JobContext, engine: ContainerEngine, container: str, name: str) -> None:
    """Wait until a service that says how it is says that it is well."""
    health = ""
    for number, pause in enumerate((*_PAUSES, 0)):
        said = engine.run(f"health-{name}-{number}", "inspect", "--format", _HEALTH, container)
        health = said[0].strip() if said else ""
        if health != "starting":
            break
        engine.log(f"{name} service is starting, waiting {pause} seconds before checking again.")
        job.stop.wait(pause)
    if health not in ("", "healthy"):
        raise EngineFailed(
            f"Service container {name} failed to start: its health is '{health}'", where=name
        )


def _own(
    job: JobContext, engine: ContainerEngine, name: str, one: ContainerPlan,
    hosts: list[tuple[str, str]],
) -> None:  # fmt: skip
    """A container in which steps run; it does nothing itself."""
    words = shlex.split(one.options)
    has_network = any(word.startswith(("--network", "--net")) for word in words)
    known = [("--add-host", f"{host}:{address}") for host, address in hosts if address]
    mounts = list(_mounts(job, one))
    engine.run(
        f"create-{name}", "create", "--name", name, "--label", _LABEL,
        *([] if has_network else ["--network", "host", *words_of(known)]),
        *engine.create_options, *_options(one),
        *words_of([("--volume", mount) for mount in mounts]),
        "--entrypoint", "tail", str(one.image), "-f", "/dev/null", env_vars=one.env,
    )  # fmt: skip
    engine.run(f"start-{name}", "start", name)


def _options(one: ContainerPlan) -> list[str]:
    """What a container says for itself; values of its environment come from the client's."""
    return [
        *words_of([("--publish", port) for port in one.ports]),
        *shlex.split(one.options),
        *words_of([("--env", name) for name in one.env]),
        *words_of([("--volume", volume) for volume in one.volumes]),
    ]


def _mounts(job: JobContext, one: ContainerPlan) -> Iterator[str]:
    """The folders of the job, under the paths that they have outside."""
    folders = job.directories
    read_only = set(one.mount_read_only)
    for folder, kind in (
        (folders.workspace, "work"), (folders.temporary, ""), (folders.tools, "tools"),
        (folders.user_home, ""), (folders.azure_config, ""),
    ):  # fmt: skip
        yield f"{folder}:{folder}{':ro' if kind in read_only else ''}"
    authority = front_door.bundle(job.store.home).parent
    yield f"{authority}/bundle.pem:{authority}/bundle.pem:ro"
    if one.map_docker_socket and Path(_SOCKET).exists():
        yield f"{_SOCKET}:{_SOCKET}"


def _sign_in(job: JobContext, engine: ContainerEngine, asked: list[ContainerPlan]) -> None:
    """Note the logins of the registries' service connections, for the pulls alone."""
    auths = {}
    for endpoint in {one.endpoint for one in asked if one.endpoint}:
        registry = docker_registry.of_connection(job, endpoint)
        auths[registry.address] = {"auth": registry.auth}
    if auths:
        file = _login_file(engine)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": auths}))


def _login_file(engine: ContainerEngine) -> Path:
    return Path(engine.env_vars["DOCKER_CONFIG"]) / "config.json"


def _expanded(job: JobContext, one: ContainerPlan) -> ContainerPlan:
    if one.type and one.type.lower() == "acr":
        raise NotSupported(
            f"the container '{one.alias}' is of type ACR, and no registry of Azure is served here",
            code="ContainerTypeNotSupported", where=str(one.alias),
            hint="Give its image and, where it needs one, the endpoint of another registry.",
        )  # fmt: skip
    if not one.image:
        raise BadInput(f"the container '{one.alias}' has no image", where=str(one.alias))
    expand = job.variables.expand
    return replace(
        one, image=expand(one.image), options=expand(one.options),
        env={name: expand(value) for name, value in one.env.items()},
        ports=tuple(expand(port) for port in one.ports),
        volumes=tuple(expand(volume) for volume in one.volumes),
    )  # fmt: skip


def _late(job: JobContext, text: str) -> str:
    if runtime.is_runtime_expression(text):
        text = runtime.evaluate(text, variables=job.variables.values())
    return job.variables.expand(text)


def _name(job: JobContext, name: str) -> str:
    return f"shipway_{job.job_record_id[:13]}_{name}".replace(" ", "_")


def _try(engine: ContainerEngine, label: str, *arguments: str) -> None:
    try:
        engine.run(label, *arguments, is_tidying=True)
    except EngineFailed as error:
        engine.log(f"##[warning]{error}")
