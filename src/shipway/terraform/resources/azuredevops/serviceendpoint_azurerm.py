"""`azuredevops_serviceendpoint_azurerm`: a pipeline's way into an Azure subscription.

A federated connection has no secret: the computed issuer and subject go into the application's
federated credential.
"""

from collections.abc import Iterable
from typing import Any, Final

from shipway.terraform.calls import ApiError
from shipway.terraform.resource import AtAttribute, Change, Problem, Values
from shipway.terraform.resources.azuredevops import refusals, service_endpoints
from shipway.terraform.resources.azuredevops.attributes import block, follow, text

_FEDERATED, _IDENTITY = "WorkloadIdentityFederation", "ManagedServiceIdentity"
_ADDRESSES: Final = {
    "AzureCloud": "https://management.azure.com/",
    "AzureChinaCloud": "https://management.chinacloudapi.cn/",
    "AzureUSGovernment": "https://management.usgovcloudapi.net/",
    "AzureGermanCloud": "https://management.microsoftazure.de",
}
_STACK = "AzureStack"
_refuse = refusals.check("serviceendpoint_azurerm")


def expand(values: Values) -> dict[str, Any]:
    """What the service is told."""
    scheme = text(values, "service_endpoint_authentication_scheme")
    parameters = {"tenantid": text(values, "azurerm_spn_tenantid"), **_credentials(values, scheme)}
    data = {"environment": text(values, "environment")}
    if scheme != _IDENTITY:
        data["creationMode"] = "Manual" if block(values, "credentials") else "Automatic"
    subscription, group = (
        text(values, "azurerm_subscription_id"), text(values, "resource_group"),
    )  # fmt: skip
    if subscription:
        data |= {
            "scopeLevel": "Subscription",
            "subscriptionId": subscription,
            "subscriptionName": text(values, "azurerm_subscription_name"),
        }
        if group and scheme != _IDENTITY:
            parameters["scope"] = f"/subscriptions/{subscription}/resourcegroups/{group}"
    if text(values, "azurerm_management_group_id"):
        data |= {
            "scopeLevel": "ManagementGroup",
            "managementGroupId": text(values, "azurerm_management_group_id"),
            "managementGroupName": text(values, "azurerm_management_group_name"),
        }
    return {
        "type": "azurerm",
        "url": _address(values),
        "authorization": {"scheme": scheme, "parameters": parameters},
        "data": data,
    }


def flatten(found: dict[str, Any], values: Values) -> Values:
    """What the service says; keys and certificates stay as the state has them."""
    parameters, data = service_endpoints.parameters_of(found), found.get("data") or {}
    shown: Values = {
        "service_endpoint_authentication_scheme": found["authorization"]["scheme"],
        "azurerm_spn_tenantid": _of(parameters, "tenantid"),
        "server_url": found.get("url"),
    }
    if "environment" in data:
        shown["environment"] = data["environment"]
    if shown["service_endpoint_authentication_scheme"] == _FEDERATED:
        shown["workload_identity_federation_issuer"] = _of(
            parameters, "workloadidentityfederationissuer"
        )
        shown["workload_identity_federation_subject"] = _of(
            parameters, "workloadidentityfederationsubject"
        )
    if _is_imported(values) and data.get("creationMode") == "Manual":
        shown["credentials"] = [
            {
                "serviceprincipalid": _of(parameters, "serviceprincipalid"),
                "serviceprincipalkey": "",
                "serviceprincipalcertificate": "",
            }
        ]
    scope = str(_of(parameters, "scope") or "").split("/")
    if len(scope) == 5:  # '', subscriptions, id, resourcegroups, name
        shown["resource_group"] = scope[4]
    if _of(parameters, "serviceprincipalid") is not None:
        shown["service_principal_id"] = _of(parameters, "serviceprincipalid")
    if "managementGroupId" in data:
        shown["azurerm_management_group_id"] = data["managementGroupId"]
        shown["azurerm_management_group_name"] = data.get("managementGroupName")
    if "subscriptionId" in data:
        shown["azurerm_subscription_id"] = data["subscriptionId"]
        shown["azurerm_subscription_name"] = data.get("subscriptionName")
    return shown


def problems(config: Values) -> Iterable[Problem]:
    """A subscription or a whole management group; an address for Azure Stack."""
    subscription = ("azurerm_subscription_id", "azurerm_subscription_name")
    management = ("azurerm_management_group_id", "azurerm_management_group_name")
    if not any(config.get(name) for name in (*subscription, *management)):
        yield Problem(
            "azurerm_subscription_id", "One of either subscription scoped "
            "(azurerm_subscription_id, azurerm_subscription_name) or managementGroup scoped "
            "(azurerm_management_group_id, azurerm_management_group_name) details must be provided",
        )  # fmt: skip
    if sum(bool(config.get(name)) for name in management) == 1:
        yield Problem(
            "azurerm_management_group_id",
            "azurerm_management_group_id and azurerm_management_group_name must be provided",
        )
    if text(config, "environment") == _STACK and not config.get("server_url"):
        yield Problem(
            "server_url", "`server_url` is required when `environment` is `AzureStack`"
        )  # fmt: skip


def planned(change: Change) -> None:
    """The subject of a federated connection has its name in it."""
    _refuse(change)
    follow(change, "service_endpoint_name", "workload_identity_federation_subject")


def _credentials(values: Values, scheme: str) -> dict[str, str]:
    given = block(values, "credentials")
    if scheme == _IDENTITY:
        return {}
    named = {"serviceprincipalid": text(given, "serviceprincipalid")}
    if scheme == _FEDERATED:
        if given and not named["serviceprincipalid"]:
            raise AtAttribute(
                "credentials.0.serviceprincipalid",
                "serviceprincipalid is required for WorkloadIdentityFederation",
            )
        return named
    if not given:
        return named | {"authenticationType": "spnKey", "serviceprincipalkey": ""}
    if text(given, "serviceprincipalkey"):
        key = text(given, "serviceprincipalkey")
        return named | {"authenticationType": "spnKey", "serviceprincipalkey": key}
    if text(given, "serviceprincipalcertificate"):
        certificate = text(given, "serviceprincipalcertificate")
        return named | {
            "authenticationType": "spnCertificate",
            "servicePrincipalCertificate": certificate,
        }
    return named


def _is_imported(values: Values) -> bool:
    # a data source has no values before it is read, and no credentials to show
    return bool(values) and not block(values, "credentials")


def _address(values: Values) -> str:
    environment = text(values, "environment")
    if environment == _STACK:
        if not text(values, "server_url"):
            raise ApiError(400, "InvalidArgument", "`server_url` is required for `AzureStack`")
        return text(values, "server_url")
    return _ADDRESSES[environment]


def _of(parameters: dict[str, Any], name: str) -> Any:  # noqa: ANN401  # a text, or None
    return next((value for key, value in parameters.items() if key.lower() == name), None)


RESOURCE = service_endpoints.resource(
    "azuredevops_serviceendpoint_azurerm",
    expand,
    flatten,
    problems=problems,
    customize=planned,
    blame={
        "authorization.scheme": "service_endpoint_authentication_scheme",
        "serviceprincipalid": "credentials",
        "serviceprincipalkey": "credentials.0.serviceprincipalkey",
        "tenantid": "azurerm_spn_tenantid",
    },
)
ONE = service_endpoints.data_source("azuredevops_serviceendpoint_azurerm", flatten)
