"""Computes: clusters, instances and the machine itself, each with its own identity.

All of them run on this machine; a cluster's size bounds how many jobs run on it at once. Knows:
documents, identities, the doorbell of the workers. Must not know: HTTP.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shipway.azure.arm import role_assignments
from shipway.azure.entra import managed_identities
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput, NotFound
from shipway.ml.entities import Entity, authorship
from shipway.store import doorbell
from shipway.store.store import Store

KIND = "compute"
LOCAL = "local"
SERVERLESS = "serverless"
TYPES = ("AmlCompute", "ComputeInstance", "Kubernetes", "VirtualMachine", "SynapseSpark")

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_NAME = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute(Entity):
    """A compute. `settings` are its type's own properties (size, scale, ...) as sent.

    `principal_id` is its system-assigned identity, empty when it has none; `user_identities` are
    the ARM ids of identities assigned to it.
    """

    workspace: str
    name: str
    compute_type: str
    location: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    principal_id: str = ""
    user_identities: tuple[str, ...] = ()
    instance_state: str = "Running"

    @property
    def key(self) -> str:
        """Its document key; names ignore case."""
        return f"{self.workspace}/{self.name}".lower()


def resource_id(workspace: str, name: str) -> str:
    """The ARM id of a compute (in the lower case of workspace keys)."""
    subscription, group, workspace_name = workspace.split("/")
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{workspace_name}/computes/{name}"
    )


def find(store: Store, *, workspace: str, name: str) -> Compute | None:
    """The compute, or None."""
    document = store.documents.find(KIND, f"{workspace}/{name}".lower())
    return Compute.read(document) if document else None


def get(store: Store, *, workspace: str, name: str) -> Compute:
    """The compute. Raises `NotFound` naming it and those that exist."""
    compute = find(store, workspace=workspace, name=name)
    if compute is None:
        known = ", ".join(c.name for c in list_all(store, workspace=workspace))
        raise NotFound(
            f"The specified compute '{name}' was not found in the workspace.",
            code="ComputeNotFound", where=name, hint=f"Computes of this workspace: {known}.",
        )  # fmt: skip
    return compute


def list_all(store: Store, *, workspace: str) -> list[Compute]:
    """The computes of a workspace by name."""
    return [Compute.read(d) for d in store.documents.list(KIND, prefix=f"{workspace}/")]


def create(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    workspace: str,
    name: str,
    compute_type: str,
    location: str,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    system_identity: bool = False,
    user_identities: tuple[str, ...] = (),
    principal: Principal = ANONYMOUS,
) -> Compute:
    """Make a compute, or replace the settings of one that exists; jobs that wait look anew.

    `system_identity`: whether it has (keeps, gets) an identity of its own, which its jobs act as.
    Raises `BadInput` for a name or a type that Azure refuses.
    """
    if compute_type not in TYPES:
        raise BadInput(
            f"The compute type '{compute_type}' is not supported.", code="InvalidComputeType",
            where="properties.computeType", hint=f"Supported: {', '.join(TYPES)}.",
        )  # fmt: skip
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The compute name '{name}' is invalid.", code="InvalidComputeName", where=name,
            hint="Up to 32 letters, digits and hyphens; begins with a letter, ends without hyphen.",
        )  # fmt: skip
    own_id = resource_id(workspace, name)
    principal_id = ""
    if system_identity:
        principal_id = managed_identities.create_for(store, own_id).object_id
    before = find(store, workspace=workspace, name=name)
    compute = Compute(
        workspace=workspace, name=name, compute_type=compute_type, location=location,
        description=description, tags=dict(tags or {}), settings=dict(settings or {}),
        principal_id=principal_id, user_identities=user_identities,
        instance_state=before.instance_state if before else "Running", **authorship(principal),
    )  # fmt: skip
    with store.database.transaction():
        _ring(store)
        return Compute.read(store.documents.put(KIND, compute.key, compute.body()))


def most_at_once(compute: Compute) -> int | None:
    """How many jobs may run on a compute at once; None: as many as the machine has slots.

    A cluster runs one job per node; an instance one, and none while it is stopped.
    """
    if compute.compute_type == "ComputeInstance":
        return 1 if compute.instance_state == "Running" else 0
    scale = compute.settings.get("scaleSettings")
    most = scale.get("maxNodeCount") if isinstance(scale, Mapping) else None
    is_number = isinstance(most, int) and not isinstance(most, bool)
    return most if compute.compute_type == "AmlCompute" and is_number else None


def create_local(store: Store, *, workspace: str, location: str) -> Compute:
    """The compute `local`: this machine by that name."""
    return create(
        store, workspace=workspace, name=LOCAL, compute_type="VirtualMachine", location=location,
        description="This machine.", settings={"address": "127.0.0.1"},
    )  # fmt: skip


def set_instance_state(store: Store, *, workspace: str, name: str, state: str) -> Compute:
    """Started or stopped. Raises `NotFound`, and `BadInput` for what is no compute instance."""
    with store.database.transaction():
        compute = get(store, workspace=workspace, name=name)
        if compute.compute_type != "ComputeInstance":
            raise BadInput(
                f"The compute '{name}' is of type {compute.compute_type}: only a compute instance "
                "is started and stopped.",
                code="InvalidComputeType", where=name, hint="A cluster starts nodes as it needs.",
            )  # fmt: skip
        _ring(store)
        return Compute.read(store.documents.update(KIND, compute.key, {"instance_state": state}))


def _ring(store: Store) -> None:
    """With the caller's commit wake whoever runs jobs: one that waits may have a node now."""
    store.database.after_commit(lambda: doorbell.ring(store.home.sockets, "compute"))


def delete(store: Store, *, workspace: str, name: str) -> bool:
    """Remove a compute with its identity and roles; False when there was none."""
    with store.database.transaction():
        managed_identities.delete_for(store, resource_id(workspace, name))
        role_assignments.remove_at(store, resource_id(workspace, name))
        return store.documents.delete(KIND, f"{workspace}/{name}".lower())
