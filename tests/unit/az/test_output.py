"""`--query` and `-o` print what the Azure CLI prints for the same result."""

from typing import Any

import pytest

from shipway.az.failure import CommandFailed
from shipway.az.output import render

ACCOUNT = {
    "name": "shipway", "isDefault": True, "id": "1", "user": {"name": "me"}, "tags": None,
    "managedByTenants": [], "state": "Enabled",
}  # fmt: skip

# result, format, query, what the Azure CLI prints
KNOWN: list[tuple[Any, str, str, str]] = [
    (ACCOUNT, "tsv", "name", "shipway\n"),
    (ACCOUNT, "tsv", "isDefault", "true\n"),  # alone in lower case,
    ([ACCOUNT], "tsv", "[].[name, isDefault]", "shipway\tTrue\n"),  # in a row as Python has it
    ([ACCOUNT], "tsv", "[].{s:state, n:name, x:nothing}", "Enabled\tshipway\tNone\n"),
    (ACCOUNT, "tsv", "", "1\tTrue\t0\tshipway\tEnabled\tNone\t\n"),  # in the keys' order
    (ACCOUNT, "tsv", "nothing", ""),
    ([], "tsv", "", ""),
    (["a", "b"], "tsv", "", "a\nb\n"),
    (None, "json", "", ""),
    ([], "json", "", "[]\n"),
    ({"b": 1, "a": "ä"}, "json", "", '{\n  "a": "ä",\n  "b": 1\n}\n'),
    ("text", "json", "", '"text"\n'),
    ({"b": {"d": 1}, "a": [1]}, "yaml", "", "a:\n- 1\nb:\n  d: 1\n"),
    (ACCOUNT, "none", "", ""),
    (
        [ACCOUNT], "table", "",
        "IsDefault    Name     State\n-----------  -------  -------\n"
        "True         shipway  Enabled\n",
    ),
    (
        [ACCOUNT], "table", "[].{state:state, name:name}",
        "State    Name\n-------  -------\nEnabled  shipway\n",
    ),
    (["x"], "table", "", "Result\n--------\nx\n"),
    ([["x", 1]], "table", "", "Column1    Column2\n---------  ---------\nx          1\n"),
    (
        {"id": "/subscriptions/s/resourceGroups/g/providers/p/t/n"}, "tsv", "resourceGroup", "g\n",
    ),
    ({"id": "azureml:/subscriptions/s/resourceGroups/g/x"}, "tsv", "resourceGroup", "g\n"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "form", "query", "printed"), KNOWN)
def test_a_result_is_printed_as_az_does(value: Any, form: str, query: str, printed: str) -> None:
    assert render(value, form=form, query=query) == printed


def test_a_query_that_does_not_parse_is_wrong_usage() -> None:
    with pytest.raises(CommandFailed, match=r"invalid jmespath_type value: '\[\?'") as caught:
        render(ACCOUNT, form="json", query="[?")
    assert caught.value.code == 2


def test_a_table_of_nothing_to_show_is_refused() -> None:
    with pytest.raises(CommandFailed, match="Table output unavailable"):
        render([{"id": "1", "nested": {"a": 1}}], form="table", query="")
