"""Errors of the token endpoint: RFC 6749 section 5.2 with what Entra adds.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

import re

from shipway.base.errors import ShipwayError
from shipway.wire.errors import oauth_error
from shipway.wire.http import Request, Response, json_response

_CODE = re.compile(r"AADSTS(\d+)")


def entra_error(error: ShipwayError, request: Request) -> Response:
    """`{"error", "error_description", "error_codes", ...}`; codes are read from the message."""
    found = _CODE.match(error.message)
    if found is None:
        return oauth_error(error, request)
    hint = f" {error.hint}" if error.hint else ""
    description = (
        f"{error.message}.{hint} Trace ID: {request.request_id} Correlation ID: "
        f"{request.headers.get('client-request-id') or request.request_id}"
    )
    body = {
        "error": error.code,
        "error_description": description,
        "error_codes": [int(found[1])],
        "trace_id": request.request_id,
        "correlation_id": request.headers.get("client-request-id") or request.request_id,
        "error_uri": f"https://login.microsoftonline.com/error?code={found[1]}",
    }
    return json_response(body, status=error.status)
