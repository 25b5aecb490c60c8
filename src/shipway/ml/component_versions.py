"""Components: a named interface around a command or a pipeline, in versions.

An anonymous component is stored once per content: sending the same again gives the same back, as
the service does, and so the reuse of its results survives a new submission. Knows: documents.
Must not know: HTTP.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base import ids
from shipway.base.errors import BadInput
from shipway.ml import asset_versions, environment_versions, job_parsing
from shipway.ml.asset_versions import AssetContainer, AssetKind, AssetVersion
from shipway.ml.entities import authorship
from shipway.ml.job_specs import ComponentSpec
from shipway.store.store import Store

KIND = AssetKind(
    noun="component", path="components", container="component_container",
    version="component_version",
)  # fmt: skip
ANONYMOUS_NAME = "azureml_anonymous"
# an anonymous component is found under the version that was asked for, too
_ASKED = "component_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentVersion(AssetVersion):
    """A version. `spec` is the componentSpec as sent; `content` its digest without name, version
    and what only says where it came from."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    content: str = ""

    def parsed(self) -> ComponentSpec:
        """The spec as something that can be run. Raises `BadInput`, `NotSupported`."""
        parsed = job_parsing.component(self.spec)
        name = parsed.name if self.is_anonymous else self.name
        return replace(parsed, name=name or self.name, version=self.version)


def create(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str = "",
    spec: Mapping[str, Any],
    description: str = "",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    is_anonymous: bool = False,
    is_archived: bool = False,
    principal: Principal = ANONYMOUS,
) -> ComponentVersion:
    """Register a component (empty version: the next number).

    Raises `BadInput` for a spec that cannot be, `NotSupported` for other kinds, `Conflict` when
    the version exists with another content.
    """
    if not isinstance(spec, dict) or not spec:
        raise BadInput(
            "The component has no componentSpec.", code="ValidationError",
            where="properties.componentSpec", hint="Send the component's YAML as an object.",
        )  # fmt: skip
    job_parsing.component(spec)
    content = content_of(spec)
    with store.database.transaction():
        spec = _resolved(store, workspace, spec)
        if is_anonymous or name == ANONYMOUS_NAME:
            asked, name = version, ANONYMOUS_NAME
            version = ids.guid_from("component", workspace, content)
            store.documents.put(_ASKED, f"{workspace}/{asked}", {"version": version})
        else:
            version = version or next_version(store, workspace=workspace, name=name)
            asset_versions.check_names(KIND, name, version)
        old = find(store, workspace=workspace, name=name, version=version)
        if old is not None and old.content != content:
            raise asset_versions.refuse_change(KIND, old, "content")
        new = ComponentVersion(
            workspace=workspace, name=name, version=version, spec=dict(spec), content=content,
            description=description or job_parsing.text(spec.get("description")),
            tags=dict(tags or {}), properties=dict(properties or {}),
            is_anonymous=name == ANONYMOUS_NAME, is_archived=is_archived, **authorship(principal),
        )  # fmt: skip
        if old is not None:
            if old.is_anonymous:
                return old
            new = replace(
                new, author=old.author, author_type=old.author_type, author_id=old.author_id
            )
        return asset_versions.save(store, KIND, new)


def content_of(spec: Mapping[str, Any]) -> str:
    """The digest of what a component does, whatever it is called."""
    kept = {
        key: value
        for key, value in spec.items()
        if key not in ("name", "version", "display_name", "description", "tags", "$schema")
        and not key.startswith("_")
    }
    return ids.digest(json.dumps(kept, sort_keys=True, separators=(",", ":")))


def find(store: Store, *, workspace: str, name: str, version: str) -> ComponentVersion | None:
    """The version, or None."""
    return asset_versions.find_version(
        store, KIND, ComponentVersion, workspace=workspace, name=name, version=version
    )


def get(store: Store, *, workspace: str, name: str, version: str) -> ComponentVersion:
    """The version. Raises `NotFound`."""
    if name == ANONYMOUS_NAME:
        asked = store.documents.find(_ASKED, f"{workspace}/{version}")
        version = asked.body["version"] if asked else version
    return asset_versions.get_version(
        store, KIND, ComponentVersion, workspace=workspace, name=name, version=version
    )


def list_versions(store: Store, *, workspace: str, name: str) -> list[ComponentVersion]:
    """The versions of a component, the newest first."""
    return asset_versions.list_versions(
        store, KIND, ComponentVersion, workspace=workspace, name=name
    )


def list_containers(store: Store, *, workspace: str) -> list[AssetContainer]:
    """The components of a workspace that have a name, the newest first."""
    found = asset_versions.list_containers(store, KIND, workspace=workspace)
    return [container for container in found if container.name != ANONYMOUS_NAME]


def next_version(store: Store, *, workspace: str, name: str) -> str:
    """The number that the next version gets."""
    return asset_versions.next_version(store, KIND, workspace=workspace, name=name)


def resolve(store: Store, *, workspace: str, reference: str) -> ComponentVersion:
    """The version behind an id, `azureml:N:V` or `azureml:N@latest`.

    Raises `BadInput` and `NotFound`.
    """
    parsed = asset_versions.parse_reference(KIND, reference, workspace=workspace)
    if parsed is not None and parsed[1]:
        return get(store, workspace=workspace, name=parsed[0], version=parsed[1])
    return asset_versions.resolve(
        store, KIND, ComponentVersion, workspace=workspace, reference=reference
    )


def _resolved(store: Store, workspace: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec with a label of its environment replaced by the version it names today."""
    reference = spec.get("environment")
    if not isinstance(reference, str) or not environment_versions.is_label(reference):
        return spec
    found = environment_versions.resolve(store, workspace=workspace, reference=reference)
    return {**spec, "environment": found.reference}
