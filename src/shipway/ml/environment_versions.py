"""AML environments: an image and the packages in it, in versions; also curated ones by name.

What becomes of a version on this machine is `compute/images.py`'s. Knows: documents. Must not
know: HTTP, uv.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base import ids
from shipway.base.errors import BadInput, NotFound
from shipway.ml import asset_versions, curated_environments
from shipway.ml.asset_versions import AssetContainer, AssetKind, AssetVersion
from shipway.ml.entities import authorship
from shipway.store.store import Store

KIND = AssetKind(
    noun="environment", path="environments", container="environment_container",
    version="environment_version",
)  # fmt: skip
ANONYMOUS_NAME = "CliV2AnonymousEnvironment"
# this machine's own Python, as it is: nothing is built for it
LOCAL = "local"
REGISTRY = "azureml"

_REGISTRY_ID = re.compile(
    r"(?:azureml:)?azureml://registries/([^/]+)/environments/([^/]+)(?:/(versions|labels)/([^/]+))?/?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentVersion(AssetVersion):
    """A version: `image`, `conda_file` as YAML text, or both. `registry` for a curated one."""

    image: str = ""
    conda_file: str = ""
    build_context: str = ""
    dockerfile: str = ""
    os_type: str = "Linux"
    registry: str = ""

    @property
    def reference(self) -> str:
        """How it is written where a version is wanted."""
        if self.registry:
            return (
                f"azureml://registries/{self.registry}/environments/{self.name}"
                f"/versions/{self.version}"
            )
        return f"azureml:{self.name}:{self.version}"

    @property
    def content(self) -> str:
        """The digest of what it consists of."""
        parts = (self.image, self.conda_file, self.build_context, self.dockerfile)
        return ids.digest("\0".join((LOCAL if self.is_local else "", *parts)))

    @property
    def is_local(self) -> bool:
        """Whether it is this machine's own Python."""
        return self.name == LOCAL and not (self.image or self.conda_file)


def create(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str = "",
    image: str = "",
    conda_file: str = "",
    build_context: str = "",
    dockerfile: str = "",
    os_type: str = "Linux",
    description: str = "",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    is_anonymous: bool = False,
    is_archived: bool = False,
    principal: Principal = ANONYMOUS,
) -> EnvironmentVersion:
    """Register a version (empty: the next number).

    Raises `BadInput` where image, conda file and build are all missing or the conda file is no
    YAML of a conda environment, and `Conflict` when the version exists with other content.
    """
    if not (image or conda_file or build_context):
        raise BadInput(
            "The environment has neither image nor condaFile nor build.", code="UserError",
            where="properties", hint="Give at least an image.",
        )  # fmt: skip
    parse_conda(conda_file)
    with store.database.transaction():
        version = version or next_version(store, workspace=workspace, name=name)
        asset_versions.check_names(KIND, name, version)
        new = EnvironmentVersion(
            workspace=workspace, name=name, version=version, image=image, conda_file=conda_file,
            build_context=build_context, dockerfile=dockerfile, os_type=os_type,
            description=description, tags=dict(tags or {}), properties=dict(properties or {}),
            is_anonymous=is_anonymous or name == ANONYMOUS_NAME, is_archived=is_archived,
            **authorship(principal),
        )  # fmt: skip
        old = find(store, workspace=workspace, name=name, version=version)
        if old is not None:
            if old.content != new.content:
                raise asset_versions.refuse_change(KIND, old, "image, condaFile or build")
            if old.is_anonymous:
                return old
            new = replace(
                new, author=old.author, author_type=old.author_type, author_id=old.author_id
            )
        return asset_versions.save(store, KIND, new)


def parse_conda(text: str) -> Mapping[str, Any]:
    """A conda file as an object. Raises `BadInput` with line and column."""
    if not text.strip():
        return {}
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"condaFile:{mark.line + 1}:{mark.column + 1}" if mark else "condaFile"
        raise BadInput(
            "The condaFile is not valid YAML", code="UserError", where=place,
            hint="Send the text of a conda environment file.",
        ) from None  # fmt: skip
    if not isinstance(value, dict) or not isinstance(value.get("dependencies") or [], list):
        raise BadInput(
            "The condaFile is no conda environment", code="UserError", where="condaFile",
            hint="It needs a list `dependencies`.",
        )  # fmt: skip
    return value


def find(store: Store, *, workspace: str, name: str, version: str) -> EnvironmentVersion | None:
    """The version, or None."""
    return asset_versions.find_version(
        store, KIND, EnvironmentVersion, workspace=workspace, name=name, version=version
    )


def get(store: Store, *, workspace: str, name: str, version: str) -> EnvironmentVersion:
    """The version; `local` and curated ones too. Raises `NotFound`."""
    found = find(store, workspace=workspace, name=name, version=version)
    return found or _built_in(workspace, name, version) or asset_versions.get_version(
        store, KIND, EnvironmentVersion, workspace=workspace, name=name, version=version
    )  # fmt: skip


def latest(store: Store, *, workspace: str, name: str) -> EnvironmentVersion:
    """The newest version. Raises `NotFound`."""
    if asset_versions.find_container(store, KIND, workspace=workspace, name=name) is None:
        built_in = _built_in(workspace, name, "")
        if built_in is not None:
            return built_in
    return asset_versions.labelled(
        store, KIND, EnvironmentVersion, workspace=workspace, name=name, label="latest"
    )


def list_versions(store: Store, *, workspace: str, name: str) -> list[EnvironmentVersion]:
    """The versions of an environment, the newest first."""
    found = asset_versions.list_versions(
        store, KIND, EnvironmentVersion, workspace=workspace, name=name
    )
    built_in = None if found else _built_in(workspace, name, "")
    return [built_in] if built_in else found


def list_containers(store: Store, *, workspace: str) -> list[AssetContainer]:
    """The environments of a workspace that have a name, the newest first."""
    found = asset_versions.list_containers(store, KIND, workspace=workspace)
    return [container for container in found if container.name != ANONYMOUS_NAME]


def next_version(store: Store, *, workspace: str, name: str) -> str:
    """The number that the next version gets."""
    return asset_versions.next_version(store, KIND, workspace=workspace, name=name)


def is_label(reference: str) -> bool:
    """Whether a reference names whatever is newest instead of a version."""
    return "@" in reference or "/labels/" in reference.lower()


def resolve(store: Store, *, workspace: str, reference: str) -> EnvironmentVersion:
    """The version behind `azureml:N:V`, `azureml:N@latest`, an ARM id or a registry's URI.

    Raises `BadInput` and `NotFound`.
    """
    in_registry = _REGISTRY_ID.fullmatch(reference.strip())
    if in_registry and in_registry[1].lower() == REGISTRY:
        return _curated(in_registry[1], in_registry[2], reference)
    if in_registry:
        found = asset_versions.resolve(
            store, KIND, EnvironmentVersion, workspace=workspace, reference=reference
        )
        return replace(found, registry=in_registry[1])
    parsed = asset_versions.parse_reference(KIND, reference, workspace=workspace)
    if parsed is None:
        return asset_versions.resolve(
            store, KIND, EnvironmentVersion, workspace=workspace, reference=reference
        )
    name, version, label = parsed
    if version:
        return get(store, workspace=workspace, name=name, version=version)
    if label not in ("", "latest"):
        return asset_versions.labelled(
            store, KIND, EnvironmentVersion, workspace=workspace, name=name, label=label
        )
    return latest(store, workspace=workspace, name=name)


def _built_in(workspace: str, name: str, version: str) -> EnvironmentVersion | None:
    if name == LOCAL:
        return EnvironmentVersion(
            workspace=workspace, name=LOCAL, version="1", description="This machine's own Python."
        )
    found = curated_environments.find(name)
    if found is None or not name.startswith("AzureML-"):
        return None
    return replace(
        _version_of(*found), workspace=workspace, name=name, version=version or found[1].version
    )


def _curated(registry: str, name: str, reference: str) -> EnvironmentVersion:
    found = curated_environments.find(name)
    if registry.lower() != REGISTRY or found is None:
        raise NotFound(
            f"The environment '{name}' of the registry '{registry}' is not known to shipway.",
            code="UserError", where=reference,
            hint="Known: " + ", ".join(sorted(curated_environments.CURATED)) + ".",
        )  # fmt: skip
    return _version_of(*found)


def _version_of(name: str, curated: curated_environments.CuratedEnvironment) -> EnvironmentVersion:
    conda = {
        "name": name,
        "dependencies": [f"python={curated.python}", "pip", {"pip": list(curated.packages)}],
    }
    return EnvironmentVersion(
        workspace="", name=name, version=curated.version, image=curated.image,
        conda_file=yaml.safe_dump(conda, sort_keys=False), registry=REGISTRY,
    )  # fmt: skip
