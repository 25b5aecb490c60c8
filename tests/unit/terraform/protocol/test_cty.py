"""Terraform's values in msgpack: unknowns, dynamic values, sets, numbers of any size, null."""

from decimal import Decimal
from typing import Any

import msgpack
import pytest

from shipway.terraform.protocol import cty
from shipway.terraform.protocol.cty import Dynamic, ValueDoesNotFit
from shipway.terraform.unknown import UNKNOWN

OBJECT = [
    "object",
    {
        "name": "string",
        "size": "number",
        "on": "bool",
        "tags": ["map", "string"],
        "zones": ["set", "string"],
        "rules": ["list", ["object", {"port": "number"}]],
        "pair": ["tuple", ["string", "number"]],
        "any": "dynamic",
    },
]


def test_every_kind_of_value_survives() -> None:
    value = {
        "name": "x", "size": 3, "on": False, "tags": {"a": "b", "c": None}, "zones": ["1", "2"],
        "rules": [{"port": 80}, {"port": None}], "pair": ["a", 1.5],
        "any": Dynamic(["list", "number"], [1, 2]),
    }  # fmt: skip
    assert cty.decode(OBJECT, cty.encode(OBJECT, value)) == value


def test_null_and_absent_are_none() -> None:
    assert cty.decode(OBJECT, b"\xc0") is None
    assert cty.decode(OBJECT, msgpack.packb({"name": "x"}))["tags"] is None
    assert cty.encode("string", None) == b"\xc0"


@pytest.mark.parametrize("extension", [(0, b""), (0, b"\x00"), (12, b"\x81\x01\xc2"), (77, b"x")])
def test_any_extension_is_an_unknown_value(extension: tuple[int, bytes]) -> None:
    content = msgpack.packb({"name": msgpack.ExtType(*extension)})
    assert cty.decode(OBJECT, content)["name"] is UNKNOWN


def test_an_unknown_value_is_written_as_terraform_reads_it() -> None:
    assert cty.encode("string", UNKNOWN) == b"\xd4\x00\x00"
    assert cty.encode(["list", "string"], ["a", UNKNOWN]) == b"\x92\xa1a\xd4\x00\x00"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (7, 7),
        (-1, -1),
        (1.0, 1),
        (1.5, 1.5),
        ("12345678901234567890123", 12345678901234567890123),
        ("0.1", 0.1),
        ("1e3", 1000),
        ("0.12345678901234567890123", Decimal("0.12345678901234567890123")),
    ],
)
def test_numbers_of_any_size_keep_their_value(raw: Any, value: Any) -> None:
    decoded = cty.decode("number", msgpack.packb(raw))
    assert decoded == value
    assert cty.decode("number", cty.encode("number", decoded)) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 1),
        ("number", "x"),
        ("number", True),
        ("bool", "true"),
        ("number", float("nan")),
        (["list", "string"], {"a": "b"}),
        (["map", "string"], ["a"]),
        (["object", {}], {"a": 1}),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(ValueDoesNotFit):
        cty.encode(kind, value)


def test_the_place_of_a_misfit_is_named() -> None:
    with pytest.raises(ValueDoesNotFit) as caught:
        cty.encode(OBJECT, {"rules": [{"port": 1}, {"port": "http"}]})
    assert caught.value.where == "rules[1].port"


def test_rubbish_is_refused() -> None:
    with pytest.raises(ValueDoesNotFit):
        cty.decode("string", b"\xc1")


def test_text_is_normalized() -> None:
    assert cty.decode("string", msgpack.packb("e\u0301")) == "\u00e9"


def test_the_json_of_a_state_may_have_more_and_fewer_attributes() -> None:
    kind = ["object", {"a": "string", "b": ["list", ["object", {"c": "number"}]], "d": "dynamic"}]
    told = {"a": "x", "gone": 1, "b": [{"c": 2, "gone": 3}], "d": {"type": "string", "value": "y"}}
    assert cty.from_json(kind, told) == {"a": "x", "b": [{"c": 2}], "d": Dynamic("string", "y")}
    assert cty.from_json(kind, {})["b"] is None


def test_an_unknown_is_found_at_any_depth() -> None:
    assert cty.holds_unknown({"a": [{"b": UNKNOWN}]})
    assert cty.holds_unknown(Dynamic("string", UNKNOWN))
    assert not cty.holds_unknown({"a": [{"b": None}], "c": ""})
