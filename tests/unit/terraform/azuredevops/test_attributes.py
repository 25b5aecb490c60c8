"""Every attribute of every resource is sent to the service and read back, or refused by name."""

import copy
import functools
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.terraform.azuredevops.echo_service import EchoService
from tests.unit.terraform.azuredevops.samples import SAMPLES, Sample

from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azuredevops.table import DATA_SOURCES, RESOURCES
from shipway.terraform.schema import Block, ProviderSchema

_RESOURCES = {one.type_name: one for one in RESOURCES}
_NOT_OF_THE_SERVICE = ("id", "timeouts")


@functools.cache
def schema() -> ProviderSchema:
    return ProviderSchema("azuredevops")


def settable(block: Block, path: str = "") -> Iterator[str]:
    """The dotted paths, without indexes, of all that a configuration may say."""
    for name, one in block.attributes.items():
        if (one.required or one.optional) and f"{path}{name}" not in _NOT_OF_THE_SERVICE:
            yield f"{path}{name}"
    for name, nested in block.blocks.items():
        if name not in _NOT_OF_THE_SERVICE:
            yield from settable(nested.block, f"{path}{name}.")


def leaves(values: Values, path: str = "") -> Iterator[str]:
    """The dotted paths, with indexes, of all that a sample says."""
    for name, value in values.items():
        where = f"{path}{name}"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for index, item in enumerate(value):
                yield from leaves(item, f"{where}.{index}.")
        elif value not in (None, []):
            yield where


def plain(path: str) -> str:
    return ".".join(part for part in path.split(".") if not part.isdecimal())


def changed(sample: Sample, path: str) -> Values:
    """The sample with another value at a path."""
    values = copy.deepcopy(sample.values)
    *parts, last = path.split(".")
    place: Any = values
    for part in parts:
        place = place[int(part)] if part.isdecimal() else place[part]
    place[last] = sample.other.get(path, _another(place[last]))
    return values


def _another(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, _another(value[-1])]
    return f"{value}x"


def applied(resource: TerraformResource, values: Values) -> tuple[EchoService, Values]:
    """A service in which the resource was made, and what the state is then."""
    service = EchoService()
    made = {**values, **resource.create(service, copy.deepcopy(values))}
    return service, {**made, **(resource.read(service, made) or {})}


def sent_by_create(resource: TerraformResource, values: Values) -> list[str]:
    return applied(resource, values)[0].sent()


def sent_by_update(resource: TerraformResource, before: Values, after: Values) -> list[str]:
    service, state = applied(resource, before)
    service.calls.clear()
    assert resource.update is not None
    resource.update(service, state, {**state, **copy.deepcopy(after)})
    return service.sent()


def test_the_table_and_the_schema_have_the_same_types() -> None:
    assert sorted(_RESOURCES) == sorted(schema().names("resources"))
    assert sorted(one.type_name for one in DATA_SOURCES) == sorted(schema().names("data_sources"))


@pytest.mark.parametrize("name", sorted(_RESOURCES))
def test_no_attribute_is_forgotten_in_the_sample(name: str) -> None:
    sample = SAMPLES[name]
    said = {plain(path) for path in leaves(sample.values)}
    refused = {plain(path) for path in sample.refused}
    for path in settable(schema().resource(name).block):
        is_refused = any(path == one or path.startswith(f"{one}.") for one in refused)
        assert path in said or is_refused, f"{name}: say something of {path}"


@pytest.mark.parametrize("name", sorted(_RESOURCES))
def test_another_value_of_any_attribute_sends_something_else(name: str) -> None:
    sample, resource = SAMPLES[name], _RESOURCES[name]
    usual = sent_by_create(resource, sample.values)
    for path in leaves(sample.values):
        if path not in (*sample.silent, *sample.refused):
            other = sent_by_create(resource, changed(sample, path))
            assert other != usual, f"{name}: {path} is not sent when it is made"


@pytest.mark.parametrize("name", sorted(n for n, one in _RESOURCES.items() if one.update))
def test_another_value_of_any_attribute_is_sent_by_an_update(name: str) -> None:
    sample, resource = SAMPLES[name], _RESOURCES[name]
    block = schema().resource(name).block
    usual = sent_by_update(resource, sample.values, sample.values)
    for path in leaves(sample.values):
        top = path.partition(".")[0]
        forces = top in block.attributes and block.attributes[top].force_new
        at_first_only = top in _AT_FIRST_ONLY or path in _AT_FIRST_ONLY
        if forces or at_first_only or path in sample.silent or {top, path} & set(sample.refused):
            continue
        other = sent_by_update(resource, sample.values, changed(sample, path))
        assert other != usual, f"{name}: {path} is not sent when it changes"


_AT_FIRST_ONLY = ("initialization", "features.0.skip_first_run", "overwrite_on_create")


@pytest.mark.parametrize("name", sorted(_RESOURCES))
def test_every_attribute_is_read_without_a_state_that_knows_it(name: str) -> None:
    sample, resource = SAMPLES[name], _RESOURCES[name]
    service, state = applied(resource, sample.values)
    keys = ("id", "project_id", "repository_id", "file", "branch", "path", "group", "team_id",
            "type", "resource_id")  # fmt: skip
    imported = {key: state[key] for key in keys if key in state}
    if name == "azuredevops_pipeline_authorization":
        imported = {**state}
    found = {**imported, **(resource.read(service, imported) or {})}
    for path in leaves(sample.values):
        top = path.partition(".")[0]
        if top in (*sample.unread, *sample.refused):
            continue
        assert top in found, f"{name}: {top} is not read"
        shown = _at(found, path)
        if shown is None and path in (*sample.silent, *sample.refused):
            continue
        assert shown == _at(sample.values, path) or _is_secret(path), f"{name}: {path}: {shown}"


def _at(values: Values, path: str) -> object:
    place: Any = values
    for part in path.split("."):
        place = place[int(part)] if part.isdecimal() else place.get(part)
    return place


def _is_secret(path: str) -> bool:
    return path.endswith("secret_value")


@pytest.mark.parametrize("name", sorted(_RESOURCES))
def test_what_is_deleted_is_gone_and_may_be_deleted_again(name: str) -> None:
    resource = _RESOURCES[name]
    service, state = applied(resource, SAMPLES[name].values)
    resource.delete(service, state)
    service.calls.clear()
    resource.delete(service, state)
    gone = resource.read(service, state)
    assert gone is None or name in _STAY, gone


_STAY = {
    "azuredevops_project_features": "a project has features, whatever is said of them",
    "azuredevops_group_membership": "the group is still there, without its members",
    "azuredevops_team_members": "the team is still there, without its members",
}
