"""Writes training pipeline files: registered component versions named, inputs filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import yaml
from azure.storage.blob import ContainerClient

import versions

SOURCE = versions.PIPELINES / "training-pipeline.yml"


class PipelineFileError(Exception):
    """An input that the pipeline does not have, or a text where it has a number."""


def resolve(
    source: Path, component_versions: dict[str, str], *, compute: str, experiment: str
) -> dict:
    """The pipeline with `azureml:<name>:<version>` for every component."""
    spec = yaml.safe_load(source.read_text())
    spec["experiment_name"] = experiment
    spec["settings"]["default_compute"] = f"azureml:{compute}"
    for node in spec["jobs"].values():
        name = Path(node["component"]).stem
        node["component"] = f"azureml:{name}:{component_versions[name]}"
    # no blanks: inputs are put into the step's command line as they are
    spec["inputs"]["component_versions"] = ",".join(
        f"{name}={version}" for name, version in component_versions.items()
    )
    return spec


def fill_in(spec: dict, settings: Iterable[str]) -> dict:
    """The pipeline with inputs set from texts such as `auc_threshold=0.7`."""
    inputs = dict(spec["inputs"])
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in inputs or isinstance(inputs[name], dict):
            raise PipelineFileError(f"{setting}: inputs to set are {', '.join(sorted(inputs))}")
        inputs[name] = _like(inputs[name], name, text)
    return {**spec, "inputs": inputs}


def write(spec: dict, target: Path) -> None:
    """Writes a pipeline file; what was in the target is replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(spec, sort_keys=False))


def data_stamp(container: ContainerClient, prefix: str = "data/") -> str:
    """Changes when a blob below the prefix does; costs one listing, reads no content."""
    total = hashlib.sha256()
    for blob in container.list_blobs(name_starts_with=prefix):
        digest = blob.content_settings.content_md5
        content = bytes(digest).hex() if digest else blob.etag
        total.update(f"{blob.name} {blob.size} {content}\n".encode())
    return total.hexdigest()[:16]


def _like(default: object, name: str, text: str) -> object:
    """The text as the kind of value that the input has."""
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError as error:
            raise PipelineFileError(f"{name} is a number, got {text!r}") from error
    return text
