"""Routes and shapes of schedules.

Source: https://learn.microsoft.com/rest/api/azureml/schedules
"""

from typing import Any

from shipway.base.errors import NotSupported
from shipway.loop import schedule as station
from shipway.ml import schedules, triggers
from shipway.ml.entities import authorship
from shipway.ml.schedules import Schedule
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, linked_registries


def get(store: Store, request: Request) -> Response:
    """One schedule."""
    workspace = envelopes.workspace_of(store, request)
    found = schedules.get(store, workspace=workspace.key, name=request.params["name"])
    return json_response(shape(workspace, found))


def list_all(store: Store, request: Request) -> Response:
    """The schedules of a workspace: EnabledOnly (default), DisabledOnly or All."""
    workspace = envelopes.workspace_of(store, request)
    view = fields.choice(
        {"listViewType": request.arg("listViewType") or None}, "listViewType",
        ("EnabledOnly", "DisabledOnly", "All"), "EnabledOnly",
    )  # fmt: skip
    found = [
        s
        for s in schedules.list_all(store, workspace=workspace.key)
        if view == "All" or s.is_enabled == (view == "EnabledOnly")
    ]
    return envelopes.page(request, found, lambda s: shape(workspace, s))


def put(store: Store, request: Request) -> Response:
    """Create or change; enabling and disabling come this way too."""
    workspace = envelopes.workspace_of(store, request)
    linked_registries.check(store, request)
    properties = fields.mapping(request.json(), "properties")
    kind = fields.required_text(properties, "action.actionType")
    if kind.lower() != "createjob":
        raise NotSupported(
            f"schedules with the action '{kind}' are not supported", status=400,
            code="ActionTypeNotSupported", where="properties.action.actionType",
            hint="Supported: CreateJob.",
        )  # fmt: skip
    definition = fields.mapping(properties, "action.jobDefinition")
    fields.required_text(definition, "jobType", hint="Pipeline or Command.")
    wanted = Schedule(
        workspace=workspace.key, name=request.params["name"], definition=definition,
        trigger=_trigger(fields.mapping(properties, "trigger")),
        is_enabled=fields.flag(properties, "isEnabled", default=True),
        display_name=fields.text(properties, "displayName"),
        description=fields.text(properties, "description"), tags=fields.texts(properties, "tags"),
        properties=fields.texts(properties, "properties"), **authorship(request.principal),
    )  # fmt: skip
    made, is_new = station.put(store, wanted)
    return json_response(shape(workspace, made), status=201 if is_new else 200)


def delete(store: Store, request: Request) -> Response:
    """Remove a schedule; 204 when there is none."""
    workspace = envelopes.workspace_of(store, request)
    gone = station.delete(store, workspace=workspace.key, name=request.params["name"])
    return Response(status=200 if gone else 204)


def trigger(store: Store, request: Request) -> Response:
    """Submit the job once, now."""
    workspace = envelopes.workspace_of(store, request)
    found = schedules.get(store, workspace=workspace.key, name=request.params["name"])
    job = station.trigger(store, found)
    return json_response({"submissionId": job.name, "scheduleActionType": "CreateJob"})


def shape(workspace: Workspace, schedule: Schedule) -> dict[str, Any]:
    """A schedule on the wire."""
    properties: dict[str, Any] = {
        "displayName": schedule.display_name or None,
        "description": schedule.description or None,
        "tags": dict(schedule.tags),
        "properties": dict(schedule.properties),
        "isEnabled": schedule.is_enabled,
        "provisioningState": "Succeeded",
        "trigger": _trigger_shape(schedule),
        "action": {"actionType": "CreateJob", "jobDefinition": dict(schedule.definition)},
    }
    return envelopes.resource(workspace, f"schedules/{schedule.name}", schedule, properties)


def _trigger(given: dict[str, Any]) -> dict[str, Any]:
    kind = fields.choice(given, "triggerType", ("Cron", "Recurrence"), "")
    found: dict[str, Any] = {
        "kind": kind,
        "start_time": fields.text(given, "startTime"),
        "end_time": fields.text(given, "endTime"),
        "time_zone": fields.text(given, "timeZone", "UTC"),
    }
    if kind == "Cron":
        return found | {"expression": fields.required_text(given, "expression")}
    pattern = fields.mapping(given, "schedule")
    return found | {
        "frequency": fields.choice(given, "frequency", triggers.FREQUENCIES, ""),
        "interval": fields.number(given, "interval", 1),
        "hours": _numbers(pattern, "hours"),
        "minutes": _numbers(pattern, "minutes"),
        "month_days": _numbers(pattern, "monthDays"),
        "week_days": [str(day).capitalize() for day in fields.items(pattern, "weekDays")],
    }


def _trigger_shape(schedule: Schedule) -> dict[str, Any]:
    when = schedule.when
    shown: dict[str, Any] = {
        "triggerType": when.kind,
        "startTime": when.start_time or None,
        "endTime": when.end_time or None,
        "timeZone": when.time_zone,
    }
    if when.kind == "Cron":
        return shown | {"expression": when.expression}
    return shown | {
        "frequency": when.frequency,
        "interval": when.interval,
        "schedule": {
            "hours": list(when.hours),
            "minutes": list(when.minutes),
            "weekDays": list(when.week_days) or None,
            "monthDays": list(when.month_days) or None,
        },
    }


def _numbers(pattern: dict[str, Any], name: str) -> list[int]:
    return [fields.number({name: item}, name) for item in fields.items(pattern, name)]
