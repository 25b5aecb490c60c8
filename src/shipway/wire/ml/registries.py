"""Routes and shapes of registries: ARM's part, where they are, and what only they have.

Their assets are answered by the handlers of a workspace's, at the registry's own service.
Source: https://learn.microsoft.com/rest/api/azureml/registries
"""

import re
from collections.abc import Callable
from typing import Any

from shipway.azure.arm import operations
from shipway.azure.blob import signatures
from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.ml import environment_versions, model_versions, registries, workspaces
from shipway.ml.registries import Registry
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import codes, envelopes, fields
from shipway.wire.ml import operations as operations_of_ml

Handler = Callable[[Store, Request], Response]

_READ_ONLY = frozenset({"regionDetails", "discoveryUrl", "mlFlowRegistryUri"})
# what `share` of the SDK names the asset in its workspace by
_SOURCE = re.compile(
    r"azureml://locations/[^/]+/workspaces/([^/]+)/(models|environments|data)/([^/]+)"
    r"/versions/([^/]+)",
    re.IGNORECASE,
)


def get(store: Store, request: Request) -> Response:
    """One registry."""
    return json_response(shape(_of(store, request)))


def list_all(store: Store, request: Request) -> Response:
    """The registries of a resource group or subscription."""
    found = registries.list_all(
        store, subscription=request.params["subscription"],
        resource_group=request.params.get("group", ""),
    )  # fmt: skip
    return envelopes.page(request, found, shape)


def put(store: Store, request: Request) -> Response:
    """Create or replace; made at once."""
    body = request.json()
    properties = fields.mapping(body, "properties")
    location = fields.required_text(body, "location", hint='For example "westeurope".')
    before = registries.find(store, _key(request))
    made = registries.put(
        store,
        subscription=request.params["subscription"],
        resource_group=request.params["group"],
        name=request.params["registry"],
        location=_region(location),
        regions=_regions(properties),
        tags=fields.texts(body, "tags"),
        settings={n: v for n, v in properties.items() if n not in _READ_ONLY},
        principal=request.principal,
    )
    return json_response(shape(made), status=200 if before else 201)


def delete(store: Store, request: Request) -> Response:
    """Delete, with an operation to poll as on Azure; 204 when there was none."""
    found = registries.find(store, _key(request))
    if found is None:
        return Response(status=204)
    with store.database.transaction():
        operation = operations.start(store, resource_id=found.arm_id)
        registries.delete(store, found.key)
        operations.finish(store, operation.operation_id)
    return Response(
        status=202, headers=operations_of_ml.headers(request, found, operation.operation_id)
    )


def discovery(store: Store, request: Request) -> Response:
    """Where a registry's service is, by the registry's name alone."""
    found = registries.by_name(store, request.params["registry"])
    service = f"https://{found.location}.api.azureml.ms/"
    return json_response(
        {
            "registryName": found.name, "primaryRegion": found.location,
            "primaryRegionResourceProviderUri": service, "resourceGroup": found.resource_group,
            "subscriptionId": found.subscription,
            "registryFqdns": {
                region: {"uri": f"https://{region}.api.azureml.ms/"} for region in found.regions
            },
        }
    )  # fmt: skip


def versions_of(list_versions: Handler) -> Handler:
    """The versions of an asset, none for one that is not there: clients ask before they create."""

    def listed(store: Store, request: Request) -> Response:
        _of(store, request)
        try:
            return list_versions(store, request)
        except NotFound:
            return json_response({"value": []})

    return listed


def start_upload(store: Store, request: Request) -> Response:
    """PUT tempdatarefs: where to upload the files of an asset that is about to be made."""
    return codes.start_pending_upload(store, request)


def read_reference(store: Store, request: Request) -> Response:
    """POST datarefs: a URI of the registry's storage with a SAS that may read there."""
    registry = _of(store, request)
    uri = fields.required_text(request.json(), "blobUri")
    found = re.fullmatch(r"https://([^.]+)\.blob\.core\.windows\.net/([^/]+)(?:/.*)?", uri)
    if found is None or found[1] != registry.storage_account:
        raise BadInput(
            f"'{uri}' does not lie in the storage of the registry '{registry.name}'.",
            code="ValidationError", where="blobUri",
        )  # fmt: skip
    sas = signatures.issue_container_sas(
        store, account=found[1], container=found[2], permissions="rl"
    )
    place = f"https://{found[1]}.blob.core.windows.net/{found[2]}"
    return json_response(
        {
            "blobReferenceForConsumption": {
                "blobUri": uri, "storageAccountArmId": registry.storage_account_id,
                "credential": {"credentialType": "SAS", "sasUri": f"{place}?{sas}"},
            }
        }
    )  # fmt: skip


def share(store: Store, request: Request) -> Response:
    """POST import: copy a model or an environment of a workspace into the registry."""
    registry = _of(store, request)
    properties = fields.mapping(request.json(), "properties")
    asked = fields.required_text(properties, "sourceAssetId")
    found = _SOURCE.fullmatch(asked)
    source = workspaces.by_workspace_id(store, found[1]) if found else None
    if found is None or source is None:
        raise BadInput(
            f"'{asked}' does not name an asset of a workspace here.", code="ValidationError",
            where="properties.sourceAssetId",
        )  # fmt: skip
    envelopes.require(
        store, request, source, f"{envelopes.ACTION}/{found[2].lower()}/versions/read"
    )
    name = fields.text(properties, "destinationName", found[3])
    version = fields.text(properties, "destinationVersion", found[4])
    made = {"name": name, "version": version, "principal": request.principal}
    if found[2].lower() == "models":
        model = model_versions.get(store, workspace=source.key, name=found[3], version=found[4])
        registries.share_model(store, registry, model, **made)  # type: ignore[arg-type]
    elif found[2].lower() == "environments":
        environment = environment_versions.get(
            store, workspace=source.key, name=found[3], version=found[4]
        )
        registries.share_environment(store, registry, environment, **made)  # type: ignore[arg-type]
    else:
        raise _not_supported(f"sharing data assets ('{found[3]}')")
    # an answer without a body: the SDK then reads what came of it
    return Response(status=200)


def refuse(store: Store, request: Request) -> Response:
    """What registries have on Azure and not here."""
    del store
    raise _not_supported(f"'{request.params['rest'].split('/', 1)[0]}' in a registry")


def shape(registry: Registry) -> dict[str, Any]:
    """A registry on the wire."""
    api = f"{registry.location}.api.azureml.ms"
    return {
        "id": registry.arm_id, "name": registry.name,
        "type": f"{envelopes.PROVIDER}/registries", "location": registry.location,
        "tags": dict(registry.tags), "identity": {"type": "SystemAssigned"},
        "properties": {
            **registry.settings,
            "publicNetworkAccess": registry.settings.get("publicNetworkAccess") or "Enabled",
            "discoveryUrl": f"https://{api}/registrymanagement/v1.0/registries/{registry.name}"
            "/discovery",
            "mlFlowRegistryUri": f"azureml://{api}/mlflow/v1.0{registry.arm_id}",
            "managedResourceGroup": {"resourceId": registry.arm_id.partition("/providers/")[0]},
            "regionDetails": [
                {"location": region, "acrDetails": [], "storageAccountDetails": []}
                for region in registry.regions
            ],
            "provisioningState": "Succeeded",
        },
        "systemData": envelopes.system_data(registry),
    }  # fmt: skip


def _of(store: Store, request: Request) -> Registry:
    return registries.get(store, _key(request))


def _key(request: Request) -> str:
    params = request.params
    return registries.registry_key(params["subscription"], params["group"], params["registry"])


def _regions(properties: dict[str, Any]) -> tuple[str, ...]:
    listed = properties.get("regionDetails") or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadInput(
            "properties.regionDetails is a list of objects.", code="ValidationError",
            where="properties.regionDetails",
        )  # fmt: skip
    return tuple(dict.fromkeys(_region(fields.required_text(one, "location")) for one in listed))


def _region(text: str) -> str:
    return text.lower().replace(" ", "")


def _not_supported(what: str) -> NotSupported:
    return NotSupported(
        f"{what} is not supported", code="RegistryFeatureNotSupported", status=400, where=what,
        hint="Registries hold components, environments and models here.",
    )  # fmt: skip
