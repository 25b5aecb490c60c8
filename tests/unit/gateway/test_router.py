"""The router, before upstreams on unix sockets that say who they are."""

import asyncio
import json
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp import ClientSession, UnixConnector, web
from tests.support.ml_world import make_world

from shipway.azure.arm import role_assignments
from shipway.azure.entra import audiences, service_principals, tokens
from shipway.gateway.router import Router
from shipway.loop import deployment
from shipway.loop.reactor import Reactor
from shipway.ml import online_deployments, online_endpoints
from shipway.ml.online_deployments import OnlineDeployment
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.ml.workspaces import Workspace
from shipway.store.growing import EndpointRequest
from shipway.store.store import Store, open_store

HOST = "flights.westeurope.inference.ml.azure.com"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Door:
    """A router with its endpoint; `seen` is what each upstream got."""

    store: Store
    workspace: Workspace
    router: Router
    session: ClientSession
    key: str = ""
    seen: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    async def post(
        self, body: object = None, *, host: str = HOST, key: str | None = None, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        fields = {"Host": host, "Authorization": f"Bearer {self.key if key is None else key}"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post("http://x/score", json=body, headers=fields) as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    def split(self, mirror: dict[str, int] | None = None, **traffic: int) -> None:
        """Set the traffic as another process would: through its own connection."""
        other = open_store(self.store.home, self.store.clock)
        found = online_endpoints.get(other, workspace=self.workspace.key, name="flights")
        deployment.put_endpoint(other, replace(found, traffic=traffic, mirror_traffic=mirror or {}))
        settle(other)
        other.database.close()


def settle(store: Store) -> None:
    reactor = Reactor(store)
    reactor.settle()
    reactor.stop()


@asynccontextmanager
async def opened(
    home: Path, auth_mode: str = "Key", **upstreams: Handler | None
) -> AsyncIterator[Door]:
    """A router on a socket of its own, with one upstream per name (None: nobody listens)."""
    store, workspace = make_world(home)
    endpoint = OnlineEndpoint(
        workspace=workspace.key, name="flights", location="westeurope", auth_mode=auth_mode
    )
    deployment.put_endpoint(store, endpoint)
    settle(store)
    router = Router(store)
    runners: list[web.BaseRunner] = [web.ServerRunner(web.Server(router.handle))]
    await runners[0].setup()
    await web.UnixSite(runners[0], str(home / "front.s")).start()
    seen: dict[str, list[dict[str, str]]] = {}
    for name, handler in upstreams.items():
        made = online_deployments.save(
            store,
            OnlineDeployment(
                workspace=workspace.key, endpoint="flights", name=name, location="westeurope",
                provisioning_state="Succeeded", serving_generation=1, request_timeout=1.0,
            ),
        )  # fmt: skip
        seen[name] = []
        if handler is not None:
            runners.append(await upstream(store, made, handler, seen[name]))
    key = online_endpoints.keys(store, endpoint)["primary"]
    async with ClientSession(connector=UnixConnector(path=str(home / "front.s"))) as session:
        yield Door(
            store=store, workspace=workspace, router=router, session=session, key=key, seen=seen
        )
    await router.close()
    for runner in runners:
        await runner.cleanup()
    store.database.close()


async def upstream(
    store: Store, made: OnlineDeployment, handler: Handler, seen: list[dict[str, str]]
) -> web.AppRunner:
    async def noted(request: web.Request) -> web.StreamResponse:
        seen.append({**request.headers, "body": await request.text()})
        return await handler(request)

    app = web.Application()
    app.router.add_post("/score", noted)
    runner = web.AppRunner(app)
    await runner.setup()
    path = online_deployments.socket_path(store.home, made.key, 1)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    await web.UnixSite(runner, str(path)).start()
    return runner


def says(word: str, status: int = 200) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response({"from": word}, status=status)

    return handler


def test_of_2000_requests_the_split_is_within_three_sigma(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, blue=says("blue"), green=says("green")) as door:
            door.split(blue=10, green=90)
            answers: Counter[str] = Counter()
            for _ in range(40):
                batch = await asyncio.gather(*(door.post({"a": 1}) for _ in range(50)))
                for status, text, headers in batch:
                    assert status == 200
                    assert headers["azureml-model-deployment"] == json.loads(text)["from"]
                    answers[json.loads(text)["from"]] += 1
            sigma = math.sqrt(2000 * 0.1 * 0.9)
            assert abs(answers["blue"] - 200) <= 3 * sigma
            await door.router.flush()
            rows = door.store.growing.requests(f"{door.workspace.key}/flights", limit=3000)
            assert Counter(row.deployment for row in rows) == answers

    asyncio.run(run())


def test_a_changed_split_holds_for_the_very_next_request(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, blue=says("blue"), green=says("green")) as door:
            for name in ("blue", "green", "blue", "green"):
                door.split(None, **{name: 100})
                assert json.loads((await door.post({}))[1])["from"] == name

    asyncio.run(run())


def test_mirrored_copies_reach_the_mirror_and_never_the_caller(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.json_response({"from": "mirror"}, status=500)

    async def run() -> None:
        async with opened(tmp_path, blue=says("blue"), shadow=slow) as door:
            door.split(blue=100, mirror={"shadow": 50})
            answers = await asyncio.wait_for(
                asyncio.gather(*(door.post({"n": n}) for n in range(100))), 10
            )
            assert {json.loads(text)["from"] for _, text, _ in answers} == {"blue"}
            release.set()
            rows: Sequence[EndpointRequest] = ()
            for _ in range(200):
                await asyncio.sleep(0.01)
                await door.router.flush()
                rows = door.store.growing.requests(f"{door.workspace.key}/flights", limit=500)
                if sum(row.mirrored for row in rows) == len(door.seen["shadow"]):
                    break
            copies = door.seen["shadow"]
            assert 20 <= len(copies) <= 64  # half of a hundred, and never more than wait at once
            assert {json.loads(copy["body"])["n"] for copy in copies} <= set(range(100))
            assert all("Authorization" not in copy for copy in copies)
            assert {row.deployment for row in rows if row.mirrored} == {"shadow"}

    asyncio.run(run())


def test_the_named_deployment_answers_whatever_the_split(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, blue=says("blue"), green=says("green")) as door:
            door.split(blue=100)
            status, text, headers = await door.post({}, azureml_model_deployment="Green")
            assert (status, json.loads(text)["from"]) == (200, "green")
            assert headers["azureml-model-deployment"] == "green"
            assert headers["x-ms-request-id"]
            status, text, _ = await door.post({}, azureml_model_deployment="nope")
            assert status == 404
            assert "'nope'" in text
            assert "blue, green" in text

    asyncio.run(run())


def test_keys_are_checked_and_never_reach_the_model(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, blue=says("blue")) as door:
            door.split(blue=100)
            for wrong in ("", "wrong", "Bearer x"):
                status, text, headers = await door.post({}, key=wrong)
                assert status == 401
                assert json.loads(text)["error"]["code"] == "key_auth_access_denied"
                assert headers["WWW-Authenticate"] == "Bearer"
            assert door.seen["blue"] == []
            assert (await door.post({}))[0] == 200
            assert "Authorization" not in door.seen["blue"][0]
            other = open_store(door.store.home, door.store.clock)
            endpoint = online_endpoints.get(other, workspace=door.workspace.key, name="flights")
            with other.database.transaction():
                online_endpoints.regenerate_key(other, endpoint, "primary")
                online_endpoints.save(other, endpoint)
            other.database.close()
            assert (await door.post({}))[0] == 401

    asyncio.run(run())


def test_a_token_needs_the_role_to_score(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, "AADToken", blue=says("blue")) as door:
            door.split(blue=100)
            caller = service_principals.create(
                door.store, app_id="5f1a2b6c-0d3e-4c7a-9b1f-736869707700", display_name="caller"
            )
            object_id = caller.object_id
            principal = service_principals.principal_of(
                door.store, service_principals.get(door.store, object_id)
            )
            token = tokens.issue(door.store, principal, audience=audiences.ML)
            status, text, _ = await door.post({}, key=token)
            assert status == 403
            assert "onlineEndpoints/score/action" in text
            role_assignments.assign(
                door.store, principal_id=object_id, role="AzureML Data Scientist",
                scope=online_endpoints.resource_id(door.workspace.key, "flights"),
            )  # fmt: skip
            assert (await door.post({}, key=token))[0] == 200
            wrong = tokens.issue(door.store, principal, audience=audiences.STORAGE)
            assert (await door.post({}, key=wrong))[0] == 401

    asyncio.run(run())


def test_a_models_error_is_424_and_a_dead_model_502(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, bad=says("bad", 500), dead=None) as door:
            status, text, headers = await door.post({}, azureml_model_deployment="bad")
            assert (status, json.loads(text)["from"]) == (424, "bad")
            assert headers["ms-azureml-model-error-statuscode"] == "500"
            status, text, headers = await door.post({}, azureml_model_deployment="dead")
            assert status == 502
            assert "'dead'" in text
            assert headers["azureml-model-deployment"] == "dead"

    asyncio.run(run())


def test_an_unknown_endpoint_and_one_without_traffic_are_named(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, blue=says("blue")) as door:
            status, text, _ = await door.post({}, host=HOST.replace("flights", "nowhere"))
            assert (status, "nowhere" in text) == (404, True)
            status, text, _ = await door.post({})
            assert (status, "traffic" in text) == (404, True)

    asyncio.run(run())


def test_a_long_answer_is_streamed(tmp_path: Path) -> None:
    piece = b"x" * 100_000

    async def long(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        for _ in range(20):
            await stream.write(piece)
        await stream.write_eof()
        return stream

    async def run() -> None:
        async with opened(tmp_path, blue=long) as door:
            door.split(blue=100)
            status, text, _ = await door.post({})
            assert (status, len(text)) == (200, 2_000_000)

    asyncio.run(run())
