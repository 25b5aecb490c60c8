"""Reading MLflow's request bodies: what is wrong is told in MLflow's own words.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shipway.base.errors import BadInput
from shipway.store.growing import MetricPoint
from shipway.wire.http import Request
from shipway.wire.ml import fields

MOST_RESULTS = 1000


def required(body: Mapping[str, Any], name: str) -> str:
    """A text that must be there. Raises `BadInput`."""
    value = fields.text(body, name)
    if not value:
        raise BadInput(
            f"Missing value for required parameter '{name}'", code="INVALID_PARAMETER_VALUE",
            where=name, hint="See the MLflow REST API.",
        )  # fmt: skip
    return value


def argument(request: Request, name: str) -> str:
    """A query parameter that must be there. Raises `BadInput`."""
    return required({name: request.arg(name) or None}, name)


def run_id(given: Mapping[str, Any] | Sequence[tuple[str, str]]) -> str:
    """The run that a body or a query names. Raises `BadInput`."""
    body = given if isinstance(given, Mapping) else dict(given)
    return required({"run_id": body.get("run_id") or body.get("run_uuid")}, "run_id")


def given(request: Request) -> dict[str, Any]:
    """What a request gives, in its body or its query."""
    return request.json() if request.method == "POST" else dict(request.query)


def integer(body: Mapping[str, Any], name: str) -> int:
    """A whole number, also as text; 0 when absent. Raises `BadInput`."""
    value = body.get(name)
    if value is None:
        return 0
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadInput(
            f"Invalid value {value!r} for parameter '{name}': an integer is needed",
            code="INVALID_PARAMETER_VALUE", where=name,
        ) from None  # fmt: skip


def point(body: Mapping[str, Any]) -> MetricPoint:
    """A metric's value. Raises `BadInput`."""
    value = body.get("value")
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number is refused below
    except (TypeError, ValueError):
        raise BadInput(
            f"Got invalid value {value!r} for metric '{body.get('key')}'. Please specify value as a"
            " valid double (64-bit floating point)", code="INVALID_PARAMETER_VALUE", where="value",
        ) from None  # fmt: skip
    return MetricPoint(
        key=required(body, "key"), value=number, step=integer(body, "step"),
        at=integer(body, "timestamp"),
    )  # fmt: skip


def json_object(item: object, name: str) -> dict[str, Any]:
    """An item of a list that must be an object. Raises `BadInput`."""
    if not isinstance(item, dict):
        raise BadInput(
            f"Invalid item {item!r} in '{name}': an object is needed",
            code="INVALID_PARAMETER_VALUE", where=name,
        )  # fmt: skip
    return item


def pairs(body: Mapping[str, Any], name: str) -> dict[str, str]:
    """A list of `{key, value}` as a mapping. Raises `BadInput`."""
    rows = [json_object(item, name) for item in fields.items(body, name)]
    return {required(row, "key"): fields.text(row, "value") for row in rows}


def in_view(is_deleted: bool, view: str) -> bool:  # a fact, not a switch
    wanted = view.upper()
    return wanted == "ALL" or is_deleted == (wanted == "DELETED_ONLY")


def page(items: Sequence[Any], body: Mapping[str, Any]) -> tuple[Sequence[Any], str]:
    """A page of results and the token of the next. Raises `BadInput`."""
    limit = min(integer(body, "max_results") or MOST_RESULTS, 50 * MOST_RESULTS)
    start = integer(body, "page_token")
    token = str(start + limit) if start + limit < len(items) else ""
    return items[start : start + limit], token


def next_token(token: str) -> dict[str, Any]:
    """The next page's token, where there is one."""
    return {"next_page_token": token} if token else {}


def key_values(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    """A mapping as MLflow's list of `{key, value}`."""
    return [{"key": name, "value": value} for name, value in pairs.items()]
