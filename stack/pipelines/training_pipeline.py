"""The training pipeline in Python: builds it, submits it, waits for its end, prints its name.

The same pipeline as training-pipeline.yml, for people who work from a notebook or a shell:

    python pipelines/training_pipeline.py --subscription S --resource-group R --workspace W

Exits 1 when the job does not end well; a run that goes green while its job fails helps nobody.
"""

# no `from __future__ import annotations` here: @pipeline reads the annotations themselves
import argparse
import sys
from pathlib import Path

from azure.ai.ml import Input, MLClient, load_component
from azure.ai.ml.dsl import pipeline
from azure.ai.ml.entities import PipelineJob
from azure.ai.ml.exceptions import JobException
from azure.identity import DefaultAzureCredential

COMPONENTS = Path(__file__).resolve().parent / "components"
RAW_DATA = "azureml://datastores/workspaceblobstore/paths/data/"


def build(
    *, compute: str = "cpu-cluster", raw_data: str = RAW_DATA, **inputs: object
) -> PipelineJob:
    """The pipeline job, not yet submitted; `inputs` override the defaults below."""
    parts = {path.stem: load_component(path) for path in COMPONENTS.glob("*.yml")}

    @pipeline(
        name="flight_delay_training",
        display_name="flight-delay-training",
        description="preprocess -> train -> evaluate -> gate -> register",
        experiment_name="flight-delay",
        default_compute=compute,
    )
    def training(
        raw_data: Input(type="uri_folder"),
        test_month: int = 0,
        train_months: int = 0,
        data_stamp: str = "unknown",
        learning_rate: float = 0.1,
        max_iter: int = 60,
        seed: int = 7,
        auc_threshold: float = 0.68,
        auc_tolerance: float = 0.005,
        endpoint_name: str = "none",
        model_name: str = "flight-delay",
        commit: str = "unknown",
        run: str = "none",
        started_by: str = "manual",
        component_versions: str = "unregistered",
    ):
        preprocess = parts["preprocess"](
            raw_data=raw_data,
            test_month=test_month,
            train_months=train_months,
            data_stamp=data_stamp,
        )
        train = parts["train"](
            train_data=preprocess.outputs.train_data,
            learning_rate=learning_rate,
            max_iter=max_iter,
            seed=seed,
        )
        evaluate = parts["evaluate"](
            model=train.outputs.model,
            test_data=preprocess.outputs.test_data,
            auc_threshold=auc_threshold,
            auc_tolerance=auc_tolerance,
            endpoint_name=endpoint_name,
        )
        gate = parts["gate"](evaluation=evaluate.outputs.evaluation)
        register = parts["register"](
            model=train.outputs.model,
            evaluation=evaluate.outputs.evaluation,
            verdict=gate.outputs.verdict,
            model_name=model_name,
            commit=commit,
            run=run,
            started_by=started_by,
            component_versions=component_versions,
        )
        register.name = "register"
        return {"evaluation": evaluate.outputs.evaluation}

    return training(raw_data=Input(type="uri_folder", path=raw_data), **inputs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscription", required=True)
    parser.add_argument("--resource-group", required=True)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--compute", default="cpu-cluster")
    parser.add_argument("--endpoint-name", default="none", help="where the champion serves")
    parser.add_argument("--auc-threshold", type=float, default=0.68)
    args = parser.parse_args()

    ml = MLClient(
        DefaultAzureCredential(),
        subscription_id=args.subscription,
        resource_group_name=args.resource_group,
        workspace_name=args.workspace,
    )
    job = ml.jobs.create_or_update(
        build(
            compute=args.compute,
            endpoint_name=args.endpoint_name,
            auc_threshold=args.auc_threshold,
        )
    )
    print(job.name, flush=True)
    try:
        ml.jobs.stream(job.name)
    except JobException as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
