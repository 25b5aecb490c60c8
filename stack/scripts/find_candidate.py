"""Finds the version to release: the newest that passed the gate and was not decided about.

A version that a run still waits for is that run's; only once the run has ended without a decision
may another one ask again.
"""

from __future__ import annotations

import argparse
import sys

import arm
import azdo

NEWEST = "newest"


def owner_of(model: arm.ModelVersion) -> str | None:
    """The pipeline run that asked about this version last, or trained it."""
    owner = model.tags.get("approval_run") or model.tags.get("run") or ""
    return owner if owner.isdigit() else None


def is_undecided(model: arm.ModelVersion) -> bool:
    """Whether it passed the gate and nobody has decided about it."""
    return model.tags.get("gate") == "passed" and model.tags.get("approval", "") in ("", "pending")


def is_free(model: arm.ModelVersion, run: azdo.Run) -> bool:
    """Whether no other run still waits for a decision about this version."""
    owner = owner_of(model)
    if owner is None or owner == run.build_id:
        return True
    try:
        return run.build(owner)["status"] == "completed"
    except azdo.AzureDevOpsError:
        return True  # the run is gone, so nobody waits


def choose(models: list[arm.ModelVersion], run: azdo.Run) -> arm.ModelVersion | None:
    """The newest version that may be asked about, if the newest of all was not decided yet.

    An older version than one that was decided about is history: it is not brought up again.
    """
    for model in reversed(models):
        if model.tags.get("gate") == "passed":
            return model if is_undecided(model) and is_free(model, run) else None
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arm.add_arguments(parser)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--model-version", default=NEWEST)
    args = parser.parse_args()

    run = azdo.Run.of_this_step()
    workspace = arm.Workspace.of(args)
    if args.model_version == NEWEST:
        model = choose(workspace.model_versions(args.model_name), run)
    else:
        model = workspace.model_version(args.model_name, args.model_version)
        if not is_undecided(model):
            azdo.error(
                f"{model.name}:{model.version} is not open: gate {model.tags.get('gate', 'none')}, "
                f"approval {model.tags.get('approval', 'none')}"
            )
            return 1
    azdo.output("found", "true" if model else "false")
    if model is None:
        print(f"no version of {args.model_name} waits for a decision")
        return 0
    workspace.tag(model, {"approval": "pending", "approval_run": run.build_id})
    azdo.output("modelName", model.name)
    azdo.output("modelVersion", model.version)
    azdo.output("jobName", model.tags["job"])
    print(f"{model.name}:{model.version} of job {model.tags['job']} waits for a decision")
    return 0


if __name__ == "__main__":
    sys.exit(azdo.reported(main, arm.ArmError))
