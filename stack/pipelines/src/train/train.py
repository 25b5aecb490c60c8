"""Fits the model to the training table and saves it as an MLflow model."""

from __future__ import annotations

import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

import model


def save(fitted: object, table: pd.DataFrame, features: list[str], folder: Path) -> None:
    """Writes an MLflow model that remembers which job trained it.

    The requirements are stated: inferring them would load the model a second time.
    """
    inputs = table[features]
    mlflow.sklearn.save_model(
        fitted,
        str(folder),
        # the whole table, so that columns with gaps are declared optional
        signature=infer_signature(inputs, fitted.predict_proba(inputs.head(5))),
        pip_requirements=[
            f"{name}=={version(name)}" for name in ("scikit-learn", "pandas", "numpy")
        ],
        metadata={"train_job": os.environ.get("AZUREML_RUN_ID", "local")},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train-data", type=Path, required=True)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--max-iter", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()

    summary = json.loads((args.train_data / "summary.json").read_text())
    table = pd.read_csv(
        args.train_data / "flights.csv", dtype=dict.fromkeys(summary["numeric"], "float64")
    )
    features = [*summary["categorical"], *summary["numeric"]]

    started = time.perf_counter()
    fitted = model.fit(
        table,
        categorical=summary["categorical"],
        numeric=summary["numeric"],
        label=summary["label"],
        learning_rate=args.learning_rate,
        max_iter=args.max_iter,
        seed=args.seed,
    )
    seconds = time.perf_counter() - started
    with threadpool_limits(limits=1, user_api="openmp"):
        auc = roc_auc_score(table[summary["label"]], fitted.predict_proba(table[features])[:, 1])
    save(fitted, table, features, args.model)

    mlflow.log_params(
        {"learning_rate": args.learning_rate, "max_iter": args.max_iter, "seed": args.seed}
    )
    mlflow.log_metrics(
        {"train_auc": auc, "train_rows": len(table), "fit_seconds": round(seconds, 3)}
    )
    print(f"trained on {len(table):,} flights of {', '.join(summary['train_months'])}")
    print(f"{seconds:.1f} s to fit, AUC on the training data {auc:.4f}")


if __name__ == "__main__":
    main()
