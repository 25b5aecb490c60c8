"""One HTTP call that a pipeline asks this server for: checks and agentless tasks make it.

`prepare` puts variables into what was configured, `send` calls, `judge` looks at the answer;
`perform` is the three's log as Azure writes it. Addresses on this machine are called directly,
all others through the front door, as the processes of an agent do: so Azure's names stay here,
and metadata addresses stay closed. Redirections are not followed: they would carry credentials
elsewhere. Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/invoke-rest-api-v1
"""

import base64
import ipaddress
import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import quote, urlsplit, urlunsplit

from shipway.azpipelines import macros
from shipway.base import front_door
from shipway.base.errors import BadInput, Unavailable
from shipway.base.home import Home
from shipway.devops import success_criteria

METHODS = ("OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PATCH")
ANSWER_SECONDS = 20.0
"""How long Azure waits for an answer."""
_LARGEST = 2 * 1024 * 1024
_SHOWN = 32 * 1024
_PIECE = 64 * 1024
_MASK = "***"
_WITHOUT_BODY = ("GET", "HEAD", "TRACE")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestCall:
    """A call with every variable in its place. `secrets` are masked wherever it is shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    secrets: tuple[str, ...] = ()
    seconds: float = ANSWER_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAnswer:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    content: str

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOutcome:
    """Whether the call did what it was for; `reason` says why not, `log` is masked."""

    passed: bool
    reason: str
    log: tuple[str, ...]
    answer: RestAnswer | None = None


def prepare(
    *, method: str, url: str, suffix: str = "", headers: str = "", body: str = "",
    variables: Mapping[str, str | None] | None = None, authorization: str = "",
    secrets: Iterable[str] = (), seconds: float = ANSWER_SECONDS,
) -> RestCall:  # fmt: skip
    """The call that inputs describe, their macros replaced.

    `url` is the connection's, `headers` a JSON object as text, `authorization` the connection's
    header, which a header of that name in `headers` replaces. Raises `BadInput`.
    """
    known = macros.by_folded_name(variables or {})
    verb = macros.expand(method, known).strip().upper() or "POST"
    if verb not in METHODS:
        raise _bad(f"the method '{verb[:30]}' is not known", "method", ", ".join(METHODS))
    base = macros.expand(url, known)
    whole = _joined(base, macros.expand(suffix, known))
    sent = _headers(macros.expand(headers, known))
    if authorization and not any(name.lower() == "authorization" for name in sent):
        sent["Authorization"] = authorization
    told = "" if verb in _WITHOUT_BODY else macros.expand(body, known)
    if told and not any(name.lower() == "content-type" for name in sent):
        sent["Content-Type"] = "application/json"
    hidden = tuple(dict.fromkeys(s for s in (*secrets, *_credentials(authorization)) if s))
    check_url(whole, secrets=hidden)
    _stay_at(base, whole, secrets=hidden)
    return RestCall(
        method=verb, url=whole, headers=sent, body=told, secrets=hidden, seconds=seconds
    )  # fmt: skip


def check_url(url: str, *, secrets: Iterable[str] = ()) -> None:
    """Raises `BadInput` for what cannot be called."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        scheme, host, port = "", "", None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not host or not is_plain or scheme not in ("http", "https") or port == 0:
        raise _bad(
            f"the address '{masked(url, secrets)[:200]}' cannot be called", "url",
            "an http or https URL of ASCII characters, without blanks",
        )  # fmt: skip


def _stay_at(base: str, whole: str, *, secrets: Iterable[str]) -> None:
    """What is put behind a connection's URL must not lead its credentials to another host.

    `https://gate` and `.example.org/x`, or `@example.org/`, would.
    """
    if urlsplit(base.strip()).netloc != urlsplit(whole).netloc:
        raise _bad(
            f"the address '{masked(whole, secrets)[:200]}' leads to another host than its "
            "connection's",
            "urlSuffix", "a path or a query, such as /approve?run=7",
        )  # fmt: skip


def send(home: Home, call: RestCall) -> RestAnswer:
    """Call and read the answer, whatever its status. Raises `Unavailable`, `BadInput`."""
    deadline = time.monotonic() + call.seconds
    headers = {"User-Agent": "shipway", **call.headers}
    connection, target = _connection(home, call)
    try:
        connection.request(
            call.method, target, body=call.body.encode() if call.body else None, headers=headers
        )
        answer = connection.getresponse()
        content = _read(answer, deadline)
        return RestAnswer(
            status=answer.status, headers=dict(answer.getheaders()),
            content=content.decode(errors="replace"),
        )  # fmt: skip
    except (OSError, HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(
            masked(f"{_place(call.url)} did not answer: {reason}", call.secrets),
            code="RestCallFailed", where=_place(call.url),
        ) from None  # fmt: skip
    except ValueError as error:  # a header that HTTP cannot carry
        raise BadInput(
            masked(str(error), call.secrets), code="InvalidRestCall", where="headers"
        ) from None
    finally:
        connection.close()


def judge(answer: RestAnswer, criteria: str = "") -> str:
    """Why the answer is no success, empty when it is one: its status first, then the criteria."""
    if not answer.is_success:
        return f"The remote server returned an error: ({answer.status}) {_phrase(answer.status)}."
    return success_criteria.refusal(
        criteria, content=answer.content, headers=answer.headers, status=answer.status
    )


def perform(home: Home, call: RestCall, *, criteria: str = "") -> RestOutcome:
    """Call, judge, and tell it as Azure's log does. Raises nothing for what goes wrong outside."""
    log = [f"{call.method} {call.url}"]
    if call.body:
        log.append(f"Request body: {call.body[:_SHOWN]}")
    try:
        answer = send(home, call)
    except (Unavailable, BadInput) as error:
        reason = error.message
        log += ["Response Code: 0",
                f"Response: An error was encountered while processing request. "
                f"Exception: {reason}"]  # fmt: skip
        return RestOutcome(passed=False, reason=reason, log=_hidden(log, call))
    reason = masked(judge(answer, criteria), call.secrets)
    log += [f"Response Code: {_phrase(answer.status).replace(' ', '')}",
            f"Response: {answer.content[:_SHOWN]}"]  # fmt: skip
    if not answer.is_success:
        log.append(f"Exception Message: {reason} (type WebException)")
    elif reason:
        log.append(reason)
    return RestOutcome(passed=not reason, reason=reason, log=_hidden(log, call), answer=answer)


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, as they are and as JSON, URLs and base64 write them."""
    forms = {
        form
        for secret in secrets
        if len(secret) > 1
        for form in (
            secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode(),
            quote(secret, safe=""), quote(secret), quote(secret, safe="/="),
        )
    }  # fmt: skip
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, _MASK)
    return text


def _connection(home: Home, call: RestCall) -> tuple[HTTPConnection, str]:
    """Where to connect for a call, and what to ask for there."""
    parts = urlsplit(call.url)
    host, port = parts.hostname or "", parts.port
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    door = _door(home, host)
    if not is_tls:
        if door is None:
            return HTTPConnection(host, port, timeout=call.seconds), path
        url = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/",
                          parts.query, ""))  # fmt: skip
        return HTTPConnection(*door, timeout=call.seconds), url
    bundle = front_door.bundle(home)
    context = ssl.create_default_context(cafile=str(bundle) if bundle.exists() else None)
    if door is None:
        return HTTPSConnection(host, port, timeout=call.seconds, context=context), path
    tunnel = HTTPSConnection(*door, timeout=call.seconds, context=context)
    tunnel.set_tunnel(host, port)
    return tunnel, path


def _door(home: Home, host: str) -> tuple[str, int] | None:
    """The front door for all that is not on this machine; None: there directly.

    Raises `Unavailable` for a name of Azure while no server has been started.
    """
    if _is_here(host):
        return None
    if front_door.find_state(home) is None and not front_door.is_azure_name(host):
        return None
    return "127.0.0.1", front_door.state(home).proxy_port


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return front_door.normal_name(host) in front_door.LOOPBACK


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    """Raises `TimeoutError` for an answer that trickles in longer than the call may take."""
    pieces: list[bytes] = []
    size = 0
    while size <= _LARGEST:
        if time.monotonic() > deadline:
            raise TimeoutError("the answer took too long")
        piece = answer.read1(_PIECE)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
    raise TimeoutError(f"the answer is longer than {_LARGEST} bytes")


def _headers(text: str) -> dict[str, str]:
    if not text.strip():
        return {}
    try:
        told = json.loads(text, strict=False)
    except ValueError as error:
        raise _bad(f"the headers are not JSON: {error}", "headers",
                   '{"Content-Type": "application/json"}') from None  # fmt: skip
    if not isinstance(told, dict) or any(isinstance(v, dict | list) for v in told.values()):
        raise _bad("the headers are not a JSON object of texts", "headers",
                   '{"Content-Type": "application/json"}')  # fmt: skip
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()
    }  # fmt: skip


def _joined(url: str, suffix: str) -> str:
    """`https://host/` and `/path` have one slash between them."""
    url, suffix = url.strip(), suffix.strip()
    return url + (suffix[1:] if url.endswith("/") and suffix.startswith("/") else suffix)


def _credentials(authorization: str) -> tuple[str, ...]:
    """What of an Authorization header must not be shown."""
    return (authorization.partition(" ")[2],) if authorization else ()


def _hidden(lines: Iterable[str], call: RestCall) -> tuple[str, ...]:
    return tuple(masked(line, call.secrets) for line in lines)


def _place(url: str) -> str:
    """The URL without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)


def _bad(message: str, where: str, known: str) -> BadInput:
    return BadInput(message, code="InvalidRestCall", where=where, hint=f"Known: {known}.")
