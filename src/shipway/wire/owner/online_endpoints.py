"""Online endpoints of every workspace, for the owner's commands."""

from typing import Any

from shipway.base.clock import timestamp
from shipway.base.errors import NotFound
from shipway.ml import online_deployments, online_endpoints
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import runs as shapes

_REQUESTS = 20


def get_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/endpoints`."""
    del request
    return json_response({"value": [_endpoint(store, one) for one in _all(store)]})


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/endpoints/{endpoint}`: with its newest requests."""
    one = _find(store, request.params["endpoint"])
    asked = store.growing.requests(one.key, limit=_REQUESTS)
    body = _endpoint(store, one)
    body["requests"] = [
        {
            "at": timestamp(r.at), "deployment": r.deployment, "status": r.status,
            "milliseconds": round(r.milliseconds, 1), "mirrored": r.mirrored,
        }
        for r in asked
    ]  # fmt: skip
    return json_response(body)


def log(store: Store, request: Request) -> Response:
    """`GET /api/v1/endpoints/{endpoint}/{deployment}/log?lines=`: the process's last words."""
    one = _find(store, request.params["endpoint"])
    deployment = online_deployments.get(
        store, workspace=one.workspace, endpoint=one.name, name=request.params["deployment"]
    )
    lines = shapes.number(request.arg("lines", "200"), "lines")
    text = online_deployments.logs(store.home, deployment, lines=lines)
    return json_response({"lines": text.splitlines()})


def _find(store: Store, name: str) -> OnlineEndpoint:
    found = _all(store)
    for one in found:
        if one.name.lower() == name.lower():
            return one
    raise NotFound(
        f"there is no endpoint '{name}'", where=name,
        hint=f"Endpoints: {', '.join(e.name for e in found) or 'none'}.",
    )  # fmt: skip


def _all(store: Store) -> list[OnlineEndpoint]:
    return [OnlineEndpoint.read(row) for row in store.documents.list(online_endpoints.KIND)]


def _endpoint(store: Store, one: OnlineEndpoint) -> dict[str, Any]:
    deployments = online_deployments.list_of(store, workspace=one.workspace, endpoint=one.name)
    return {
        "name": one.name,
        "workspace": one.workspace.rpartition("/")[2],
        "resource_id": online_endpoints.resource_id(one.workspace, one.name),
        "state": one.provisioning_state,
        "auth_mode": one.auth_mode,
        "scoring_uri": one.scoring_uri,
        "traffic": dict(one.traffic),
        "mirror_traffic": dict(one.mirror_traffic),
        "page": f"/endpoints/{'/'.join(one.workspace.split('/')[1:])}/{one.name}",
        "deployments": [
            {
                "name": d.name, "state": d.provisioning_state,
                "model": ":".join(d.model_key.split("/")[-2:]),
                "error": dict(d.error),
            }
            for d in deployments
        ],
    }  # fmt: skip
