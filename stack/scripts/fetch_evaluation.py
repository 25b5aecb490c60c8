"""Fetches the evaluation of a model version: from the job that made it, or from beside a copy.

A version that was promoted from another workspace brought its evaluation along; its job is not
here. Any other one's job is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from azure.ai.ml import MLClient
from azure.core.exceptions import AzureError

import arm
import azdo
import promotion_rules
import workspace

OUTPUT = "evaluation"


class NoEvaluation(Exception):
    """Nothing was found where the evaluation should be."""


def fetch(ml: MLClient, model: arm.ModelVersion, folder: Path) -> None:
    """The evaluation's files, below `folder`. Raises NoEvaluation."""
    place = model.tags.get(promotion_rules.EVALUATION_TAG)
    if place:
        _from_blobs(ml, place, folder)
    else:
        ml.jobs.download(model.tags["job"], output_name=OUTPUT, download_path=folder)
    if not any(folder.rglob("decision.json")):
        raise NoEvaluation(f"{model.name}:{model.version} has no evaluation ({place or 'its job'})")


def _from_blobs(ml: MLClient, place: str, folder: Path) -> None:
    with workspace.blobstore_container(ml) as container:
        for name in list(container.list_blob_names(name_starts_with=f"{place}/")):
            target = folder / name.removeprefix(f"{place}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(container.download_blob(name).readall())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    workspace.add_arguments(parser)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--model-version", required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    model = arm.Workspace.of(args).model_version(args.model_name, args.model_version)
    try:
        fetch(workspace.client(args), model, args.out)
    except NoEvaluation as error:
        azdo.error(str(error))
        return 1
    print(f"evaluation of {model.name}:{model.version} in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(azdo.reported(main, arm.ArmError, AzureError))
