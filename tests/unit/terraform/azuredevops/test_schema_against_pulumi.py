"""Names, flags and types of the schema agree with an independent package made from the provider."""

import functools
import re

import pytest
from tests.unit.terraform.azuredevops import pulumi_signatures
from tests.unit.terraform.azuredevops.pulumi_signatures import Argument

from shipway.terraform.schema import Attribute, Block, Nested, ProviderSchema

# types whose name there is another one; each is a choice of Pulumi's
_OTHER_NAMES = {
    "git_repository": "git",
    "user_entitlement": "user",
    "serviceendpoint_azurerm": "service_endpoint_azure_rm",
    "serviceendpoint_github": "service_endpoint_git_hub",
    "serviceendpoint_generic": "service_endpoint_generic",
}
_OTHER_DATA_NAMES = {
    "git_repositories": "repositories",
    "agent_pool": "pool",
    "serviceendpoint_azurerm": "service_endpoint_azure_rm",
    "serviceendpoint_github": "service_endpoint_github",
    "identity_user": "identity_users",
}
# whether these must be given differs, each for a reason; every other difference fails
_NEEDED_OR_NOT = {
    "serviceendpoint_azurerm.azurerm_spn_tenantid": "its default is a variable of the shell",
}
_CLASSES = {
    "git": "Git", "user": "User",
    "service_endpoint_azure_rm": "ServiceEndpointAzureRM",
    "service_endpoint_git_hub": "ServiceEndpointGitHub",
}  # fmt: skip
_NOT_THERE = ("id", "timeouts")


@functools.cache
def schema() -> ProviderSchema:
    return ProviderSchema("azuredevops")


def _resources() -> list[str]:
    return sorted(name.removeprefix("azuredevops_") for name in schema().names("resources"))


def _data_sources() -> list[str]:
    return sorted(name.removeprefix("azuredevops_") for name in schema().names("data_sources"))


def _module(name: str) -> str:
    return _OTHER_NAMES.get(name, name)


def _class(module: str) -> str:
    return _CLASSES.get(module) or "".join(word.title() for word in module.split("_"))


def _members(block: Block) -> dict[str, Attribute | Nested]:
    both: dict[str, Attribute | Nested] = {**block.attributes, **block.blocks}
    return {name: one for name, one in both.items() if name not in _NOT_THERE}


def _there(name: str, arguments: dict[str, Argument]) -> str:
    """The name that a member has there: lists of blocks are in the plural."""
    plural = [f"{name}s", f"{name}es", re.sub("y$", "ies", name)]
    return next((one for one in (name, *plural) if one in arguments), name)


def _is_required(one: Attribute | Nested) -> bool:
    return one.required if isinstance(one, Attribute) else one.min_items > 0


def _is_input(one: Attribute | Nested) -> bool:
    return not isinstance(one, Attribute) or one.required or one.optional


def _kind(one: Attribute | Nested) -> str:
    if isinstance(one, Nested):
        return "one" if one.max_items == 1 else "many"
    if isinstance(one.type, str):
        return one.type
    return "map" if one.type[0] == "map" else "many"


def _check(block: Block, arguments: dict[str, Argument], where: str) -> None:
    """The inputs of a block are there, needed and of the same kind."""
    inputs = {n: one for n, one in _members(block).items() if _is_input(one)}
    known = {_there(name, arguments): name for name in inputs}
    assert sorted(known) == sorted(set(arguments) & set(known)), where
    for there, name in known.items():
        one, told = inputs[name], arguments[there]
        place = f"{where}.{name}"
        made_up = name == "name" and "." not in where  # Pulumi makes up a name for what has none
        if not made_up and place not in _NEEDED_OR_NOT:
            assert told.is_required == _is_required(one), f"{place}: required"
        assert told.kind == _kind(one), f"{place}: type"
        if isinstance(one, Nested):
            _check(one.block, pulumi_signatures.arguments("_inputs", told.nested), place)


@pytest.mark.parametrize("name", _resources())
def test_inputs_of_a_resource_agree(name: str) -> None:
    module = _module(name)
    block = schema().resource(f"azuredevops_{name}").block
    arguments = pulumi_signatures.arguments(module, f"{_class(module)}Args")
    _check(block, arguments, name)
    inputs = {_there(n, arguments) for n, one in _members(block).items() if _is_input(one)}
    assert set(arguments) - inputs == set(), "there are inputs that the schema has not"


@pytest.mark.parametrize("name", _resources())
def test_all_that_a_resource_tells_agrees(name: str) -> None:
    module = _module(name)
    members = _members(schema().resource(f"azuredevops_{name}").block)
    state = pulumi_signatures.arguments(module, f"_{_class(module)}State")
    assert {_there(one, state) for one in members} == set(state)
    for one, kept in members.items():
        assert state[_there(one, state)].kind == _kind(kept), one


@pytest.mark.parametrize("name", _resources())
def test_secrets_of_a_resource_agree(name: str) -> None:
    block = schema().resource(f"azuredevops_{name}").block
    sensitive = {n for n, one in block.attributes.items() if one.sensitive}
    assert sensitive == pulumi_signatures.secrets_of(_module(name)) & set(block.attributes)


@pytest.mark.parametrize("name", _data_sources())
def test_data_sources_agree(name: str) -> None:
    function = f"get_{_OTHER_DATA_NAMES.get(name, name)}"
    members = _members(schema().data_source(f"azuredevops_{name}").block)
    inputs = {n: one for n, one in members.items() if _is_input(one)}
    arguments = pulumi_signatures.function_arguments(function, function)
    assert {_there(one, arguments) for one in inputs} == set(arguments)
    result = next(
        one for one in pulumi_signatures.classes(function) if one.endswith("Result")
        and not one.startswith("Awaitable")
    )  # fmt: skip
    told = pulumi_signatures.arguments(function, result)
    assert {_there(one, told) for one in members} == set(told) - {"id"}
