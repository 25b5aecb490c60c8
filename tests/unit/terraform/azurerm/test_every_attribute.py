"""Every attribute of every type is handled, and comes back as it went, or is refused by name."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.unit.terraform.azurerm.samples import SCHEMAS, sample

from shipway.terraform.resources.azurerm import (
    application_insights,
    consumption_budgets,
    container_registries,
    federated_identity_credentials,
    key_vault_access_policies,
    key_vault_secrets,
    key_vaults,
    log_analytics_workspaces,
    ml_compute_clusters,
    ml_compute_instances,
    ml_datastores,
    ml_workspaces,
    monitor_action_groups,
    monitor_metric_alerts,
    resource_groups,
    role_assignments,
    role_definitions,
    rules,
    storage_accounts,
    storage_blobs,
    storage_containers,
    table,
    user_assigned_identities,
)
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun
from shipway.terraform.resources.azurerm.mapping import (
    Beside,
    Block,
    Mapped,
    Twins,
    expand,
    flatten,
)

_NOUNS: tuple[ArmNoun, ...] = (
    resource_groups.NOUN, storage_accounts.NOUN, key_vaults.NOUN, application_insights.NOUN,
    log_analytics_workspaces.NOUN, container_registries.NOUN, ml_workspaces.NOUN,
    ml_compute_clusters.NOUN, ml_compute_instances.NOUN, ml_datastores.NOUN,
    user_assigned_identities.NOUN, federated_identity_credentials.NOUN,
    monitor_action_groups.NOUN, monitor_metric_alerts.NOUN, consumption_budgets.NOUN,
    consumption_budgets.OF_SUBSCRIPTION,
)  # fmt: skip
NOUNS: dict[str, ArmNoun] = {noun.type_name: noun for noun in _NOUNS}
# types whose calls are written out: their rows (or names) and rules
ROWS: dict[str, tuple[tuple[Mapped, ...], Mapping[str, rules.Rule]]] = {
    storage_containers.TYPE_NAME: (storage_containers.ROWS, storage_containers.RULES),
    role_assignments.TYPE_NAME: (role_assignments.ROWS, role_assignments.RULES),
    key_vault_access_policies.TYPE_NAME: (
        key_vault_access_policies.ROWS,
        key_vault_access_policies.RULES,
    ),
    role_definitions.TYPE_NAME: (role_definitions.ROWS, role_definitions.RULES),
    storage_blobs.TYPE_NAME: (
        (Beside(storage_blobs.HANDLED),),
        storage_blobs.RULES,
    ),
    key_vault_secrets.TYPE_NAME: (
        (Beside(key_vault_secrets.HANDLED),),
        key_vault_secrets.RULES,
    ),
}
# what is sent and never comes back, or comes by a call of its own
NOT_READ = {
    "azurerm_machine_learning_datastore_blobstorage": {"account_key", "shared_access_signature"},
}
TYPES = sorted(SCHEMAS["resources"])


def _rows(type_name: str) -> tuple[Mapped, ...]:
    if type_name in ROWS:
        return ROWS[type_name][0]
    return (*NOUNS[type_name].rows, *NOUNS[type_name].beside)


def _rules(type_name: str) -> Mapping[str, rules.Rule]:
    return ROWS[type_name][1] if type_name in ROWS else NOUNS[type_name].rules


def test_the_table_and_the_schemas_name_the_same_types() -> None:
    assert sorted(one.type_name for one in table.RESOURCES) == TYPES
    assert sorted(one.type_name for one in table.DATA_SOURCES) == sorted(SCHEMAS["data_sources"])


@pytest.mark.parametrize("type_name", TYPES)
def test_every_name_of_the_schema_has_its_row(type_name: str) -> None:
    noun = NOUNS.get(type_name)
    known = {"id", "timeouts", *(noun.parts if noun else ())}
    if noun and noun.parent:
        known.add(noun.parent[0])
    known |= set(_named(_rows(type_name), ""))
    refused = set(_rules(type_name))
    wanted = set(_names(SCHEMAS["resources"][type_name]["block"], ""))
    forgotten = {
        path for path in wanted - known if not any(_is_below(path, one) for one in refused)
    }
    assert not forgotten
    assert not {path for path in known - wanted - {"timeouts", "id"} if "." not in path}


def _is_below(path: str, refused: str) -> bool:
    return path == refused or path.startswith(refused + ".")


def _names(block: dict[str, Any], before: str) -> Iterator[str]:
    yield from (before + name for name in block["attributes"])
    for name, one in block.get("block_types", {}).items():
        yield before + name
        if name not in ("timeouts", "identity"):
            yield from _names(one["block"], f"{before}{name}.")


def _named(rows: tuple[Mapped, ...], before: str) -> Iterator[str]:
    for row in rows:
        yield from (before + name for name in row.names)
        if isinstance(row, Block):
            yield from _named(row.rows, f"{before}{row.name}.")
    if any("filter" in row.names for row in rows):  # a row of its own kind
        for kind in ("dimension", "tag"):
            yield f"filter.{kind}"
            yield from (f"filter.{kind}.{name}" for name in ("name", "operator", "values"))
    if any("notification" in row.names for row in rows):
        yield from _named(consumption_budgets.NOTIFICATION, "notification.")


@pytest.mark.parametrize("type_name", sorted(NOUNS))
def test_what_is_sent_comes_back_as_it_was(type_name: str) -> None:
    """The service as a mirror: the body that is sent is the answer that is read."""
    noun, values = NOUNS[type_name], sample(type_name)
    _drop_refused(noun.rules, values)
    rows = (*noun.rows, *noun.beside)
    for row in rows:
        if isinstance(row, Twins):
            del values[row.older]  # only one of two names is ever configured
    found = flatten(rows, expand(rows, values))
    beside = {name for row in rows if isinstance(row, Beside) for name in row.names}
    beside |= {"id", *noun.parts, *([noun.parent[0]] if noun.parent else [])}
    differing = {
        name: (value, found.get(name))
        for name, value in values.items()
        if name not in beside | NOT_READ.get(type_name, set()) and not _same(value, found.get(name))
    }
    assert not differing


def _drop_refused(known: Mapping[str, rules.Rule], values: dict[str, Any]) -> None:
    for problem in list(rules.problems(known, values)):
        assert "not supported by shipway" in problem.summary, problem
        *way, last = problem.path.split(".")
        place: Any = values
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place.get(part, {})
        place.pop(last, None)
    for name in [name for name, value in values.items() if value == [{}]]:
        del values[name]


def _same(sent: Any, found: Any) -> bool:
    """Equal but for order, for what is computed, and for what was refused within a block."""
    if sent is None:
        return found in (None, [], "")
    if isinstance(sent, list) and isinstance(found, list):
        if sent and isinstance(sent[0], dict):
            pairs = zip(sent, found, strict=False)
            return len(sent) == len(found) and all(_same(a, b) for a, b in pairs)
        return sorted(sent) == sorted(found)
    if isinstance(sent, dict) and isinstance(found, dict):
        return all(_same(value, found.get(name)) for name, value in sent.items())
    return bool(sent == found)


@pytest.mark.parametrize("type_name", TYPES)
def test_what_can_be_configured_and_is_not_sent_is_refused(type_name: str) -> None:
    """An optional attribute that no row sends would be ignored in silence."""
    values = sample(type_name)
    known = _rules(type_name)
    refused = {problem.path.split(".")[0] for problem in rules.problems(known, values)}
    body = expand(_rows(type_name), values) if type_name in NOUNS else {}
    for row in _rows(type_name):
        for name in row.names:
            if name not in values or name in refused or isinstance(row, Beside | Block):
                continue
            alone = expand((row,), values) if body else {"given": "by a call of its own"}
            assert alone, f"{type_name}.{name} is neither sent nor refused"
