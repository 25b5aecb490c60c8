"""`-o json|jsonc|yaml|yamlc|tsv|table|none` and `--query`, as the Azure CLI prints them.

Its rules, which scripts rely on: keys are sorted unless a query chose them; a table leaves out
`id`, `type`, `etag`, what is empty and what is nested; a lone boolean is `true` in tsv, one in a
row is `True`; a result of nothing prints nothing.
Source: https://learn.microsoft.com/cli/azure/format-output-azure-cli
"""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import jmespath
import yaml
from jmespath.exceptions import JMESPathError

from shipway.az.failure import CommandFailed, usage

FORMATS = ("json", "jsonc", "yaml", "yamlc", "tsv", "table", "none")
_NOT_IN_TABLES = ("id", "type", "etag")
_CHOSEN = jmespath.Options(OrderedDict)


def render(value: Any, *, form: str, query: str) -> str:  # noqa: ANN401  # any JSON value
    """The text of a command's result.

    Raises `CommandFailed` for a query that does not parse, and for a table without columns.
    """
    value = _with_groups(_plain(value))
    if query:
        try:
            value = jmespath.search(query, value, _CHOSEN)
        except JMESPathError as error:
            raise usage(
                f"argument --query: invalid jmespath_type value: '{query}'\n{error}"
            ) from None
    if value is None or form == "none":
        return ""
    if form in ("json", "jsonc"):
        return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if form in ("yaml", "yamlc"):
        text = json.loads(json.dumps(value))
        return str(yaml.safe_dump(text, default_flow_style=False, allow_unicode=True))
    rows = value if isinstance(value, list) else [value]
    return _tsv(rows) if form == "tsv" else _table(rows, is_sorted=not query)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """The SDK's own mappings as dicts; whatever JSON has no word for as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _with_groups(value: Any) -> Any:  # noqa: ANN401
    """What has an ARM id gets its resource group beside it, as in everything that `az` prints."""
    if isinstance(value, list):
        return [_with_groups(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    parts = str(value.get("id", "")).split("/")
    found = {key: _with_groups(inner) for key, inner in value.items()}
    is_resource = len(parts) > 4 and parts[3].lower() == "resourcegroups"
    if is_resource and "resourcegroup" not in {key.lower() for key in value}:
        found["resourceGroup"] = parts[4]
    return found


def _tsv(rows: Sequence[Any]) -> str:
    return "".join("\t".join(_cells(row)) + "\n" for row in rows)


def _cells(row: Any) -> list[str]:  # noqa: ANN401
    if isinstance(row, OrderedDict):
        return [_cell(inner) for inner in row.values()]
    if isinstance(row, Mapping):
        return [_cell(row[key]) for key in sorted(row)]
    if isinstance(row, list):
        return [_cell(inner) for inner in row]
    return [str(row).lower() if isinstance(row, bool) else _cell(row)]


def _cell(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, Mapping) else str(value)


def _table(rows: Sequence[Any], *, is_sorted: bool) -> str:
    lines = [_columns(row, is_sorted=is_sorted) for row in rows]
    head = list(dict.fromkeys(name for line in lines for name in line))
    if not lines:
        return "\n"
    if not head:
        raise CommandFailed(
            "Table output unavailable. Use the --query option to specify an appropriate query. "
            "Use --debug for more info."
        )
    cells = [[str(line.get(name, "")) for name in head] for line in lines]
    # a column is wider than its name by two at least: so does the CLI's printer of tables
    widths = [max(len(n) + 2, *(len(line[i]) for line in cells)) for i, n in enumerate(head)]
    shown = [head, ["-" * width for width in widths], *cells]
    return "".join(_line(line, widths) + "\n" for line in shown)


def _columns(row: Any, *, is_sorted: bool) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(row, list):
        return {f"Column{number}": cell for number, cell in enumerate(row, start=1)}
    if not isinstance(row, Mapping):
        return {"Result": row}
    keys = sorted(row) if is_sorted else list(row)
    return {
        key[:1].upper() + key[1:]: row[key]
        for key in keys
        if key not in _NOT_IN_TABLES
        and row[key] is not None
        and not isinstance(row[key], list | Mapping)
    }


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()
