"""How good a model's probabilities are, in all and per slice."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    roc_auc_score,
)

#: A slice smaller than this says more about chance than about the model.
SMALLEST_SLICE = 50

IDENTITY = ["year", "month", "day", "carrier", "flight", "origin", "sched_dep_time"]


def score(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """ROC AUC, average precision, Brier score and accuracy at one half."""
    return {
        "auc": round(float(roc_auc_score(labels, probabilities)), 6),
        "average_precision": round(float(average_precision_score(labels, probabilities)), 6),
        "brier": round(float(brier_score_loss(labels, probabilities)), 6),
        "accuracy": round(float(accuracy_score(labels, probabilities >= 0.5)), 6),
    }


def slices(table: pd.DataFrame, probabilities: np.ndarray, *, by: str, label: str) -> list[dict]:
    """The same figures for each value of a column, largest slice first."""
    rows = []
    for value, group in table.reset_index(drop=True).groupby(by):
        labels = group[label].to_numpy()
        row: dict = {by: str(value), "rows": len(group), "late_share": round(labels.mean(), 4)}
        if len(group) >= SMALLEST_SLICE and 0 < labels.sum() < len(labels):
            row |= score(labels, probabilities[group.index.to_numpy()])
        rows.append(row)
    return sorted(rows, key=lambda row: -row["rows"])


def flights_key(table: pd.DataFrame, label: str) -> str:
    """Names the test flights and their outcomes, whatever their features are.

    Two evaluations with the same key were measured on the same flights, so their figures compare
    even where the features were made differently.
    """
    rows = pd.util.hash_pandas_object(table[[*IDENTITY, label]], index=False).to_numpy()
    return hashlib.sha256(np.sort(rows).tobytes()).hexdigest()[:16]
