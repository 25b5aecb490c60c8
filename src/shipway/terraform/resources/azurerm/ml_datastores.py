"""azurerm_machine_learning_datastore_blobstorage.

Source: azurerm's machine_learning_datastore_blobstorage_resource.go.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import Problem, TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.mapping import Beside, Field, secret
from shipway.terraform.resources.azurerm.storage_lookup import account_id

API_VERSION = "2025-06-01"
_CONTAINER = "storage_container_id"
_KEY, _SAS = "account_key", "shared_access_signature"


def _complete(calls: Calls, values: Values, body: Body) -> None:
    del calls
    place = arm_ids.STORAGE_CONTAINER.parse(values[_CONTAINER], _CONTAINER)
    properties = body["properties"]
    properties |= {
        "datastoreType": "AzureBlob",
        "accountName": place["name"],
        "containerName": place["container"],
        "credentials": _credentials(values),
    }
    properties.pop("secrets", None)


def _credentials(values: Values) -> Body:
    if values.get(_KEY):
        secrets = {"secretsType": "AccountKey", "key": values[_KEY]}
        return {"credentialsType": "AccountKey", "secrets": secrets}
    if values.get(_SAS):
        secrets = {"secretsType": "Sas", "sasToken": values[_SAS]}
        return {"credentialsType": "Sas", "secrets": secrets}
    return {"credentialsType": "None"}


def _enrich(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    properties = answer.get("properties") or {}
    account, container = properties.get("accountName"), properties.get("containerName")
    known = arm_ids.STORAGE_CONTAINER.parts_of(str(state.get(_CONTAINER) or ""))
    if known and known["name"] == account and known["container"] == container:
        values[_CONTAINER] = state[_CONTAINER]
    else:
        below = f"/blobServices/default/containers/{container}"
        values[_CONTAINER] = account_id(calls, str(account)) + below


NOUN = ArmNoun(
    type_name="azurerm_machine_learning_datastore_blobstorage",
    shape=arm_ids.ML_DATASTORE,
    api_version=API_VERSION,
    parts={"name": "child"},
    parent=("workspace_id", arm_ids.ML_WORKSPACE),
    rows=(
        Field("tags", "properties.tags"),
        Field("description", "properties.description"),
        Field("is_default", "properties.isDefault", absent=False),
        Field(
            "service_data_auth_identity", "properties.serviceDataAccessAuthIdentity", absent="None"
        ),
        secret(_KEY, "properties.secrets.key"),
        secret(_SAS, "properties.secrets.sas"),
    ),
    beside=(Beside((_CONTAINER,)),),
    rules={
        "name": rules.matches(
            "[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}",
            "{path} must be between 1 and 255 characters, and may only include alphanumeric "
            "characters and '-'",
        ),
        "workspace_id": rules.id_of(arm_ids.ML_WORKSPACE),
        _CONTAINER: rules.id_of(arm_ids.STORAGE_CONTAINER),
        "service_data_auth_identity": rules.only(
            "None", why="Data is read with the datastore's own credential, or as who asks for it."
        ),
    },
    complete=_complete,
    enrich=_enrich,
    query="?skipValidation=true",
)


def _validate(config: Values) -> list[Problem]:
    found = list(rules.problems(NOUN.rules, config))
    if config.get(_KEY) and config.get(_SAS):
        words = f'"{_KEY}": conflicts with {_SAS}'
        found.append(Problem(_KEY, "Conflicting configuration arguments", words))
    return found


RESOURCE: TerraformResource = resource_of(NOUN, checks=_validate)
