"""Which tasks exist: for a run here, and for the service; and where each may run.

What the compiler is given to judge a task by.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from shipway.azpipelines.context import TaskTarget
from shipway.azpipelines.plan import CHECKOUT_TASK, DOWNLOAD_TASK, PUBLISH_TASK
from shipway.devops import built_in_tasks, extension_tasks, task_definitions, task_stubs
from shipway.devops.task_stubs import NO_STUBS, TaskStubs

STUB_HINT = (
    "A shipway.yml at the root of the repository can give it a stub: tasks: {'TASK': succeed}, "
    "fail or a script."
)
HINT = f"shipway has no such task. {STUB_HINT}"
SERVICE_HINT = f"If an extension of your organization brings it, name it. {STUB_HINT}"
"""What to do about a task that is missing; `TASK` stands for its name."""

REASONS: Mapping[str, str] = {
    "azurefunctionapp": "There are no function apps here.",
    "azuremonitor": "There is no Azure Monitor here to ask.",
    "azurepolicycheckgate": "There are no policies of Azure here.",
    "manualintervention": "Classic releases only; in YAML it is ManualValidation.",
    "mlpublishedpipelinerestapitask": (
        "Published pipelines belong to version 1 of the Azure ML SDK, which shipway does not "
        "serve; az ml job create submits a pipeline job."
    ),
    "publishtoazureservicebus": "There is no Service Bus here.",
    "queryworkitems": "There are no boards here.",
}
"""Why shipway lacks a task, for some that one could expect."""
Known = Mapping[str, Collection[int]]
_ON_SERVERS = {
    "AzureMLJobWaitTask": ("0.1.1", "1.0.1"),
    "MLPublishedPipelineRestAPITask": ("0.1.20",),
}


def of_runs(stubs: TaskStubs = NO_STUBS) -> Known:
    """The tasks that a run here can have: those of the agents, and the stubs."""
    return _joined((task_definitions.KNOWN, task_stubs.names_of(stubs)))


@lru_cache(maxsize=8)
def of_service(stubs: TaskStubs = NO_STUBS) -> Known:
    """The tasks that Azure takes: its own, those of extensions, what shipway has, the stubs."""
    built_in = {one.name: tuple(one.versions) for one in built_in_tasks.BUILT_IN}
    extensions = dict.fromkeys(extension_tasks.EXTENSION_TASKS, extension_tasks.ANY_VERSION)
    return _joined((built_in, extensions, task_definitions.KNOWN, task_stubs.names_of(stubs)))


def is_built_in(name: str, version: int) -> bool:
    """Whether Azure Pipelines brings the task itself."""
    wanted = name.lower()
    return any(
        wanted in (one.name.lower(), one.task_id) and version in one.versions
        for one in built_in_tasks.BUILT_IN
    )


@lru_cache(maxsize=1)
def names_by_id() -> Mapping[str, str]:
    """The names of Azure's own tasks by their ids."""
    return {one.task_id: one.name for one in built_in_tasks.BUILT_IN if one.task_id}


@lru_cache(maxsize=1)
def targets() -> Mapping[str, TaskTarget]:
    """Where tasks may run, by `name@major` in small letters; others may run anywhere."""
    found: dict[str, TaskTarget] = {}
    for one in built_in_tasks.BUILT_IN:
        for major, version in one.versions.items():
            target = TaskTarget(
                version=version, agent=one.place == "agent", server=one.place == "server"
            )
            found[f"{one.name.lower()}@{major}"] = target
    for task_id in (CHECKOUT_TASK, DOWNLOAD_TASK, PUBLISH_TASK):
        found[f"{task_id}@1"] = TaskTarget(version="1.0.0")
    for name, versions in _ON_SERVERS.items():
        for version in versions:
            key = f"{name.lower()}@{version.partition('.')[0]}"
            found[key] = TaskTarget(version=version, agent=False, server=True)
    return found


def _joined(tables: Iterable[Known]) -> Known:
    found: dict[str, Collection[int]] = {}
    spelled: dict[str, str] = {}
    for table in tables:
        for name, versions in table.items():
            key = spelled.setdefault(name.lower(), name)
            before = found.get(key, ())
            if isinstance(versions, range) or isinstance(before, range):
                found[key] = extension_tasks.ANY_VERSION
            else:
                found[key] = tuple(sorted({*before, *versions}))
    return found
