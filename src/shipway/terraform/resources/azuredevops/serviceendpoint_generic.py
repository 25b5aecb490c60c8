"""`azuredevops_serviceendpoint_generic`: an address with a user and a password."""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuredevops import service_endpoints
from shipway.terraform.resources.azuredevops.attributes import text


def expand(values: Values) -> dict[str, Any]:
    """What the service is told."""
    parameters = {"username": text(values, "username"), "password": text(values, "password")}
    return {
        "type": "generic",
        "url": text(values, "server_url"),
        "authorization": {"scheme": "UsernamePassword", "parameters": parameters},
    }


def flatten(found: dict[str, Any], values: Values) -> Values:
    """What the service says; the password stays as the state has it."""
    del values
    parameters = service_endpoints.parameters_of(found)
    return {"server_url": found["url"], "username": parameters.get("username")}


RESOURCE = service_endpoints.resource("azuredevops_serviceendpoint_generic", expand, flatten)
