"""How the server is: process, ports, what runs, what it refused."""

from collections.abc import Mapping

from shipway.base.clock import timestamp
from shipway.base.messages import Json
from shipway.store.growing import Refusal
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner.control import Control

_QUEUES = ("agent", "compute")
_KINDS = (
    "resource_group", "storage_account", "workspace", "compute", "job", "schedule",
    "model_version", "online_endpoint", "online_deployment", "project", "repository",
    "pipeline_definition", "run", "approval",
)  # fmt: skip
_REFUSALS_SHOWN = 5
_REFUSALS_AT_MOST = 1000


def get(store: Store, control: Control, request: Request) -> Response:
    """`GET /api/v1/status`."""
    del request
    body: dict[str, Json] = {
        **control.facts(),
        "home": str(store.home.root),
        "work": {queue: store.queue.count(queue) for queue in _QUEUES},
        "counts": {kind: store.documents.count(kind) for kind in _KINDS},
        "events": {
            "written": store.journal.last_number(),
            "handled": store.journal.handled(),
        },
        "refusals": [_refusal(r) for r in store.growing.refusals(limit=_REFUSALS_SHOWN)],
    }
    return json_response(body)


def refusals(store: Store, request: Request) -> Response:
    """`GET /api/v1/refusals?limit=`: newest first."""
    given = request.arg("limit", "50")
    limit = min(int(given), _REFUSALS_AT_MOST) if given.isdecimal() else _REFUSALS_AT_MOST
    found = store.growing.refusals(limit=limit)
    return json_response({"value": [_refusal(refusal) for refusal in found]})


def shut_down(control: Control, request: Request) -> Response:
    """`POST /api/v1/shutdown`: answered before the server ends."""
    del request
    control.shut_down()
    return json_response({"status": "stopping"}, status=202)


def _refusal(refusal: Refusal) -> Mapping[str, Json]:
    return {
        "at": timestamp(refusal.at),
        "protocol": refusal.protocol,
        "method": refusal.method,
        "target": refusal.target,
        "reason": refusal.reason,
    }
