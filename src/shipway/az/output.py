"""`-o json|jsonc|yaml|yamlc|tsv|table|none` and `--query`, as the Azure CLI prints them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import jmespath
import yaml
from jmespath.exceptions import JMESPathError

from shipway.az.failure import usage

FORMATS = ("json", "jsonc", "yaml", "yamlc", "tsv", "table", "none")


def render(value: Any, *, form: str, query: str) -> str:  # noqa: ANN401  # any JSON value
    """The text of a command's result. Raises `CommandFailed` for a query that does not parse."""
    if query:
        try:
            value = jmespath.search(query, value)
        except JMESPathError as error:
            raise usage(
                f"argument --query: invalid jmespath_type value: '{query}': {error}"
            ) from None
    if value is None or form == "none":
        return ""
    if form in ("json", "jsonc"):
        return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
    if form in ("yaml", "yamlc"):
        return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))
    return _tsv(value) if form == "tsv" else _table(value)


def _tsv(value: Any) -> str:  # noqa: ANN401
    rows = value if isinstance(value, list) else [value]
    return "".join("\t".join(_cells(row)) + "\n" for row in rows)


def _cells(row: Any) -> list[str]:  # noqa: ANN401
    if isinstance(row, Mapping):
        return [_cell(v) for v in row.values()]
    if isinstance(row, list):
        return [_cell(v) for v in row]
    return [_cell(row)]


def _cell(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, Mapping) else str(value)


def _table(value: Any) -> str:  # noqa: ANN401
    rows = [row if isinstance(row, Mapping) else {"Result": row} for row in _rows(value)]
    head = list(dict.fromkeys(key for row in rows for key, v in row.items() if _is_plain(v)))
    if not head:
        return ""
    cells = [[_cell(row.get(key)) for key in head] for row in rows]
    names = [key[:1].upper() + key[1:] for key in head]
    widths = [max(len(line[i]) for line in [names, *cells]) for i in range(len(head))]
    lines = [_line(names, widths), _line(["-" * w for w in widths], widths)]
    lines += [_line(line, widths) for line in cells]
    return "\n".join(lines) + "\n"


def _rows(value: Any) -> Sequence[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]


def _is_plain(value: Any) -> bool:  # noqa: ANN401
    return not isinstance(value, Mapping | list)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()
