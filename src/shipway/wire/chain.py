"""The way of every request, on one screen: route, parameters, identity, role, handler, envelope."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shipway.azure.entra.principals import Principal
from shipway.base.errors import NotFound, NotSupported, ShipwayError
from shipway.wire.http import Request, Response, Route, RouteTable

Authenticate = Callable[[Request], Principal]
Authorize = Callable[[Request, Route], None]
Refuse = Callable[[str, Request, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WireProtocol:
    """One of Azure's protocols.

    `authenticate` finds who acts (raises `Unauthenticated`), `authorize` checks the route's action
    for that principal (raises `Forbidden`), `envelope` prints an error as the protocol does.
    """

    name: str
    table: RouteTable
    authenticate: Authenticate
    authorize: Authorize
    envelope: Callable[[ShipwayError, Request], Response]


def answer(protocol: WireProtocol, request: Request, refuse: Refuse) -> Response:
    """The answer to `request`; never raises a `ShipwayError`.

    Unknown routes, api-versions and parameters are refused by name and remembered by `refuse`.
    """
    try:
        # the identity comes before the route, so that strangers learn nothing about what exists
        request = replace(request, principal=protocol.authenticate(request))
        route, params = _route_of(protocol, request)
        request = replace(request, params=params)
        _check_parameters(route, request)
        protocol.authorize(request, route)
        return route.handler(request)
    except NotSupported as error:
        refuse(protocol.name, request, error.message)
        return protocol.envelope(error, request)
    except ShipwayError as error:
        return protocol.envelope(error, request)


def _route_of(protocol: WireProtocol, request: Request) -> tuple[Route, dict[str, str]]:
    found = protocol.table.match(request.method, request.path)
    if found is not None:
        return found
    known = protocol.table.methods(request.path)
    place = f"{request.method} https://{request.host}{request.path}"
    if known:
        raise NotSupported(
            f"shipway does not answer {request.method} on {request.path}",
            code="MethodNotSupported", status=405, where=place,
            hint=f"Known methods here: {', '.join(known)}.", headers={"Allow": ", ".join(known)},
        )  # fmt: skip
    raise NotSupported(
        f"shipway does not know the route {request.path}",
        code="RouteNotSupported", where=place,
        hint="docs/reference/coverage.md lists what is supported.",
    )  # fmt: skip


def _check_parameters(route: Route, request: Request) -> None:
    version = request.arg("api-version")
    if route.api_versions and version not in route.api_versions:
        raise NotSupported(
            f"the api-version '{version}' is not supported for {request.path}",
            code="InvalidApiVersionParameter", status=400, where=f"api-version={version}",
            hint=f"Supported: {', '.join(route.api_versions)}.",
        )  # fmt: skip
    if route.query is None:
        return
    known = {name.lower() for name in route.query} | {"api-version"}
    for name, _ in request.query:
        if name.lower() not in known:
            raise NotSupported(
                f"the parameter '{name}' of {request.path} is not supported",
                code="UnsupportedQueryParameter", status=400, where=name,
                hint=f"Known: {', '.join(sorted(route.query)) or 'none'}.",
            )  # fmt: skip


def missing(kind: str, name: str, *, code: str = "ResourceNotFound") -> NotFound:
    """The 404 that names kind and name."""
    return NotFound(f"the {kind} '{name}' was not found", code=code, where=name)
