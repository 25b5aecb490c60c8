"""Registers a model that passed the gate, with everything that says where it comes from."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import yaml

import registry


def train_job(model: Path) -> str:
    """The job that trained this model; not the one that reuses its output."""
    described = yaml.safe_load((model / "MLmodel").read_text())
    return described["metadata"]["train_job"]


def tags(metrics: dict, decision: dict, given: dict[str, str]) -> dict[str, str]:
    """What a version says of itself: figures, data, origin."""
    champion = decision["champion"]
    return {
        "gate": "passed",
        **{name: f"{value:.6f}" for name, value in metrics["model"].items()},
        "auc_threshold": f"{decision['rules']['auc_threshold']:.4f}",
        "champion": f"{champion['name']}:{champion['version']}" if champion else "none",
        "champion_auc": f"{champion['auc']:.6f}" if champion else "none",
        "flights": metrics["flights"],
        "data": metrics["data"]["data"],
        "train_months": " ".join(metrics["data"]["train_months"]),
        "test_month": metrics["data"]["test_month"],
        **given,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--evaluation", type=Path, required=True)
    parser.add_argument("--verdict", type=Path, required=True)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--run", required=True, help="the pipeline run that asked for this model")
    parser.add_argument("--started-by", required=True, help="push, schedule or manual")
    parser.add_argument("--component-versions", required=True)
    args = parser.parse_args()

    if not args.verdict.read_text().startswith("passed"):
        raise SystemExit("the gate's verdict is not passed: nothing is registered")
    metrics = json.loads((args.evaluation / "metrics.json").read_text())
    decision = json.loads((args.evaluation / "decision.json").read_text())
    pipeline_job = os.environ.get("AZUREML_ROOT_RUN_ID") or os.environ["AZUREML_RUN_ID"]
    trained_by = train_job(args.model)
    models = registry.ModelRegistry.of_this_job()
    version = models.version_of_job(args.model_name, pipeline_job)
    if version:
        print(f"{args.model_name}:{version} was registered by this job already")
        return
    version = models.next_version(args.model_name)
    given = {
        "job": pipeline_job,
        "train_job": trained_by,
        "commit": args.commit,
        "run": args.run,
        "started_by": args.started_by,
        "component_versions": args.component_versions,
    }
    models.create(
        args.model_name,
        version,
        uri=f"azureml://jobs/{trained_by}/outputs/model/paths/",
        job=trained_by,
        tags=tags(metrics, decision, given),
    )
    print(f"registered {args.model_name}:{version}: {decision['reason']}")


if __name__ == "__main__":
    main()
