"""Writes the page of Terraform's types: what each provider serves and what it refuses.

Knows the convention of azurerm's modules: a `NOUN`, or a `TYPE_NAME` with `RULES`. `--check` only
says whether the page is current.
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from tools import written_page

import shipway.terraform.resources.azurerm
from shipway.terraform.resources.azuread.refusals import REFUSALS as DIRECTORY_REFUSALS
from shipway.terraform.resources.azuredevops.refusals import REFUSALS
from shipway.terraform.resources.azurerm.rules import Kept, Only, Refused

COMMAND = "python -m tools.terraform_page docs/reference/terraform-types.md"
_HEAD = f"""\
# Terraform types

What shipway's stand-ins for the three providers serve, and the version whose schemas they mirror.
This page is written by `{COMMAND}` from the tables in the code.

Another type is refused by Terraform: "does not support resource type".
"""
_REFUSED = """\
## What azurerm refuses

Such a value is an error at its line, with the reason; the default is taken.
Names and other values are held to the same rules as by the real provider.
"""
_REFUSED_DIRECTORY = """\
## What azuread refuses

Such a value is an error at its line, with the reason.
"""
_REFUSED_DEVOPS = """\
## What azuredevops refuses

Such a value is an error of the plan, with a way out; a state that has it is left alone.
"""
_KEPT = """\
## What has no effect

Such a setting is kept and read back, and a warning says so.
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for provider in ("azurerm", "azuread", "azuredevops"):
        table = json.loads((files("shipway.terraform") / f"schemas/{provider}.json").read_text())
        parts.append(f"## {provider} {table['version']}\n")
        for kind, words in (("resources", "Resources"), ("data_sources", "Data sources")):
            names = [f"`{name.removeprefix(provider + '_')}`" for name in sorted(table[kind])]
            parts.append(f"{words}: {', '.join(names)}.\n")
    parts += [_REFUSED, _table(_rows("rules", Refused | Only))]
    parts += [_REFUSED_DIRECTORY, _table(_directory_rows())]
    parts += [_REFUSED_DEVOPS, _table(_devops_rows())]
    parts += [_KEPT, _table(_rows("warnings", Kept))]
    return "\n".join(parts).rstrip() + "\n"


def _table(rows: Iterator[tuple[str, str, str]]) -> str:
    lines = ["| type | attribute | why |", "|---|---|---|"]
    lines += [f"| `{kind}` | {attribute} | {why} |" for kind, attribute, why in sorted(rows)]
    return "\n".join(lines) + "\n"


def _rows(kind: str, wanted: Any) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401  # classes
    for type_name, rules in _modules(kind):
        for path, rule in rules.items():
            if isinstance(rule, wanted):
                yield type_name.removeprefix("azurerm_"), _attribute(path, rule), rule.why


def _directory_rows() -> Iterator[tuple[str, str, str]]:
    for noun, refusals in DIRECTORY_REFUSALS.items():
        for name, why in refusals.items():
            yield noun, f"`{name}`", why


def _devops_rows() -> Iterator[tuple[str, str, str]]:
    for noun, refusals in REFUSALS.items():
        for path, one in refusals.items():
            values = " or ".join(f"`{json.dumps(value)}`" for value in one.allowed)
            yield noun, f"`{path}`" + (f" but {values}" if values else ""), one.why


def _modules(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    package = shipway.terraform.resources.azurerm
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        noun = getattr(module, "NOUN", None)
        if noun is not None:
            yield noun.type_name, getattr(noun, kind)
        elif kind == "rules" and hasattr(module, "RULES"):
            yield module.TYPE_NAME, module.RULES


def _attribute(path: str, rule: Refused | Only | Kept) -> str:
    if isinstance(rule, Only):
        values = " or ".join(f"`{json.dumps(value)}`" for value in rule.allowed)
        return f"`{path}` but {values}"
    if isinstance(rule, Kept):
        value = "" if rule.when is None else f" = {json.dumps(rule.when)}"
        return f"`{path.removesuffix('.name')}{value}`"
    return f"`{path}`"


if __name__ == "__main__":
    sys.exit(written_page.main(page, description=__doc__, again=COMMAND))
