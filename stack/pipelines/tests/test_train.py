from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from model import fit

CATEGORICAL, NUMERIC = ["carrier"], ["temp", "distance"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    random = np.random.default_rng(1)
    rows = 2000
    temp, distance = random.normal(size=rows), random.normal(size=rows)
    carrier = random.choice(["AA", "UA"], size=rows)
    temp[::50] = np.nan
    late = (np.nan_to_num(temp) + (carrier == "UA") + random.normal(size=rows) > 1).astype(int)
    return pd.DataFrame({"carrier": carrier, "temp": temp, "distance": distance, "late": late})


def probabilities(table: pd.DataFrame, seed: int = 7) -> np.ndarray:
    fitted = fit(
        table, categorical=CATEGORICAL, numeric=NUMERIC, label="late", max_iter=20, seed=seed
    )
    return fitted.predict_proba(table[[*CATEGORICAL, *NUMERIC]])[:, 1]


def test_the_model_learns(table: pd.DataFrame) -> None:
    assert roc_auc_score(table["late"], probabilities(table)) > 0.8


def test_the_same_data_and_seed_give_the_same_model(table: pd.DataFrame) -> None:
    assert np.array_equal(probabilities(table), probabilities(table))


def test_it_sees_the_features_and_nothing_else(table: pd.DataFrame) -> None:
    fitted = fit(table, categorical=CATEGORICAL, numeric=NUMERIC, label="late", max_iter=2)
    assert list(fitted.feature_names_in_) == [*CATEGORICAL, *NUMERIC]


def test_a_carrier_it_never_saw_still_gets_an_answer(table: pd.DataFrame) -> None:
    fitted = fit(table, categorical=CATEGORICAL, numeric=NUMERIC, label="late", max_iter=2)
    unknown = pd.DataFrame({"carrier": ["ZZ"], "temp": [np.nan], "distance": [0.0]})
    assert 0 < fitted.predict_proba(unknown)[0, 1] < 1
