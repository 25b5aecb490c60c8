"""An alert rule's time has come: measure, compare, and tell whom its action groups name.

Each rule that is enabled has one timer, due every evaluation. What is told goes to the queue that
`loop/notification.py` empties, so that nothing here waits for another machine.
Source: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-metric-overview
"""

from collections.abc import Mapping
from typing import Any

from shipway.azure.arm import resources
from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import tenant
from shipway.azure.monitor import alert_notices, alert_rules
from shipway.azure.monitor.alert_notices import Notice
from shipway.azure.monitor.alert_rules import AlertRule
from shipway.base import ids
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import ShipwayError
from shipway.base.messages import Event
from shipway.loop import notification
from shipway.ml import metrics
from shipway.store.store import Store
from shipway.store.timers import Timer

TIMER = "metric alert"
_STATE = "alert_state"


def on_saved(store: Store, resource: ArmResource) -> None:
    """A rule was written: look at it from now on, or no longer when it is disabled."""
    rule = alert_rules.read(resource.resource_id, resource.properties)
    if rule.is_enabled:
        _set_timer(store, rule)
    else:
        store.timers.cancel(_subject(rule.resource_id))


def on_removed(store: Store, resource: ArmResource) -> None:
    """A rule was deleted: its timer and what it remembered go with it."""
    store.timers.cancel(_subject(resource.resource_id))
    for document in store.documents.list(_STATE, prefix=f"{resource.resource_id.lower()}|"):
        store.documents.delete(_STATE, document.key)


def fire(store: Store, timer: Timer) -> None:
    """Its timer is due: evaluate each of its targets and set the next."""
    resource = resources.find(store, str(timer.data["rule"]))
    if resource is None:
        return
    rule = alert_rules.read(resource.resource_id, resource.properties)
    if not rule.is_enabled:
        return
    for target in rule.scopes:
        _evaluate(store, rule, target)
    _set_timer(store, rule)


def _evaluate(store: Store, rule: AlertRule, target: str) -> None:
    now, key = store.clock.now(), f"{rule.resource_id.lower()}|{target.lower()}"
    document = store.documents.find(_STATE, key)
    before: dict[str, Any] = document.body if document else {"alert_id": "", "calm": 0}
    try:
        values = tuple(
            metrics.measure(
                store, resource_id=target, metric=criterion.metric,
                aggregation=criterion.aggregation, end=now, window=rule.window,
            )
            for criterion in rule.criteria
        )  # fmt: skip
    except ShipwayError as error:
        # its target was deleted: Azure keeps the rule, too, and says so in its health; once
        if not before.get("is_lost"):
            store.documents.put(_STATE, key, {"alert_id": "", "calm": 0, "is_lost": True})
            _note(store, "AlertNotEvaluated", rule, {"target": target, "reason": str(error)})
        return
    is_met = all(c.is_met(v) for c, v in zip(rule.criteria, values, strict=True))
    was_fired = bool(before["alert_id"])
    if is_met and not (was_fired and rule.is_stateful):
        alert_id = ids.new_guid()
        state = {"alert_id": alert_id, "calm": 0, "fired_at": timestamp(now)}
        store.documents.put(_STATE, key, state)
        _tell(store, _notice(store, rule, target, state, values))
    elif is_met and was_fired:
        store.documents.put(_STATE, key, {**before, "calm": 0})
    elif was_fired:
        calm = int(before["calm"]) + 1
        if calm < alert_rules.CHECKS_TO_RESOLVE:
            store.documents.put(_STATE, key, {**before, "calm": calm})
            return
        store.documents.delete(_STATE, key)
        if rule.is_stateful:
            _tell(store, _notice(store, rule, target, before, values, is_resolved=True))


def _notice(
    store: Store,
    rule: AlertRule,
    target: str,
    state: Mapping[str, Any],
    values: tuple[float | None, ...],
    *,
    is_resolved: bool = False,
) -> Notice:
    return Notice(
        rule=rule, alert_id=str(state["alert_id"]), target=target,
        subscription=tenant.facts(store).subscription_id,
        fired_at=parse_timestamp(str(state["fired_at"])), at=store.clock.now(), values=values,
        is_resolved=is_resolved,
    )  # fmt: skip


def _tell(store: Store, notice: Notice) -> None:
    sent = []
    for group_id in notice.rule.action_groups:
        group = resources.find(store, group_id)
        if group is None or group.properties.get("enabled") is False:
            continue
        for receiver in group.properties.get("webhookReceivers") or ():
            wants_common = bool(receiver.get("useCommonAlertSchema"))
            body = (alert_notices.common if wants_common else alert_notices.classic)(notice)
            item = f"{_subject(notice.rule.resource_id)} {ids.new_guid()}"
            notification.send(store, item=item, url=str(receiver["serviceUri"]), body=body)
            sent.append(str(receiver["name"]))
    kind = "AlertResolved" if notice.is_resolved else "AlertFired"
    facts = {"target": notice.target, "alert": notice.alert_id, "values": list(notice.values)}
    _note(store, kind, notice.rule, {**facts, "webhooks": sent})


def _set_timer(store: Store, rule: AlertRule) -> None:
    store.timers.set(
        _subject(rule.resource_id), due=store.clock.now() + rule.frequency, kind=TIMER,
        subject=_subject(rule.resource_id), data={"rule": rule.resource_id},
    )  # fmt: skip


def _subject(resource_id: str) -> str:
    return f"alert {resource_id.lower()}"


def _note(store: Store, kind: str, rule: AlertRule, data: Mapping[str, Any]) -> None:
    facts = {"rule": rule.resource_id, **data}
    now = store.clock.now()
    store.journal.append(Event(kind=kind, subject=_subject(rule.resource_id), at=now, data=facts))
