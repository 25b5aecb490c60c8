"""The many `primary_*` and `secondary_*` attributes of a storage account.

Source: azurerm's internal/services/storage/storage_account_resource.go (endpoints and keys).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shipway.terraform.resource import Values
from shipway.terraform.resources.azurerm.mapping import at

_SUFFIX = "core.windows.net"
_SERVICES = ("blob", "dfs", "file", "queue", "table", "web")
# the service has no endpoint of these by way of internet routing
_NOT_BY_INTERNET = ("queue", "table")
_SIDES = ("primary", "secondary")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the services of an account are reached; `""` where there is none."""

    @property
    def names(self) -> tuple[str, ...]:
        """All attributes, hosts among them."""
        return (
            *(f"{side}_location" for side in _SIDES),
            *(
                f"{side}_{place}_{kind}"
                for side in _SIDES
                for place in _places()
                for kind in ("endpoint", "host")
            ),
        )

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Send nothing: the service computes them."""

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read them all."""
        for side in _SIDES:
            into[f"{side}_location"] = at(answer, f"properties.{side}Location") or ""
            for name, path in _places().items():
                url = at(answer, f"properties.{side}Endpoints.{path}") or ""
                into[f"{side}_{name}_endpoint"] = url
                into[f"{side}_{name}_host"] = urlsplit(url).hostname or ""


def _places() -> dict[str, str]:
    places = {}
    for service in _SERVICES:
        places[service] = service
        if service not in _NOT_BY_INTERNET:
            places[f"{service}_internet"] = f"internetEndpoints.{service}"
        places[f"{service}_microsoft"] = f"microsoftEndpoints.{service}"
    return places


KEY_NAMES = tuple(
    f"{side}_{what}"
    for side in _SIDES
    for what in ("access_key", "connection_string", "blob_connection_string")
)


def key_values(account: str, values: Values, keys: Mapping[str, Any]) -> Values:
    """The keys and connection strings of an account, from the answer of `listKeys`."""
    made: Values = {}
    listed = [str(one.get("value") or "") for one in keys.get("keys") or ()]
    for side, key in zip(_SIDES, (*listed, "", "")[:2], strict=True):
        blob = values.get(f"{side}_blob_endpoint") or ""
        login = f"AccountName={account};AccountKey={key}"
        made[f"{side}_access_key"] = key
        made[f"{side}_connection_string"] = (
            f"DefaultEndpointsProtocol=https;{login};EndpointSuffix={_SUFFIX}"
        )
        made[f"{side}_blob_connection_string"] = (
            f"DefaultEndpointsProtocol=https;BlobEndpoint={blob};{login}" if blob else ""
        )
    return made
