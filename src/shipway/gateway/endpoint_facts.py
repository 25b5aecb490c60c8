"""What the router needs to know of an endpoint, read from its documents."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from shipway.base.errors import NotFound
from shipway.ml import online_deployments, online_endpoints
from shipway.store.store import Store


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


def read(store: Store, host: str) -> Facts:
    """An endpoint's facts as they are now. Raises `NotFound`."""
    endpoint = online_endpoints.find_by_host(store, host)
    if endpoint is None or endpoint.provisioning_state in ("Creating", "Deleting"):
        raise NotFound(
            f"No online endpoint answers at '{host}'", code="EndpointNotFound", where=host,
            hint="`shipway endpoints` lists the endpoints and their addresses.",
        )  # fmt: skip
    found = online_deployments.list_of(store, workspace=endpoint.workspace, endpoint=endpoint.name)
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
        key_hashes=tuple(hash_of(key) for key in keys.values()), targets=targets,
        weights=tuple((n.lower(), p) for n, p in endpoint.traffic.items() if p),
        mirror=mirror[0].lower(), mirror_percent=mirror[1],
    )  # fmt: skip


def hash_of(secret: str) -> bytes:
    """What is kept and compared of a key or token."""
    return hashlib.sha256(secret.encode()).digest()
