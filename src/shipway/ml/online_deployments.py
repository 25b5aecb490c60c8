"""Online deployments: a model version and an environment version behind an endpoint.

Knows: documents. Must not know: HTTP, processes; where a deployment's process listens is a matter
of its key and generation, so that router and serving agree without a word.
Source: https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shipway.base import ids
from shipway.base.errors import BadInput, NotFound
from shipway.base.home import Home
from shipway.ml.entities import Entity
from shipway.store.store import Store

KIND = "online_deployment"
_TAIL_BYTES = 1 << 18

_NAME = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9-]{1,30}[a-zA-Z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How a deployment is asked whether it is well; seconds."""

    initial_delay: float = 10.0
    period: float = 10.0
    timeout: float = 2.0
    success_threshold: int = 1
    failure_threshold: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineDeployment(Entity):
    """A deployment. `generation` counts its forms: an update makes the next one, and the one that
    serves (`serving_generation`, 0: none) answers until the next has proved itself.

    `model` and `environment_id` are references as sent, `model_key` the document key of the model
    version that they stand for. `error` is {code, message} of a failed one.
    """

    workspace: str
    endpoint: str
    name: str
    location: str
    generation: int = 1
    serving_generation: int = 0
    provisioning_state: str = "Creating"
    model: str = ""
    model_key: str = ""
    environment_id: str = ""
    code_id: str = ""
    scoring_script: str = ""
    env_vars: Mapping[str, str] = field(default_factory=dict)
    instance_type: str = "Standard_DS3_v2"
    instance_count: int = 1
    liveness: Mapping[str, Any] = field(default_factory=dict)
    readiness: Mapping[str, Any] = field(default_factory=dict)
    request_timeout: float = 5.0
    max_concurrent_requests: int = 1
    scale: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, str] = field(default_factory=dict)
    operation_id: str = ""

    @property
    def key(self) -> str:
        """Its document key; names ignore case."""
        return f"{self.workspace}/{self.endpoint}/{self.name}".lower()

    @property
    def lineage_key(self) -> str:
        """Its name in lineage edges and the journal."""
        return f"deployment/{self.key}"

    @property
    def liveness_probe(self) -> Probe:
        """The liveness probe with Azure's defaults."""
        return Probe(**self.liveness)

    @property
    def readiness_probe(self) -> Probe:
        """The readiness probe with Azure's defaults."""
        return Probe(**self.readiness)


def check_name(name: str) -> None:
    """Raises `BadInput` for a name that Azure refuses."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The deployment name '{name}' is invalid.", code="BadArgument", where=name,
            hint="3 to 32 letters, digits and hyphens; begins with a letter, ends without hyphen.",
        )  # fmt: skip


def find(store: Store, *, workspace: str, endpoint: str, name: str) -> OnlineDeployment | None:
    """The deployment, or None."""
    document = store.documents.find(KIND, f"{workspace}/{endpoint}/{name}".lower())
    return OnlineDeployment.read(document) if document else None


def find_by_key(store: Store, key: str) -> OnlineDeployment | None:
    """The deployment of a document key, or None."""
    document = store.documents.find(KIND, key)
    return OnlineDeployment.read(document) if document else None


def get(store: Store, *, workspace: str, endpoint: str, name: str) -> OnlineDeployment:
    """The deployment. Raises `NotFound`."""
    deployment = find(store, workspace=workspace, endpoint=endpoint, name=name)
    if deployment is None:
        known = [d.name for d in list_of(store, workspace=workspace, endpoint=endpoint)]
        raise NotFound(
            f"Online deployment '{name}' of endpoint '{endpoint}' was not found.",
            code="ResourceNotFound", where=name,
            hint=f"Deployments: {', '.join(known) or 'none'}.",
        )  # fmt: skip
    return deployment


def list_of(store: Store, *, workspace: str, endpoint: str) -> list[OnlineDeployment]:
    """The deployments of an endpoint by name."""
    prefix = f"{workspace}/{endpoint}/".lower()
    return [OnlineDeployment.read(d) for d in store.documents.list(KIND, prefix=prefix)]


def list_everywhere(store: Store) -> list[OnlineDeployment]:
    """All deployments of this home."""
    return [OnlineDeployment.read(d) for d in store.documents.list(KIND)]


def save(store: Store, deployment: OnlineDeployment) -> OnlineDeployment:
    """Write a deployment."""
    return OnlineDeployment.read(store.documents.put(KIND, deployment.key, deployment.body()))


def folder(home: Home, key: str) -> Path:
    """Where a deployment's generations, processes and logs lie."""
    return home.root / "endpoints" / ids.digest(key)[:16]


def socket_path(home: Home, key: str, generation: int) -> Path:
    """The unix socket of a generation, short because such paths have at most 107 characters."""
    return home.sockets / "serving" / f"{ids.digest(f'{key}#{generation}')[:12]}.s"


def logs(home: Home, deployment: OnlineDeployment, *, lines: int, preparing: bool = False) -> str:
    """The last lines of the newest generation's log: the process's own words, attempt after
    attempt, or (`preparing`) those of whoever started it."""
    generations = folder(home, deployment.key)
    numbers = [int(f.name) for f in generations.iterdir() if f.name.isdecimal()] if (
        generations.exists()
    ) else []  # fmt: skip
    if not numbers:
        return ""
    newest = generations / str(max(numbers))
    if preparing:
        return tail(newest / "supervisor.log", lines)
    attempts = sorted((newest / "attempts").glob("*/output"))
    text: list[str] = []
    for output in reversed(attempts):
        text = tail(output, lines - len(text)).splitlines() + text
        if len(text) >= lines:
            break
    return "".join(f"{line}\n" for line in text[-lines:])


def tail(path: Path, lines: int, *, only_traceback: bool = False) -> str:
    """The last lines of a file; with `only_traceback` those from its last traceback on."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    found = text.splitlines()
    if only_traceback:
        found = _first_cause(found) or found
    return "\n".join(found[-lines:])


def _first_cause(lines: list[str]) -> list[str]:
    """The traceback in which the last chain of exceptions began: the script's own, where the
    server that loads it adds its own after it. Empty when there is none."""
    starts = [i for i, line in enumerate(lines) if "Traceback (most recent call last)" in line]
    while len(starts) > 1 and any(
        line.startswith(("The above exception", "During handling"))
        for line in lines[starts[-2] : starts[-1]]
    ):
        starts.pop()
    if not starts:
        return []
    for end in range(starts[-1] + 1, len(lines)):
        if lines[end] and not lines[end].startswith(" "):
            return lines[starts[-1] : end + 1]
    return lines[starts[-1] :]
