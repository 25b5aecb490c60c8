"""What a task asks for: its inputs, their defaults, when each is seen, which are required.

Source: the task.json files of microsoft/azure-pipelines-tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """One `name@major`.

    - `inputs`: each name and its default; `aliases`: a further name and the one in `inputs`.
    - `required`: what the task does not start without, unless its rule in `visible` hides it.
    - `visible`: an input and the rule that shows it, as `task_visibility` reads it.
    - `options`: an input and the values that it takes.
    - `connections`: an input that names a service connection, and the kind of the connection.
    - `summary`, `sets`, `limits`: what it does, the variables that it sets, and what it does not
      do here; for the table of tasks.
    """

    name: str
    version: int
    inputs: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    visible: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    runs_on_server: bool = False
    summary: str = ""
    sets: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def canonical(self, name: str) -> str | None:
        """The input that a name in any letter case stands for, or None."""
        wanted = name.lower()
        for alias, real in self.aliases.items():
            if alias.lower() == wanted:
                return real
        return next((one for one in self.inputs if one.lower() == wanted), None)
