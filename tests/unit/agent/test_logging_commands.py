"""The grammar of logging commands, and what the filter writes of them."""

import json
from pathlib import Path

import pytest

from shipway.agent import logging_commands, output_filter
from shipway.agent.masking import Masker
from shipway.base.sealing import seal, unseal

KEY = bytes(range(32))
VECTORS = Path(__file__).parents[4] / "shared" / "vectors"


@pytest.mark.parametrize(
    ("line", "name", "properties", "data"),
    [
        ("##vso[task.setvariable variable=a;isOutput=true]v", "task.setvariable",
         {"variable": "a", "isOutput": "true"}, "v"),
        ("> ##VSO[Task.Debug]x", "task.debug", {}, "x"),
        ("##vso[area.event k1=;k2=v]", "area.event", {"k2": "v"}, ""),
        ("##vso[a.b k=%3B%5D%AZP25]%0A", "a.b", {"k": ";]%"}, "\n"),
    ],
)  # fmt: skip
def test_a_command_parses(line: str, name: str, properties: dict[str, str], data: str) -> None:
    command = logging_commands.parse(line)
    assert command is not None
    assert (command.name, dict(command.properties), command.data) == (name, properties, data)


@pytest.mark.parametrize("line", ["plain", "##vso[task.debug", "##vso[task]x", "##vso[a.b.c]x"])
def test_what_is_no_command_gives_none(line: str) -> None:
    assert logging_commands.parse(line) is None


def test_escape_is_undone_by_unescape() -> None:
    text = "a;b]c\r\nd%AZP25%3B"
    assert logging_commands.unescape(logging_commands.escape(text)) == text


def test_a_declared_secret_never_passes_the_filter_in_clear() -> None:
    masker = Masker()
    line = "##vso[task.setvariable variable=pw;issecret=true]hunter22"
    written = output_filter.filtered(line, masker, KEY)
    assert "hunter22" not in written
    command = logging_commands.parse(written)
    assert command is not None
    assert command.flag("sealed")
    assert unseal(command.data, KEY) == "hunter22"
    assert output_filter.filtered("it is hunter22!", masker, KEY) == "it is ***!"


def test_a_sealed_value_that_was_changed_is_refused() -> None:
    text = seal("value", KEY)
    with pytest.raises(ValueError, match="does not belong"):
        unseal(text, bytes(32))


@pytest.mark.parametrize("secret", ['quo"te', "two words", "käse", "plain-secret-value"])
def test_a_secret_is_masked_in_every_form(secret: str) -> None:
    import base64
    from urllib.parse import quote

    masker = Masker([secret])
    forms = [secret, json.dumps(secret)[1:-1] if secret.isascii() else secret, quote(secret)]
    forms.append(base64.b64encode(secret.encode()).decode())
    for form in forms:
        assert masker.mask(f"<{form}>") == "<***>"


def _vectors(name: str) -> list[dict[str, object]]:
    file = VECTORS / name
    return list(json.loads(file.read_text())["vectors"]) if file.exists() else []


# the setting DECODE_PERCENTS of today's agents is on; the other is not offered
@pytest.mark.parametrize(
    "vector", [v for v in _vectors("logging_command_parse.json") if v.get("decode_percents", True)]
)
def test_parse_agrees_with_the_agent(vector: dict[str, object]) -> None:
    command = logging_commands.parse(str(vector["line"]))
    assert (command is not None) == vector["ok"]
    if command is not None and "properties" in vector:
        assert dict(command.properties) == vector["properties"]
        assert command.data == vector["data"]


@pytest.mark.parametrize("vector", _vectors("secret_masking.json"))
def test_masking_agrees_with_the_agent(vector: dict[str, object]) -> None:
    values = [str(v) for v in vector.get("values", [])]  # type: ignore[attr-defined]
    shortest = max(1, int(str(vector.get("min_secret_length", 1))))
    text = str(vector["input"] or "")
    assert Masker(values, shortest=shortest).mask(text) == vector["expected"]
