"""The numbers that Azure Monitor knows of workspaces and online endpoints, measured here.

Knows: the journal, the requests of endpoints. Must not know: alerts, HTTP.
Source: https://learn.microsoft.com/azure/machine-learning/monitor-azure-machine-learning-reference
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipway.base.errors import BadInput, NotSupported
from shipway.base.messages import Event
from shipway.ml import online_endpoints, workspaces
from shipway.store.store import Store

WORKSPACES = "microsoft.machinelearningservices/workspaces"
ENDPOINTS = "microsoft.machinelearningservices/workspaces/onlineendpoints"

Counts = Callable[[Event], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """A metric of a workspace: events of these kinds, each counting one."""

    kinds: tuple[str, ...]
    counts: Counts


def _ended(status: str) -> _Counted:
    # a command's end is told by its compute, a pipeline's by the loop
    def counts(event: Event) -> bool:
        if event.kind == "JobEnded":
            return bool(event.data.get("status") == status)
        return bool(event.data.get("job_type") == "Pipeline")

    return _Counted(kinds=("JobEnded", f"Job{status}"), counts=counts)


def _each(*kinds: str) -> _Counted:
    return _Counted(kinds=kinds, counts=lambda _: True)


_OF_WORKSPACES: Mapping[str, _Counted] = {
    "Completed Runs": _ended("Completed"),
    "Failed Runs": _ended("Failed"),
    "Cancelled Runs": _ended("Canceled"),
    "Cancel Requested Runs": _each("JobCancelRequested"),
    "Not Started Runs": _each("JobSubmitted"),
    "Model Register Succeeded": _each("ModelVersionCreated"),
    "Model Deploy Started": _each("DeploymentRequested"),
    "Model Deploy Succeeded": _each("DeploymentSucceeded"),
    "Model Deploy Failed": _each("DeploymentFailed"),
}
_OF_ENDPOINTS = (
    "RequestsPerMinute", "RequestLatency", "RequestLatency_P50", "RequestLatency_P90",
    "RequestLatency_P95", "RequestLatency_P99",
)  # fmt: skip
# Azure has these as well; nothing here measures them
_NOT_MEASURED = frozenset({
    "Active Cores", "Active Nodes", "CpuCapacityMillicores", "CpuMemoryCapacityMegabytes",
    "CpuMemoryUtilizationMegabytes", "CpuMemoryUtilizationPercentage", "CpuUtilization",
    "CpuUtilizationMillicores", "CpuUtilizationPercentage", "DiskAvailMegabytes",
    "DiskReadMegabytes", "DiskUsedMegabytes", "DiskWriteMegabytes", "Errors", "Finalizing Runs",
    "GpuCapacityMilliGPUs", "GpuEnergyJoules", "GpuMemoryCapacityMegabytes",
    "GpuMemoryUtilization", "GpuMemoryUtilizationMegabytes", "GpuMemoryUtilizationPercentage",
    "GpuUtilization", "GpuUtilizationMilliGPUs", "GpuUtilizationPercentage",
    "IBReceiveMegabytes", "IBTransmitMegabytes", "Idle Cores", "Idle Nodes", "Leaving Cores",
    "Leaving Nodes", "Model Register Failed", "NetworkInputMegabytes", "NetworkOutputMegabytes",
    "Not Responding Runs", "Preempted Cores", "Preempted Nodes", "Preparing Runs",
    "Provisioning Runs", "Queued Runs", "Quota Utilization Percentage", "Started Runs",
    "Starting Runs", "StorageAPIFailureCount", "StorageAPISuccessCount", "Total Cores",
    "Total Nodes", "Unusable Cores", "Unusable Nodes", "Warnings", "ConnectionsActive",
    "DataCollectionErrorsPerMinute", "DataCollectionEventsPerMinute", "NetworkBytes",
    "NewConnectionsPerSecond",
})  # fmt: skip


def check(store: Store, *, resource_id: str, metric: str) -> None:
    """Whether that resource has that metric.

    Raises `NotFound` for no such resource, `BadInput` for a metric that Azure does not have and
    `NotSupported` for one that is not measured here.
    """
    key = _key_of(store, resource_id)
    known: Sequence[str] = _OF_ENDPOINTS if _endpoint_name(resource_id) else tuple(_OF_WORKSPACES)
    if metric in known:
        return
    hint = f"Measured here: {', '.join(known)}."
    if metric in _NOT_MEASURED:
        raise NotSupported(
            f"the metric '{metric}' of {key} is not measured", code="MetricNotSupported",
            status=400, where="metricName", hint=hint,
        )  # fmt: skip
    raise BadInput(
        f"Couldn't find a metric named {metric}. Make sure the name is correct",
        code="BadRequest", where="metricName", hint=hint,
    )  # fmt: skip


def measure(
    store: Store, *, resource_id: str, metric: str, aggregation: str, end: datetime,
    window: timedelta,
) -> float | None:  # fmt: skip
    """The metric over the window that ends at `end`; None where there is no data.

    Raises what `check` raises.
    """
    check(store, resource_id=resource_id, metric=metric)
    if _endpoint_name(resource_id):
        return _of_endpoint(store, resource_id, metric, aggregation, end, window)
    counted = _OF_WORKSPACES[metric]
    workspace = _key_of(store, resource_id)
    found = sum(
        1 for event in store.journal.since(end - window, counted.kinds)
        if _workspace_of(event) == workspace and counted.counts(event)
    )  # fmt: skip
    # each event is one sample of the value 1
    return float(found) if aggregation in ("Total", "Count") else (1.0 if found else None)


def _of_endpoint(
    store: Store, resource_id: str, metric: str, aggregation: str, end: datetime, window: timedelta
) -> float | None:
    workspace, name = _key_of(store, resource_id), _endpoint_name(resource_id)
    endpoint = online_endpoints.get(store, workspace=workspace, name=name)
    found = [
        r for r in store.growing.requests_since(endpoint.key, end - window)
        if r.at <= end and not r.mirrored
    ]  # fmt: skip
    if metric == "RequestsPerMinute":
        minutes = _per_minute([r.at for r in found], end, window)
        return _aggregate(minutes, aggregation)
    times = sorted(r.milliseconds for r in found)
    if not times:
        return None
    if "_P" in metric:
        return _percentile(times, int(metric.rpartition("_P")[2]))
    return _aggregate(times, aggregation)


def _per_minute(moments: Sequence[datetime], end: datetime, window: timedelta) -> list[float]:
    counts = [0.0] * max(1, int(window.total_seconds() // 60))
    for moment in moments:
        index = int((end - moment).total_seconds() // 60)
        counts[min(index, len(counts) - 1)] += 1
    return counts


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _aggregate(values: Sequence[float], aggregation: str) -> float:
    return {
        "Average": sum(values) / len(values), "Count": float(len(values)), "Total": sum(values),
        "Minimum": min(values), "Maximum": max(values),
    }[aggregation]  # fmt: skip


def _workspace_of(event: Event) -> str:
    return str(event.data.get("workspace") or "").lower()


def _endpoint_name(resource_id: str) -> str:
    parts = resource_id.strip("/").split("/")
    is_endpoint = len(parts) == 10 and parts[8].lower() == "onlineendpoints"
    return parts[9] if is_endpoint else ""


def _key_of(store: Store, resource_id: str) -> str:
    """The workspace's key. Raises `BadInput` for another kind of resource, `NotFound`."""
    key = workspaces.key_of_resource_id(resource_id)
    depth = len(resource_id.strip("/").split("/"))
    if key is None or (depth != 8 and not _endpoint_name(resource_id)):
        raise NotSupported(
            f"there are no metrics of '{resource_id}'", code="MetricNotSupported", status=400,
            where="scopes", hint="Metrics are those of Azure ML workspaces and online endpoints.",
        )  # fmt: skip
    workspaces.get(store, key)
    if _endpoint_name(resource_id):
        online_endpoints.get(store, workspace=key, name=_endpoint_name(resource_id))
    return key
