"""What the resources ask of the services: ARM, Graph, Azure DevOps and data planes."""

import contextlib
import json
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from shipway.base import clock
from shipway.base.errors import Cancelled, ShipwayError
from shipway.terraform.credentials import Credentials, claims
from shipway.terraform.tokens import Tokens
from shipway.terraform.transport import Answer, Transport

_ARM = "https://management.azure.com"
_GRAPH = "https://graph.microsoft.com"
#: Azure DevOps as Entra knows it.
_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
_ACCEPTED = (200, 201, 202, 204)
_DONE, _FAILED = ("succeeded",), ("failed", "canceled", "cancelled")
_FIRST_POLL, _LONGEST_POLL = 0.02, 2.0

Json = Any


class ApiError(ShipwayError):
    """A service's answer that is not what was hoped for."""

    def __init__(self, status: int, code: str, message: str, *, target: str = "") -> None:
        super().__init__(message, code=code, status=status, where=target)
        self.target = target


class OperationTimedOut(ShipwayError):
    """What the block `timeouts` (or its default) allows has passed."""

    default_code, default_status = "OperationTimedOut", 504


class Calls:
    """One configured provider. Safe to use from many threads at once.

    Every call raises `ApiError` for a status outside `accept`, `Unavailable` when nobody answers,
    `OperationTimedOut` past the operation's time and `Cancelled` once Terraform wants to stop (a
    wait only; what has been sent is waited for).
    """

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        *,
        env_vars: Mapping[str, str],
        features: Mapping[str, Any] | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self._transport = transport
        self._tokens = Tokens(credentials, transport, env_vars)
        self._stopping = stopping or threading.Event()
        self._limit = threading.local()
        self.subscription_id = credentials.subscription_id
        self.tenant_id = credentials.tenant_id
        self.client_id = credentials.client_id
        self.object_id = ""
        self.organization = credentials.organization
        self.features: dict[str, Any] = dict(features or {})

    def log_in(self, resource: str = _ARM) -> None:
        """Have a token, and read from it who this is. Raises `NoCredentials`, `Unavailable`."""
        told = claims(self._tokens.token(resource))
        self.object_id = told.get("oid", "")
        self.tenant_id = self.tenant_id or told.get("tid", "")
        self.client_id = self.client_id or told.get("appid", "") or told.get("azp", "")

    def arm(
        self,
        method: str,
        path: str,
        *,
        api_version: str,
        body: Json = None,
        accept: Collection[int] = _ACCEPTED,
        missing_ok: bool = False,
    ) -> dict[str, Any] | None:
        """A call of Resource Manager; a long-running operation is waited for, then read.

        None for a 204, and for a 404 with `missing_ok`.
        """
        url = _with_version(f"{_ARM}{path}", api_version)
        answer = self._json("Bearer", method, url, _ARM, body)
        if missing_ok and answer.status == 404:
            return None
        _check(answer, accept, f"{method} {path}")
        polling = answer.headers.get("azure-asyncoperation") or answer.headers.get("location")
        if method in ("PUT", "PATCH"):
            return self._settled(url, answer, polling)
        if method in ("POST", "DELETE") and polling and answer.status in (201, 202):
            return self._finished(urljoin(url, polling))
        return _object(answer)

    def graph(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        beta: bool = False,
        accept: Collection[int] = _ACCEPTED,
        missing_ok: bool = False,
    ) -> dict[str, Any] | None:
        """A call of Microsoft Graph below `/v1.0` (or `/beta`)."""
        url = f"{_GRAPH}/{'beta' if beta else 'v1.0'}{path}"
        answer = self._json("Bearer", method, url, _GRAPH, body)
        if missing_ok and answer.status == 404:
            return None
        _check(answer, accept, f"{method} {path}")
        return _object(answer)

    def devops(
        self,
        method: str,
        path: str,
        *,
        api_version: str = "7.1",
        body: Json = None,
        accept: Collection[int] = _ACCEPTED,
        missing_ok: bool = False,
        host: str = "dev.azure.com",
    ) -> Json:
        """A call of Azure DevOps below the organization, e.g. `/_apis/projects`."""
        place = urlsplit(self.organization)
        own = place.hostname or host
        where = own if host == "dev.azure.com" else host
        url = _with_version(f"https://{where}{place.path.rstrip('/')}{path}", api_version)
        answer = self._json("", method, url, _DEVOPS, body)
        if missing_ok and answer.status == 404:
            return None
        _check(answer, accept, f"{method} {path}")
        return None if answer.status == 204 else answer.json()

    def data(
        self,
        method: str,
        url: str,
        *,
        resource: str,
        body: Json = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        missing_ok: bool = False,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """A call of a data plane (vault, blob) with a token for `resource`.

        Status, header fields in lower case, body.
        """
        fields = {"Authorization": f"Bearer {self._tokens.token(resource)}", **(headers or {})}
        if body is not None:
            content = json.dumps(body).encode()
            fields["Content-Type"] = "application/json"
        if content is None and method in ("PUT", "POST", "PATCH"):
            fields["Content-Length"] = "0"
        self._check_time()
        answer = self._transport.send(method, url, content, fields)
        if not (missing_ok and answer.status == 404):
            _check(answer, range(200, 300), f"{method} {urlsplit(url).path}")
        return answer.status, answer.headers, answer.content

    def wait(self, seconds: float) -> None:
        """Hold the thread. Raises `Cancelled` as soon as Terraform asks to stop."""
        self._check_time()
        if self._stopping.wait(min(seconds, max(0.0, self._left()))):
            raise Cancelled("Terraform asked to stop while the provider waited for a service")
        self._check_time()

    @contextlib.contextmanager
    def limited_to(self, seconds: float) -> Iterator[None]:
        """Calls of this thread within the block have that long, all together."""
        before = getattr(self._limit, "end", None)
        self._limit.end = clock.monotonic() + seconds
        try:
            yield
        finally:
            self._limit.end = before

    def _json(self, scheme: str, method: str, url: str, resource: str, body: Json) -> Answer:
        self._check_time()
        authorization = (
            f"Bearer {self._tokens.token(resource)}"
            if scheme
            else self._tokens.authorization(resource)
        )
        fields = {"Authorization": authorization}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            fields["Content-Type"] = _content_type(method, body)
        elif method in ("PUT", "POST", "PATCH"):
            fields["Content-Length"] = "0"
        return self._transport.send(method, url, content, fields)

    def _settled(self, url: str, answer: Answer, polling: str | None) -> dict[str, Any] | None:
        """A resource that was put, once it is there entirely."""
        if polling and (answer.status == 202 or "azure-asyncoperation" in answer.headers):
            self._operation(urljoin(url, polling))
        elif not _is_settling(answer):
            return _object(answer)
        pause = _FIRST_POLL
        while True:
            answer = self._json("Bearer", "GET", url, _ARM, None)
            _check(answer, _ACCEPTED, f"GET {urlsplit(url).path}")
            if not _is_settling(answer):
                return _object(answer)
            pause = self._pause(pause)

    def _operation(self, url: str) -> dict[str, Any] | None:
        """Wait for a long-running operation; its last answer. Raises `ApiError` if it failed."""
        pause = _FIRST_POLL
        while True:
            answer = self._json("Bearer", "GET", url, _ARM, None)
            _check(answer, _ACCEPTED, f"GET {urlsplit(url).path}")
            told = _object(answer) or {}
            state = str(told.get("status") or "").lower()
            if state in _FAILED:
                inner = told.get("error") or {}
                code = str(inner.get("code") or told["status"])
                message = str(inner.get("message") or f"the operation {told['status']}")
                raise ApiError(400, code, message, target=urlsplit(url).path)
            if state in _DONE or (not state and answer.status != 202):
                return told or None
            pause = self._pause(pause)

    def _finished(self, url: str) -> dict[str, Any] | None:
        """Wait for the end of a POST or DELETE; an operation that is forgotten has ended."""
        try:
            return self._operation(url)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def _pause(self, pause: float) -> float:
        """One pause between two looks; a stop does not cut it: what runs is finished and saved."""
        self._check_time()
        clock.sleep(min(pause, max(0.0, self._left())))
        return min(pause * 1.6, _LONGEST_POLL)

    def _left(self) -> float:
        end = getattr(self._limit, "end", None)
        return float("inf") if end is None else end - clock.monotonic()

    def _check_time(self) -> None:
        if self._left() <= 0:
            raise OperationTimedOut(
                "context deadline exceeded: the time that the block `timeouts` (or its default) "
                "allows for this operation has passed",
                hint="Give it more in a block `timeouts`.",
            )


def _check(answer: Answer, accept: Collection[int], target: str) -> None:
    if answer.status in accept:
        return
    told = answer.json()
    text = answer.content.decode(errors="replace")
    code, message = str(answer.status), text[:1000] or f"HTTP {answer.status}"
    if isinstance(told, dict):
        inner = told.get("error") or told.get("odata.error") or told
        if isinstance(inner, dict):
            message = str(inner.get("message") or message)
            code = str(inner.get("code") or inner.get("typeKey") or code)
    elif "<Code>" in text:
        code = text.partition("<Code>")[2].partition("</Code>")[0]
        message = text.partition("<Message>")[2].partition("</Message>")[0]
    raise ApiError(answer.status, code, message, target=target)


def _content_type(method: str, body: Json) -> str:
    is_patch = method == "PATCH" and isinstance(body, list)
    return "application/json-patch+json" if is_patch else "application/json"


def _with_version(url: str, api_version: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}api-version={api_version}" if api_version else url


def _object(answer: Answer) -> dict[str, Any] | None:
    told = answer.json()
    return told if isinstance(told, dict) else None if told is None else {"value": told}


def _is_settling(answer: Answer) -> bool:
    properties = (_object(answer) or {}).get("properties")
    state = properties.get("provisioningState") if isinstance(properties, dict) else None
    return bool(state) and str(state).lower() not in (*_DONE, *_FAILED)
