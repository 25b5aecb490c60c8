"""Secrets of groups, definitions and connections lie in the secrets and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.devops_door import new_store

from shipway.base.errors import BadInput, Conflict
from shipway.devops import (
    definitions,
    pipeline_permissions,
    projects,
    run_variables,
    runs,
    service_connections,
    variable_groups,
)
from shipway.devops.definitions import DefinitionVariable
from shipway.devops.variable_groups import GroupVariable
from shipway.store.store import Store

SECRET = "a-very-secret-value-7f3a"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


def in_clear(store: Store) -> bool:
    """Whether the secret stands anywhere in the home."""
    files = [p for p in store.home.root.rglob("*") if p.is_file()]
    return any(SECRET.encode() in p.read_bytes() for p in files)


def test_no_secret_lies_in_the_database_in_clear(store: Store) -> None:
    group = variable_groups.create(
        store, project_id="p", name="g",
        variables={"s": GroupVariable(value=SECRET, is_secret=True)},
    )  # fmt: skip
    definition = definitions.create(
        store, project_id="p", name="d", repository_id="r",
        variables={"s": DefinitionVariable(value=SECRET, is_secret=True)},
    )  # fmt: skip
    connection = service_connections.create(
        store, project_id="p", name="c", scheme="ServicePrincipal",
        parameters={"tenantid": "t", "serviceprincipalid": "a", "serviceprincipalkey": SECRET},
    )  # fmt: skip
    assert not in_clear(store)
    assert variable_groups.values_of(store, group)["s"].value == SECRET
    assert definitions.values_of(store, definition)["s"].value == SECRET
    assert service_connections.secret_of(store, connection, "serviceprincipalkey") == SECRET
    variable_groups.delete(store, group.group_id)
    definitions.delete(store, project_id="p", definition_id=definition.definition_id)
    service_connections.delete(store, connection.connection_id)
    assert store.secrets.names() == []


def test_a_secret_that_becomes_plain_is_forgotten(store: Store) -> None:
    group = variable_groups.create(
        store, project_id="p", name="g",
        variables={"s": GroupVariable(value=SECRET, is_secret=True)},
    )  # fmt: skip
    variable_groups.update(
        store, group_id=group.group_id, name="g", description="",
        variables={"s": GroupVariable(value="plain")},
    )  # fmt: skip
    assert store.secrets.names() == []


def test_names_are_taken_once_whatever_the_letter_case(store: Store) -> None:
    value = {"a": GroupVariable(value="1")}
    variable_groups.create(store, project_id="p", name="Group", variables=value)
    with pytest.raises(Conflict, match="Variable group with name group already exists"):
        variable_groups.create(store, project_id="p", name="group", variables=value)
    variable_groups.create(store, project_id="other", name="group", variables=value)
    with pytest.raises(BadInput, match="no variables"):
        variable_groups.create(store, project_id="p", name="empty", variables={})


def test_a_connection_names_what_it_lacks(store: Store) -> None:
    with pytest.raises(BadInput, match="'serviceprincipalid'"):
        service_connections.create(store, project_id="p", name="c", parameters={"tenantid": "t"})
    made = service_connections.create(
        store, project_id="p", name="c", parameters={"tenantid": "t", "serviceprincipalid": "a"}
    )
    assert (made.app_id, made.tenant_id, made.secret_names) == ("a", "t", ())
    again = service_connections.replace_connection(store, replace(made, name="c2"))
    assert service_connections.get(store, made.connection_id) == again


def test_a_definition_that_links_a_group_of_another_project_reads_nothing_of_it(
    store: Store,
) -> None:
    own, other = (projects.create(store, name=name).project_id for name in ("own", "other"))
    group = variable_groups.create(
        store, project_id=other, name="g",
        variables={"key": GroupVariable(value=SECRET, is_secret=True)},
    )  # fmt: skip
    pipeline_permissions.authorize(
        store, resource_type="variablegroup", resource_id=str(group.group_id), by="test"
    )

    def known(project_id: str) -> list[str]:
        definition = definitions.create(
            store, project_id=project_id, name="ml", repository_id="r",
            variable_group_ids=(group.group_id,),
        )  # fmt: skip
        run = runs.queue_run(
            store, definition=definition, branch="refs/heads/main", version="c", reason="manual",
            requested_by=runs.SERVICE,
        )  # fmt: skip
        return [v.name for v in run_variables.queue_time(store, run)]

    assert known(other) == ["key"]
    assert known(own) == []
