"""Which tasks agents run, with the inputs that matter: names, aliases, defaults, what is required.

Data only; `agent/all_tasks.py` holds what runs for each, and a house test keeps both in step.
Source: the task.json files of microsoft/azure-pipelines-tasks.
"""

from collections.abc import Mapping

from shipway.azpipelines.plan import CHECKOUT_TASK
from shipway.devops.task_definition import TaskDefinition
from shipway.devops.task_definitions_azure import AZURE_TASKS
from shipway.devops.task_definitions_files import FILE_TASKS
from shipway.devops.task_definitions_server import SERVER_TASKS
from shipway.devops.task_definitions_terraform import TERRAFORM_TASKS
from shipway.devops.task_definitions_tools import TOOL_TASKS

DEFINITIONS: tuple[TaskDefinition, ...] = (
    *FILE_TASKS,
    *AZURE_TASKS,
    *TERRAFORM_TASKS,
    *TOOL_TASKS,
    *SERVER_TASKS,
    TaskDefinition(
        name=CHECKOUT_TASK,
        version=1,
        summary="The step `checkout`: brings the sources of a repository.",
        inputs={
            "repository": "self",
            "clean": "",
            "fetchDepth": "1",
            "fetchFilter": "",
            "fetchTags": "false",
            "lfs": "false",
            "path": "",
            "persistCredentials": "false",
            "sparseCheckoutDirectories": "",
            "sparseCheckoutPatterns": "",
            "submodules": "",
            "workspaceRepo": "",
        },
    ),
)

KNOWN: Mapping[str, tuple[int, ...]] = {
    name: tuple(sorted(d.version for d in DEFINITIONS if d.name == name))
    for name in dict.fromkeys(d.name for d in DEFINITIONS)
}

_BY_NAME = {(one.name.lower(), one.version): one for one in DEFINITIONS}


def find(name: str, version: int) -> TaskDefinition | None:
    """The definition of a task, its name in any letter case and with or without a prefix."""
    return _BY_NAME.get((name.rsplit(".", 1)[-1].lower(), version))


CONNECTION_INPUTS: frozenset[str] = frozenset(
    name.lower()
    for one in DEFINITIONS
    for name in (*one.inputs, *one.aliases)
    if one.aliases.get(name, name) in one.connections
)
"""Every input that names a service connection, in small letters."""
