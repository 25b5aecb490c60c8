"""Container registries: settings, replications and the admin user. No images are kept here.

Source: https://learn.microsoft.com/rest/api/containerregistry/registries
"""

import re
from typing import Any

from shipway.azure.arm import resource_ids, resources
from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import tenant
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, Conflict
from shipway.store.store import Store
from shipway.wire.arm.resource_type import Given
from shipway.wire.arm.shapes import required
from shipway.wire.http import Request, Response, json_response

TYPE = "Microsoft.ContainerRegistry/registries"
_PASSWORDS = ("password", "password2")
_NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
_POLICIES: dict[str, Any] = {
    "quarantinePolicy": {"status": "disabled"},
    "trustPolicy": {"type": "Notary", "status": "disabled"},
    "retentionPolicy": {"days": 7, "status": "disabled"},
    "exportPolicy": {"status": "enabled"},
    "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
    "softDeletePolicy": {"retentionDays": 7, "status": "disabled"},
}


def properties(store: Store, resource: ArmResource) -> dict[str, Any]:
    """A registry with what Azure computes."""
    del store
    given = dict(resource.properties)
    policies = {**_POLICIES, **(given.pop("policies", None) or {})}
    return {
        "adminUserEnabled": False,
        "publicNetworkAccess": "Enabled",
        "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Disabled",
        "anonymousPullEnabled": False,
        "dataEndpointEnabled": False,
        "dataEndpointHostNames": [],
        "encryption": {"status": "disabled"},
        **given,
        "policies": policies,
        "creationDate": timestamp(resource.created_at),
        "loginServer": f"{resource.name.lower()}.azurecr.io",
    }


def prepare(
    store: Store, request: Request, resource_id: str, given: Given, before: ArmResource | None
) -> Given:
    """Raises `BadInput` for a bad name and `Conflict` (AlreadyInUse) for one that is taken."""
    del before
    name = request.params["name"]
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"Registry name '{name}' is not valid. Registry names may contain alpha numeric "
            "characters only and must be between 5 and 50 characters",
            code="NameNotAvailable", where="name",
        )  # fmt: skip
    everywhere = tenant.facts(store).subscription_scope
    for other in resources.list_resources(store, scope=everywhere, full_type=TYPE):
        if other.name.lower() == name.lower() and not resource_ids.same(
            other.resource_id, resource_id
        ):
            raise Conflict(
                f"The registry DNS name {name.lower()}.azurecr.io is already in use. You can check "
                "if the name is already claimed using following API: "
                "https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/"
                "checknameavailability",
                code="AlreadyInUse", where="name",
            )  # fmt: skip
    return {k: v for k, v in given.items() if v is not None}


def removed(store: Store, resource: ArmResource) -> None:
    """Its admin user's passwords go with it."""
    for name in _PASSWORDS:
        store.secrets.delete(_secret(resource, name))


def list_replications(store: Store, request: Request) -> Response:
    """`GET .../registries/{name}/replications`: none, there is one machine."""
    _registry(store, request)
    return json_response({"value": []})


def list_credentials(store: Store, request: Request) -> Response:
    """`POST .../listCredentials`. Raises `BadInput` (UnAuthorizedForCredentialOperations)."""
    registry = _registry(store, request)
    if not registry.properties.get("adminUserEnabled"):
        raise BadInput(
            f"Admin user is not enabled. The registry is '{registry.name}'",
            code="UnAuthorizedForCredentialOperations",
            where=registry.name,
        )
    return json_response(_credentials(store, registry))


def regenerate_credential(store: Store, request: Request) -> Response:
    """`POST .../regenerateCredential`."""
    registry = _registry(store, request)
    name = required(request.json(), "name")
    if name not in _PASSWORDS:
        raise BadInput(f"The password name '{name}' is not valid", where="name")
    store.secrets.delete(_secret(registry, name))
    return json_response(_credentials(store, registry))


def _credentials(store: Store, registry: ArmResource) -> dict[str, Any]:
    found = []
    with store.database.transaction():
        for name in _PASSWORDS:
            value = store.secrets.find(_secret(registry, name))
            if value is None:
                value = ids.new_token()
                store.secrets.put(_secret(registry, name), value)
            found.append({"name": name, "value": value})
    return {"username": registry.name, "passwords": found}


def _secret(registry: ArmResource, name: str) -> str:
    return f"registry {registry.resource_id.lower()} {name}"


def _registry(store: Store, request: Request) -> ArmResource:
    home = tenant.facts(store)
    named = resource_ids.resource(
        home.subscription_id, request.params["group"], "Microsoft.ContainerRegistry",
        "registries", request.params["name"],
    )  # fmt: skip
    return resources.get(store, str(named))
