"""Runs read of other projects what who asked for them sees, and no more."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.begun_runs import definition_of

from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.plan_resources import PipelineResource
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import (
    definitions,
    pipeline_resources,
    projects,
    repositories,
    requester_rights,
    runs,
    security_groups,
)
from shipway.devops.projects import Project
from shipway.devops.runs import Run
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


@pytest.fixture
def run(store: Store) -> Run:
    """Asked for by dana, of a pipeline that nobody knows who made."""
    return runs.queue_run(
        store, definition=definition_of(store), branch="refs/heads/main", version="0" * 40,
        reason="manual", requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip


@pytest.fixture
def secret(store: Store, run: Run) -> Project:
    """A project that dana does not see, with a pipeline that has run."""
    made = projects.create(store, name="secret")
    people = security_groups.well_known(store, "Contributors", project_id=made.project_id)
    security_groups.remove_member(
        store, group_id=people.group_id, member_id=run.requested_for.object_id
    )
    repository = repositories.create(store, project_id=made.project_id, name="r")
    other = definitions.create(
        store, project_id=made.project_id, name="build", repository_id=repository.repository_id
    )
    done = runs.queue_run(
        store, definition=other, branch="refs/heads/main", version="0" * 40, reason="manual",
        requested_by=users.owner(store),
    )  # fmt: skip
    runs.set_run(store, done.run_id, state="completed", result="succeeded")
    return made


def test_a_run_sees_its_project_and_what_its_requester_sees(
    store: Store, run: Run, secret: Project
) -> None:
    opened = projects.create(store, name="open").project_id
    assert requester_rights.sees(store, run, run.project_id)
    assert requester_rights.sees(store, run, opened)
    assert not requester_rights.sees(store, run, secret.project_id)
    nobodys = replace(run, requested_for=runs.SERVICE)
    assert not requester_rights.sees(store, nobodys, opened)


def test_what_another_project_starts_sees_what_the_pipelines_maker_sees(
    store: Store, run: Run, secret: Project
) -> None:
    """Who runs or pushes in the other project has not asked for it to be shown here."""
    by_owner = replace(run, requested_for=runs.SERVICE, trigger_info={"projectId": "x"})
    owner = users.owner(store)
    asked = replace(by_owner, requested_for=replace(runs.SERVICE, object_id=owner.object_id))
    assert not requester_rights.sees(store, asked, secret.project_id)
    assert requester_rights.sees(store, replace(asked, trigger_info={}), secret.project_id)


def test_a_pipeline_of_a_project_that_is_not_seen_is_none(
    store: Store, run: Run, secret: Project
) -> None:
    resource = PipelineResource(alias="b", source="build", project="secret")
    plan = RunPlan(
        name_format="", triggers=PipelineTriggers(), stages=(), pipelines=(resource,)
    )  # fmt: skip
    found, wrong = pipeline_resources.choose(store, run, plan, file="p.yml")
    assert (found, [d.message for d in wrong]) == (
        (), ["Pipeline Resource b Input Must be Valid."],
    )  # fmt: skip
    people = security_groups.well_known(store, "Readers", project_id=secret.project_id)
    security_groups.add_member(
        store, group_id=people.group_id, member_id=run.requested_for.object_id
    )
    found, wrong = pipeline_resources.choose(store, run, plan, file="p.yml")
    assert ([one.alias for one in found], wrong) == (["b"], [])
