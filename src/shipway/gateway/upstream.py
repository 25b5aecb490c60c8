"""The proxy that the user already had: how what is not Azure's leaves this machine."""

import asyncio
import base64
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from shipway.base.errors import NotSupported, Unavailable
from shipway.base.front_door import normal_name

_SECONDS = 30.0
_HEAD_LIMIT = 64 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamProxy:
    """One proxy: `authorization` is the Proxy-Authorization value, empty without a password."""

    host: str
    port: int
    tls: bool
    authorization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Which proxy for which scheme, and for which names none."""

    https: UpstreamProxy | None = None
    http: UpstreamProxy | None = None
    no_proxy: tuple[str, ...] = ()

    def proxy_for(self, scheme: str, host: str) -> UpstreamProxy | None:
        """The proxy to use for a host; None: go there directly."""
        chosen = self.https if scheme == "https" else self.http
        return None if chosen is None or self._is_excepted(host) else chosen

    def _is_excepted(self, host: str) -> bool:
        name = normal_name(host).strip("[]")
        address = _address(name)
        if name == "localhost" or (address is not None and address.is_loopback):
            return True
        return any(_matches(entry, name, address) for entry in self.no_proxy)


def from_environment(env_vars: Mapping[str, str], *, own_ports: frozenset[int]) -> Upstream:
    """What the shell of `shipway up` says, our own front door left out.

    Raises `NotSupported` for a kind of proxy that is not spoken (socks).
    """

    def first(*names: str) -> str:
        return next(
            (env_vars[n] for name in names for n in (name, name.upper()) if env_vars.get(n)), ""
        )

    entries = first("no_proxy").replace(" ", ",").split(",")
    return Upstream(
        https=_proxy(first("https_proxy", "all_proxy"), own_ports),
        http=_proxy(first("http_proxy", "all_proxy"), own_ports),
        no_proxy=tuple(normal_name(entry) for entry in entries if entry.strip()),
    )


async def connect_through(proxy: UpstreamProxy, host: str, port: int) -> Streams:
    """A tunnel to host and port through the user's proxy.

    Raises `Unavailable` when it cannot be reached or refuses.
    """
    reader, writer = await open_proxy(proxy)
    name = f"[{host}]" if ":" in host else host
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    try:
        async with asyncio.timeout(_SECONDS):
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
        writer.close()
        raise _unreachable(proxy, str(error) or type(error).__name__) from None
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        writer.close()
        raise _unreachable(proxy, f"it answered '{status}'")
    return reader, writer


async def open_proxy(proxy: UpstreamProxy) -> Streams:
    """A connection to the proxy itself. Raises `Unavailable`."""
    context = ssl.create_default_context() if proxy.tls else None
    try:
        async with asyncio.timeout(_SECONDS):
            return await asyncio.open_connection(
                proxy.host, proxy.port, ssl=context, limit=_HEAD_LIMIT
            )
    except (OSError, TimeoutError) as error:
        raise _unreachable(proxy, str(error) or "no answer") from None


def _unreachable(proxy: UpstreamProxy, reason: str) -> Unavailable:
    return Unavailable(
        f"the proxy {proxy.host}:{proxy.port} that was set when the server started: {reason}",
        code="UpstreamProxyFailed",
        status=502,
        where=f"{proxy.host}:{proxy.port}",
        hint="Set HTTPS_PROXY as it should be and start the server again.",
    )


def _proxy(url: str, own_ports: frozenset[int]) -> UpstreamProxy | None:
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https"):
        raise NotSupported(
            f"shipway cannot pass traffic on to a {parts.scheme} proxy",
            code="UpstreamProxyNotSupported",
            where=f"{parts.scheme}://{parts.hostname}:{parts.port}",
            hint="Set HTTPS_PROXY to an http or https proxy, or unset it, for `shipway up`.",
        )
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not host or (host in ("127.0.0.1", "localhost") and port in own_ports):
        return None
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return UpstreamProxy(
        host=host, port=port, tls=parts.scheme == "https", authorization=authorization
    )


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _matches(
    entry: str, name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
) -> bool:
    if entry == "*":
        return True
    if address is not None:
        try:
            return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            return False
    plain = entry.partition(":")[0].lstrip("*").lstrip(".")
    return bool(plain) and (name == plain or name.endswith(f".{plain}"))
