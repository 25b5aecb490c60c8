"""What a row of the simpler providers' table is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shipway.azure.arm.resources import ArmResource
from shipway.store.store import Store
from shipway.wire.http import Request

Given = dict[str, Any]
Properties = Callable[[Store, ArmResource], Given]
# (store, request, resource id, properties as sent, what there is already) -> properties to keep
Prepare = Callable[[Store, Request, str, Given, ArmResource | None], Given]
Hook = Callable[[Store, ArmResource], None]


def as_sent(
    store: Store, request: Request, resource_id: str, given: Given, before: ArmResource | None
) -> Given:
    """Keep properties as they were sent."""
    del store, request, resource_id, before
    return given


def nothing(store: Store, resource: ArmResource) -> None:
    """There is nothing else to do."""
    del store, resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A type: its namespace and name, how it creates, what it adds to the given properties.

    `prepare` checks and completes what was sent (raises in the provider's words); `saved` and
    `removed` do what else follows, in the same transaction.
    """

    namespace: str
    name: str
    api_versions: tuple[str, ...]
    properties: Properties
    prepare: Prepare = as_sent
    saved: Hook = nothing
    removed: Hook = nothing
    status_when_new: int = 201
    doc: str = ""

    @property
    def full_type(self) -> str:
        """`Microsoft.KeyVault/vaults`."""
        return f"{self.namespace}/{self.name}"
