"""Station 5: an output becomes a registered model version.

Reads what the content itself says (an MLmodel file's flavors) and writes the version, its lineage
and its event in one transaction.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput
from shipway.ml import model_versions
from shipway.ml.model_versions import ModelVersion
from shipway.store.store import Store

_DESCRIPTION_FILE = "MLmodel"


def register(  # noqa: PLR0913  # one per field of the resource
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str = "",
    model_uri: str,
    model_type: str = "custom_model",
    description: str = "",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    flavors: Mapping[str, Any] | None = None,
    stage: str = "",
    job: str = "",
    is_anonymous: bool = False,
    is_archived: bool = False,
    principal: Principal = ANONYMOUS,
) -> ModelVersion:
    """Register a version (empty: the next number), or change tags and description of one.

    Raises what `model_versions.create` raises, and `BadInput` when an MLflow model's folder holds
    no MLmodel file.
    """
    with store.database.transaction():
        made = model_versions.create(
            store, workspace=workspace, name=name, version=version, model_uri=model_uri,
            model_type=model_type, description=description, tags=tags, properties=properties,
            flavors=flavors, stage=stage, job=job, is_anonymous=is_anonymous,
            is_archived=is_archived, principal=principal,
        )  # fmt: skip
        if made.model_type == "mlflow_model":
            found = _flavors(store, made)
            if not made.flavors:
                made = model_versions.set_flavors(store, made, flavors=found)
        return made


def change(
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    stage: str | None = None,
) -> ModelVersion:
    """Change what may change later. Raises `NotFound`."""
    return model_versions.change(
        store, workspace=workspace, name=name, version=version, tags=tags,
        description=description, stage=stage,
    )  # fmt: skip


def remove(store: Store, *, workspace: str, name: str, version: str) -> bool:
    """Forget a version; False when there was none."""
    return model_versions.remove(store, workspace=workspace, name=name, version=version)


def _flavors(store: Store, model: ModelVersion) -> dict[str, Any]:
    digest = model.files.get(_DESCRIPTION_FILE)
    if digest is None:
        raise BadInput(
            f"'{model.model_uri}' is no MLflow model: it has no file {_DESCRIPTION_FILE}.",
            code="UserError", where="properties.modelUri",
            hint="Name the folder that holds MLmodel, or register it as a custom_model.",
        )  # fmt: skip
    described = yaml.safe_load(store.files.read(digest)) or {}
    flavors = described.get("flavors", {}) if isinstance(described, dict) else {}
    return {
        str(flavor): {"data": {str(k): str(v) for k, v in (data or {}).items()}}
        for flavor, data in flavors.items()
    }
