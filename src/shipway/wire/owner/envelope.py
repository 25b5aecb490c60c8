"""Errors of the owner's API: what, where and what to do, each in a field of its own."""

from shipway.base.errors import ShipwayError
from shipway.wire.http import Request, Response, json_response


def owner_error(error: ShipwayError, request: Request) -> Response:
    """`{"error": {"code", "message", "target", "hint"}}`."""
    del request
    body = {
        "code": error.code,
        "message": error.message,
        "target": error.where,
        "hint": error.hint,
    }
    return json_response({"error": body}, status=error.status, headers=tuple(error.headers.items()))
