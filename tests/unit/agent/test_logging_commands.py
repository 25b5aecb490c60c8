"""The grammar of logging commands, and what the filter writes of them."""

import base64

import pytest

from shipway.agent import logging_commands, output_filter
from shipway.agent.masking import Masker
from shipway.base.sealing import seal, unseal

KEY = bytes(range(32))


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


@pytest.mark.parametrize(
    "line",
    [
        "##vso[task.setvariable variable=pw;issecret=true]hunter22",
        "##vso[task.settaskvariable variable=pw;issecret=true]hunter22",
        "##vso[task.setsecret]hunter22",
        "##vso[task.setendpoint id=x;field=authParameter;key=k]hunter22",
    ],
)
def test_a_declared_secret_never_passes_the_filter_in_clear(line: str) -> None:
    masker = Masker()
    written = output_filter.filtered(line, masker, KEY)
    assert "hunter22" not in written
    assert written.startswith(logging_commands.SEALED)
    assert unseal(written.removeprefix(logging_commands.SEALED), KEY) == line
    assert output_filter.filtered("it is hunter22!", masker, KEY) == "it is ***!"


def test_a_command_with_a_short_secret_keeps_its_name() -> None:
    line = "##vso[task.setvariable variable=color]blue"
    written = output_filter.filtered(line, Masker(["a"]), KEY)
    assert unseal(written.removeprefix(logging_commands.SEALED), KEY) == line
    assert output_filter.filtered("a plain line", Masker(["a"]), KEY) == "*** pl***in line"


def test_a_new_value_of_a_secret_variable_is_a_secret() -> None:
    masker, line = Masker(), "##vso[task.setvariable variable=Pw]hunter23"
    written = output_filter.filtered(line, masker, KEY, names={"pw"})
    assert unseal(written.removeprefix(logging_commands.SEALED), KEY) == line
    assert output_filter.filtered("it is hunter23!", masker, KEY) == "it is ***!"


def test_a_sealed_value_that_was_changed_is_refused() -> None:
    text = seal("value", KEY)
    with pytest.raises(ValueError, match="does not belong"):
        unseal(text, bytes(32))


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("plain-secret", "plain-secret"),
        ("x", "x"),
        ("two words", "two%20words"),
        ("two words", "two+words"),
        ("a/b?c", "a%2Fb%3Fc"),
        ('quo"te', 'quo\\"te'),
        ("käse", "k\\u00e4se"),
        ("tab\there", "tab\\there"),
        ("<a&b>'c\"", "&lt;a&amp;b&gt;&apos;c&quot;"),
        ("it's", "it''s"),
        ("it's", "it'\\''s"),
        ("'quoted'", "quoted"),
        ('"quoted"', "quoted"),
        (" spaced \n", "spaced"),
        ("100%", "100%AZP25"),
        ("one\ntwo", "one%0Atwo"),
        ("line-one\nline-two", "line-two"),
        ("secret1&secret2", "secret1&"),
        ("secret1&secret2", "secret2"),
        ("secret1&+secret2", "secret1&+"),
        ("hush", base64.b64encode(b"hush").decode()),
        ("hush?>", base64.urlsafe_b64encode(b"hush?>").decode()),
    ],
)
def test_a_secret_is_masked_in_every_form(secret: str, shown: str) -> None:
    assert Masker([secret]).mask(f"<{shown}>") == "<***>"


@pytest.mark.parametrize("before", ["", "a", "ab"])
@pytest.mark.parametrize("after", ["", "\n", "!!"])
def test_a_secret_is_masked_in_the_base64_of_a_longer_text(before: str, after: str) -> None:
    secret = "a-long-enough-secret"
    encoded = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    left = Masker([secret]).mask(encoded)
    assert "***" in left
    assert len(left) <= len("***") + 8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pass@host/x", "https://user:***@host/x"),
        ("https://user:p:a,s%20s@host", "https://user:***@host"),
        ("https://host:443/~user@x", "https://host:443/~user@x"),
        ("git@host:path", "git@host:path"),
    ],
)
def test_passwords_in_urls_are_masked(text: str, shown: str) -> None:
    assert Masker().mask(text) == shown
