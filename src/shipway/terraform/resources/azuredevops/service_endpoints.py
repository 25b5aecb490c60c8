"""What the `azuredevops_serviceendpoint_*` resources share.

Calls: POST `_apis/serviceendpoint/endpoints`, GET of a project's, PUT and DELETE with
`projectIds`. The service is asked until it says that the connection is ready.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from shipway.base import clock
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    AtAttribute,
    Change,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resource import nothing as no_problems
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    listed,
    named,
    path,
    query,
    text,
    unless_there,
)
from shipway.terraform.resources.azuredevops.imports import by_project, is_guid

_VERSION = "7.1-preview.4"
_BASE = "/_apis/serviceendpoint/endpoints"
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_DESCRIPTION = 1024
_TAKEN: dict[str | int, str] = {409: "service_endpoint_name"}

Expand = Callable[[Values], dict[str, Any]]
Flatten = Callable[[dict[str, Any], Values], Values]


def resource(
    type_name: str,
    expand: Expand,
    flatten: Flatten,
    *,
    problems: Callable[[Values], Iterable[Problem]] = no_problems,
    customize: Callable[[Change], None] | None = None,
    blame: Mapping[str | int, str] = MappingProxyType({}),
) -> TerraformResource:
    """The resource of a kind of service connection.

    `expand` gives type, address, authorization and data of a configuration; `flatten` the
    attributes beyond the shared ones. `blame` as of `doing`.
    """

    def create(calls: Calls, values: Values) -> Values:
        body = _shared(values) | expand(values)
        there = unless_there(type_name, "service_endpoint_name", lambda: _of_name(calls, values))
        what = "Error creating service endpoint in Azure DevOps"
        with there, doing(what, {**_TAKEN, **blame}):
            made = calls.devops("POST", _BASE, api_version=_VERSION, body=body)
        try:
            _wait_until_ready(calls, text(values, "project_id"), made)
        except (ApiError, AtAttribute):
            delete(calls, values | {"id": made["id"]})
            raise
        return {"id": made["id"]}

    def read(calls: Calls, values: Values) -> Values | None:
        found = find(calls, text(values, "project_id"), text(values, "id"))
        return None if found is None else shown(found) | flatten(found, values)

    def update(calls: Calls, prior: Values, planned: Values) -> None:
        endpoint = text(prior, "id")
        body = {"id": endpoint} | _shared(planned) | expand(planned)
        with doing("updating service endpoint in Azure DevOps", {**_TAKEN, **blame}):
            calls.devops("PUT", _BASE + path(endpoint), api_version=_VERSION, body=body)

    return TerraformResource(
        type_name=type_name,
        create=create,
        read=read,
        update=update,
        delete=delete,
        import_state=by_project(is_guid, "projectid/serviceendpointid"),
        customize=customize,
        validate=lambda config: (*_problems(config), *problems(config)),
    )


def find(calls: Calls, project: str, endpoint: str) -> dict[str, Any] | None:
    """The connection, or None when it is gone (the service says so by a 404 or by null)."""
    found = calls.devops(
        "GET", f"{path(project)}{_BASE}{path(endpoint)}", api_version=_VERSION, missing_ok=True
    )
    if not found or not found.get("id"):
        return None
    if found.get("data") is None or found.get("type") is None:
        raise ApiError(
            403, "Forbidden", "Service connection not fully returned, this appears to be a "
            "permission issue with PAT/SPN/identity etc.",
        )  # fmt: skip
    return dict(found)


def delete(calls: Calls, values: Values) -> None:
    """Delete it from its project, and wait until it is away."""
    project, endpoint = text(values, "project_id"), text(values, "id")
    with doing("Delete service endpoint error"):
        calls.devops(
            "DELETE", _BASE + path(endpoint) + query({"projectIds": project}),
            api_version=_VERSION, missing_ok=True,
        )  # fmt: skip


def shown(found: dict[str, Any]) -> Values:
    """The attributes that every kind has."""
    return {
        "id": found["id"],
        "service_endpoint_name": found["name"],
        "description": found.get("description") or "",
        "authorization": {"scheme": (found.get("authorization") or {}).get("scheme")},
    }


def data_source(type_name: str, flatten: Flatten) -> TerraformDataSource:
    """The data source of a kind: by id or by name."""

    def read(calls: Calls, config: Values) -> Values:
        project = text(config, "project_id")
        endpoint, name = text(config, "service_endpoint_id"), text(config, "service_endpoint_name")
        if endpoint:
            found = find(calls, project, endpoint)
            about, wanted = "service_endpoint_id", endpoint
        else:
            asked = query({"endpointNames": name})
            answer = calls.devops("GET", f"{path(project)}{_BASE}{asked}", api_version=_VERSION)
            found = next(iter(listed(answer)), None)
            about, wanted = "service_endpoint_name", name
        if found is None:
            raise AtAttribute(about, f"Looking up service endpoint! {wanted} not found!")
        whole = shown(found) | flatten(found, {}) | {"project_id": project}
        return whole | {"service_endpoint_id": found["id"]}

    return TerraformDataSource(type_name=type_name, read=read)


def parameters_of(found: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a connection's authorization."""
    return dict((found.get("authorization") or {}).get("parameters") or {})


def _shared(values: Values) -> dict[str, Any]:
    name, description = text(values, "service_endpoint_name"), text(values, "description")
    return {
        "name": name,
        "description": description,
        "owner": "library",
        "data": {},
        "serviceEndpointProjectReferences": [
            {
                "name": name,
                "description": description,
                "projectReference": {"id": text(values, "project_id")},
            }
        ],
    }


def _of_name(calls: Calls, values: Values) -> str | None:
    project, name = text(values, "project_id"), text(values, "service_endpoint_name")
    asked = query({"endpointNames": name})
    answer = calls.devops("GET", f"{path(project)}{_BASE}{asked}", api_version=_VERSION)
    found = named(listed(answer), name)
    return found and f"{project}/{found}"


def _wait_until_ready(calls: Calls, project: str, made: dict[str, Any]) -> None:
    pause, now = _FIRST_WAIT, made
    while not now.get("isReady", False):
        status = now.get("operationStatus") or {}
        if status.get("state") == "Failed":
            raise ApiError(
                500, "ServiceEndpointFailed", "waiting for service endpoint ready. "
                f"{status.get('statusMessage') or 'no reason given'}",
            )  # fmt: skip
        clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_WAIT)
        now = find(calls, project, made["id"]) or now


def _problems(config: Values) -> Iterable[Problem]:
    if len(text(config, "description")) > _DESCRIPTION:
        yield Problem(
            "description", "expected length of description to be in the range (0 - "
            f"{_DESCRIPTION}), got {len(text(config, 'description'))}",
        )  # fmt: skip
