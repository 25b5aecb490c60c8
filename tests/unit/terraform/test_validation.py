"""What the schema's table forbids, with the words of the real providers and the place."""

from typing import Any

import pytest

from shipway.terraform import diagnostics, planner, validation
from shipway.terraform.resource import Problem
from shipway.terraform.schema import ProviderSchema
from shipway.terraform.unknown import UNKNOWN

PAIR = ["a", "b"]
BLOCK: dict[str, Any] = {
    "attributes": {
        "a": {"type": "string", "optional": True, "exactly_one_of": PAIR},
        "b": {"type": "string", "optional": True, "exactly_one_of": PAIR},
        "c": {"type": "string", "optional": True, "conflicts_with": ["d"]},
        "d": {"type": "string", "optional": True, "required_with": ["d", "e"]},
        "e": {"type": "string", "optional": True},
        "kind": {"type": "string", "optional": True, "allowed_values": ["x", "y z"]},
        "age": {"type": "number", "optional": True, "allowed_values": [1, 2]},
        "zones": {
            "type": ["list", "string"], "optional": True, "max_items": 2,
            "element_allowed_values": ["1", "2", "3"],
        },
        "old": {"type": "string", "optional": True, "deprecation_message": "Use `e`."},
    },
    "block_types": {
        "login": {
            "nesting_mode": "list", "max_items": 1,
            "block": {
                "attributes": {
                    "word": {
                        "type": "string", "optional": True,
                        "at_least_one_of": ["login.0.word", "login.0.key"],
                    },
                    "key": {
                        "type": "string", "optional": True,
                        "at_least_one_of": ["login.0.word", "login.0.key"],
                    },
                    "type": {"type": "string", "optional": True, "allowed_values": ["p"]},
                }
            },
        }
    },
}  # fmt: skip
SCHEMA = ProviderSchema(
    "azurerm",
    {
        "version": "1",
        "provider_config": {},
        "data_sources": {},
        "resources": {"t": {"block": BLOCK}},
    },
).resource("t")


def _problems(**config: Any) -> list[Problem]:
    values = planner.complete(SCHEMA.block, {"a": "x", **config})
    return list(validation.problems(SCHEMA.block, values))


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"kind": "y z", "age": 2, "zones": ["1", "3"], "login": [{"word": "w", "type": "p"}]},
        {"kind": UNKNOWN, "zones": UNKNOWN, "login": UNKNOWN},
        {"b": UNKNOWN},
        {"c": "x", "d": UNKNOWN, "e": "y"},
        {"zones": ["1", UNKNOWN, "9"]},
        {"login": [{"word": UNKNOWN}]},
    ],
)
def test_what_is_right_or_not_known_yet_is_let_through(config: dict[str, Any]) -> None:
    assert _problems(**config) == []


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        ({"kind": "z"}, "kind", 'expected kind to be one of ["x" "y z"], got z'),
        ({"age": 3}, "age", "expected age to be one of [1 2], got 3"),
        ({"zones": ["1", "9"]}, "zones.1", 'to be one of ["1" "2" "3"], got 9'),
        ({"zones": ["1", "2", "3"]}, "zones", "supports 2 item maximum, but config has 3"),
        ({"b": "y"}, "a", '"a": only one of `a,b` can be specified, but `a,b` were specified.'),
        ({"a": None}, "a", '"a": one of `a,b` must be specified'),
        ({"c": "1", "d": "2", "e": "3"}, "c", '"c": conflicts with d'),
        ({"d": "2"}, "d", '"d": all of `d,e` must be specified'),
        ({"login": [{}]}, "login.0.word", "one of `login.0.key,login.0.word` must be specified"),
        ({"login": [{"word": "w", "type": "q"}]}, "login.0.type", 'one of ["p"], got q'),
    ],
)
def test_what_is_wrong_is_said_once_and_where(
    config: dict[str, Any], path: str, words: str
) -> None:
    [problem] = _problems(**config)
    assert problem.path == path
    assert words in f"{problem.summary} {problem.detail}"
    assert diagnostics.of_problems(SCHEMA.block, [problem])[0]["attribute"]["steps"]


def test_a_deprecated_argument_is_a_warning() -> None:
    [problem] = _problems(old="x")
    assert (problem.summary, problem.detail) == ("Argument is deprecated", "Use `e`.")
    assert diagnostics.of_problems(SCHEMA.block, [problem])[0]["severity"] == 2


def test_a_path_becomes_steps() -> None:
    steps = diagnostics.steps(SCHEMA.block, "login.0.word")
    assert steps == [
        {"attribute_name": "login"}, {"element_key_int": 0}, {"attribute_name": "word"},
    ]  # fmt: skip
    assert diagnostics.steps(SCHEMA.block, "nowhere.0") == []
    assert diagnostics.steps(SCHEMA.block, "zones.1")[1] == {"element_key_int": 1}
