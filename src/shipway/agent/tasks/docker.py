"""Docker@2: images and containers by the engine of this machine, docker or podman.

Source: docker.ts and its neighbours of microsoft/azure-pipelines-tasks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shipway.agent import file_matching
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import docker_registry, paths, programs
from shipway.agent.tasks.docker_registry import Registry
from shipway.agent.tasks.programs import Call
from shipway.base.errors import BadInput, NotSupported

# what an engine prints is no command to the agent, and goes to a file besides
_TELL = (
    'file=$1; shift; "$@" 2>&1 | sed -u "s/##vso\\[/**vso[/gI" | tee -a "$file"; '
    'exit "${PIPESTATUS[0]}"'
)
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)
_DIGEST = re.compile(r"sha256:[0-9a-f]+")
_COMMON_LABELS = ("system.teamfoundationcollectionuri",)
_PIPELINE_LABELS = ("system.teamproject", "build.repository.name")
_BUILD_LABELS = ("build.sourceversion",)
_MORE_BUILD_LABELS = (
    "build.repository.uri", "build.sourcebranchname", "build.definitionname", "build.buildnumber",
    "build.builduri",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Engine:
    """The engine for one step."""

    step: StepRun
    program: str

    def run(self, *arguments: str, label: str, output: Path) -> StepResult:
        """A command of the engine, its output in the log and in `output`."""
        step = self.step
        step.log(f"[command]{self.program} {' '.join(arguments)}")
        code = programs.run_quietly(
            step,
            Call(
                command=["/bin/bash", "-c", _TELL, "docker", str(output), self.program, *arguments],
                cwd=paths.path_of(step, ""), label=label,
            ),
        )  # fmt: skip
        return programs.result(step, code, self.program)


def base_image(dockerfile: str) -> str:
    """The image that the last stage of a Dockerfile stands on, stages of its own followed."""
    stages: dict[str, str] = {}
    last = ""
    for found in _FROM.finditer(dockerfile):
        last = stages.get(found[1].lower(), found[1])
        if found[2]:
            stages[found[2].lower()] = last
    return "" if last.lower() == "scratch" or "$" in last else last


def labels_of(variables: Mapping[str, str], *, with_pipeline: bool) -> list[str]:
    """The labels that tell where an image comes from; those without a value are left out."""
    values = {name.lower(): value for name, value in variables.items()}
    host = urlsplit(values.get("system.teamfoundationcollectionuri", "")).hostname or ""
    prefix = ".".join(reversed(host.split(".")))
    names = [*_COMMON_LABELS]
    names += _PIPELINE_LABELS if with_pipeline else ()
    names += _BUILD_LABELS
    names += _MORE_BUILD_LABELS if with_pipeline else ()
    return [f"{prefix}.image.{name}={values[name]}" for name in names if values.get(name)]


def tags_of(text: str) -> list[str]:
    """The tags of an input, by lines and commas."""
    return [tag.strip() for tag in re.split(r"[\n,]+", text) if tag.strip()]


def _engine(step: StepRun) -> _Engine:
    """The engine. Raises `NotSupported` when there is none, or none that answers."""
    program = programs.find(step, "docker") or programs.find(step, "podman")
    if not program:
        raise NotSupported(
            "Unable to locate executable file: 'docker'. There is no container engine on this "
            "machine", code="ContainerEngineMissing", where="docker",
            hint="Install docker or podman, or give the task a stub in shipway.yml.",
        )  # fmt: skip
    said = step.job.directories.temporary / f"{step.record_id}-engine"
    call = Call(command=[program, "version"], cwd=step.job.directories.workspace, label="engine")
    if programs.ask(step, call, said) != 0:
        raise NotSupported(
            f"{Path(program).name} is on this machine, but its engine does not answer",
            code="ContainerEngineMissing", where=program,
            hint="Start it, or give the task a stub in shipway.yml.",
        )  # fmt: skip
    return _Engine(step, program)


def _dockerfile(step: StepRun) -> Path:
    given = paths.required(step, "Dockerfile")
    file = paths.path_of(step, given)
    if any(mark in given for mark in "*?"):
        files = file_matching.files_of(paths.path_of(step, ""), [given])
        if not files:
            raise _no_dockerfile(given)
        file = files[0]
    if not file.is_file():
        raise _no_dockerfile(given)
    return file


def _no_dockerfile(given: str) -> BadInput:
    return BadInput(
        f"No Dockerfile matching {given} was found.", code="FileMissing", where="Dockerfile"
    )


def _images(step: StepRun, registry: Registry | None) -> list[str]:
    """The names of the image with their tags, in the registries that are signed in to."""
    repository = step.input("repository")
    if not repository:
        return []
    addresses = [registry.address] if registry else docker_registry.signed_in(step)
    names = [docker_registry.image_name(repository, one) for one in addresses or [""]]
    tags = tags_of(step.input("tags"))
    return [f"{name}:{tag}" if tag else name for name in names for tag in tags or [""]]


def _labels(engine: _Engine, dockerfile: Path) -> list[str]:
    step = engine.step
    labels = labels_of(
        step.job.variables.values(), with_pipeline=step.flag("addPipelineData", default=True)
    )
    if step.flag("addBaseImageData", default=True):
        base, _, digest = base_image(dockerfile.read_text(errors="replace")).partition("@")
        labels += [f"image.base.ref.name={base}"] if base else []
        digest = digest or (_digest_of(engine, base) if base else "")
        labels += [f"image.base.digest={digest}"] if digest else []
    return labels


def _digest_of(engine: _Engine, image: str) -> str:
    """The digest under which a registry has an image; empty when it cannot be told."""
    step = engine.step
    said = step.job.directories.temporary / f"{step.record_id}-digest"
    for label, arguments in {
        "pull": ("pull", "--quiet", image),
        "inspect": ("inspect", image, "-f", "{{.RepoDigests}}"),
    }.items():
        call = Call(
            command=[engine.program, *arguments], cwd=step.job.directories.workspace, label=label
        )
        if programs.ask(step, call, said) != 0:
            return ""
    found = _DIGEST.search(said.read_text())
    return found[0] if found else ""


def _build(
    engine: _Engine, registry: Registry | None, output: Path, *, arguments: Sequence[str]
) -> StepResult:
    step = engine.step
    dockerfile = _dockerfile(step)
    context = step.input("buildContext")
    is_default = not context or any(mark in context for mark in "*?")
    place = dockerfile.parent if is_default else paths.path_of(step, context)
    return engine.run(
        "build", "-f", str(dockerfile),
        *(word for label in _labels(engine, dockerfile) for word in ("--label", label)),
        *arguments,
        *(word for image in _images(step, registry) for word in ("-t", image)),
        str(place), label="build", output=output,
    )  # fmt: skip


def _push(
    engine: _Engine, registry: Registry | None, output: Path, *, arguments: Sequence[str]
) -> StepResult:
    step = engine.step
    images = _images(step, registry)
    if not images:
        step.warning("No repository is specified. Nothing will be pushed.")
    for number, image in enumerate(images):
        result = engine.run("push", image, *arguments, label=f"push{number}", output=output)
        if result != "succeeded":
            return result
    return "succeeded"


def _container(step: StepRun) -> str:
    """The container: one of the job's services by its name, or one by its own."""
    name = paths.required(step, "container")
    try:
        mapping = json.loads(step.job.variables.get("Agent.ContainerMapping", "{}"))
        return str(mapping[name]["id"])
    except (ValueError, KeyError, TypeError):
        return name


def _command(engine: _Engine, command: str, registry: Registry | None) -> StepResult:
    step = engine.step
    folder = step.job.directories.temporary / "task_outputs"
    folder.mkdir(exist_ok=True)
    output = folder / f"{command.lower()}_{step.record_id}.txt"
    output.touch()
    programs.set_variable(step, "DockerOutput", str(output))
    words = programs.words(step.input("arguments"))
    with docker_registry.session(step, registry):
        match command.lower():
            case "build":
                return _build(engine, registry, output, arguments=words)
            case "push":
                return _push(engine, registry, output, arguments=words)
            case "buildandpush":
                if words:
                    step.warning(
                        "The arguments input is ignored for the buildAndPush command. Use separate "
                        "build and push commands instead."
                    )
                built = _build(engine, registry, output, arguments=())
                pushed = built == "succeeded"
                return _push(engine, registry, output, arguments=()) if pushed else built
            case "start" | "stop":
                container = _container(step)
                return engine.run(command, container, *words, label="main", output=output)
            case _:
                return engine.run(command, *words, label="main", output=output)


def _run(step: StepRun) -> StepResult:
    command = paths.required(step, "command")
    if command.lower() == "login":
        docker_registry.sign_in(step, docker_registry.required(step))
        return "succeeded"
    registry = docker_registry.of_step(step)
    if command.lower() == "logout":
        docker_registry.sign_out(step, registry)
        return "succeeded"
    return _command(_engine(step), command, registry)


DOCKER = Task(name="Docker", version=2, run=_run, acts_on_job=True)
