"""After the pipeline job: fails with it and says why, or hands the registered version on.

Writes a summary for the approver into the run, keeps report, metrics, decision and component
versions in the storage container pipeline-artifacts/<run id>/, and leaves the same files in --out
for the run's own artifact.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from azure.core.exceptions import AzureError
from azure.storage.blob import ContainerClient

import arm
import azdo
import summary

CONTAINER = "pipeline-artifacts"
EVALUATION = ("report.html", "metrics.json", "decision.json", "sample.json")


def evaluation_folder(download: Path) -> Path | None:
    """Where the evaluation is below a download of the job; None where the job never got there."""
    return next((path.parent for path in sorted(download.rglob("decision.json"))), None)


def failure_of(job: str, status: str, decision: dict | None) -> str | None:
    """Why the job did not end well, in one line; None if it did."""
    if status == "Completed":
        return None
    if decision and not decision["passed"]:
        return f"the gate held: {decision['reason']}"
    return f"ML job {job} ended {status}"


def version_of(models: list[arm.ModelVersion], job: str) -> arm.ModelVersion | None:
    """The version that this pipeline job registered."""
    return next((model for model in reversed(models) if model.tags.get("job") == job), None)


def promoted_job(model: arm.ModelVersion | None) -> dict | None:
    """The job of a version that came from another workspace, where the job has stayed."""
    if model is None or not model.tags.get("promoted_from"):
        return None
    return {"status": "Completed"}


def gather(download: Path, pipeline: Path | None, out: Path) -> tuple[dict | None, dict | None]:
    """Copies what is worth keeping to `out`; returns metrics and decision where they exist."""
    out.mkdir(parents=True, exist_ok=True)
    if pipeline and pipeline.exists():
        shutil.copyfile(pipeline, out / "training-pipeline.yml")
    folder = evaluation_folder(download)
    if folder is None:
        return None, None
    for name in EVALUATION:
        shutil.copyfile(folder / name, out / name)
    return (
        json.loads((out / "metrics.json").read_text()),
        json.loads((out / "decision.json").read_text()),
    )


def keep(out: Path, account: str, run_id: str) -> str:
    """Uploads the files below the run's id; returns the report's address."""
    url = f"https://{account}.blob.core.windows.net"
    with ContainerClient(url, CONTAINER, credential=arm.credential()) as container:
        for file in sorted(out.iterdir()):
            container.upload_blob(f"{run_id}/{file.name}", file.read_bytes(), overwrite=True)
    return f"{url}/{CONTAINER}/{run_id}/report.html"


def tell(text: str, out: Path) -> None:
    """Shows the page in the run's summary."""
    path = out / "summary.md"
    path.write_text(text)
    print(f"##vso[task.uploadsummary]{path.resolve()}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arm.add_arguments(parser)
    parser.add_argument("--job", required=True)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--download", type=Path, required=True, help="where the job's output lies")
    parser.add_argument("--pipeline", type=Path, help="the pipeline file as it was submitted")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    run = azdo.Run.of_this_step()
    workspace = arm.Workspace.of(args)
    versions = workspace.model_versions(args.model_name)
    job = workspace.find_job(args.job) or promoted_job(version_of(versions, args.job))
    if job is None:
        raise arm.ArmError(f"there is no job {args.job} in {args.workspace}")
    metrics, decision = gather(args.download, args.pipeline, args.out)
    failure = failure_of(args.job, job["status"], decision)
    model = None
    if failure is None:
        model = version_of(versions, args.job)
        if model is None:
            failure = f"ML job {args.job} completed but registered no version of {args.model_name}"
    links = {"run": run.link}
    studio = ((job.get("services") or {}).get("Studio") or {}).get("endpoint")
    if studio:
        links["training job in Azure ML studio"] = studio
    if metrics and decision:
        links["report"] = keep(args.out, workspace.storage_account(), run.build_id)
        origin = {"job": args.job, "data": metrics["data"]["data"], "flights": metrics["flights"]}
        if model and model.tags.get("promoted_from"):
            origin["promoted from"] = model.tags["promoted_from"]
        title = f"{model.name}:{model.version}" if model else "No version registered"
        page = summary.markdown(
            title=title, metrics=metrics, decision=decision, tags=origin, links=links
        )
        tell(page, args.out)
    if failure:
        azdo.error(failure)
        print(failure)
        return 1
    if model.tags.get("approval", "pending") == "pending":
        workspace.tag(model, {"approval": "pending", "approval_run": run.build_id})
    azdo.output("modelName", model.name)
    azdo.output("modelVersion", model.version)
    print(f"{model.name}:{model.version} waits for approval")
    return 0


if __name__ == "__main__":
    sys.exit(azdo.reported(main, arm.ArmError, AzureError))
