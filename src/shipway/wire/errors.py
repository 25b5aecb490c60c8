"""ShipwayError in each protocol's own envelope, and the error messages' common parts."""

import json
from xml.sax.saxutils import escape

from shipway.base.errors import ShipwayError
from shipway.wire.http import Request, Response, json_response


def _text(error: ShipwayError) -> str:
    hint = f" {error.hint}" if error.hint else ""
    return f"{_sentence(error.message)}{hint}"


def _sentence(message: str) -> str:
    return message if message.endswith((".", "!", "?")) else f"{message}."


def _headers(error: ShipwayError) -> tuple[tuple[str, str], ...]:
    return tuple(error.headers.items())


def arm_error(error: ShipwayError, request: Request) -> Response:
    """`{"error": {"code", "message"}}`, the envelope of ARM and Azure ML."""
    body: dict[str, object] = {"code": error.code, "message": _text(error)}
    if error.where:
        body["target"] = error.where
    answer = json_response({"error": body}, status=error.status, headers=_headers(error))
    return answer.with_headers(
        ("x-ms-failure-cause", "gateway"), ("x-ms-request-id", request.request_id)
    )


def graph_error(error: ShipwayError, request: Request) -> Response:
    """Microsoft Graph: the ARM envelope with an innerError that names the request."""
    inner = {"request-id": request.request_id, "client-request-id": request.request_id}
    body = {"error": {"code": error.code, "message": _text(error), "innerError": inner}}
    return json_response(body, status=error.status, headers=_headers(error))


def oauth_error(error: ShipwayError, request: Request) -> Response:
    """The token endpoint: RFC 6749 section 5.2 with Entra's `error_description`."""
    body = {
        "error": error.code,
        "error_description": _text(error),
        "trace_id": request.request_id,
        "correlation_id": request.request_id,
    }
    return json_response(body, status=error.status, headers=_headers(error))


def storage_error(error: ShipwayError, request: Request) -> Response:
    """Blob storage: XML with Code and Message, the code again in `x-ms-error-code`."""
    xml = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(_text(error))}\nRequestId:{escape(request.request_id)}</Message></Error>"
    )
    return Response(
        status=error.status,
        headers=(
            ("Content-Type", "application/xml"),
            ("x-ms-error-code", error.code),
            ("x-ms-request-id", request.request_id),
            *_headers(error),
        ),
        body=b"" if request.method == "HEAD" else xml.encode(),
    )


def devops_error(error: ShipwayError, request: Request) -> Response:
    """Azure DevOps: `{message, typeKey, typeName, errorCode, eventId}`."""
    body = {
        "$id": "1",
        "innerException": None,
        "message": _text(error),
        "typeName": f"Microsoft.TeamFoundation.{error.code}, Microsoft.TeamFoundation",
        "typeKey": error.code,
        "errorCode": 0,
        "eventId": 3000,
    }
    return json_response(body, status=error.status, headers=_headers(error)).with_headers(
        ("X-VSS-E2EID", request.request_id), ("ActivityId", request.request_id)
    )


def mlflow_error(error: ShipwayError, request: Request) -> Response:
    """MLflow tracking: `{"error_code", "message"}`, the words of MLflow's own server."""
    del request
    return Response(
        status=error.status,
        headers=(("Content-Type", "application/json"), *_headers(error)),
        body=json.dumps({"error_code": error.code, "message": _text(error)}).encode(),
    )
