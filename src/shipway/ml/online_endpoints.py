"""Online endpoints: a host name, two keys, an identity, and how traffic is split.

Knows: documents, secrets, identities. Must not know: HTTP, processes.
Source: https://learn.microsoft.com/azure/machine-learning/concept-endpoints-online
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shipway.base import ids
from shipway.base.errors import BadInput, NotFound
from shipway.ml.entities import Entity
from shipway.store.store import Store

KIND = "online_endpoint"
# <endpoint>.<region> -> the endpoint's key: host names are unique in a region
HOST_KIND = "online_endpoint_host"
AUTH_MODES = ("Key", "AMLToken", "AADToken")
AuthMode = Literal["Key", "AMLToken", "AADToken"]
KeyName = Literal["primary", "secondary"]
DOMAIN = "inference.ml.azure.com"

_NAME = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9-]{1,30}[a-zA-Z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineEndpoint(Entity):
    """An endpoint. `traffic` maps deployments to percent (sum 0 or 100), `mirror_traffic` at most
    one deployment to the percent of requests that are copied to it."""

    workspace: str
    name: str
    location: str
    auth_mode: str = "Key"
    provisioning_state: str = "Creating"
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror_traffic: Mapping[str, int] = field(default_factory=dict)
    identity_type: str = "SystemAssigned"
    principal_id: str = ""
    user_identities: tuple[str, ...] = ()
    public_network_access: str = "Enabled"
    operation_id: str = ""

    @property
    def key(self) -> str:
        """Its document key; names ignore case."""
        return f"{self.workspace}/{self.name}".lower()

    @property
    def host(self) -> str:
        """The name that clients call."""
        return f"{self.name.lower()}.{self.location}.{DOMAIN}"

    @property
    def scoring_uri(self) -> str:
        """Where requests go."""
        return f"https://{self.host}/score"


def check_name(name: str) -> None:
    """Raises `BadInput` for a name that Azure refuses."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The endpoint name '{name}' is invalid.", code="BadArgument", where=name,
            hint="3 to 32 letters, digits and hyphens; begins with a letter, ends without hyphen.",
        )  # fmt: skip


def resource_id(workspace: str, name: str) -> str:
    """The ARM id of an endpoint (in the lower case of workspace keys)."""
    subscription, group, workspace_name = workspace.split("/")
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/"
        f"Microsoft.MachineLearningServices/workspaces/{workspace_name}/onlineEndpoints/{name}"
    )


def find(store: Store, *, workspace: str, name: str) -> OnlineEndpoint | None:
    """The endpoint, or None."""
    document = store.documents.find(KIND, f"{workspace}/{name}".lower())
    return OnlineEndpoint.read(document) if document else None


def get(store: Store, *, workspace: str, name: str) -> OnlineEndpoint:
    """The endpoint. Raises `NotFound`."""
    endpoint = find(store, workspace=workspace, name=name)
    if endpoint is None:
        raise NotFound(
            f"Online endpoint '{name}' was not found.", code="ResourceNotFound", where=name,
            hint="`az ml online-endpoint list` shows those of the workspace.",
        )  # fmt: skip
    return endpoint


def find_by_host(store: Store, host: str) -> OnlineEndpoint | None:
    """The endpoint behind a host name, or None."""
    label = host.lower().removesuffix(f".{DOMAIN}")
    row = store.documents.find(HOST_KIND, label)
    document = store.documents.find(KIND, str(row.body["key"])) if row else None
    return OnlineEndpoint.read(document) if document else None


def list_all(store: Store, *, workspace: str) -> list[OnlineEndpoint]:
    """The endpoints of a workspace by name."""
    return [OnlineEndpoint.read(d) for d in store.documents.list(KIND, prefix=f"{workspace}/")]


def save(store: Store, endpoint: OnlineEndpoint) -> OnlineEndpoint:
    """Write an endpoint."""
    return OnlineEndpoint.read(store.documents.put(KIND, endpoint.key, endpoint.body()))


def keys(store: Store, endpoint: OnlineEndpoint) -> dict[str, str]:
    """The primary and the secondary key, made at the first call."""
    found: dict[str, str] = {}
    for name in ("primary", "secondary"):
        secret = store.secrets.find(_secret(endpoint.key, name))
        if secret is None:
            secret = regenerate_key(store, endpoint, name)
        found[name] = secret
    return found


def regenerate_key(store: Store, endpoint: OnlineEndpoint, name: str, value: str = "") -> str:
    """Replace a key, by `value` when one is given. Raises `BadInput` for an unknown key name."""
    if name.lower() not in ("primary", "secondary"):
        raise BadInput(
            f"'{name}' is not a value of keyType.", code="ValidationError", where="keyType",
            hint="Possible: Primary, Secondary.",
        )  # fmt: skip
    secret = value or ids.new_token(24)
    store.secrets.put(_secret(endpoint.key, name.lower()), secret)
    return secret


def forget(store: Store, endpoint: OnlineEndpoint) -> None:
    """Remove the endpoint's rows and keys."""
    for name in ("primary", "secondary"):
        store.secrets.delete(_secret(endpoint.key, name))
    store.documents.delete(HOST_KIND, f"{endpoint.name}.{endpoint.location}".lower())
    store.documents.delete(KIND, endpoint.key)


def check_split(
    name: str, split: Mapping[str, int], deployments: frozenset[str], *, mirror: bool
) -> None:
    """Raises `BadInput` for a split that Azure refuses, naming what is wrong with it.

    Traffic sums to 0 or 100; one deployment may mirror up to 50 percent.
    """
    field_name = "mirrorTraffic" if mirror else "traffic"
    known = {deployment.lower() for deployment in deployments}
    for deployment, percent in split.items():
        if deployment.lower() not in known:
            raise BadInput(
                f"The {field_name} of endpoint '{name}' names the deployment '{deployment}', which"
                " does not exist.", code="BadArgument", where=f"properties.{field_name}",
                hint=f"Deployments: {', '.join(sorted(deployments)) or 'none'}.",
            )  # fmt: skip
        if not 0 <= percent <= 100:
            raise BadInput(
                f"The {field_name} of deployment '{deployment}' is {percent}; it must be between"
                " 0 and 100.", code="BadArgument", where=f"properties.{field_name}.{deployment}",
                hint="Send percentages.",
            )  # fmt: skip
    total = sum(split.values())
    if mirror and (sum(1 for percent in split.values() if percent) > 1 or total > 50):
        raise BadInput(
            f"The mirrorTraffic of endpoint '{name}' must name one deployment and at most 50"
            " percent.", code="BadArgument", where="properties.mirrorTraffic",
            hint=f"It is {dict(split)}.",
        )  # fmt: skip
    if not mirror and total not in (0, 100):
        raise BadInput(
            f"The traffic of endpoint '{name}' sums to {total} percent; it must be 0 or 100.",
            code="BadArgument", where="properties.traffic",
            hint=f"It is {dict(split)}.",
        )  # fmt: skip


def _secret(key: str, name: str) -> str:
    return f"online endpoint {key} {name}"
