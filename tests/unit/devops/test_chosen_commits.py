"""A commit that somebody chose counts for a branch only when it is on it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.begun_runs import job, stage_of
from tests.support.pushed_pipelines import MAIN, pipeline_of, put, repository_of, somebody

from shipway.azpipelines.plan import RunPlan, StepPlan, TaskReference
from shipway.azpipelines.plan_resources import RepositoryResource
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.base.messages import Json
from shipway.devops import branch_control, definitions, repositories, required_template, runs
from shipway.devops.local_choices import LocalChoices, LocalRepository
from shipway.devops.repositories import Repository
from shipway.devops.runs import RepositoryChoice, Run
from shipway.store.store import Store, open_store

ALLOWED: Mapping[str, Json] = {"allowedBranches": MAIN}
TEMPLATE: Mapping[str, Json] = {
    "extendsChecks": [
        {
            "repositoryType": "git", "repositoryName": "ml/shared", "repositoryRef": MAIN,
            "templatePath": "safe.yml",
        }
    ]
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def tip(store: Store, repository: Repository, ref: str) -> str:
    found = repositories.resolve(store, repository, ref)
    assert found is not None
    return found


def pushed(store: Store, name: str) -> tuple[Repository, str, str]:
    """A repository with a commit on main and another on a branch that nobody has merged."""
    made = repository_of(store, name)
    put(store, made, {"a": "1"})
    put(store, made, {"a": "2"}, ref="refs/heads/mine")
    return made, tip(store, made, MAIN), tip(store, made, "refs/heads/mine")


def run_of(store: Store, repository: Repository, version: str) -> Run:
    number = len(definitions.of_repository(store, repository.repository_id))
    return runs.queue_run(
        store, definition=pipeline_of(store, repository, f"p{number}"), branch=MAIN,
        version=version, reason="manual", requested_by=somebody(store),
    )  # fmt: skip


def plan_of(*resources: RepositoryResource) -> RunPlan:
    return RunPlan(
        name_format="", triggers=PipelineTriggers(), stages=(), repositories=resources,
        extends=("safe.yml@shared",),
    )  # fmt: skip


def test_a_chosen_commit_has_to_be_on_the_branch_that_is_allowed(store: Store) -> None:
    repository, merged, astray = pushed(store, "r")
    put(store, repository, {"b": "1"})  # main goes on; what was on it stays so
    assert (
        branch_control.refusal(store, run_of(store, repository, merged), plan_of(), ALLOWED) == ""
    )
    run = run_of(store, repository, astray)
    refused = branch_control.refusal(store, run, plan_of(), ALLOWED)
    assert refused == f"branch control: the commit that was chosen of r is not on {MAIN}"
    named = replace(run, reason="individualCI")  # as a client may call it
    assert branch_control.refusal(store, named, plan_of(), ALLOWED) == refused
    by_push = replace(run, requested_by=runs.SERVICE)  # the branch may have been moved back since
    assert branch_control.refusal(store, by_push, plan_of(), ALLOWED) == ""


@pytest.mark.parametrize("how", ["chosen", "local"])
def test_a_template_counts_only_from_the_branch_that_it_is_said_to_be_of(
    store: Store, how: str
) -> None:
    own, merged, _ = pushed(store, "r")
    shared, good, astray = pushed(store, "shared")
    for commit, passes in ((good, True), (astray, False)):
        tree = LocalRepository(repository_id=shared.repository_id, version=commit, branch=MAIN)
        run = run_of(store, own, merged)
        if how == "local":
            run = replace(run, local=LocalChoices(folder="/w", repositories={"shared": tree}))
        else:
            choice = RepositoryChoice(ref=MAIN, version=commit)
            run = replace(run, repository_choices={"shared": choice})
        plan = plan_of(
            RepositoryResource(
                alias="shared", name="shared", repository_id=shared.repository_id, branch=MAIN,
                commit=commit,
            )
        )  # fmt: skip
        refused = required_template.refusal(store, run, plan, TEMPLATE)
        assert (refused == "", "at a commit that is not on" in refused) == (passes, not passes)
        assert (branch_control.refusal(store, run, plan, ALLOWED) == "") == passes


@pytest.mark.parametrize(("name", "passes"), [("Bash@3", False), ("Contoso@1", True)])
def test_no_stub_stands_in_for_a_task_of_the_required_template(
    store: Store, name: str, passes: bool
) -> None:
    own, shared = repository_of(store, "r"), repository_of(store, "shared")
    put(store, own, {"shipway.yml": f"tasks: {{ {name}: succeed }}"})
    run = run_of(store, own, tip(store, own, MAIN))
    task, _, version = name.partition("@")
    gate = StepPlan(
        ref_name="gate", display_name="gate", shorthand="task",
        task=TaskReference(name=task, version=version),
    )  # fmt: skip
    plan = replace(
        plan_of(
            RepositoryResource(
                alias="shared", name="shared", repository_id=shared.repository_id, branch=MAIN
            )
        ),
        stages=(stage_of("S", job(steps=(gate,))),),
    )
    refused = required_template.refusal(store, run, plan, TEMPLATE)
    expected = "required template: shipway.yml puts a stub in the place of Bash@3"
    assert refused == ("" if passes else expected)
