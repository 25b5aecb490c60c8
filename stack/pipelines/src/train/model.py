"""The classifier: gradient-boosted trees over ordinal-encoded categories.

Built from scikit-learn's own classes only, so that a saved model needs no code of ours to load.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits


def build(
    categorical: list[str], numeric: list[str], *, learning_rate: float, max_iter: int, seed: int
) -> Pipeline:
    """An unfitted model; categories that training never saw count as missing."""
    encoder = ColumnTransformer(
        [
            (
                "categories",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan),
                categorical,
            ),
            ("numbers", "passthrough", numeric),
        ]
    )
    classifier = HistGradientBoostingClassifier(
        learning_rate=learning_rate,
        max_iter=max_iter,
        min_samples_leaf=100,
        l2_regularization=1.0,
        categorical_features=list(range(len(categorical))),
        early_stopping=False,
        random_state=seed,
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])


def fit(
    table: pd.DataFrame,
    *,
    categorical: list[str],
    numeric: list[str],
    label: str,
    learning_rate: float = 0.1,
    max_iter: int = 60,
    seed: int = 7,
) -> Pipeline:
    """A model fitted to the table; the same table and seed give the same model."""
    model = build(categorical, numeric, learning_rate=learning_rate, max_iter=max_iter, seed=seed)
    # one thread adds up in one order: the same model on any number of cores. It is also the faster
    # way wherever another process wants those cores, and this data fits in about a second.
    with threadpool_limits(limits=1, user_api="openmp"):
        return model.fit(table[[*categorical, *numeric]], table[label])
