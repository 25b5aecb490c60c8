"""Every protocol that is answered, by the family that `gateway/hosts.py` gives a host name.

`protocols` is what the server builds once; each folder's own `table.py` lists its routes.
"""

from collections.abc import Mapping
from dataclasses import replace

from shipway.azure.entra import audiences
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import ShipwayError
from shipway.ml import tracking
from shipway.store.store import Store
from shipway.wire.arm import authorization
from shipway.wire.arm import table as arm
from shipway.wire.blob import table as blob
from shipway.wire.chain import WireProtocol
from shipway.wire.devops import table as devops
from shipway.wire.entra import bearer
from shipway.wire.entra import table as entra
from shipway.wire.errors import arm_error, devops_error, mlflow_error
from shipway.wire.graph import table as graph
from shipway.wire.http import Request, Response, Route, RouteTable
from shipway.wire.ml import table as ml
from shipway.wire.storage import table as storage
from shipway.wire.vault import table as vault


def protocols(store: Store) -> Mapping[str, WireProtocol]:
    """Family -> protocol. `unsupported` answers for the rest of Azure's names."""
    return {
        "entra": entra.protocol(store),
        "identity": entra.protocol_plain(store),
        "assertions": _assertions(store),
        "graph": graph.protocol(store),
        "blob": blob.protocol(store),
        "storage": storage.protocol(store),
        "vault": vault.protocol(store),
        "arm": arm.protocol(store, more=ml.arm_routes(store)),
        "ml": _ml_dataplane(store),
        "devops": devops.protocol(store),
        "unsupported": _open("unsupported host", ()),
    }


def _ml_dataplane(store: Store) -> WireProtocol:
    """`<region>.api.azureml.ms`: run history, MLflow, data and model services; ARM's roles."""
    # a run has a token of its own, good for this service only
    accepted = (audiences.ARM, audiences.ML, tracking.RUN_AUDIENCE)
    with_token = bearer.authenticate(store, audiences=accepted)

    def authenticate(request: Request) -> Principal:
        # the SDK reads where the services are before it has a token
        return ANONYMOUS if request.path.startswith("/discovery") else with_token(request)

    return WireProtocol(
        name="ml",
        table=RouteTable(ml.dataplane_routes(store)),
        authenticate=authenticate,
        authorize=authorization.authorize(store),
        envelope=_ml_error,
    )


def _ml_error(error: ShipwayError, request: Request) -> Response:
    is_mlflow = "/api/2.0/mlflow" in request.path or "/api/3.0/mlflow" in request.path
    return mlflow_error(error, request) if is_mlflow else arm_error(error, request)


def _assertions(store: Store) -> WireProtocol:
    """vstoken.dev.azure.com: how to check a pipeline's federated assertions."""
    return replace(_open("assertions", entra.routes_assertion_issuer(store)), envelope=devops_error)


def _open(name: str, routes: tuple[Route, ...]) -> WireProtocol:
    """A protocol that asks nobody who they are."""
    return WireProtocol(
        name=name,
        table=RouteTable(routes),
        authenticate=_anonymous,
        authorize=_allowed,
        envelope=arm_error,
    )


def _anonymous(request: Request) -> Principal:
    del request
    return ANONYMOUS


def _allowed(request: Request, route: Route) -> None:
    del request, route
