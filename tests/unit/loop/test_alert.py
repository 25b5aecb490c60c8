"""Alert rules: measured on real events, fired and resolved, told to webhooks in Azure's words."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support.ml_world import make_world
from tests.wire import callers
from tests.wire.azure_home import AzureHome
from tests.wire.callers import Caller
from tests.wire.in_process import Wire

from shipway.azure.arm import developer_credential, resource_groups, role_assignments
from shipway.azure.entra import tenant, users
from shipway.base.clock import FrozenClock
from shipway.base.errors import BadInput
from shipway.base.messages import Event
from shipway.loop import notification
from shipway.loop.notification import Notifier
from shipway.loop.reactor import Reactor
from shipway.ml import online_endpoints, workspaces
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.ml.workspaces import Workspace
from shipway.store.growing import EndpointRequest
from shipway.store.store import Store

GROUPS, ALERTS = "2023-01-01", "2018-03-01"
SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"


class World:
    """A workspace on a clock that stands, and the means to let time pass."""

    def __init__(self, root: Path) -> None:
        self.clock = FrozenClock()
        self.store: Store
        self.workspace: Workspace
        self.store, self.workspace = make_world(root, self.clock)
        developer = developer_credential.get(self.store)
        self.home = AzureHome(store=self.store, wire=Wire(self.store), developer=developer)
        self.owner: Caller = callers.arm(self.home, users.owner(self.store))
        # only timers are worked here, events have no stations
        self.reactor = Reactor(self.store, reactions={})

    def path(self, kind: str, name: str) -> str:
        scope = tenant.facts(self.store).subscription_scope
        return f"{scope}/resourceGroups/rg/providers/Microsoft.Insights/{kind}/{name}"

    def fails(self, count: int = 1) -> None:
        """Commands that end badly, as the compute tells it."""
        for n in range(count):
            data = {"workspace": self.workspace.key, "name": f"j{n}", "status": "Failed"}
            now = self.clock.now()
            self.store.journal.append(Event(kind="JobEnded", subject=f"j{n}", at=now, data=data))

    def pass_minutes(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(60)
            self.reactor.settle()

    def told(self) -> list[dict[str, Any]]:
        """What the queue of posts holds, oldest first; it is empty afterwards."""
        found = self.store.queue.lease(notification.QUEUE, holder="t", seconds=60, limit=100)
        for item in found:
            self.store.queue.complete(item.item)
        return [dict(item.payload) for item in found]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "home")
    yield made
    made.reactor.stop()
    made.store.database.close()


def action_group(world: World, url: str = "https://hooks.example.org/x", **more: Any) -> str:
    path = world.path("actionGroups", "ag")
    hook = {"name": "hook", "serviceUri": url, "useCommonAlertSchema": True, **more}
    body = {"location": "global", "properties": {"groupShortName": "ag", "enabled": True,
                                                 "webhookReceivers": [hook]}}  # fmt: skip
    status, made = world.owner("PUT", path, GROUPS, body)
    assert status == 201, made
    return path


def rule(world: World, **changes: Any) -> tuple[int, Any]:
    criterion = {
        "name": "failed", "metricName": "Failed Runs", "operator": "GreaterThan", "threshold": 0,
        "timeAggregation": "Total", "criterionType": "StaticThresholdCriterion",
        "metricNamespace": "Microsoft.MachineLearningServices/workspaces",
        **changes.pop("criterion", {}),
    }  # fmt: skip
    properties = {
        "severity": 1, "enabled": True, "scopes": [world.workspace.resource_id],
        "description": "training fails", "evaluationFrequency": "PT1M", "windowSize": "PT5M",
        "criteria": {"odata.type": SINGLE, "allOf": [criterion]}, "autoMitigate": True,
        "actions": [{"actionGroupId": world.path("actionGroups", "ag")}], **changes,
    }  # fmt: skip
    body = {"location": "global", "properties": properties}
    return world.owner("PUT", world.path("metricAlerts", "failures"), ALERTS, body)


def test_a_failed_job_fires_once_and_calm_resolves(world: World) -> None:
    action_group(world)
    status, made = rule(world)
    assert (status, made["properties"]["autoMitigate"]) == (200, True)
    world.pass_minutes(2)
    assert world.told() == []
    world.fails(2)
    world.pass_minutes(3)
    posts = world.told()
    assert [p["url"] for p in posts] == ["https://hooks.example.org/x"]
    body = posts[0]["body"]
    assert body["schemaId"] == "azureMonitorCommonAlertSchema"
    essentials = body["data"]["essentials"]
    assert (essentials["monitorCondition"], essentials["severity"]) == ("Fired", "Sev1")
    assert essentials["alertTargetIDs"] == [world.workspace.resource_id]
    met = body["data"]["alertContext"]["condition"]["allOf"][0]
    assert (met["metricName"], met["metricValue"], met["threshold"]) == ("Failed Runs", 2.0, "0")
    world.pass_minutes(4)  # the failure has left the window; three calm looks are needed
    assert world.told() == []
    world.pass_minutes(1)
    resolved = world.told()[0]["body"]["data"]["essentials"]
    assert resolved["monitorCondition"] == "Resolved"
    assert resolved["alertId"] == essentials["alertId"]
    world.pass_minutes(3)
    assert world.told() == []


def test_a_receiver_of_the_older_kind_gets_its_own_words(world: World) -> None:
    action_group(world, useCommonAlertSchema=False)
    rule(world)
    world.fails()
    world.pass_minutes(1)
    body = world.told()[0]["body"]
    assert (body["schemaId"], body["data"]["status"]) == ("AzureMonitorMetricAlert", "Activated")
    assert body["data"]["context"]["resourceName"] == world.workspace.name


def test_a_rule_without_memory_fires_at_every_look(world: World) -> None:
    action_group(world)
    rule(world, autoMitigate=False)
    world.fails()
    world.pass_minutes(3)
    assert len(world.told()) == 3


def test_another_workspaces_failures_do_not_count(world: World) -> None:
    action_group(world)
    rule(world)
    data = {"workspace": "s/rg/other", "name": "j", "status": "Failed"}
    now = world.clock.now()
    world.store.journal.append(Event(kind="JobEnded", subject="j", at=now, data=data))
    world.pass_minutes(1)
    assert world.told() == []


def test_a_disabled_or_deleted_rule_looks_no_more(world: World) -> None:
    action_group(world)
    rule(world)
    rule(world, enabled=False)
    world.fails()
    world.pass_minutes(2)
    assert world.told() == []
    rule(world)
    assert world.owner("DELETE", world.path("metricAlerts", "failures"), ALERTS)[0] == 200
    world.pass_minutes(2)
    assert (world.told(), world.store.timers.next_due()) == ([], None)


def test_a_rule_whose_target_is_deleted_says_so_once(world: World) -> None:
    action_group(world)
    rule(world)
    workspaces.delete(world.store, world.workspace.key)
    world.pass_minutes(3)
    since = world.clock.now() - timedelta(days=1)
    found = world.store.journal.since(since, ("AlertNotEvaluated", "ReactionFailed"))
    assert [event.kind for event in found] == ["AlertNotEvaluated"]
    assert world.told() == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"criterion": {"metricName": "Fallen Runs"}}, "Couldn't find a metric named Fallen Runs"),
    ({"criterion": {"metricName": "Queued Runs"}}, "not measured"),
    ({"criterion": {"operator": "Near"}}, "'Near' is not a value of operator"),
    ({"criterion": {"threshold": "1"}}, "threshold must be a number"),
    ({"criterion": {"dimensions": [{"name": "Scenario"}]}}, "dimensions"),
    ({"criterion": {"criterionType": "DynamicThresholdCriterion"}}, "DynamicThreshold"),
    ({"evaluationFrequency": "PT2M"}, "evaluationFrequency"),
    ({"windowSize": "PT1M", "evaluationFrequency": "PT5M"}, "window size"),
    ({"severity": 5}, "severity"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["/subscriptions/s/resourceGroups/rg"]}, "there are no metrics of"),
    ({"actions": [{"actionGroupId": "/subscriptions/s/nowhere"}]}, "was not found"),
]


def test_a_wrong_rule_is_told_what_is_wrong(world: World) -> None:
    action_group(world)
    for changes, word in WRONG:
        status, refused = rule(world, **changes)
        assert (status, word in refused["error"]["message"]) == (400, True), refused


def test_latency_and_rate_of_an_endpoint_are_measured(world: World) -> None:
    endpoint = online_endpoints.save(
        world.store,
        OnlineEndpoint(workspace=world.workspace.key, name="scores", location="westeurope"),
    )
    action_group(world)
    target = f"{world.workspace.resource_id}/onlineEndpoints/scores"
    criterion = {
        "metricName": "RequestLatency",
        "timeAggregation": "Average",
        "threshold": 100,
        "metricNamespace": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
    }
    assert rule(world, scopes=[target], criterion=criterion)[0] == 200
    world.pass_minutes(1)
    assert world.told() == []  # no requests: no data, which meets nothing
    moment = world.clock.now()
    world.store.growing.add_requests([
        EndpointRequest(endpoint=endpoint.key, deployment="blue", at=moment, status=200,
                        milliseconds=ms, mirrored=mirrored)
        for ms, mirrored in ((50.0, False), (250.0, False), (9000.0, True))
    ])  # fmt: skip
    world.pass_minutes(1)
    met = world.told()[0]["body"]["data"]["alertContext"]["condition"]["allOf"][0]
    assert met["metricValue"] == 150.0
    rate = {"metricName": "RequestsPerMinute", "timeAggregation": "Maximum", "threshold": 1}
    assert rule(world, scopes=[target], criterion=rate)[0] == 200


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/x", "hooks", "https://management.azure.com/x", "",
        "https://a.example:port/x", "https://a.example:99999/x", "https://a.example:0/x",
        "https://a.example/\u00e9", "https://\u00e9.example/x", "https://a..example/x",
        "https://a.example/x y", "https://a.example/x\ny", "http://[::1/x",
    ],
)  # fmt: skip
def test_a_webhook_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        notification.check_url(url)


class Listener:
    """A webhook on loopback that answers with the statuses it was given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.bodies: list[dict[str, Any]] = []
        left, bodies = list(statuses), self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                bodies.append(json.loads(self.rfile.read(length)))
                self.send_response(left.pop(0) if left else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?a=b"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_posts_are_delivered_and_failures_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notification, "_PAUSES", (0.01, 0.01))
    listener, notifier = Listener(500), Notifier(world.store)
    try:
        notification.send(world.store, item="a", url=listener.url, body={"n": 1})
        assert notifier.work()
        assert listener.bodies == [{"n": 1}, {"n": 1}]  # tried again after the 500
        listener.close()
        notification.send(world.store, item="b", url=listener.url, body={"n": 2})
        assert notifier.work()
    finally:
        notifier.stop()
    assert not notifier.work()
    kinds = [e.kind for e in world.store.journal.since(
        world.clock.now() - timedelta(days=1), ("WebhookDelivered", "WebhookFailed"))]  # fmt: skip
    assert kinds == ["WebhookFailed", "WebhookDelivered"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/x", "http://127.0.0.1:1/\u00e9"])
def test_an_address_that_is_none_is_given_up_at_once(world: World, url: str) -> None:
    notifier = Notifier(world.store)
    notification.send(world.store, item="a", url=url, body={})
    assert notifier.work()
    notifier.stop()
    world.clock.advance(3600)
    assert not notifier.work()
    found = world.store.journal.since(world.clock.now() - timedelta(days=1), ("WebhookFailed",))
    assert [e.subject for e in found] == ["a"]
    assert "not valid" in found[0].data["reason"]


def test_a_rule_is_written_by_who_may_read_what_it_names(world: World) -> None:
    resource_groups.create_or_update(world.store, name="theirs", location="westeurope")
    group = action_group(world)
    scope = tenant.facts(world.store).subscription_scope + "/resourceGroups/theirs"
    who, _ = world.home.robot("Owner", scope=scope)
    path = f"{scope}/providers/Microsoft.Insights/metricAlerts/failures"
    status, made = rule(world)
    assert status == 200, made
    body = {"location": "global", "properties": made["properties"]}
    outsider = callers.arm(world.home, who)
    target = world.workspace.resource_id
    for linked, action in (
        (target, "Microsoft.MachineLearningServices/workspaces/read"),
        (group, "Microsoft.Insights/actionGroups/read"),
    ):
        status, refused = outsider("PUT", path, ALERTS, body)
        assert (status, refused["error"]["code"]) == (403, "LinkedAuthorizationFailed")
        assert refused["error"]["message"] == (
            f"The client '{who.app_id}' with object id '{who.object_id}' has permission to perform "
            f"action 'Microsoft.Insights/metricAlerts/write' on scope '{path}'; however, it does "
            f"not have permission to perform action '{action}' on the linked scope(s) '{linked}' "
            "or the linked scope(s) are invalid."
        ), linked
        role_assignments.assign(
            world.store, principal_id=who.object_id, role="Reader", scope=linked
        )  # fmt: skip
    assert outsider("PUT", path, ALERTS, body)[0] == 200
