from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import champion
import metrics
import report
from decision import ChampionFigures, Rules, decide

RULES = Rules(auc_threshold=0.68)


def figures(auc: float, recorded: float | None = None) -> ChampionFigures:
    return ChampionFigures("flight-delay", "3", auc, recorded)


def test_without_a_champion_the_threshold_alone_decides() -> None:
    assert decide(auc=0.68, late_share=0.2, rules=RULES, champion=None)["passed"]
    held = decide(auc=0.6799, late_share=0.2, rules=RULES, champion=None)
    assert not held["passed"]
    assert held["reason"] == "AUC 0.6799 is below the threshold 0.6800"


def test_a_model_below_the_champion_is_held_and_both_figures_are_named() -> None:
    held = decide(auc=0.69, late_share=0.2, rules=RULES, champion=figures(0.71))
    assert not held["passed"]
    assert held["reason"] == (
        "AUC 0.6900 is below AUC 0.7100 of the champion flight-delay:3 on the same flights"
    )


def test_as_good_as_the_champion_is_good_enough() -> None:
    assert decide(auc=0.706, late_share=0.2, rules=RULES, champion=figures(0.71))["passed"]
    assert not decide(auc=0.704, late_share=0.2, rules=RULES, champion=figures(0.71))["passed"]


def test_spoilt_features_do_not_lower_the_bar() -> None:
    """The champion scores badly on features that a change spoilt; its own record still counts."""
    held = decide(auc=0.69, late_share=0.2, rules=RULES, champion=figures(0.55, recorded=0.71))
    assert not held["passed"]
    assert "0.6900" in held["reason"]
    assert "0.7100" in held["reason"]


@pytest.mark.parametrize(
    ("auc", "late_share", "serving", "says"),
    [
        (0.30, 0.22, None, "below the threshold"),
        (0.71, 0.78, None, "are the labels swapped"),
        (0.71, 0.22, 0.29, "the wrong way round"),
    ],
)
def test_swapped_labels_are_held(
    auc: float, late_share: float, serving: float | None, says: str
) -> None:
    found = figures(serving) if serving else None
    held = decide(auc=auc, late_share=late_share, rules=RULES, champion=found)
    assert not held["passed"]
    assert says in held["reason"]


def test_figures_of_a_perfect_and_of_an_inverted_ranking() -> None:
    labels = np.array([0, 0, 1, 1])
    assert metrics.score(labels, np.array([0.1, 0.2, 0.8, 0.9]))["auc"] == 1.0
    inverted = metrics.score(labels, np.array([0.9, 0.8, 0.2, 0.1]))
    assert (inverted["auc"], inverted["accuracy"]) == (0.0, 0.0)


def table(rows: int = 200) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "year": 2013,
            "month": 3,
            "day": 1,
            "carrier": ["UA"] * (rows - 10) + ["OO"] * 10,
            "flight": range(rows),
            "origin": "EWR",
            "sched_dep_time": 600,
            "temp": 30.0,
            "late": [index % 4 == 0 for index in range(rows)],
        }
    ).astype({"late": int})


def test_slices_are_measured_where_they_are_large_enough() -> None:
    found = metrics.slices(table(), np.linspace(0, 1, 200), by="carrier", label="late")
    assert [(row["carrier"], row["rows"]) for row in found] == [("UA", 190), ("OO", 10)]
    assert "auc" in found[0]
    assert "auc" not in found[1]


def test_the_flights_key_names_flights_and_outcomes_not_features() -> None:
    key = metrics.flights_key(table(), "late")
    assert metrics.flights_key(table().assign(temp=99.0), "late") == key
    assert metrics.flights_key(table().sample(frac=1, random_state=1), "late") == key
    assert metrics.flights_key(table().assign(late=0), "late") != key


def test_the_report_escapes_and_shows_the_decision() -> None:
    measured = {
        "model": {"auc": 0.7, "average_precision": 0.4, "brier": 0.1, "accuracy": 0.8},
        "champion": None,
        "data": {
            "train_rows": 10,
            "test_rows": 5,
            "train_months": ["2013-01"],
            "test_month": "2013-02",
            "late_share": {"train": 0.2, "test": 0.3},
        },
        "by_carrier": [{"carrier": "<b>", "rows": 1234, "late_share": 0.1}],
        "by_month": [],
    }
    labels, curve = np.array([0, 1, 0, 1]), {"this run": np.array([0.1, 0.9, 0.4, 0.6])}
    page = report.page(measured, {"passed": False, "reason": "0.1 < 0.2"}, labels, curve)
    assert "held</strong>: 0.1 &lt; 0.2" in page
    assert "&lt;b&gt;" in page
    assert "1,234" in page
    assert "<polyline" in page


class FakeWorkspace:
    """Answers for paths; an unknown path is a resource that does not exist."""

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        self._answers = answers

    def find(self, path: str) -> dict[str, Any] | None:
        return self._answers.get(path)

    def get(self, path: str) -> dict[str, Any]:
        return self._answers[path]

    def download(self, uri: str, into: Path) -> Path:
        return into / uri.rsplit("/", 1)[-1]


def serving(traffic: dict[str, int]) -> FakeWorkspace:
    model = "/subscriptions/s/workspaces/w/models/flight-delay/versions/4"
    return FakeWorkspace(
        {
            "onlineEndpoints/e": {"traffic": traffic},
            "onlineEndpoints/e/deployments/green": {"model": model},
            "models/flight-delay/versions/4": {"modelUri": "azureml://x/m", "tags": {"auc": "1"}},
        }
    )


def test_the_champion_has_the_largest_share_of_traffic(tmp_path: Path) -> None:
    found = champion.find_champion(serving({"blue": 10, "green": 90}), "e", tmp_path)
    assert found == champion.Champion("flight-delay", "4", {"auc": "1"}, tmp_path / "m")


@pytest.mark.parametrize("traffic", [{}, {"blue": 0}])
def test_there_is_no_champion_where_nothing_serves(traffic: dict[str, int], tmp_path: Path) -> None:
    assert champion.find_champion(serving(traffic), "e", tmp_path) is None


def test_there_is_no_champion_before_the_first_release(tmp_path: Path) -> None:
    assert champion.find_champion(FakeWorkspace({}), "e", tmp_path) is None


def test_a_datastore_address_is_taken_apart() -> None:
    uri = "azureml://subscriptions/s/resourceGroups/r/workspaces/w/datastores/d/paths/azureml/x/m/"
    match = champion.DATASTORE_URI.search(uri)
    assert match
    assert (match["datastore"], match["path"]) == ("d", "azureml/x/m/")
