"""What a configuration of azuredevops may not say here is refused in the plan, at its attribute."""

from typing import Any

import pytest

from shipway.terraform.resource import UNKNOWN, AtAttribute, Change
from shipway.terraform.resources.azuredevops.refusals import REFUSALS
from shipway.terraform.resources.azuredevops.table import RESOURCES
from shipway.terraform.schema import ProviderSchema

_CUSTOMIZE = {one.type_name.removeprefix("azuredevops_"): one.customize for one in RESOURCES}
_SCHEMA = ProviderSchema("azuredevops")
_ALL = [(noun, path) for noun, refusals in REFUSALS.items() for path in refusals]


def _change(path: str, value: Any, *, prior: bool = False) -> Change:
    *blocks, name = path.split(".")
    config: dict[str, Any] = {name: value}
    for block in reversed(blocks):
        config = {block: [config]}
    state = dict(config) if prior else None
    return Change(prior=state, config=config, planned=dict(config), requires_replace=set())


def _wanted(noun: str, path: str) -> Any:
    block = _SCHEMA.resource(f"azuredevops_{noun}").block
    *blocks, name = path.split(".")
    for one in blocks:
        block = block.blocks[one].block
    if name in block.blocks:
        return [{"name": "x"}]
    kind = block.attributes[name].type
    return {"string": "another", "bool": True, "number": 7}[str(kind)]


def _customize(noun: str, change: Change) -> None:
    found = _CUSTOMIZE[noun]
    assert found is not None, noun
    found(change)


@pytest.mark.parametrize(("noun", "path"), _ALL)
def test_another_value_is_refused_at_its_place(noun: str, path: str) -> None:
    with pytest.raises(AtAttribute) as refusal:
        _customize(noun, _change(path, _wanted(noun, path)))
    place = refusal.value.path
    assert [part for part in place.split(".") if not part.isdecimal()] == path.split(".")
    assert "is not supported" in refusal.value.summary
    assert refusal.value.detail


@pytest.mark.parametrize(("noun", "path"), _ALL)
def test_what_is_allowed_absent_or_not_known_yet_passes(noun: str, path: str) -> None:
    for value in (*REFUSALS[noun][path].allowed, None, UNKNOWN):
        _customize(noun, _change(path, value))


def test_a_repository_that_was_imported_elsewhere_may_stay() -> None:
    _customize("git_repository", _change("initialization.init_type", "Import", prior=True))
    with pytest.raises(AtAttribute):
        _customize("git_repository", _change("disabled", True, prior=True))


def test_pull_requests_of_azure_repos_start_nothing_by_a_definition() -> None:
    trigger = {"pull_request_trigger": [{"use_yaml": True}]}
    for kind, is_refused in (("TfsGit", True), ("GitHub", False)):
        planned = {"repository": [{"repo_type": kind}], **trigger}
        change = Change(prior=None, config=planned, planned=planned, requires_replace=set())
        if not is_refused:
            _customize("build_definition", change)
            continue
        with pytest.raises(AtAttribute) as refusal:
            _customize("build_definition", change)
        assert refusal.value.path == "pull_request_trigger"
