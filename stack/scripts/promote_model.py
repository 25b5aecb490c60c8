"""Brings a model version that was approved in one workspace to another, as it is: dev to prod.

Nothing is trained again. The files are copied and compared, the tags that say where the version
comes from go with it, and so do its evaluation, for whoever approves next, and the environments of
this repository, in which it is served. What was decided in the first place stays there: the copy is
open, and the release pipeline of the other environment asks for its own approval (queue it with
modelVersion). Promoting it again changes nothing.

    python scripts/promote_model.py --model-name flight-delay --model-version 3 \
        --subscription S --resource-group rg-ml-prod --workspace mlw-flights-prod \
        --from-resource-group rg-ml-dev --from-workspace mlw-flights-dev

The identity at hand reads the first workspace and writes the second.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from azure.ai.ml import MLClient
from azure.ai.ml.entities import Model
from azure.core.exceptions import AzureError

import arm
import azdo
import fetch_evaluation
import promotion_rules
import register_components
import release_rules
import workspace


class Promotion:
    """One version on its way from one workspace to another."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        there = argparse.Namespace(
            subscription=args.from_subscription or args.subscription,
            resource_group=args.from_resource_group,
            workspace=args.from_workspace,
        )
        self._from, self._to = arm.Workspace.of(there), arm.Workspace.of(args)
        self._from_ml, self._to_ml = workspace.client(there), workspace.client(args)

    def run(self) -> arm.ModelVersion:
        """The copy. Raises Refused, ContentChanged, ArmError, AzureError."""
        args = self._args
        model = self._from.model_version(args.model_name, args.model_version)
        release_rules.check_approval(model, None)
        source = self._from.model_id(model)
        with tempfile.TemporaryDirectory() as folder:
            files = download(self._from_ml, model, Path(folder) / "model")
            digest = promotion_rules.digest_of(files)
            models = self._to.model_versions(model.name)
            there = promotion_rules.earlier(models, source, digest)
            if there is not None:
                print(f"{there.name}:{there.version} is there already")
                return there
            # where nothing was trained yet, what serves a model is not there either
            register_components.register_environments(self._to_ml)
            version = promotion_rules.free_version(models, model.version)
            evaluation = self._carry_evaluation(model, version, Path(folder) / "evaluation")
            tags = promotion_rules.tags_of(
                model, source=source, digest=digest, evaluation=evaluation
            )
            self._register(model, version, files, tags)
            self._compare(version, digest, Path(folder) / "copy")
        return self._to.model_version(model.name, version)

    def _carry_evaluation(self, model: arm.ModelVersion, version: str, folder: Path) -> str:
        """Puts what the approver has to see beside the copy; its place in the blob store."""
        fetch_evaluation.fetch(self._from_ml, model, folder)
        place = f"promotions/{model.name}/{version}"
        with workspace.blobstore_container(self._to_ml) as container:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    name = f"{place}/{file.relative_to(folder).as_posix()}"
                    container.upload_blob(name, file.read_bytes(), overwrite=True)
        return place

    def _register(self, model: arm.ModelVersion, version: str, files: Path, tags: dict) -> None:
        self._to_ml.models.create_or_update(
            Model(
                name=model.name,
                version=version,
                path=files,
                type=model.properties["modelType"],
                description=model.properties.get("description"),
                tags={name: str(value)[: arm.LONGEST_TAG] for name, value in tags.items()},
            )
        )

    def _compare(self, version: str, digest: str, folder: Path) -> None:
        copy = self._to.model_version(self._args.model_name, version)
        if promotion_rules.digest_of(download(self._to_ml, copy, folder)) != digest:
            raise release_rules.Refused(f"{copy.name}:{version} is not what was copied")


def download(ml: MLClient, model: arm.ModelVersion, folder: Path) -> Path:
    """The version's files; the folder that holds them."""
    ml.models.download(model.name, model.version, download_path=folder)
    return next(path.parent for path in sorted(folder.rglob("MLmodel")))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    workspace.add_arguments(parser)
    parser.add_argument("--from-subscription", default="", help="default: the same one")
    parser.add_argument("--from-resource-group", required=True)
    parser.add_argument("--from-workspace", required=True)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--model-version", required=True)
    args = parser.parse_args()

    try:
        copy = Promotion(args).run()
    except (release_rules.Refused, register_components.ContentChanged) as error:
        azdo.error(f"not promoted: {error}")
        return 1
    azdo.output("modelVersion", copy.version)
    print(json.dumps({"workspace": args.workspace, "model": f"{copy.name}:{copy.version}"}))
    return 0


if __name__ == "__main__":
    sys.exit(azdo.reported(main, arm.ArmError, AzureError))
