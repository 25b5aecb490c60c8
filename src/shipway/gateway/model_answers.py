"""What a deployment answers, passed on to the caller; errors in Azure's words.

Source: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
"""

import json

from aiohttp import ClientResponse, web

from shipway.base.errors import ShipwayError

_CHUNK = 1 << 16

# what is between two neighbours only and never passed on (RFC 9110 section 7.6.1); the rest is
# said anew by whoever sends, or is the router's own
NOT_PASSED = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "authorization", "date",
        "server", "azureml-model-deployment", "x-ms-request-id", "x-request-id", "expect",
    }
)  # fmt: skip


async def pass_on(
    incoming: web.BaseRequest, answer: ClientResponse, request_id: str, deployment: str
) -> web.StreamResponse:
    """Pass an answer on as it comes; an error of the model's becomes Azure's 424."""
    headers = [(n, v) for n, v in answer.headers.items() if n.lower() not in NOT_PASSED]
    headers += [("x-ms-request-id", request_id), ("azureml-model-deployment", deployment)]
    status = answer.status
    if status >= 400:
        headers.append(("ms-azureml-model-error-statuscode", str(status)))
        headers.append(("ms-azureml-model-error-reason", "model_error"))
        status = 424
    if answer.content_length is not None and answer.content_length <= _CHUNK:
        # the common case in one write: head and body together
        whole = web.Response(status=status, body=await answer.read())
        whole.headers.clear()
        whole.headers.extend(headers)
        await whole.prepare(incoming)
        await whole.write_eof()
        return whole
    stream = web.StreamResponse(status=status)
    stream.headers.clear()
    stream.headers.extend(headers)
    await stream.prepare(incoming)
    async for chunk in answer.content.iter_any():
        await stream.write(chunk)
    await stream.write_eof()
    return stream


async def send_error(
    incoming: web.BaseRequest, error: ShipwayError, request_id: str, deployment: str
) -> web.StreamResponse:
    """An error of the router's own, in ARM's envelope."""
    message = f"{error.message}. {error.hint}".strip()
    body = {"error": {"code": error.code, "message": message, "target": error.where}}
    headers = {**error.headers, "x-ms-request-id": request_id}
    if deployment:
        headers["azureml-model-deployment"] = deployment
    answer = web.Response(
        status=error.status, body=json.dumps(body).encode(), content_type="application/json",
        headers=headers,
    )  # fmt: skip
    await answer.prepare(incoming)
    await answer.write_eof()
    return answer
