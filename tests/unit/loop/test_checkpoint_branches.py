"""Branch control that asks for a branch which policies protect."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.begun_runs import (
    begin,
    definition_of,
    deployment,
    is_running,
    stage_of,
    stage_record,
)

from shipway.base.clock import FrozenClock
from shipway.base.home import Home
from shipway.base.messages import Json
from shipway.devops import (
    checks,
    environments,
    pipeline_permissions,
    policies,
    runs,
)
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.policies import PolicyContent, Scope
from shipway.devops.runs import Requester
from shipway.store.store import Store, open_store

_MIN_REVIEWERS = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), FrozenClock())


@pytest.fixture
def definition(store: Store) -> PipelineDefinition:
    return definition_of(store)


def guard(store: Store, definition: PipelineDefinition, **inputs: Json) -> None:
    """A branch control on `prod` for a protected branch of any name."""
    made = environments.create(store, project_id=definition.project_id, name="prod")
    where = str(made.environment_id)
    pipeline_permissions.authorize(store, resource_type="environment", resource_id=where, by="me")
    asked: dict[str, Json] = {"allowedBranches": "refs/heads/*", "ensureProtectionOfBranch": "true"}
    checks.create(
        store, project_id=definition.project_id, kind="BranchControl",
        resource_type="environment", resource_id=where, resource_name="prod",
        settings={"inputs": {**asked, **inputs}},
    )  # fmt: skip


def outcome(store: Store, definition: PipelineDefinition) -> str:
    run = begin(store, definition, stage_of("S", deployment("prod")))
    if is_running(store, run, "S"):
        return "running"
    (record,) = [r for r in runs.records_of(store, run.run_id) if r.kind == "Checkpoint"]
    assert stage_record(store, run, "S").result == "failed"
    return record.issues[0].message


def test_a_branch_that_nothing_protects_is_refused_until_a_policy_blocks_pushes(
    store: Store, definition: PipelineDefinition
) -> None:
    guard(store, definition)
    assert "refs/heads/main is not protected" in outcome(store, definition)
    scope = Scope(repository_id=definition.repository_id, ref="refs/heads/main")
    content = PolicyContent(
        type_id=_MIN_REVIEWERS, is_enabled=True, is_blocking=True, scopes=(scope,),
        settings={"minimumApproverCount": 1},
    )  # fmt: skip
    by = Requester(object_id="", name="dana")
    policies.create(store, project_id=definition.project_id, content=content, by=by)
    assert outcome(store, definition) == "running"


@pytest.mark.parametrize(("allowed", "expected"), [("true", "running"), ("false", "nobody knows")])
def test_where_nobody_knows_of_protection_the_check_says_what_counts(
    store: Store, definition: PipelineDefinition, allowed: str, expected: str
) -> None:
    guard(store, definition, allowUnknownStatusBranch=allowed)
    elsewhere = replace(definition, repository_id="22222222-2222-2222-2222-222222222222")
    assert expected in outcome(store, elsewhere)
