"""`azuredevops_serviceendpoint_github`: a pipeline's way to a repository on GitHub."""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuredevops import service_endpoints
from shipway.terraform.resources.azuredevops.attributes import block, text


def expand(values: Values) -> dict[str, Any]:
    """What the service is told: a token, an OAuth configuration, or the GitHub app."""
    scheme, parameters = "InstallationToken", {}
    personal, oauth = block(values, "auth_personal"), block(values, "auth_oauth")
    if personal:
        scheme, parameters = "Token", {"AccessToken": text(personal, "personal_access_token")}
    if oauth:
        scheme = "OAuth"
        parameters = {"ConfigurationId": text(oauth, "oauth_configuration_id"), "AccessToken": ""}
    return {
        "type": "github",
        "url": "https://github.com",
        "authorization": {"scheme": scheme, "parameters": parameters},
    }


def flatten(found: dict[str, Any], values: Values) -> Values:
    """What the service says; a token stays as the state has it."""
    del values
    if str(found["authorization"]["scheme"]).lower() != "oauth":
        return {}
    parameters = service_endpoints.parameters_of(found)
    return {"auth_oauth": [{"oauth_configuration_id": parameters.get("ConfigurationId")}]}


def only_shared(found: dict[str, Any], values: Values) -> Values:
    """The data source has no more than what every kind has."""
    del found, values
    return {}


RESOURCE = service_endpoints.resource("azuredevops_serviceendpoint_github", expand, flatten)
ONE = service_endpoints.data_source("azuredevops_serviceendpoint_github", only_shared)
