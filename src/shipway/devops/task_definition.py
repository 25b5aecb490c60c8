"""What a task asks for: the names of its inputs, their defaults, what is required.

Source: the task.json files of microsoft/azure-pipelines-tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """One `name@major`.

    `inputs` maps each name to its default; `aliases` a further name to the one in `inputs`.
    """

    name: str
    version: int
    inputs: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    runs_on_server: bool = False
