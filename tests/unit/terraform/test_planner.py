"""The rules of planning, each on a table of a few lines."""

from typing import Any

import pytest

from shipway.terraform import planner
from shipway.terraform.resource import Change, TerraformResource, Values
from shipway.terraform.schema import ProviderSchema, TypeSchema
from shipway.terraform.unknown import UNKNOWN

BLOCK: dict[str, Any] = {
    "attributes": {
        "id": {"type": "string", "optional": True, "computed": True},
        "name": {"type": "string", "required": True, "force_new": True},
        "place": {"type": "string", "optional": True, "force_new": True},
        "note": {"type": "string", "optional": True},
        "size": {"type": "number", "optional": True, "default": 3},
        "on": {"type": "bool", "optional": True, "default": True},
        "quiet": {"type": "bool", "optional": True},
        "level": {"type": "string", "optional": True, "computed": True},
        "url": {"type": "string", "computed": True},
        "tags": {"type": ["map", "string"], "optional": True},
        "zones": {"type": ["set", "string"], "optional": True},
        "secret": {"type": "string", "optional": True, "write_only": True, "sensitive": True},
    },
    "block_types": {
        "rule": {
            "nesting_mode": "set",
            "block": {
                "attributes": {
                    "port": {"type": "number", "required": True},
                    "kind": {"type": "string", "optional": True, "default": "tcp"},
                    "rank": {"type": "number", "computed": True},
                }
            },
        },
        "network": {
            "nesting_mode": "list", "max_items": 1, "optional": True, "computed": True,
            "block": {"attributes": {"action": {"type": "string", "required": True}}},
        },
        "disk": {
            "nesting_mode": "list",
            "block": {
                "attributes": {
                    "label": {"type": "string", "required": True, "force_new": True},
                    "gib": {"type": "number", "optional": True},
                    "serial": {"type": "string", "computed": True},
                }
            },
        },
        "seal": {
            "nesting_mode": "list", "force_new": True,
            "block": {"attributes": {"word": {"type": "string", "optional": True}}},
        },
    },
}  # fmt: skip
CONTENT = {
    "version": "1.0.0",
    "provider_config": {},
    "resources": {"toy": {"schema_version": 0, "timeouts": {}, "block": BLOCK}},
    "data_sources": {},
}
SCHEMA: TypeSchema = ProviderSchema("azurerm", CONTENT).resource("toy")


def _resource(**more: Any) -> TerraformResource:
    return TerraformResource(
        type_name="toy",
        create=lambda _, given: given,
        read=lambda _, state: state,
        delete=lambda _, __: None,
        **more,
    )


def _config(**values: Any) -> Values:
    return planner.complete(SCHEMA.block, {"name": "n", **values})


def _plan(config: Values, prior: Values | None = None, **more: Any) -> planner.Plan:
    return planner.plan(_resource(**more), SCHEMA, prior=prior, config=config)


def _state(config: Values, **more: Any) -> Values:
    """What would be saved after this configuration was applied."""
    planned = planner.without_unknowns(SCHEMA.block, _plan(config).values)
    planned |= {"id": "1", "url": "u", "level": planned["level"] or "basic"}
    planned["network"] = planned["network"] or [{"action": "Allow"}]
    for n, rule in enumerate(planned["rule"]):
        rule["rank"] = n
    for disk in planned["disk"]:
        disk["serial"] = "s"
    return {**planned, **more}


def test_create_fills_defaults_and_leaves_computed_ones_unknown() -> None:
    values = _plan(_config(note="hi")).values
    assert (values["name"], values["note"], values["size"], values["on"]) == ("n", "hi", 3, True)
    assert values["id"] is UNKNOWN
    assert values["url"] is UNKNOWN
    assert values["level"] is UNKNOWN
    assert values["network"] is UNKNOWN
    assert values["place"] is None
    assert values["rule"] == []


def test_the_same_configuration_again_changes_nothing() -> None:
    config = _config(
        note="hi", tags={"a": "b"}, zones=["2", "1"], rule=[{"port": 80}, {"port": 443}],
        disk=[{"label": "a"}], seal=[{"word": None}],
    )  # fmt: skip
    state = _state(config)
    state["zones"] = ["1", "2"]
    state["rule"] = state["rule"][::-1]
    planned = _plan(config, state)
    assert planner.same(SCHEMA.block.type, planned.values, state)
    assert planned.requires_replace == set()
    assert planned.values["zones"] == state["zones"]


@pytest.mark.parametrize(("name", "prior"), [("note", ""), ("quiet", False), ("tags", {})])
def test_an_empty_value_and_no_value_are_the_same(name: str, prior: Any) -> None:
    state = _state(_config(), **{name: prior})
    assert _plan(_config(), state).values[name] == prior


def test_what_is_taken_out_of_the_configuration_is_taken_away() -> None:
    state = _state(_config(note="hi", tags={"a": "b"}))
    values = _plan(_config(), state).values
    assert values["note"] is None
    assert values["tags"] is None


def test_a_computed_one_that_is_taken_out_stays() -> None:
    state = _state(_config(level="high", network=[{"action": "Deny"}]))
    values = _plan(_config(), state).values
    assert values["level"] == "high"
    assert values["network"] == [{"action": "Deny"}]


def test_false_where_nothing_was_is_a_change() -> None:
    state = _state(_config(), quiet=None)
    assert _plan(_config(quiet=False), state).values["quiet"] is False


@pytest.mark.parametrize(
    ("config", "paths"),
    [
        ({"name": "m"}, {"name"}),
        ({"place": "here"}, {"place"}),
        ({"name": UNKNOWN}, {"name"}),
        ({"disk": [{"label": "b"}]}, {"disk.0.label"}),
        ({"disk": []}, {"disk"}),
        ({"seal": [{"word": "x"}]}, {"seal"}),
        ({"note": "x", "size": 9, "disk": [{"label": "a", "gib": 5}]}, set()),
        ({"disk": [{"label": "a"}, {"label": "b"}]}, {"disk.1.label"}),
    ],
)
def test_what_forces_a_replacement(config: Values, paths: set[str]) -> None:
    state = _state(_config(disk=[{"label": "a"}]))
    assert _plan(_config(**{"disk": [{"label": "a"}], **config}), state).requires_replace == paths


def test_a_create_replaces_nothing() -> None:
    assert _plan(_config(place="here", seal=[{"word": "x"}])).requires_replace == set()


def test_a_set_that_holds_an_unknown_is_unknown() -> None:
    assert _plan(_config(zones=["1", UNKNOWN])).values["zones"] is UNKNOWN
    assert _plan(_config(rule=UNKNOWN)).values["rule"] is UNKNOWN


def test_elements_of_a_set_are_matched_after_defaults() -> None:
    state = _state(_config(rule=[{"port": 80}, {"port": 443}]))
    values = _plan(_config(rule=[{"port": 443}, {"port": 22}]), state).values
    assert values["rule"] == [
        {"port": 443, "kind": "tcp", "rank": 1},
        {"port": 22, "kind": "tcp", "rank": UNKNOWN},
    ]


def test_a_new_element_of_a_list_has_unknowns_and_an_old_one_keeps_its_values() -> None:
    state = _state(_config(disk=[{"label": "a"}]))
    values = _plan(_config(disk=[{"label": "a", "gib": 5}, {"label": "b"}]), state).values
    assert values["disk"][0]["serial"] == "s"
    assert values["disk"][1]["serial"] is UNKNOWN


def test_a_state_function_writes_the_value_as_it_is_stored() -> None:
    funcs = {"place": lambda text: text.lower().replace(" ", "")}
    assert _plan(_config(place="West Europe"), state_funcs=funcs).values["place"] == "westeurope"
    state = _state(_config(place="westeurope"))
    planned = _plan(_config(place="West Europe"), state, state_funcs=funcs)
    assert planned.requires_replace == set()


def test_a_suppressed_difference_is_none() -> None:
    rules = {"name": lambda old, new: old.lower() == new.lower()}
    state = _state(_config())
    planned = _plan(_config(name="N"), state, suppress=rules)
    assert planned.values["name"] == "n"
    assert planned.requires_replace == set()


def test_a_type_may_change_its_plan() -> None:
    def customize(change: Change) -> None:
        if change.prior is not None and change.planned["size"] < change.prior["size"]:
            change.requires_replace.add("size")
            change.planned["url"] = UNKNOWN

    state = _state(_config(size=5))
    planned = _plan(_config(size=4), state, customize=customize)
    assert planned.requires_replace == {"size"}
    assert planned.values["url"] is UNKNOWN
    assert _plan(_config(size=6), state, customize=customize).requires_replace == set()


def test_what_is_written_only_is_never_planned() -> None:
    assert _plan(_config(secret="s")).values["secret"] is None


@pytest.mark.parametrize(
    ("kind", "new", "wanted", "is_apply", "saved"),
    [
        ("string", None, "", False, ""),
        ("string", None, "x", True, "x"),
        ("string", None, "x", False, None),
        ("string", "y", "x", True, "y"),
        ("string", "y", UNKNOWN, True, "y"),
        (["list", "string"], [], None, True, None),
        (["list", "string"], None, [], True, []),
        (["map", "string"], {}, None, True, None),
        (["set", "string"], ["b", "a"], ["a", "b"], True, ["a", "b"]),
        (["set", "string"], ["b", "a"], ["a"], False, ["b", "a"]),
        (["list", ["object", {"a": "string"}]], [{"a": None}], [{"a": ""}], False, [{"a": ""}]),
    ],
)
def test_what_is_saved(kind: Any, new: Any, wanted: Any, is_apply: bool, saved: Any) -> None:
    assert planner.settle(kind, new, wanted, is_apply=is_apply) == saved


def test_a_resource_gets_no_unknowns() -> None:
    planned = _plan(_config(zones=["1", UNKNOWN], tags={"a": UNKNOWN}, rule=[{"port": 1}])).values
    given = planner.without_unknowns(SCHEMA.block, planned)
    assert given["id"] is None
    assert given["network"] == []
    assert given["zones"] is None
    assert given["tags"] == {"a": None}
    assert given["rule"] == [{"port": 1, "kind": "tcp", "rank": None}]
