"""`azuread_application_federated_identity_credential`: whose assertions stand for an application.

Source: azuread's application_federated_identity_credential_resource.go.
"""

from collections.abc import Iterable
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import Problem, TerraformResource, Values
from shipway.terraform.resources.azuread.graph_values import given, text, texts
from shipway.terraform.resources.azuread.resource_ids import (
    APPLICATION,
    exists_already,
    parts_within,
    within,
)

_TYPE = "azuread_application_federated_identity_credential"
_KIND = "federatedIdentityCredential"


def create(calls: Calls, values: Values) -> Values:
    """Let the application trust the issuer. Refuses a name that is taken."""
    object_id = APPLICATION.object_id(str(values["application_id"]), at="application_id")
    path = _path(object_id)
    for known in (calls.graph("GET", path) or {}).get("value") or ():
        if known.get("name") == values["display_name"]:
            raise exists_already(
                _TYPE, within(object_id, _KIND, str(known["id"])), at="display_name"
            )
    body = {"name": values["display_name"], **_body(values)}
    made = calls.graph("POST", path, body=body) or {}
    return {"id": within(object_id, _KIND, str(made["id"]))}


def read(calls: Calls, values: Values) -> Values | None:
    """What is trusted; None when it is no longer."""
    object_id, credential_id = parts_within(str(values["id"]), _KIND)
    told = calls.graph("GET", f"{_path(object_id)}/{credential_id}", missing_ok=True)
    if told is None:
        return None
    return {
        "application_id": APPLICATION.id_of(object_id),
        "audiences": texts(told, "audiences"),
        "credential_id": text(told, "id"),
        "description": text(told, "description"),
        "display_name": text(told, "name"),
        "issuer": text(told, "issuer"),
        "subject": text(told, "subject"),
    }


def update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    """Say anew what is trusted; the name stays."""
    object_id, credential_id = parts_within(str(prior["id"]), _KIND)
    calls.graph("PATCH", f"{_path(object_id)}/{credential_id}", body=_body(planned))
    return None


def delete(calls: Calls, values: Values) -> None:
    """Trust no longer; gone already is fine."""
    object_id, credential_id = parts_within(str(values["id"]), _KIND)
    calls.graph("DELETE", f"{_path(object_id)}/{credential_id}", missing_ok=True)


def import_state(calls: Calls, given_id: str) -> Values:
    """By `<application's object id>/federatedIdentityCredential/<id>`."""
    del calls
    parts_within(given_id, _KIND)
    return {"id": given_id}


def validate(config: Values) -> Iterable[Problem]:
    """The application's id."""
    return APPLICATION.problem(config, "application_id")


def _path(object_id: str) -> str:
    return f"/applications/{object_id}/federatedIdentityCredentials"


def _body(values: Values) -> dict[str, Any]:
    return {
        "audiences": values.get("audiences") or [],
        "description": given(values, "description"),
        "issuer": values["issuer"],
        "subject": values["subject"],
    }


RESOURCE = TerraformResource(
    type_name=_TYPE, create=create, read=read, update=update, delete=delete,
    import_state=import_state, validate=validate,
)  # fmt: skip
