"""Names, flags and types of the schema agree with an independent package made from the provider."""

import functools

import pytest
from tests.unit.terraform.azuread import cdktf_source
from tests.unit.terraform.azuread.cdktf_source import Argument

from shipway.terraform.schema import Attribute, Block, Nested, ProviderSchema

_NOT_OF_THE_TYPE = ("id", "timeouts")


@functools.cache
def schema() -> ProviderSchema:
    return ProviderSchema("azuread")


def _short(kind: str) -> list[str]:
    names = schema().names("resources" if kind == "resources" else "data_sources")
    return sorted(name.removeprefix("azuread_") for name in names)


def _title(name: str) -> str:
    if name == "application_password":
        return "ApplicationPasswordA"  # the plain name is that of the application's block
    return "".join(word.title() for word in name.split("_"))


def _members(block: Block) -> dict[str, Attribute | Nested]:
    both: dict[str, Attribute | Nested] = {**block.attributes, **block.blocks}
    return {name: one for name, one in both.items() if name not in _NOT_OF_THE_TYPE}


def _is_input(one: Attribute | Nested) -> bool:
    return not isinstance(one, Attribute) or one.required or one.optional


def _is_required(one: Attribute | Nested) -> bool:
    return one.required if isinstance(one, Attribute) else one.min_items > 0


def _kind(one: Attribute | Nested) -> str:
    if isinstance(one, Nested):
        return "one" if one.max_items == 1 else "many"
    if isinstance(one.type, str):
        return one.type
    return "map" if one.type[0] == "map" else "many"


def _check(module: str, block: Block, told: dict[str, Argument], where: str) -> None:
    members = {n: m for n, m in block.attributes.items() if n not in _NOT_OF_THE_TYPE or where}
    both: dict[str, Attribute | Nested] = {**members, **block.blocks}
    inputs = {n: one for n, one in both.items() if _is_input(one) and n != "timeouts"}
    assert set(inputs) == set(told), where
    for name, one in inputs.items():
        other, place = told[name], f"{where}{name}"
        assert (_is_required(one), _kind(one)) == (other.is_required, other.kind), place
        if isinstance(one, Nested):
            inner = cdktf_source.arguments(module, other.nested)
            _check(module, one.block, inner, f"{place}.")


@pytest.mark.parametrize("name", _short("resources"))
def test_inputs_of_a_resource_agree(name: str) -> None:
    block = schema().resource(f"azuread_{name}").block
    _check(name, block, cdktf_source.arguments(name, f"{_title(name)}Config"), "")


@pytest.mark.parametrize("name", _short("resources"))
def test_all_that_a_resource_tells_agrees(name: str) -> None:
    told = cdktf_source.attributes(name, _title(name))
    assert set(_members(schema().resource(f"azuread_{name}").block)) == told


@pytest.mark.parametrize("name", _short("data_sources"))
def test_data_sources_agree(name: str) -> None:
    module, title = f"data_azuread_{name}", f"DataAzuread{_title(name)}"
    block = schema().data_source(f"azuread_{name}").block
    _check(module, block, cdktf_source.arguments(module, f"{title}Config"), "")
    assert set(_members(block)) == cdktf_source.attributes(module, title)


def test_secrets_are_marked() -> None:
    """The texts of passwords; the package does not say which are."""
    for name in ("application_password", "service_principal_password"):
        assert schema().resource(f"azuread_{name}").block.attributes["value"].sensitive
    password = schema().resource("azuread_application").block.blocks["password"]
    assert password.block.attributes["value"].sensitive
