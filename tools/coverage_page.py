"""Writes the page of what is served: every route, task, function and `az` command by table.

Knows the convention of the tables: in each `shipway.wire.PROTOCOL.table` a function whose name has
`routes` in it gives the rows; its first parameter is the store, others are parts of a running
server, which no row looks at. `--check` only says whether the page is current.
"""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tools import written_page

import shipway.wire
from shipway.agent.all_tasks import TASKS
from shipway.az.all_commands import COMMANDS
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.ml.curated_environments import CURATED
from shipway.store.store import Store, open_store
from shipway.wire.blob.table import OPERATIONS
from shipway.wire.http import Route

_HEAD = """\
# What is served

Every route, task, function and `az` command that is there; what is not here is refused by name.
This page is written by `make coverage-page` from the tables in the code.

`{ws}` is the path of an Azure ML workspace, `/subscriptions/...`;
`{ml}` is `Microsoft.MachineLearningServices`.
"""
_PROVIDER = "Microsoft.MachineLearningServices"
_WORKSPACE = (
    "/subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
)
# checkout and the shorthands for artifacts have ids for names
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TITLES = {
    "arm": "Azure Resource Manager",
    "blob": "Blob Storage",
    "devops": "Azure DevOps",
    "entra": "Microsoft Entra ID",
    "graph": "Microsoft Graph",
    "ml": "Azure Machine Learning",
    "mlflow": "MLflow",
    "owner": "The owner's API",
    "storage": "Queue, table and file services",
    "vault": "Azure Key Vault",
}


class _AnyPart:
    """Stands for a part of a running server while its routes are listed, never called."""

    def __getattr__(self, name: str) -> "_AnyPart":
        return self


def tables() -> Iterator[tuple[str, ModuleType]]:
    """Each protocol's folder and its table; the worlds' before ARM's, which includes theirs."""
    folders = sorted(
        (found.name for found in pkgutil.iter_modules(shipway.wire.__path__) if found.ispkg),
        key=lambda name: (name == "arm", name),
    )
    for folder in folders:
        name = f"shipway.wire.{folder}.table"
        if importlib.util.find_spec(name):
            yield folder, importlib.import_module(name)


def routes_of(table: ModuleType, store: Store) -> Iterator[tuple[str, tuple[Route, ...]]]:
    """The table's own functions that give routes, with what they give."""
    functions = inspect.getmembers(table, inspect.isfunction)
    for name, function in sorted(functions, key=lambda found: (found[0] == "routes", found[0])):
        if "routes" not in name or name.startswith("_") or function.__module__ != table.__name__:
            continue
        parts: list[Any] = [_AnyPart()] * (len(inspect.signature(function).parameters) - 1)
        yield name, tuple(function(store, *parts))


def page(store: Store) -> str:
    """The whole page as Markdown."""
    text, seen = [_HEAD], set[tuple[str, str]]()
    for folder, table in tables():
        text.append(f"## {_TITLES.get(folder, folder)}\n")
        for name, routes in routes_of(table, store):
            # `routes` is the sum: what stands in a section of its own is not repeated
            rows = [r for r in routes if name != "routes" or (r.method, r.pattern) not in seen]
            seen |= {(route.method, route.pattern) for route in routes}
            if name != "routes":
                text.append(f"### {name.replace('routes', '').strip('_').replace('_', ' ')}\n")
            text += _blob_rows() if folder == "blob" else _rows(rows)
    text += [
        "## Tasks\n",
        "Steps that are no tasks: `checkout`, `script`, `bash`, `publish`, `download`.\n",
        _words(f"{t.name}@{t.version}" for t in TASKS.values() if not _GUID.fullmatch(t.name)),
        "## Commands of the stand-in for `az`\n",
        "For steps and jobs on a machine without the Azure CLI and its ml extension.\n",
        _words(f"az {words}" for words in COMMANDS),
        "## Curated environments\n",
        "As `azureml://registries/azureml/environments/NAME/labels/latest`.\n",
        _words(CURATED),
        "## Functions of pipeline expressions\n",
        _words(spec.name for spec in FUNCTIONS.values()),
    ]
    return "\n".join(text)


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) + ".\n"


def _rows(rows: Iterable[Route]) -> list[str]:
    return ["| method | path | permission |", "|---|---|---|", *map(_row, rows), ""]


def _blob_rows() -> list[str]:
    """Operations have names there; their routes are told apart by parameters."""
    rows = [f"| {one.name} | {one.method} | `{one.path}` | `{one.action}` |" for one in OPERATIONS]
    return ["| operation | method | path | permission |", "|---|---|---|---|", *rows, ""]


def _row(route: Route) -> str:
    pattern = route.pattern.replace(_WORKSPACE, "{ws}", 1).replace("|", "\\|") or "/"
    action = f"`{route.action.replace(_PROVIDER, '{ml}', 1)}`" if route.action else ""
    return f"| {route.method} | `{pattern}` | {action} |"


def _page_of_a_fresh_home() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return page(open_store(Home(Path(folder) / "home"), SystemClock()))


if __name__ == "__main__":
    sys.exit(
        written_page.main(_page_of_a_fresh_home, description=__doc__, again="make coverage-page")
    )
