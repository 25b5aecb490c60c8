"""A step whose processes run: real programs, or ones of the test's own that note what they got."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.unit.agent.tasks.steps import FakeStep

from shipway.agent.job_context import JobContext
from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.devops import pipeline_permissions, service_connections
from shipway.devops.service_connections import Scheme, ServiceConnection

_PROGRAM = """\
#!/bin/sh
line=$(basename "$0"); for word in "$@"; do line="$line $word"; done; echo "$line" >> {log}
env | grep -E '^({names})=' | sort >> {log}.env
for word in "$@"; do
    case "$word" in -backend-config=/*) cat "${{word#*=}}" >> {log}.file;; esac
done
[ -z "$NPM_CONFIG_USERCONFIG" ] || cat "$NPM_CONFIG_USERCONFIG" >> {log}.file
[ -z "$DOCKER_CONFIG" ] || cat "$DOCKER_CONFIG/config.json" >> {log}.file
{body}
"""


class RunningStep(FakeStep):
    """Runs what it is asked to, in the order's environment; output goes to `logged`."""

    def run_process(self, order: ProcessOrder) -> int:
        self.orders.append(order)
        with _closing(order.fds):
            done = subprocess.run(
                list(order.command), cwd=order.cwd, capture_output=True, check=False,
                env={**self.job.environment(), **order.env_vars, **order.secret_env_vars},
                pass_fds=list(order.fds), timeout=60,
            )  # fmt: skip
        self.logged += (done.stdout + done.stderr).decode().splitlines()
        return done.returncode

    def script(self, text: str, *, suffix: str, label: str = "main") -> tuple[str, Sequence[int]]:
        self.scripts.append(text)
        descriptor = os.memfd_create(label)
        os.write(descriptor, text.encode())
        return f"/proc/self/fd/{descriptor}", (descriptor,)


def run(job: JobContext, task: Task, **inputs: str) -> tuple[StepResult, RunningStep]:
    """The result of a task whose processes run, and the step with what it said."""
    step = RunningStep(job, task, inputs)
    typed: StepRun = step
    return task.run(typed), step


def program(job: JobContext, name: str, body: str = "", *, names: str = "NOTHING") -> Path:
    """A program first on the job's PATH; the file where its calls are noted, one a line.

    Variables that match `names` go to the same name with `.env`, files it was pointed to to
    `.file`.
    """
    folder = job.directories.root / "programs"
    folder.mkdir(exist_ok=True)
    log = folder / f"{name}.log"
    file = folder / name
    file.write_text(_PROGRAM.format(log=log, names=names, body=body))
    file.chmod(0o755)
    if str(folder) not in job.path_prefix:
        job.path_prefix.append(str(folder))
    return log


def only(job: JobContext) -> None:
    """No program is on the job's PATH but those of the test and a shell's."""
    folder = job.directories.root / "few"
    folder.mkdir()
    for name in ("sh", "bash", "env", "grep", "sort", "cat", "basename", "sed", "tee"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    job.base_environment = {**job.base_environment, "PATH": str(folder)}


def connect(
    job: JobContext, name: str = "azure", *, kind: str = "azurerm", url: str = "",
    federated: bool = False, **parameters: str,
) -> ServiceConnection:  # fmt: skip
    """A service connection that every pipeline may use; azurerm ones have a key or a federation."""
    if kind == "azurerm":
        parameters = {"tenantid": "the-tenant", "serviceprincipalid": "the-client"}
        parameters |= {} if federated else {"serviceprincipalkey": "the-long-key"}
    keyed: Scheme = "ServicePrincipal" if kind == "azurerm" else "UsernamePassword"
    made = service_connections.create(
        job.store, project_id=job.run.project_id, name=name, kind=kind,
        scheme="WorkloadIdentityFederation" if federated else keyed,
        url=url or "https://management.azure.com/", parameters=parameters,
        data={"subscriptionId": "the-subscription"},
    )  # fmt: skip
    pipeline_permissions.authorize(
        job.store, resource_type="endpoint", resource_id=made.connection_id, by="me"
    )
    return made


@contextlib.contextmanager
def _closing(descriptors: Sequence[int]) -> Iterator[None]:
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
