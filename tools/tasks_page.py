"""Writes the page of the tasks: what each does, its inputs with their rules, and its limits.

Everything stands in the definitions of the tasks. `--check` only says whether the page is current.
"""

import re
import sys
from collections.abc import Iterator

from tools import written_page

from shipway.agent.all_tasks import TASKS
from shipway.azpipelines.plan import CHECKOUT_TASK, DOWNLOAD_TASK, PUBLISH_TASK
from shipway.devops.task_definition import TaskDefinition
from shipway.devops.task_definitions import DEFINITIONS

_HEAD = """\
# Tasks

What a step's `task:` may name, with its inputs: names, aliases, defaults and rules are those of\
 the task on Azure.
A task that is not here is an error at its line, and can be given [a stub](../guides/task-stubs.md).
This page is written by `make tasks-page` from the definitions in the code.

Letter case of names does not count.
Inputs that a task does not have, values that it does not take and required ones that are missing\
 are warnings when a pipeline is validated; as on Azure, the step fails when it starts without a\
 required one: `Input required: NAME`.
A required input counts as missing only where its rule shows it.

"""
_STEPS = {CHECKOUT_TASK: "checkout", PUBLISH_TASK: "publish", DOWNLOAD_TASK: "download"}
_LONGEST_DEFAULT = 60


def page() -> str:
    """The whole page as Markdown."""
    tasks = sorted(DEFINITIONS, key=lambda one: (one.name in _STEPS, _title(one).lower()))
    parts = [_HEAD, "| task | what it does |\n|---|---|\n"]
    parts += [f"| [{_title(one)}](#{_anchor(one)}) | {one.summary} |\n" for one in tasks]
    parts += [text for one in tasks for text in _section(one)]
    return "".join(parts)


def _title(one: TaskDefinition) -> str:
    return _STEPS.get(one.name) or f"{one.name}@{one.version}"


def _anchor(one: TaskDefinition) -> str:
    """The anchor that mkdocs makes of a heading."""
    return re.sub(r"[^\w-]", "", _title(one).lower())


def _section(one: TaskDefinition) -> Iterator[str]:
    yield f"\n## {_title(one)}\n\n{one.summary}"
    yield " It holds no agent: for jobs with `pool: server`.\n" if one.runs_on_server else "\n"
    task = TASKS[one.name.lower(), one.version]
    notes = [f"Sets {', '.join(f'`{name}`' for name in one.sets)}."] if one.sets else []
    if task.before_job is not None:
        notes.append("Acts before the first step of the job when it is asked to.")
    notes += one.limits
    if notes:
        yield "\n" + "".join(f"- {note}\n" for note in notes)
    yield "\n| input | default | required | seen when | values |\n|---|---|---|---|---|\n"
    for name in one.inputs:
        yield _row(one, name)


def _row(one: TaskDefinition, name: str) -> str:
    aliases = [f"`{alias}`" for alias, real in one.aliases.items() if real == name]
    shown = f"`{name}`" + (f", also {', '.join(aliases)}" if aliases else "")
    default = one.inputs[name].replace("\n", " ")
    if len(default) > _LONGEST_DEFAULT:
        default = f"{default[:_LONGEST_DEFAULT].rstrip()} ..."
    values = ", ".join(f"`{value}`" for value in one.options.get(name, ()))
    if name in one.connections:
        values = f"a service connection of type `{one.connections[name]}`"
    rule = one.visible.get(name, "")
    cells = [
        shown, _code(default), "yes" if name in one.required else "", _code(rule), values,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


if __name__ == "__main__":
    sys.exit(written_page.main(page, description=__doc__, again="make tasks-page"))
