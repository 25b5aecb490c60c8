"""go-plugin's side of a provider: the handshake line, TLS on a unix socket, its own services.

Rules of go-plugin, each learned from its source: the first line of standard output is the
handshake and nothing else may be printed; a process that does not end soon after
`GRPCController.Shutdown` is waited for two seconds and killed.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any, Protocol

import grpc

from shipway.base.errors import BadInput, ShipwayError
from shipway.terraform.protocol.certificate import Certificate
from shipway.terraform.protocol.messages import CODEC, METHODS, PROTOCOL, SERVICE

_COOKIE = "TF_PLUGIN_MAGIC_COOKIE"
_COOKIE_VALUE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
_THREADS = 64  # Terraform walks ten resources at once, more with -parallelism; Stop needs one
_PARENT_SECONDS = 0.2
_LONGEST_SOCKET = 100
_SOCKET = "plugin.sock"
_SERVING = 1


class NotStartedByTerraform(ShipwayError):
    """A provider that a person has started by hand."""

    default_code, default_status = "NotStartedByTerraform", 400


class Servicer(Protocol):
    """What serves a provider's verbs. Called from many threads at once."""

    def call(self, method: str, request: dict[str, Any]) -> dict[str, Any] | bytes:
        """Answer one call with a message's fields or its bytes."""

    def finish(self) -> None:
        """Terraform is gone: end what is under way, soon."""

    def close(self) -> None:
        """Terraform has ended the process in order."""


class Plugin:
    """One provider process: `run` returns when Terraform wants it to end."""

    def __init__(self, servicer: Servicer, env_vars: Mapping[str, str]) -> None:
        self._servicer = servicer
        self._env_vars = env_vars
        self._ended = threading.Event()
        self._parent = os.getppid()
        self._parent_is_gone = False

    def run(self, certificate: Callable[[], Certificate]) -> None:
        """Serve until Terraform asks to end, or is gone.

        The caller has been checked by `check_caller`.
        """
        # Ctrl-C reaches the whole process group; Terraform tells us itself what to do then
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        folder = socket_folder(self._env_vars)
        try:
            server = self._start(folder, certificate)
            self._watch()
            if self._parent_is_gone:
                self._servicer.finish()
            else:
                self._servicer.close()
            server.stop(0.05).wait(0.2)
        finally:
            with contextlib.suppress(OSError):
                (folder / _SOCKET).unlink(missing_ok=True)
                folder.rmdir()

    def _start(self, folder: Path, certificate: Callable[[], Certificate]) -> grpc.Server:
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=_THREADS),
            handlers=[self._provider(), *_own_services(self._ended.set)],
            options=(
                ("grpc.max_receive_message_length", -1),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ),
        )
        address = folder / _SOCKET
        handshake = ["1", str(PROTOCOL), "unix", str(address), "grpc"]
        if self._env_vars.get("PLUGIN_CLIENT_CERT"):  # TLS, unless TF_DISABLE_PLUGIN_TLS is set
            own = certificate()
            credentials = grpc.ssl_server_credentials([(own.key, own.chain)])
            server.add_secure_port(f"unix:{address}", credentials)
            handshake.append(own.handshake_text)
        else:
            server.add_insecure_port(f"unix:{address}")
        server.start()
        sys.stdout.write("|".join(handshake) + "\n")
        sys.stdout.flush()
        return server

    def _watch(self) -> None:
        """Wait for the end; a Terraform that was killed cannot say so."""
        while not self._ended.wait(_PARENT_SECONDS):
            if os.getppid() != self._parent:
                self._parent_is_gone = True
                return

    def _provider(self) -> grpc.GenericRpcHandler:
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._behavior(name),
                request_deserializer=_reader(request),
                response_serializer=_writer(response),
            )
            for name, (request, response) in METHODS.items()
        }
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    def _behavior(self, name: str) -> Callable[[dict[str, Any], grpc.ServicerContext], Any]:
        def behavior(request: dict[str, Any], _: grpc.ServicerContext) -> dict[str, Any] | bytes:
            return self._servicer.call(name, request)

        return behavior


def check_caller(env_vars: Mapping[str, str]) -> None:
    """Whether Terraform has started this process. Raises `NotStartedByTerraform`, `BadInput`."""
    if env_vars.get(_COOKIE) != _COOKIE_VALUE:
        raise NotStartedByTerraform(
            "this is a Terraform provider: Terraform starts it by itself",
            hint="Run `shipway tf -- plan` in a folder with .tf files.",
        )
    versions = env_vars.get("PLUGIN_PROTOCOL_VERSIONS", str(PROTOCOL)).split(",")
    if str(PROTOCOL) not in versions:
        raise BadInput(
            f"this Terraform speaks plugin protocol {', '.join(versions)}, the provider 6",
            code="TerraformTooOld",
            hint="Take Terraform 1.1 or newer.",
        )


def socket_folder(env_vars: Mapping[str, str]) -> Path:
    """A new folder, 0700, for one socket whose path is short enough."""
    wanted = env_vars.get("PLUGIN_UNIX_SOCKET_DIR") or env_vars.get("TMPDIR") or "/tmp"  # noqa: S108
    parent = wanted if len(wanted) + 40 < _LONGEST_SOCKET else "/tmp"  # noqa: S108  # made 0700
    folder = Path(parent) / f"shipway-tf-{os.getpid()}-{os.urandom(6).hex()}"
    folder.mkdir(mode=0o700)  # raises where somebody has put something in our place
    return folder


def _own_services(end: Callable[[], None]) -> Iterator[grpc.GenericRpcHandler]:
    def shutdown(_: object, __: grpc.ServicerContext) -> dict[str, Any]:
        end()
        return {}

    def check(_: object, __: grpc.ServicerContext) -> dict[str, Any]:
        return {"status": _SERVING}

    def stdio(_: object, __: grpc.ServicerContext) -> Iterator[dict[str, Any]]:
        return iter(())  # nothing is printed but the handshake

    empty = _reader("Empty")
    yield grpc.method_handlers_generic_handler(
        "plugin.GRPCController",
        {
            "Shutdown": grpc.unary_unary_rpc_method_handler(
                shutdown, request_deserializer=empty, response_serializer=_writer("Empty")
            )
        },
    )
    yield grpc.method_handlers_generic_handler(
        "plugin.GRPCStdio",
        {
            "StreamStdio": grpc.unary_stream_rpc_method_handler(
                stdio, request_deserializer=empty, response_serializer=_writer("StdioData")
            )
        },
    )
    yield grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health",
        {
            "Check": grpc.unary_unary_rpc_method_handler(
                check,
                request_deserializer=_reader("HealthCheckRequest"),
                response_serializer=_writer("HealthCheckResponse"),
            )
        },
    )


def _reader(name: str) -> Callable[[bytes], dict[str, Any]]:
    return lambda content: CODEC.decode(name, content)


def _writer(name: str) -> Callable[[dict[str, Any] | bytes], bytes]:
    return lambda fields: fields if isinstance(fields, bytes) else CODEC.encode(name, fields)
