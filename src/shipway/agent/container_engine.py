"""The container engine of this machine, docker or podman: one command after another, each once.

Every command has a control folder, so an agent that takes a job over reads how it ended instead
of running it again.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from shipway.agent.job_context import JobContext, JobStop
from shipway.agent.job_environment import tools_folder
from shipway.base import config, process
from shipway.base.errors import Conflict, NotFound

# how a client finds its engine, from whoever started the server
_OF_ENGINE = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
              "CONTAINER_HOST", "XDG_RUNTIME_DIR")  # fmt: skip
_WAIT_SECONDS = 0.2


class EngineFailed(Conflict):
    """A command of the engine ended with an exit code; the message has its last words."""

    default_code = "ContainerEngineFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEngine:
    """Runs commands of the engine's client. `log` is told what runs and what it says."""

    program: str
    env_vars: Mapping[str, str]
    user: str = ""
    create_options: tuple[str, ...] = ()
    control: Path
    cwd: Path
    stop: JobStop = field(default_factory=JobStop)
    log: Callable[[str], None]

    def run(
        self, label: str, *arguments: str, env_vars: Mapping[str, str] | None = None,
        is_tidying: bool = False,
    ) -> list[str]:  # fmt: skip
        """The lines that a command prints. Raises `EngineFailed`.

        `label` is the command's own in the job. What tidies up goes on when the job is canceled.
        """
        self.log(f"##[command]{Path(self.program).name} {' '.join(arguments)}")
        control = self.control / label
        process.start(
            [self.program, *arguments], control=control, cwd=self.cwd,
            env_vars={**self.env_vars, **(env_vars or {})},
        )  # fmt: skip
        while (status := process.wait(control, seconds=_WAIT_SECONDS)).state == "running":
            if self.stop.is_set() and not is_tidying:
                process.kill_tree(control)
        lines = (control / "output").read_text(errors="replace").splitlines()
        for line in lines:
            self.log(line)
        if status.state != "ended" or status.exit_code != 0:
            last = lines[-1] if lines else ""
            raise EngineFailed(
                f"{Path(self.program).name} {arguments[0]} failed with exit code "
                f"{status.exit_code}. {last}".rstrip(),
                where=label,
            )  # fmt: skip
        return lines


def program_of(job: JobContext) -> str:
    """docker, else podman. Raises `NotFound` when neither is there.

    It is the agent's, as on Azure: found on the PATH of whoever started the server, too.
    """
    tools = tools_folder(job.store.home)
    outer = config.environment().get("PATH", "")
    for name in ("docker", "podman"):
        found = shutil.which(name, path=f"{tools}:{outer}:{job.search_path()}")
        if found:
            return found
    raise NotFound(
        "File not found: 'docker'. The job asks for containers, and there is no container engine "
        "on this machine.",
        code="ContainerEngineMissing", where="docker",
        hint="Install docker or podman, or take `container` and `services` out of the job.",
    )  # fmt: skip


def asked(job: JobContext, log: Callable[[str], None]) -> ContainerEngine:
    """The engine, once it has answered and said who processes are inside.

    Raises `NotFound` without one, `EngineFailed` for a client whose engine does not answer.
    """
    made = engine_of(job, log)
    made.run("version", "version")
    return _as_user(made)


def engine_of(job: JobContext, log: Callable[[str], None]) -> ContainerEngine:
    """The engine, with a home of its own in the job's temporary folder. Raises `NotFound`."""
    outer = config.environment()
    home = job.directories.temporary / "engine-home"
    home.mkdir(mode=0o700, exist_ok=True)
    return ContainerEngine(
        program=program_of(job),
        env_vars={
            **job.base_environment, "HOME": str(home),
            "PATH": ":".join(filter(None, (outer.get("PATH"), job.search_path()))),
            "DOCKER_CONFIG": str(home / ".docker"),
            **{name: outer[name] for name in _OF_ENGINE if name in outer},
        },
        control=job.directories.control / "containers", cwd=job.directories.workspace,
        stop=job.stop, log=log,
    )  # fmt: skip


def _as_user(engine: ContainerEngine) -> ContainerEngine:
    """Who processes are inside, so that their files belong to whoever runs the agent."""
    user = f"{os.getuid()}:{os.getgid()}"
    if Path(engine.program).name == "podman":
        keep = ("--userns", "keep-id") if os.getuid() else ()
        return replace(engine, user=user, create_options=keep)
    said = engine.run("info", "info", "--format", "{{.SecurityOptions}}")
    # a rootless engine calls its owner root inside
    return replace(engine, user="0:0" if any("rootless" in line for line in said) else user)


def words_of(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Options with their values, one after another."""
    return [word for pair in pairs for word in pair]
