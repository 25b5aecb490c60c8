"""Online endpoints on the protocol level: who may call, which deployment answers, what is noted.

One asyncio loop, no thread per request and no row read while a request waits: an endpoint's facts
are kept and looked up again when the database has changed. The body goes to the deployment's unix
socket and the answer comes back piece by piece; a mirrored copy is sent besides and its answer
thrown away. What was asked is noted in batches.
Source: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
"""

import asyncio
import contextlib
import hmac
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
from shipway.gateway import endpoint_facts, model_answers
from shipway.gateway.endpoint_facts import Facts, Target
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


class ModelError(ShipwayError):
    """The deployment's own answer was an error: 424, with the model's status in a header."""

    default_code, default_status = "FailedDependency", 424


class TimedOut(ShipwayError):
    """The deployment did not answer in its request time-out."""

    default_code, default_status = "RequestTimeout", 408


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
            return await model_answers.send_error(incoming, error, request_id, "")
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
            self._allowed.clear()  # a role may have been taken away
        name = host.partition(":")[0].lower()
        facts = self._facts.get(name)
        if facts is None:
            facts = self._facts[name] = endpoint_facts.read(self._store, name)
        return facts

    def _data_version(self) -> int:
        """Changes with every commit of another connection (this loop's own never writes)."""
        return int(self._store.database.read().execute("PRAGMA data_version").fetchone()[0])

    # -- who may, and who answers ----------------------------------------------------------

    def _authorize(self, facts: Facts, incoming: web.BaseRequest) -> None:
        scheme, _, credential = incoming.headers.get("Authorization", "").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise _unauthorized("no key or token was sent", facts)
        hashed = endpoint_facts.hash_of(credential)
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
        left = tokens.expiry_of(credential) - self._store.clock.now().timestamp()
        self._allowed[hashed] = (facts.key, clock.monotonic() + min(left, _TOKEN_SECONDS))

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
                return await model_answers.pass_on(incoming, answer, request_id, target.name)
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
        return await model_answers.send_error(incoming, error, request_id, target.name)

    @contextlib.asynccontextmanager
    async def _ask(
        self, target: Target, incoming: web.BaseRequest, body: bytes, request_id: str
    ) -> AsyncIterator[ClientResponse]:
        headers = [
            (name, value)
            for name, value in incoming.headers.items()
            if name.lower() not in model_answers.NOT_PASSED
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


def _unauthorized(why: str, facts: Facts) -> Unauthenticated:
    return Unauthenticated(
        f"Access to endpoint '{facts.name}' is refused: {why}", code="key_auth_access_denied",
        where="Authorization", hint="Send `Authorization: Bearer <key or token>`.",
        headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip


def _names(facts: Facts) -> str:
    return ", ".join(sorted(target.name for target in facts.targets.values()))
