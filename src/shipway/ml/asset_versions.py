"""What data assets and models share: a container of versions, labels, numbering, archiving.

Knows: documents. Must not know: HTTP, what a version holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.ml import registry_names
from shipway.ml.entities import Entity, authorship
from shipway.store.store import Store

_WORKSPACE = re.compile(
    r"/?/?subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/"
    r"microsoft\.machinelearningservices/workspaces/([^/]+)/",
    re.IGNORECASE,
)

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")
_VERSION = re.compile(r"[a-zA-Z0-9._-]{1,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetContainer(Entity):
    """The name under which versions are kept. `latest` is the newest one that is not archived,
    `next_number` what a version without a number of its own would get."""

    workspace: str
    name: str
    latest: str = ""
    next_number: int = 1
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    is_archived: bool = False
    asset_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetVersion(Entity):
    """The part of a version that every kind of asset has."""

    workspace: str
    name: str
    version: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    is_archived: bool = False
    is_anonymous: bool = False

    @property
    def key(self) -> str:
        """Its document key."""
        return f"{self.workspace}/{self.name}/{self.version}"


Version = TypeVar("Version", bound=AssetVersion)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetKind:
    """Which documents hold an asset: `noun` for messages, `path` its part of an ARM id."""

    noun: str
    path: str
    container: str
    version: str


def check_names(kind: AssetKind, name: str, version: str) -> None:
    """Raises `BadInput` for a name or version that Azure refuses, quoting the rule."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"The {kind.noun} name '{name}' is invalid.", code="UserError", where=name,
            hint="Up to 255 letters, digits, '-', '_' and '.', the first a letter or digit.",
        )  # fmt: skip
    if not _VERSION.fullmatch(version):
        raise BadInput(
            f"The {kind.noun} version '{version}' of '{name}' is invalid.", code="UserError",
            where=version, hint="Letters, digits, '-', '_' and '.'.",
        )  # fmt: skip


def find_container(
    store: Store, kind: AssetKind, *, workspace: str, name: str
) -> AssetContainer | None:
    """The container, or None."""
    document = store.documents.find(kind.container, f"{workspace}/{name}")
    return AssetContainer.read(document) if document else None


def get_container(store: Store, kind: AssetKind, *, workspace: str, name: str) -> AssetContainer:
    """The container. Raises `NotFound` in Azure's words."""
    container = find_container(store, kind, workspace=workspace, name=name)
    if container is None:
        raise NotFound(
            f"Not found: {kind.noun} container '{name}'.", code="UserError", where=name,
            hint=f"No version of '{name}' has been created in this workspace.",
        )  # fmt: skip
    return container


def list_containers(store: Store, kind: AssetKind, *, workspace: str) -> list[AssetContainer]:
    """All containers of a workspace, the newest first as Azure lists them."""
    rows = store.documents.list(kind.container, prefix=f"{workspace}/", newest_first=True)
    return [AssetContainer.read(row) for row in rows]


def put_container(
    store: Store,
    kind: AssetKind,
    *,
    workspace: str,
    name: str,
    changes: Mapping[str, Any],
    principal: Principal = ANONYMOUS,
) -> AssetContainer:
    """Make a container, or change its description, tags, properties or `is_archived`."""
    check_names(kind, name, "1")
    with store.database.transaction():
        old = find_container(store, kind, workspace=workspace, name=name)
        new = old or AssetContainer(workspace=workspace, name=name, **authorship(principal))
        new = replace(new, **changes)
        return AssetContainer.read(
            store.documents.put(kind.container, f"{workspace}/{name}", new.body())
        )


def next_version(store: Store, kind: AssetKind, *, workspace: str, name: str) -> str:
    """The version that follows: one more than the highest that is a number."""
    container = find_container(store, kind, workspace=workspace, name=name)
    return str(container.next_number) if container else "1"


def save(store: Store, kind: AssetKind, entity: Version) -> Version:
    """Write a version and its container; in one transaction. Returns it as stored."""
    with store.database.transaction():
        document = store.documents.put(kind.version, entity.key, entity.body())
        key = f"{entity.workspace}/{entity.name}"
        found = store.documents.find(kind.container, key)
        container = (
            AssetContainer.read(found)
            if found
            else AssetContainer(
                workspace=entity.workspace, name=entity.name, author=entity.author,
                author_type=entity.author_type, author_id=entity.author_id,
            )
        )  # fmt: skip
        number = int(entity.version) + 1 if entity.version.isdecimal() else 1
        container = replace(
            container,
            latest=_latest(store, kind, key),
            next_number=max(container.next_number, number),
        )
        store.documents.put(kind.container, key, container.body())
        return type(entity).read(document)


def refuse_change(kind: AssetKind, entity: AssetVersion, what: str) -> Conflict:
    """The 409 that a client gets who writes an existing version with other content."""
    return Conflict(
        f"A {kind.noun} with name '{entity.name}' and version '{entity.version}' already exists"
        f" with another {what}: a registered version never changes its content.",
        code="UserError", where=f"{entity.name}:{entity.version}",
        hint="Register the new content as a new version.",
    )  # fmt: skip


def find_version(
    store: Store, kind: AssetKind, shape: type[Version], *, workspace: str, name: str, version: str
) -> Version | None:
    """The version, or None."""
    document = store.documents.find(kind.version, f"{workspace}/{name}/{version}")
    return shape.read(document) if document else None


def get_version(
    store: Store, kind: AssetKind, shape: type[Version], *, workspace: str, name: str, version: str
) -> Version:
    """The version. Raises `NotFound` in Azure's words, naming the versions that exist."""
    found = find_version(store, kind, shape, workspace=workspace, name=name, version=version)
    if found is None:
        known = [
            v.version for v in list_versions(store, kind, shape, workspace=workspace, name=name)
        ]
        hint = f"Versions of '{name}': {', '.join(known[:10])}." if known else "It has no versions."
        raise NotFound(
            f"Not found: {kind.noun} version '{name}:{version}'.", code="UserError",
            where=f"{name}:{version}", hint=hint,
        )  # fmt: skip
    return found


def list_versions(
    store: Store, kind: AssetKind, shape: type[Version], *, workspace: str, name: str
) -> list[Version]:
    """The versions of a container, the newest first."""
    rows = store.documents.list(kind.version, prefix=f"{workspace}/{name}/", newest_first=True)
    return [shape.read(row) for row in rows]


def remove(store: Store, kind: AssetKind, *, workspace: str, name: str, version: str) -> bool:
    """Forget a version; False when there was none. Its number is not given again."""
    with store.database.transaction():
        key = f"{workspace}/{name}"
        if not store.documents.delete(kind.version, f"{key}/{version}"):
            return False
        store.documents.update(kind.container, key, {"latest": _latest(store, kind, key)})
        return True


def labelled(
    store: Store, kind: AssetKind, shape: type[Version], *, workspace: str, name: str, label: str
) -> Version:
    """The version that a label names. Raises `NotFound`; only `latest` exists, as on Azure."""
    container = get_container(store, kind, workspace=workspace, name=name)
    if label != "latest" or not container.latest:
        raise NotFound(
            f"Not found: {kind.noun} '{name}' with label '{label}'.", code="UserError",
            where=f"{name}@{label}", hint="The label 'latest' is the newest version not archived.",
        )  # fmt: skip
    return get_version(store, kind, shape, workspace=workspace, name=name, version=container.latest)


def resolve(
    store: Store, kind: AssetKind, shape: type[Version], *, workspace: str, reference: str
) -> Version:
    """The version behind a reference: `azureml:N:V`, `N:V`, `N@label`, an ARM or asset id.

    Raises `BadInput` when it cannot be read and `NotFound` when it is not there.
    """
    shared = registry_names.parse(reference)
    if shared is not None and shared.path == kind.path:
        workspace = registry_names.key_of(store, shared.registry)
        reference = shared.plain
    parsed = parse_reference(kind, reference, workspace=workspace)
    if parsed is None:
        raise BadInput(
            f"'{reference}' does not name a {kind.noun}.", code="UserError", where=reference,
            hint="Write azureml:<name>:<version>, azureml:<name>@latest or its id.",
        )  # fmt: skip
    name, version, label = parsed
    if version:
        return get_version(store, kind, shape, workspace=workspace, name=name, version=version)
    return labelled(store, kind, shape, workspace=workspace, name=name, label=label or "latest")


def parse_reference(
    kind: AssetKind, reference: str, *, workspace: str
) -> tuple[str, str, str] | None:
    """(name, version, label) of a reference; one of version and label is empty.

    Raises `BadInput` for the id of an asset in another workspace than the one it is used in.
    """
    text = reference.strip()
    elsewhere = _WORKSPACE.match(text.removeprefix("azureml:"))
    if elsewhere and "/".join(elsewhere.groups()).lower() != workspace:
        raise BadInput(
            f"'{reference}' is a {kind.noun} of another workspace, '{elsewhere[3]}'.",
            code="UserError", where=reference,
            hint=f"A job uses assets of its own workspace, '{workspace.rpartition('/')[2]}': "
            "register it there, or share it through a registry.",
        )  # fmt: skip
    if re.match(r"azureml://registries/", text, re.IGNORECASE):
        return None
    found = re.search(rf"/{kind.path}/([^/]+)/(versions|labels)/([^/]+)/?$", text, re.IGNORECASE)
    if found:
        is_version = found[2].lower() == "versions"
        return (found[1], found[3], "") if is_version else (found[1], "", found[3])
    text = text.removeprefix("azureml:")
    if "/" in text or not text:
        return None
    name, _, label = text.partition("@")
    if label:
        return name, "", label
    name, _, version = text.partition(":")
    return name, version, "" if version else "latest"


def _latest(store: Store, kind: AssetKind, key: str) -> str:
    for document in store.documents.list(kind.version, prefix=f"{key}/", newest_first=True):
        if not document.body.get("is_archived"):
            return str(document.body["version"])
    return ""
