"""Budgets: created, read, listed and deleted at any scope. Nothing here costs anything, so what
was spent is 0 and no notification is ever due.

Source: https://learn.microsoft.com/rest/api/consumption/budgets
"""

from datetime import UTC, datetime
from typing import Any

from shipway.azure.arm import resource_groups, resource_ids
from shipway.base.clock import parse_timestamp
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.store.documents import Document
from shipway.store.store import Store
from shipway.wire.arm.shapes import object_of
from shipway.wire.http import Request, Response, json_response

_KIND = "budget"
_GRAINS = (
    "Monthly", "Quarterly", "Annually", "BillingMonth", "BillingQuarter", "BillingAnnual",
)  # fmt: skip
_YEARS = 10


def put(store: Store, request: Request) -> Response:
    """`PUT {scope}/providers/Microsoft.Consumption/budgets/{budget}`: 201 when new, else 200."""
    scope, key = _scope(store, request), _key(request)
    body = request.json()
    given = object_of(body, "properties")
    _check(given)
    with store.database.transaction():
        before = store.documents.find(_KIND, key)
        etag = body.get("eTag")
        if before is not None and etag and str(etag).strip('"') != before.etag:
            raise Conflict("The etag of the budget does not match", where="eTag", status=412)
        made = store.documents.put(
            _KIND, key, {"scope": scope, "name": request.params["budget"], "properties": given}
        )
    return json_response(_shape(made), status=200 if before else 201)


def get(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Consumption/budgets/{budget}`. Raises `NotFound`."""
    found = store.documents.find(_KIND, _key(request))
    if found is None:
        raise NotFound(
            f"The budget '{request.params['budget']}' was not found", code="404",
            where=request.params["budget"],
        )  # fmt: skip
    return json_response(_shape(found))


def list_budgets(store: Store, request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Consumption/budgets`."""
    scope = _scope(store, request)
    found = [
        d for d in store.documents.list(_KIND) if resource_ids.same(d.body["scope"], scope)
    ]  # fmt: skip
    return json_response({"value": [_shape(d) for d in found]})


def delete(store: Store, request: Request) -> Response:
    """`DELETE ...`. Raises `NotFound`."""
    if not store.documents.delete(_KIND, _key(request)):
        raise NotFound(
            f"The budget '{request.params['budget']}' was not found", code="404",
            where=request.params["budget"],
        )  # fmt: skip
    return Response(status=200)


def remove_below(store: Store, scope: str) -> None:
    """Budgets at a scope and below go with it."""
    for document in store.documents.list(_KIND):
        if resource_ids.contains(scope, document.body["scope"]):
            store.documents.delete(_KIND, document.key)


def _check(given: dict[str, Any]) -> None:
    amount = given.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or amount < 0:
        raise _bad("amount", "The amount must be a number of at least 0")
    if given.get("timeGrain") not in _GRAINS:
        raise _bad("timeGrain", f"The time grain must be one of {', '.join(_GRAINS)}")
    start = _moment(object_of(given, "timePeriod"), "startDate")
    if start is None or (start.day, start.hour, start.minute) != (1, 0, 0):
        raise _bad("timePeriod.startDate", "The start date must be the first day of a month")
    end = _moment(object_of(given, "timePeriod"), "endDate")
    if end is not None and end <= start:
        raise _bad("timePeriod.endDate", "The end date must be after the start date")
    if len(object_of(given, "notifications")) > 5:
        raise _bad("notifications", "A budget has at most 5 notifications")


def _moment(period: dict[str, Any], name: str) -> datetime | None:
    text = period.get(name)
    if not text:
        return None
    try:
        return parse_timestamp(str(text)).astimezone(UTC)
    except ValueError:
        raise _bad(f"timePeriod.{name}", f"'{text}' is not a date") from None


def _scope(store: Store, request: Request) -> str:
    scope = "/" + request.params["scope"].strip("/")
    group = resource_ids.parse(scope).resource_group
    if group:
        resource_groups.get(store, group)
    return scope


def _key(request: Request) -> str:
    return f"{request.params['scope'].strip('/')}|{request.params['budget']}".lower()


def _shape(document: Document) -> dict[str, Any]:
    given = dict(document.body["properties"])
    period = dict(given["timePeriod"])
    if not period.get("endDate"):
        start = parse_timestamp(period["startDate"])
        period["endDate"] = f"{start.year + _YEARS:04}-{start:%m-%dT%H:%M:%SZ}"
    return {
        "id": f"{document.body['scope']}/providers/Microsoft.Consumption/budgets/"
        f"{document.body['name']}",
        "name": document.body["name"],
        "type": "Microsoft.Consumption/budgets",
        "eTag": f'"{document.etag}"',
        "properties": {
            "notifications": {}, **given, "timePeriod": period,
            "currentSpend": {"amount": 0.0, "unit": "USD"},
        },
    }  # fmt: skip


def _bad(where: str, message: str) -> BadInput:
    return BadInput(message, code="400", where=where)
