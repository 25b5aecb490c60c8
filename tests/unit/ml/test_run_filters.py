"""MLflow's search language."""

import pytest

from shipway.base.errors import BadInput
from shipway.ml import run_filters

RUN: dict[str, dict[str, object]] = {
    "metrics": {"auc": 0.9, "loss.total": 0.1},
    "params": {"depth": "3"},
    "tags": {"gate": "passed", "mlflow.runName": "happy"},
    "attributes": {"status": "FINISHED", "start_time": 5},
}


def holds(text: str) -> bool:
    return run_filters.matches(
        run_filters.parse_filter(text), lambda kind, name: RUN[kind].get(name)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("metrics.auc > 0.5", True),
        ("metrics.auc > 0.5 AND params.depth = '3'", True),
        ("metrics.auc > 0.5 and params.depth != '3'", False),
        ("metrics.`loss.total` <= 0.1", True),
        ("metrics.nope > 0", False),
        ("tags.gate = 'passed' and attributes.status = 'FINISHED'", True),
        ("tags.\"mlflow.runName\" LIKE 'hap%'", True),
        ("tags.mlflow.runName ILIKE 'HAP%'", True),
        ("status IN ('FAILED', 'FINISHED')", True),
        ("status NOT IN ('FINISHED')", False),
        ("start_time >= 5", True),
        ("params.depth > 3", False),
    ],
)
def test_comparisons(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize("text", ["metrics.auc >", "auc ~ 3", "metrics.a = 1 or metrics.b = 2"])
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(BadInput, match="Invalid filter clause"):
        run_filters.parse_filter(text)


def test_an_order_names_kind_name_and_way() -> None:
    assert run_filters.parse_order("metrics.auc DESC") == ("metrics", "auc", True)
    assert run_filters.parse_order("start_time") == ("attributes", "start_time", False)
