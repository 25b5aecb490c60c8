"""Tables and schemas of the three providers speak of the same things."""

from collections.abc import Iterator

import pytest

from shipway.terraform import planner
from shipway.terraform.all_resources import Tables
from shipway.terraform.protocol import cty
from shipway.terraform.schema import PROVIDERS, Block, ProviderSchema


@pytest.fixture(scope="module", params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> tuple[ProviderSchema, Tables]:
    return ProviderSchema(request.param), Tables(request.param)


def _paths(block: Block, before: str = "") -> Iterator[str]:
    for name in block.attributes:
        yield before + name
    for name, nested in block.blocks.items():
        yield before + name
        yield from _paths(nested.block, f"{before}{name}.")


def test_every_type_has_a_schema_and_functions(provider: tuple[ProviderSchema, Tables]) -> None:
    schema, tables = provider
    assert set(schema.names("resources")) == set(tables.resources)
    assert set(schema.names("data_sources")) == set(tables.data_sources)


def test_rules_of_a_type_name_what_it_has(provider: tuple[ProviderSchema, Tables]) -> None:
    schema, tables = provider
    for name, resource in tables.resources.items():
        known = set(_paths(schema.resource(name).block))
        named = {*resource.state_funcs, *resource.suppress}
        assert named <= known, f"{name}: {named - known}"


def test_every_type_has_an_id_and_its_defaults_are_of_its_types(
    provider: tuple[ProviderSchema, Tables],
) -> None:
    schema, _ = provider
    for name in schema.names("resources"):
        block = schema.resource(name).block
        assert block.attributes["id"].computed, name
        empty = planner.with_defaults(block, planner.complete(block, {}))
        assert cty.decode(block.type, cty.encode(block.type, empty)) == empty, name


def test_a_type_that_cannot_be_changed_says_so_in_its_schema(
    provider: tuple[ProviderSchema, Tables],
) -> None:
    """Without `update`, each argument has to force a replacement, or Terraform would ask for it."""
    schema, tables = provider
    for name, resource in tables.resources.items():
        if resource.update is not None:
            continue
        for attribute, one in schema.resource(name).block.attributes.items():
            # the real provider's SDK excepts computed ones as well
            assert one.force_new or one.computed, f"{name}.{attribute}"
