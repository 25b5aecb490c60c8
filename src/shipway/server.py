"""Composition root: builds everything once, starts workers and HTTP.

`python -m shipway.server HOME` is what `shipway up` starts. It never imports the Azure SDKs.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import uvloop

from shipway.azure.entra import users
from shipway.base import config, crash_points, front_door
from shipway.base.clock import SystemClock, timestamp
from shipway.base.config import Settings
from shipway.base.errors import Conflict, ShipwayError
from shipway.base.front_door import ServerState
from shipway.base.home import Home, write_private
from shipway.base.messages import Json
from shipway.gateway import bundle, supervisor, upstream
from shipway.gateway.authority import Authority
from shipway.gateway.http_answer import Pool
from shipway.gateway.http_server import Faces, HttpServer
from shipway.gateway.listener import Listener, RefuseTarget, Serve, serve_plain
from shipway.gateway.proxy import Proxy
from shipway.gateway.router import Router
from shipway.gateway.supervisor import Worker
from shipway.loop import push
from shipway.loop.check_call import CheckCaller
from shipway.loop.github_mirror import MirrorWatch
from shipway.loop.notification import Notifier
from shipway.loop.pull_request_completion import AutoCompletion
from shipway.loop.reactor import Reactor
from shipway.store.store import Store, open_store
from shipway.studio.service import Studio
from shipway.wire import table
from shipway.wire.chain import Refuse
from shipway.wire.http import Request
from shipway.wire.owner import table as owner
from shipway.wire.owner import token
from shipway.wire.owner.control import Control

_LOG = logging.getLogger(__name__)
_POOL_THREADS = 16
_OPEN_FILES = 65536
_LAST_HANDLERS_SECONDS = 10.0

# name -> module; each is started when it is there
WORKERS = (
    ("agent", "shipway.agent.worker"),
    ("compute", "shipway.compute.worker"),
    ("serving", "shipway.compute.serving"),
)

# what an earlier server left half done and the journal cannot know; each may run at any time
TAKEN_OVER: tuple[tuple[str, Callable[[Store], object]], ...] = (("pushes", push.reconcile),)


class PortTaken(Conflict):
    """A port that was asked for is in use."""

    default_code = "PortTaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ports:
    proxy: int
    studio: int


class Server:
    """One server on one home. `run` serves until `shut_down`, from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = Home(settings.home)
        self._clock = SystemClock()
        self._started_at = timestamp(self._clock.now())
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._workers: list[Worker] = []
        self._ports = _Ports(proxy=0, studio=0)

    def shut_down(self) -> None:
        """Begin the end; safe from any thread and more than once."""
        self._loop.call_soon_threadsafe(self._stop.set)

    async def run(self, ready: "_Ready") -> None:
        """Serve. Raises `HomeInUse`, `PortTaken` and what the parts raise at their start."""
        crash_points.check()
        self._home.create()
        before = _last_ports(self._home)
        lock = self._home.acquire({"pid": os.getpid(), "started_at": self._started_at})
        try:
            env_vars = config.environment()
            passing_on = upstream.from_environment(
                env_vars, own_ports=frozenset({before.proxy, before.studio})
            )
            authority = Authority(self._home, self._clock)
            bundle.write_default(self._home, env_vars)
            store = open_store(self._home, self._clock)
            try:
                await self._serve(store, authority, passing_on, before, ready)
            finally:
                store.database.close()
        finally:
            self._withdraw()
            os.close(lock)

    def _withdraw(self) -> None:
        """Take back what told others how to reach this server."""
        self._home.server_state.unlink(missing_ok=True)
        (self._home.run / token.FILE).unlink(missing_ok=True)

    async def _serve(
        self,
        store: Store,
        authority: Authority,
        passing_on: upstream.Upstream,
        before: _Ports,
        ready: "_Ready",
    ) -> None:
        _clear(self._home.temporary)
        users.ensure_demo_users(store)
        pool = Pool(_POOL_THREADS)
        router = Router(store)
        pages = Studio(store)
        http = HttpServer(
            self._faces(store, router, pages), refuse=_refuse_request(store),
            temporary=self._home.temporary, pool=pool,
        )  # fmt: skip
        refuse = _refuse_target(store)
        proxy = Proxy(http=http, authority=authority, passing_on=passing_on, refuse=refuse)
        studio = _listen(self._settings.studio_port, before.studio, serve_plain(http), refuse)
        front = _listen(self._settings.proxy_port, before.proxy, proxy.serve, refuse)
        reactor, mirrors = Reactor(store), MirrorWatch(store)
        completion = AutoCompletion(store)
        notifier, caller = Notifier(store), CheckCaller(store)
        self._ports = _Ports(proxy=front.port, studio=studio.port)
        self._write_state()
        try:
            studio.start()
            front.start()
            reactor.start()
            completion.start()
            notifier.start()
            caller.start()
            mirrors.start()
            self._start_workers()
            threading.Thread(
                target=_take_over, args=(store,), name="taking over", daemon=True
            ).start()
            ready.tell({"ports": asdict(self._ports), "pid": os.getpid()})
            _LOG.info("serving: proxy %d, studio %d", front.port, studio.port)
            await self._stop.wait()
            _LOG.info("stopping")
        finally:
            await front.stop()
            await studio.stop()
            pages.close()
            await http.close()
            await router.close()
            await asyncio.to_thread(self._stop_workers)
            await asyncio.to_thread(reactor.stop)
            await asyncio.to_thread(completion.stop)
            await asyncio.to_thread(notifier.stop)
            await asyncio.to_thread(caller.stop)
            await asyncio.to_thread(mirrors.stop)
            if not await pool.close(seconds=_LAST_HANDLERS_SECONDS):
                # what is not committed by now never was: the next server sees none of it
                _LOG.warning("requests were still being handled; ending without them")
                self._withdraw()
                os._exit(0)

    def _faces(self, store: Store, router: Router, pages: Studio) -> Faces:
        control = Control(facts=self._facts, shut_down=self.shut_down)
        protocols = {
            **table.protocols(store),
            "owner": owner.protocol(store, control, token.write(self._home)),
        }
        return Faces(protocols=protocols, inference=router.handle, studio=pages.handle)

    def _facts(self) -> Mapping[str, Json]:
        return {
            "version": metadata.version("shipway"),
            "pid": os.getpid(),
            "started_at": self._started_at,
            "proxy_port": self._ports.proxy,
            "studio_port": self._ports.studio,
            "memory_bytes": _resident_bytes(),
            "threads": threading.active_count(),
            "workers": [asdict(worker.status) for worker in self._workers],
        }

    def _start_workers(self) -> None:
        env_vars = supervisor.worker_variables(config.environment(), self._home)
        env_vars["SHIPWAY_SLOTS"] = str(self._settings.slots)
        env_vars.update(crash_points.worker_variables())
        for name, module in WORKERS:
            if not supervisor.is_present(module):
                _LOG.warning("there is no worker %s (%s)", name, module)
                continue
            worker = Worker(name, module, home=self._home, env_vars=env_vars)
            self._workers.append(worker)
            worker.start()

    def _stop_workers(self) -> None:
        enders = [threading.Thread(target=worker.stop) for worker in self._workers]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()

    def _write_state(self) -> None:
        state = ServerState(
            pid=os.getpid(), proxy_port=self._ports.proxy, tls_port=self._ports.proxy,
            studio_port=self._ports.studio, started_at=self._started_at,
        )  # fmt: skip
        write_private(self._home.server_state, json.dumps(asdict(state)).encode())
        write_private(_ports_file(self._home), json.dumps(asdict(self._ports)).encode())


class _Ready:
    """Tells whoever started this process, once, that it serves or why it does not."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def tell(self, facts: Mapping[str, Json]) -> None:
        if self._descriptor is None:
            return
        with contextlib.suppress(BrokenPipeError):
            os.write(self._descriptor, json.dumps(dict(facts)).encode() + b"\n")
        os.close(self._descriptor)
        self._descriptor = None


def serve(settings: Settings, *, ready_descriptor: int | None = None) -> int:
    """Run a server in this process until SIGTERM or SIGINT; the exit code.

    A known failure is told through `ready_descriptor` where there is one, else logged.
    """
    os.umask(0o077)
    _raise_open_files()
    ready = _Ready(ready_descriptor)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(settings, ready))
    except ShipwayError as error:
        _LOG.error("%s", error)
        ready.tell(
            {"code": error.code, "message": error.message, "where": error.where, "hint": error.hint}
        )
        return 1
    return 0


async def _run(settings: Settings, ready: _Ready) -> None:
    server = Server(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.shut_down)
    await server.run(ready)


def _listen(asked: int, before: int, serve: Serve, refuse: RefuseTarget) -> Listener:
    """The port that was asked for; else the one of last time, so that clones keep working; else
    any. Raises `PortTaken`."""
    reason = ""
    for port in (asked,) if asked else (before, 0):
        try:
            return Listener(port, serve, refuse)
        except OSError as error:
            reason = error.strerror or str(error)
    raise PortTaken(
        f"port {asked or before} cannot be used: {reason}",
        where=f"127.0.0.1:{asked}",
        hint="Give another one, or none: a free one is chosen then.",
    )


def _take_over(store: Store) -> None:
    """In a thread of its own: a git that outlived its server may still have to be waited for."""
    for name, take_over in TAKEN_OVER:
        try:
            found = take_over(store)
        except Exception:
            _LOG.exception("taking over %s failed", name)
        else:
            _LOG.info("taken over: %s %s", found, name)


def _refuse_request(store: Store) -> Refuse:
    def refuse(protocol: str, request: Request, reason: str) -> None:
        store.growing.add_refusal(
            protocol=protocol,
            method=request.method,
            target=f"{request.host}{request.path}",
            reason=reason,
        )

    return refuse


def _refuse_target(store: Store) -> RefuseTarget:
    def refuse(method: str, target: str, reason: str) -> None:
        store.growing.add_refusal(protocol="proxy", method=method, target=target, reason=reason)

    return refuse


def _ports_file(home: Home) -> Path:
    return home.run / "ports.json"


def _last_ports(home: Home) -> _Ports:
    try:
        told = json.loads(_ports_file(home).read_text())
        return _Ports(proxy=int(told["proxy"]), studio=int(told["studio"]))
    except (OSError, ValueError, KeyError, TypeError):
        state = front_door.find_state(home)
        return _Ports(
            proxy=state.proxy_port if state else 0, studio=state.studio_port if state else 0
        )


def _clear(folder: Path) -> None:
    """Bodies that a killed server left behind."""
    for path in folder.glob("body-*"):
        path.unlink(missing_ok=True)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _raise_open_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m shipway.server HOME`: in the foreground, as `shipway up` starts it."""
    parser = argparse.ArgumentParser(prog="python -m shipway.server")
    parser.add_argument("home", type=Path)
    parser.add_argument("--proxy-port", type=int, default=None)
    parser.add_argument("--studio-port", type=int, default=None)
    parser.add_argument("--ready-fd", type=int, default=None)
    given = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    settings = config.read_settings(
        home=given.home, proxy_port=given.proxy_port, studio_port=given.studio_port
    )
    return serve(settings, ready_descriptor=given.ready_fd)


if __name__ == "__main__":
    sys.exit(main())
