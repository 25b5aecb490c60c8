"""Registers environments and components with versions, in the workspace and in a registry if named.

What is there already stays as it is. A version that is there with other content is an error: past
runs name it, and they must keep meaning what they meant.

    python scripts/register_components.py --subscription S --resource-group R --workspace W \
        --write-pipeline training-pipeline.resolved.yml --set commit=abc --set run=12
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from azure.ai.ml import MLClient, load_component, load_environment
from azure.core.exceptions import ResourceNotFoundError

import arm
import pipeline_file
import versions
import workspace

CONTENT = "content_sha256"
NO_REGISTRY = "none"


class ContentChanged(Exception):
    """A version exists with other content than the files here."""


def register(
    definition: versions.Definition,
    *,
    kind: str,
    get: Callable[[str, str], object],
    create: Callable[[], object],
) -> None:
    """Creates the version unless it is there. Raises ContentChanged if it is there but differs."""
    label = f"{kind} {definition.name}:{definition.version}"
    try:
        existing = get(definition.name, definition.version)
    except ResourceNotFoundError:
        create()
        print(f"{label} registered")
        return
    if (getattr(existing, "tags", None) or {}).get(CONTENT) != definition.sha256:
        raise ContentChanged(
            f"{label} is registered with other content than {definition.path.name} has here. "
            "A registered version is never overwritten: raise the version."
        )
    print(f"{label} is there")


def register_environments(ml: MLClient) -> None:
    """Registers every environment of this repository where `ml` points. Raises ContentChanged."""
    for name in versions.ENVIRONMENTS:
        definition = versions.environment(name)
        register(
            definition,
            kind="environment",
            get=ml.environments.get,
            create=lambda definition=definition: ml.environments.create_or_update(
                _tagged(load_environment(definition.path), definition)
            ),
        )


def register_all(ml: MLClient, *, registry_name: str = "") -> None:
    """Registers every environment and component of this repository where `ml` points."""
    register_environments(ml)
    for name in versions.COMPONENTS:
        definition = versions.component(name)
        register(
            definition,
            kind="component",
            get=ml.components.get,
            create=lambda definition=definition: ml.components.create_or_update(
                _component(definition, registry_name)
            ),
        )


def _component(definition: versions.Definition, registry_name: str) -> object:
    component = _tagged(load_component(definition.path), definition)
    component.version = definition.version
    if registry_name:
        name, version = component.environment.removeprefix("azureml:").split(":")
        component.environment = (
            f"azureml://registries/{registry_name}/environments/{name}/versions/{version}"
        )
    return component


def _tagged(entity: object, definition: versions.Definition) -> object:
    entity.tags = {**(entity.tags or {}), CONTENT: definition.sha256}
    return entity


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    workspace.add_arguments(parser)
    parser.add_argument("--registry-name", default=NO_REGISTRY, help="register there as well")
    parser.add_argument("--write-pipeline", type=Path, help="write the pipeline with versions here")
    parser.add_argument("--compute", default="cpu-cluster")
    parser.add_argument("--experiment", default="flight-delay")
    parser.add_argument("--set", action="append", default=[], metavar="INPUT=VALUE")
    args = parser.parse_args()

    ml = workspace.client(args)
    try:
        register_all(ml)
        if args.registry_name != NO_REGISTRY:
            registry = MLClient(arm.credential(), registry_name=args.registry_name)
            register_all(registry, registry_name=args.registry_name)
        if args.write_pipeline:
            spec = pipeline_file.resolve(
                pipeline_file.SOURCE,
                versions.component_versions(),
                compute=args.compute,
                experiment=args.experiment,
            )
            with workspace.blobstore_container(ml) as container:
                stamp = pipeline_file.data_stamp(container)
            pipeline_file.write(
                pipeline_file.fill_in(spec, [f"data_stamp={stamp}", *args.set]), args.write_pipeline
            )
            print(f"wrote {args.write_pipeline}")
    except (ContentChanged, pipeline_file.PipelineFileError) as error:
        print(f"##vso[task.logissue type=error]{error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
