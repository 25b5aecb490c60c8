"""Measures the new model and the champion on the same flights and writes a decision.

The champion is looked up while the job runs: a schedule that was made months ago compares with
what serves today.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from joblib import load
from threadpoolctl import threadpool_limits

import champion as champions
import decision as decisions
import metrics
import report

NO_ENDPOINT = "none"
SAMPLE_ROWS = 20


def load_model(folder: Path) -> object:
    """The classifier inside an MLflow model folder."""
    found = sorted(folder.rglob("model.pkl"))
    if not found:
        raise FileNotFoundError(f"no model.pkl below {folder}")
    return load(found[0])


def probabilities(model: object, table: pd.DataFrame) -> np.ndarray:
    """The probability of late for each row; the model names the columns it wants."""
    with threadpool_limits(limits=1, user_api="openmp"):
        return model.predict_proba(table[list(model.feature_names_in_)])[:, 1]


def sample(table: pd.DataFrame, model: object, probs: np.ndarray) -> dict:
    """Real flights with the answers that this model gave: what a deployment must answer."""
    rows = np.linspace(0, len(table) - 1, min(SAMPLE_ROWS, len(table))).astype(int)
    records = table.iloc[rows][list(model.feature_names_in_)].to_json(orient="records")
    return {
        "request": {"flights": json.loads(records)},
        "expected": [round(float(p), 6) for p in probs[rows]],
    }


def measure_champion(
    found: champions.Champion, table: pd.DataFrame, label: str, key: str
) -> tuple[decisions.ChampionFigures, dict, np.ndarray]:
    """The champion's figures on this table, beside what its tags remember."""
    probs = probabilities(load_model(found.folder), table)
    figures = metrics.score(table[label].to_numpy(), probs)
    recorded = found.tags.get("auc") if found.tags.get("flights") == key else None
    return (
        decisions.ChampionFigures(
            name=found.name,
            version=found.version,
            auc=figures["auc"],
            recorded_auc=float(recorded) if recorded else None,
        ),
        {"name": f"{found.name}:{found.version}", **figures},
        probs,
    )


def evaluate(
    model_folder: Path,
    test_folder: Path,
    out: Path,
    *,
    rules: decisions.Rules,
    found: champions.Champion | None,
) -> tuple[dict, dict]:
    """Writes metrics, decision, sample and report; returns metrics and decision."""
    summary = json.loads((test_folder / "summary.json").read_text())
    label = summary["label"]
    table = pd.read_csv(
        test_folder / "flights.csv", dtype=dict.fromkeys(summary["numeric"], "float64")
    )
    labels = table[label].to_numpy()
    model = load_model(model_folder)
    probs = probabilities(model, table)
    key = metrics.flights_key(table, label)
    curves = {"this run": probs}
    figures, champion_metrics = None, None
    if found:
        figures, champion_metrics, champion_probs = measure_champion(found, table, label, key)
        curves[f"champion {found.name}:{found.version}"] = champion_probs
    measured = {
        "model": metrics.score(labels, probs),
        "champion": champion_metrics,
        "flights": key,
        "data": summary,
        "by_carrier": metrics.slices(table, probs, by="carrier", label=label),
        "by_month": metrics.slices(table, probs, by="month", label=label),
    }
    decision = decisions.decide(
        auc=measured["model"]["auc"],
        late_share=float(labels.mean()),
        rules=rules,
        champion=figures,
    )
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "metrics.json", measured)
    _write(out / "decision.json", decision)
    _write(out / "sample.json", sample(table, model, probs))
    (out / "report.html").write_text(report.page(measured, decision, labels, curves))
    return measured, decision


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--test-data", type=Path, required=True)
    parser.add_argument("--auc-threshold", type=float, required=True)
    parser.add_argument("--auc-tolerance", type=float, default=0.005)
    parser.add_argument("--endpoint-name", required=True, help="none: the threshold alone decides")
    parser.add_argument("--evaluation", type=Path, required=True)
    args = parser.parse_args()

    rules = decisions.Rules(auc_threshold=args.auc_threshold, auc_tolerance=args.auc_tolerance)
    with tempfile.TemporaryDirectory() as folder:
        found = None
        if args.endpoint_name != NO_ENDPOINT:
            workspace = champions.Workspace.of_this_job()
            found = champions.find_champion(workspace, args.endpoint_name, Path(folder))
        measured, decision = evaluate(
            args.model, args.test_data, args.evaluation, rules=rules, found=found
        )
    mlflow.log_metrics(measured["model"])
    if measured["champion"]:
        mlflow.log_metrics(
            {f"champion_{k}": v for k, v in measured["champion"].items() if k != "name"}
        )
    for row in measured["by_carrier"]:
        if "auc" in row:
            mlflow.log_metric(f"auc_carrier_{row['carrier']}", row["auc"])
    mlflow.log_artifact(str(args.evaluation / "report.html"))
    print(json.dumps(measured["model"], indent=2))
    print(f"{'passed' if decision['passed'] else 'held'}: {decision['reason']}")


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
