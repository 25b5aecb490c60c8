"""The agent's own cases, where `../shared/vectors` stands beside us: commands, masks, variables."""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.agent import logging_commands
from shipway.agent.commands import variables as variable_commands
from shipway.agent.commands.target import Restricted
from shipway.agent.locked_variables import LOCKED
from shipway.agent.masking import Masker
from shipway.agent.variables import JobVariables
from shipway.azpipelines.plan import StepTarget
from shipway.base.errors import Forbidden

FOLDER = Path(__file__).parents[3] / "shared" / "vectors"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the folder shared/vectors does not stand beside the checkout"
)


def _vectors(name: str, key: str = "vectors") -> list[Any]:
    file = FOLDER / f"{name}.json"
    return list(json.loads(file.read_text("utf-8"))[key]) if file.exists() else []


# the setting DECODE_PERCENTS of today's agents is on; the other is not offered
@pytest.mark.parametrize(
    "vector", [v for v in _vectors("logging_command_parse") if v.get("decode_percents", True)]
)
def test_a_line_parses_as_the_agent_parses_it(vector: dict[str, Any]) -> None:
    command = logging_commands.parse(vector["line"])
    assert (command is not None) == vector["ok"]
    if command is not None and "properties" in vector:
        assert dict(command.properties) == vector["properties"]
        assert command.data == vector["data"]


@pytest.mark.parametrize("vector", _vectors("logging_command_tasklib"))
def test_what_tasks_write_is_read(vector: dict[str, Any]) -> None:
    line, message = vector.get("line") or vector["expected"], vector["message"]
    command = logging_commands.parse(line)
    assert command is not None
    assert (command.name, command.data) == (vector["command"].lower(), message)
    properties = {
        name: ",".join(value) if isinstance(value, list) else value
        for name, value in (vector["properties"] or {}).items()
    }
    assert dict(command.properties) == properties


@pytest.mark.parametrize("vector", _vectors("secret_masking"))
def test_masking_agrees_with_the_agent(vector: dict[str, Any]) -> None:
    shortest = max(1, vector.get("min_secret_length", 1))
    masker = Masker(vector.get("values", []), shortest=shortest)
    assert masker.mask(vector["input"] or "") == vector["expected"]


@pytest.mark.parametrize("vector", _vectors("deactivate_vso_commands"))
def test_texts_from_elsewhere_hold_no_command(vector: dict[str, Any]) -> None:
    assert logging_commands.deactivated(vector["input"] or "") == vector["expected"]


class _Limited:
    """As much of a step as the limits on variables look at."""

    def __init__(self, settable: list[str] | None) -> None:
        names = None if settable is None else tuple(settable)
        self.target = StepTarget(settable_variables=names)


@pytest.mark.parametrize("vector", _vectors("settable_variables"))
def test_every_limit_on_variables_counts(vector: dict[str, Any]) -> None:
    allowed = True
    for settable in vector["restrictions"]:
        try:
            variable_commands.require_settable(_Limited(settable), vector["variable"])
        except Restricted:
            allowed = False
    assert allowed == vector["allowed"]


# variables are never unset here
@pytest.mark.parametrize(
    "vector", [v for v in _vectors("variables_macro", "set_ops") if v["test"] != "Unset"]
)
def test_setting_variables(vector: dict[str, Any]) -> None:
    found = JobVariables()
    for _, name, *more in vector["ops"]:
        found.set(name, more[0] or "", is_secret=more[1], is_read_only="readonly" in more[2:])
    for name, value in vector.get("expected", {}).items():
        assert (found.get(name) if name in found else None) == value
    if "public_count" in vector:
        assert len(found.environment()) == vector["public_count"]
    for name, locked in vector.get("expected_readonly", {}).items():
        assert _is_locked(found, name) == locked


def _is_locked(variables: JobVariables, name: str) -> bool:
    try:
        variables.require_unlocked(name)
    except Forbidden:
        return True
    return name.lower() in LOCKED
