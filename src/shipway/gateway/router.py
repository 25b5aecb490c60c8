"""Online endpoints on the protocol level: who may call, which deployment answers, what is noted.

One asyncio loop, no thread per request and no row read while a request waits: an endpoint's facts
are kept and looked up again when the database has changed. The body goes to the deployment's unix
socket and the answer comes back piece by piece; a mirrored copy is sent besides and its answer
thrown away. What was asked is noted in batches.
Source: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import (
    ClientConnectionError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    UnixConnector,
    web,
)

from shipway.azure.arm import role_assignments
from shipway.azure.entra import audiences, tokens
from shipway.base import clock, ids
from shipway.base.errors import (
    Forbidden,
    NotFound,
    ShipwayError,
    TooLarge,
    Unauthenticated,
)
from shipway.ml import online_deployments, online_endpoints
from shipway.store.growing import EndpointRequest
from shipway.store.store import Store

_LOG = logging.getLogger(__name__)
_CHUNK = 1 << 16
_BODY_LIMIT = 1 << 20 << 4  # 16 MiB; Azure takes 1.5 MB, which would be in the way here
_FLUSH_SECONDS = 0.25
_FLUSH_ROWS = 500
_TOKEN_SECONDS = 60.0
_MOST_TOKENS = 1000
_MOST_MIRRORED = 64
_QUEUE_SECONDS = 30.0
SCORE_ACTION = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action"

# what is between two neighbours only and never passed on (RFC 9110 section 7.6.1); the rest is
# said anew by whoever sends, or is the router's own
_NOT_PASSED = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "authorization", "date",
        "server", "azureml-model-deployment", "x-ms-request-id", "x-request-id", "expect",
    }
)  # fmt: skip


class ModelError(ShipwayError):
    """The deployment's own answer was an error: 424, with the model's status in a header."""

    default_code, default_status = "FailedDependency", 424


class TimedOut(ShipwayError):
    """The deployment did not answer in its request time-out."""

    default_code, default_status = "RequestTimeout", 408


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A deployment that can answer."""

    name: str
    socket: Path
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the router knows of an endpoint, until the database changes."""

    key: str
    name: str
    resource_id: str
    host: str
    auth_mode: str
    key_hashes: tuple[bytes, ...]
    targets: dict[str, Target]
    weights: tuple[tuple[str, int], ...]
    mirror: str
    mirror_percent: int


@dataclass(slots=True)
class _Noted:
    rows: list[EndpointRequest] = field(default_factory=list)


class Router:
    """Answers `*.inference.ml.azure.com`. `start` and `close` in the loop that serves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._facts: dict[str, Facts] = {}
        self._version = -1
        self._sessions: dict[Path, ClientSession] = {}
        self._allowed: dict[bytes, tuple[str, float]] = {}
        self._noted = _Noted()
        self._mirrored: set[asyncio.Task[None]] = set()
        self._flusher: asyncio.Task[None] | None = None
        self._random = random.Random()  # noqa: S311  # a split, not a secret

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """The answer to one request of a client."""
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush_forever())
        request_id = ids.new_guid()
        try:
            facts = self._facts_of(incoming.host)
            self._authorize(facts, incoming)
            target = self._choose(facts, incoming)
            body = await _body(incoming)
        except ShipwayError as error:
            return await _send_error(incoming, error, request_id, "")
        self._mirror(facts, target, incoming, body)
        began = clock.monotonic()
        status = 502
        try:
            answer = await self._forward(incoming, target, body, request_id)
            status = answer.status
            return answer
        finally:
            self._note(facts, target.name, status, began, mirrored=False)

    async def close(self) -> None:
        """Write what is noted and let go of all connections."""
        if self._flusher is not None:
            self._flusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flusher
            self._flusher = None
        for task in list(self._mirrored):
            task.cancel()
        await self.flush()
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def flush(self) -> None:
        """Write the noted requests now."""
        rows, self._noted.rows = self._noted.rows, []
        if rows:
            await asyncio.to_thread(self._store.growing.add_requests, rows)

    # -- what is known ---------------------------------------------------------------------

    def _facts_of(self, host: str) -> Facts:
        """An endpoint's facts; read anew after any change of the database by anybody.

        Asking SQLite for its data version costs microseconds and reads no row.
        """
        version = self._data_version()
        if version != self._version:
            self._version = version
            self._facts.clear()
        name = host.partition(":")[0].lower()
        facts = self._facts.get(name)
        if facts is None:
            facts = self._facts[name] = self._read_facts(name)
        return facts

    def _data_version(self) -> int:
        """Changes with every commit of another connection (this loop's own never writes)."""
        return int(self._store.database.read().execute("PRAGMA data_version").fetchone()[0])

    def _read_facts(self, host: str) -> Facts:
        store = self._store
        endpoint = online_endpoints.find_by_host(store, host)
        if endpoint is None or endpoint.provisioning_state in ("Creating", "Deleting"):
            raise NotFound(
                f"No online endpoint answers at '{host}'", code="EndpointNotFound", where=host,
                hint="`shipway endpoints` lists the endpoints and their addresses.",
            )  # fmt: skip
        found = online_deployments.list_of(
            store, workspace=endpoint.workspace, endpoint=endpoint.name
        )
        targets = {
            d.name.lower(): Target(
                name=d.name, timeout=d.request_timeout,
                socket=online_deployments.socket_path(store.home, d.key, d.serving_generation),
            )
            for d in found
            if d.serving_generation and d.provisioning_state != "Deleting"
        }  # fmt: skip
        keys = online_endpoints.keys(store, endpoint) if endpoint.auth_mode == "Key" else {}
        mirror = next(((n, p) for n, p in endpoint.mirror_traffic.items() if p), ("", 0))
        return Facts(
            key=endpoint.key, name=endpoint.name, host=host, auth_mode=endpoint.auth_mode,
            resource_id=online_endpoints.resource_id(endpoint.workspace, endpoint.name),
            key_hashes=tuple(_hash(key) for key in keys.values()), targets=targets,
            weights=tuple((n.lower(), p) for n, p in endpoint.traffic.items() if p),
            mirror=mirror[0].lower(), mirror_percent=mirror[1],
        )  # fmt: skip

    # -- who may, and who answers ----------------------------------------------------------

    def _authorize(self, facts: Facts, incoming: web.BaseRequest) -> None:
        scheme, _, credential = incoming.headers.get("Authorization", "").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise _unauthorized("no key or token was sent", facts)
        hashed = _hash(credential)
        if facts.auth_mode == "Key":
            if not any(hmac.compare_digest(hashed, known) for known in facts.key_hashes):
                raise _unauthorized("the key is not one of this endpoint's", facts)
            return
        known = self._allowed.get(hashed)
        if known is not None and known[0] == facts.key and clock.monotonic() < known[1]:
            return
        self._check_token(facts, credential)
        if len(self._allowed) >= _MOST_TOKENS:
            self._allowed.clear()
        self._allowed[hashed] = (facts.key, clock.monotonic() + _TOKEN_SECONDS)

    def _check_token(self, facts: Facts, credential: str) -> None:
        if facts.auth_mode == "AMLToken":
            tokens.check(self._store, credential, audiences=(f"https://{facts.host}",))
            return
        principal = tokens.check(self._store, credential, audiences=(audiences.ML,))
        if not role_assignments.is_permitted(
            self._store, principal, action=SCORE_ACTION, scope=facts.resource_id
        ):
            raise Forbidden(
                f"'{principal.name}' may not perform {SCORE_ACTION} on endpoint '{facts.name}'",
                code="AuthorizationFailed", where=facts.resource_id,
                hint="Give it the role 'AzureML Data Scientist' on the endpoint.",
            )  # fmt: skip

    def _choose(self, facts: Facts, incoming: web.BaseRequest) -> Target:
        named = incoming.headers.get("azureml-model-deployment", "").strip()
        if named:
            target = facts.targets.get(named.lower())
            if target is None:
                raise NotFound(
                    f"The deployment '{named}' of endpoint '{facts.name}' is not there",
                    code="DeploymentNotFound", where="azureml-model-deployment",
                    hint=f"Deployments that serve: {_names(facts) or 'none'}.",
                )  # fmt: skip
            return target
        names = [name for name, _ in facts.weights]
        if not names:
            raise NotFound(
                f"No deployment of endpoint '{facts.name}' has traffic", code="NoTraffic",
                status=404, where=facts.name,
                hint="Set its traffic, or name a deployment in azureml-model-deployment.",
            )  # fmt: skip
        chosen = self._random.choices(names, [percent for _, percent in facts.weights])[0]
        target = facts.targets.get(chosen)
        if target is None:
            raise ModelError(
                f"The deployment '{chosen}' of endpoint '{facts.name}' does not serve",
                status=503, code="ServiceUnavailable", where=chosen,
                hint="`shipway endpoints` shows its state and why.",
            )  # fmt: skip
        return target

    # -- the way there and back ------------------------------------------------------------

    async def _forward(
        self, incoming: web.BaseRequest, target: Target, body: bytes, request_id: str
    ) -> web.StreamResponse:
        try:
            async with self._ask(target, incoming, body, request_id) as answer:
                return await _send(incoming, answer, request_id, target.name)
        except TimeoutError:
            error: ShipwayError = TimedOut(
                f"The deployment '{target.name}' did not answer within {target.timeout:g} s",
                where=target.name, hint="Raise requestSettings.requestTimeout.",
            )  # fmt: skip
        except (ClientConnectionError, OSError) as cause:
            error = ModelError(
                f"The deployment '{target.name}' is not answering: {cause or 'it went away'}",
                code="BadGateway", status=502, where=target.name,
                hint="`shipway logs` shows what its process said.",
            )  # fmt: skip
        except ClientError as cause:
            error = ModelError(
                f"The deployment '{target.name}' answered something that is not HTTP: {cause}",
                code="BadGateway", status=502, where=target.name,
            )  # fmt: skip
        return await _send_error(incoming, error, request_id, target.name)

    @contextlib.asynccontextmanager
    async def _ask(
        self, target: Target, incoming: web.BaseRequest, body: bytes, request_id: str
    ) -> AsyncIterator[ClientResponse]:
        headers = [
            (name, value)
            for name, value in incoming.headers.items()
            if name.lower() not in _NOT_PASSED
        ]
        headers.append(("x-request-id", request_id))
        path = incoming.raw_path
        url = f"http://deployment{path if path.startswith('/') else '/score'}"
        # waiting for the one worker's turn is not the model's time
        timeout = ClientTimeout(total=target.timeout + _QUEUE_SECONDS, sock_read=None)
        session = self._session(target.socket)
        async with session.request(
            incoming.method, url, data=body or None, headers=headers, timeout=timeout,
            allow_redirects=False,
        ) as answer:  # fmt: skip
            yield answer

    def _session(self, path: Path) -> ClientSession:
        session = self._sessions.get(path)
        if session is None or session.closed:
            session = ClientSession(
                connector=UnixConnector(path=str(path), limit=0), auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )  # fmt: skip
            self._sessions[path] = session
        return session

    def _mirror(self, facts: Facts, target: Target, incoming: web.BaseRequest, body: bytes) -> None:
        """Send a copy to the mirror for its share of requests; never waits, never answers."""
        mirror = facts.targets.get(facts.mirror)
        if mirror is None or mirror is target or len(self._mirrored) >= _MOST_MIRRORED:
            return
        if self._random.random() * 100 >= facts.mirror_percent:
            return
        task = asyncio.create_task(self._send_copy(facts, mirror, incoming, body))
        self._mirrored.add(task)
        task.add_done_callback(self._mirrored.discard)

    async def _send_copy(
        self, facts: Facts, mirror: Target, incoming: web.BaseRequest, body: bytes
    ) -> None:
        began = clock.monotonic()
        status = 502
        try:
            async with self._ask(mirror, incoming, body, ids.new_guid()) as answer:
                await answer.read()
                status = answer.status
        except (ClientError, OSError, TimeoutError) as cause:
            _LOG.info("mirrored request to %s of %s: %s", mirror.name, facts.name, cause)
        finally:
            self._note(facts, mirror.name, status, began, mirrored=True)

    # -- what is noted ---------------------------------------------------------------------

    def _note(
        self, facts: Facts, deployment: str, status: int, began: float, *, mirrored: bool
    ) -> None:
        self._noted.rows.append(
            EndpointRequest(
                endpoint=facts.key, deployment=deployment, at=self._store.clock.now(),
                status=status, milliseconds=(clock.monotonic() - began) * 1000, mirrored=mirrored,
            )
        )  # fmt: skip

    async def _flush_forever(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            try:
                await self.flush()
            except Exception:
                _LOG.exception("the requests could not be noted")


async def _body(incoming: web.BaseRequest) -> bytes:
    content = bytearray()
    async for chunk in incoming.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > _BODY_LIMIT:
            raise TooLarge(
                f"the request is larger than {_BODY_LIMIT} bytes", code="RequestEntityTooLarge",
                where="body", hint="Send fewer rows at a time.",
            )  # fmt: skip
    return bytes(content)


async def _send(
    incoming: web.BaseRequest, answer: ClientResponse, request_id: str, deployment: str
) -> web.StreamResponse:
    """Pass an answer on as it comes; an error of the model's becomes Azure's 424."""
    headers = [(n, v) for n, v in answer.headers.items() if n.lower() not in _NOT_PASSED]
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


async def _send_error(
    incoming: web.BaseRequest, error: ShipwayError, request_id: str, deployment: str
) -> web.StreamResponse:
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


def _unauthorized(why: str, facts: Facts) -> Unauthenticated:
    return Unauthenticated(
        f"Access to endpoint '{facts.name}' is refused: {why}", code="key_auth_access_denied",
        where="Authorization", hint="Send `Authorization: Bearer <key or token>`.",
        headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip


def _names(facts: Facts) -> str:
    return ", ".join(sorted(target.name for target in facts.targets.values()))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
