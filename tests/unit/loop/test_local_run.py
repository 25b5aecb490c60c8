"""Runs of working trees: where they go, what they use, and that they move nothing."""

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.base.home import Home
from shipway.devops import (
    definitions,
    github_mirrors,
    projects,
    pushes,
    repositories,
    run_variables,
    runs,
)
from shipway.devops.definitions import DefinitionVariable
from shipway.devops.projects import Project
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester, Run
from shipway.loop import local_run, push, run_compilation, run_retry
from shipway.loop.local_run import LocalOrder, Tree
from shipway.store.store import Store, open_store

YAML = """\
trigger: ['*']
schedules: [{cron: '0 0 * * *', branches: {include: ['*']}}]
jobs:
- job: A
  steps: [{script: a}]
- job: B
  dependsOn: A
  steps: [{script: b}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(Home(tmp_path / "home"), SystemClock())
    users.ensure_demo_users(made)
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A commit with a pipeline, in a repository of its own."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "ci").mkdir()
    (source / "ci" / "all.yml").write_text(YAML)
    who = ("-c", "user.name=d", "-c", "user.email=d@d")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "First")):
        subprocess.run(["git", *who, *words], cwd=source, check=True)
    version = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, check=True
    ).stdout.strip()
    return Tree(
        folder="/work/flights", source=source, version=version, branch="refs/heads/main",
        name="flights",
    )  # fmt: skip


def queue(store: Store, tree: Tree, **how: Any) -> Run:
    remotes = how.pop("remotes", ())
    tree = Tree(**{name: getattr(tree, name) for name in Tree.__slots__} | {"remotes": remotes})
    order = LocalOrder(**{"tree": tree, "path": "ci/all.yml", **how})
    return local_run.queue(store, order, users.owner(store))


def project(store: Store, name: str = "ml") -> tuple[Project, Repository]:
    made = projects.create(store, name=name)
    return made, repositories.create(store, project_id=made.project_id, name="stack")


def test_a_server_without_projects_gets_one_of_its_own(store: Store, tree: Tree) -> None:
    run = queue(store, tree, variables={"who": "me"}, parameters={"p": 1})
    assert (run.definition_name, run.reason, run.source_version) == (
        "all.yml", "manual", tree.version,
    )  # fmt: skip
    definition = definitions.get(store, project_id=run.project_id, definition_id=run.definition_id)
    assert (definition.is_local, definition.folder) == (True, "\\local\\flights\\ci")
    assert projects.get(store, run.project_id).name == "local"
    again = queue(store, tree)
    assert (again.definition_id, again.run_id) == (run.definition_id, run.run_id + 1)


def test_the_only_other_project_is_used_unless_another_is_named(store: Store, tree: Tree) -> None:
    queue(store, tree)
    made, _ = project(store)
    assert queue(store, tree).project_id == made.project_id
    project(store, "second")
    assert projects.get(store, queue(store, tree).project_id).name == "local"
    assert queue(store, tree, project="ML").project_id == made.project_id
    with pytest.raises(NotFound, match="no project 'third'"):
        queue(store, tree, project="third")


def test_many_at_once_make_one_pipeline(store: Store, tree: Tree) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: queue(store, tree), range(4)))
    assert len({run.definition_id for run in made}) == 1
    assert len(projects.list_all(store)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://dev.azure.com/shipway/ml/_git/stack",
        "https://me@dev.azure.com/shipway/ml/_git/stack/",
        "git@ssh.dev.azure.com:v3/shipway/ml/stack",
    ],
)
def test_a_clone_runs_in_the_repository_that_it_is_of(store: Store, tree: Tree, url: str) -> None:
    made, repository = project(store)
    project(store, "second")
    other = definitions.create(
        store, project_id=made.project_id, name="dev", repository_id=repository.repository_id,
        yaml_path="ci/all.yml", default_branch="develop",
    )  # fmt: skip
    mine = definitions.create(
        store, project_id=made.project_id, name="prod", repository_id=repository.repository_id,
        yaml_path="ci/all.yml",
    )  # fmt: skip
    given = ("https://example.com/fork.git", url)
    assert queue(store, tree, remotes=given).definition_id == mine.definition_id
    assert queue(store, tree, remotes=given, pipeline="DEV").definition_id == other.definition_id
    with pytest.raises(NotFound, match="is called 'staging'"):
        queue(store, tree, remotes=given, pipeline="staging")
    definitions.create(
        store, project_id=made.project_id, name="else", repository_id=repository.repository_id
    )
    with pytest.raises(BadInput, match="reads azure-pipelines"):
        queue(store, tree, remotes=given, pipeline="else")


@pytest.mark.parametrize(
    "url", ["https://github.com/Team/delays.git", "git@github.com:team/delays.git"]
)
def test_a_clone_of_github_runs_in_its_mirror(store: Store, tree: Tree, url: str) -> None:
    made, _ = project(store)
    project(store, "second")
    by = Requester(object_id="x", name="x")
    mirror = github_mirrors.create(store, name="team/delays", source="/x", mapped_by=by)
    pipeline = definitions.create(
        store, project_id=made.project_id, name="gh", repository_id=mirror.repository_id,
        yaml_path="ci/all.yml",
    )  # fmt: skip
    run = queue(store, tree, remotes=(url,))
    assert (run.definition_id, run.project_id) == (pipeline.definition_id, made.project_id)


def test_a_repository_of_the_same_name_can_still_be_made(store: Store, tree: Tree) -> None:
    run = queue(store, tree)
    made = repositories.create(
        store, project_id=run.project_id, name="Flights", default_branch="refs/heads/develop"
    )
    assert (made.repository_id, made.name) == (run.repository_id, "Flights")
    assert repositories.by_id(store, run.repository_id) == made
    with pytest.raises(Conflict):
        repositories.create(store, project_id=run.project_id, name="flights")
    assert queue(store, tree).repository_id == run.repository_id


def test_no_branch_moves_and_nothing_starts(store: Store, tree: Tree) -> None:
    run = queue(store, tree)
    repository = repositories.by_id(store, run.repository_id)
    assert repository is not None
    refs = repositories.refs_of(store, repository)
    assert refs == {f"refs/local/{tree.version}": tree.version}
    with push.one_at_a_time(store, repository):
        accepted = push.accept(store, repository)
        refused = push.refusals(store, repository, ["refs/local/x", "refs/heads/y"])
    assert (accepted.moves, accepted.runs) == ((), ())
    assert list(refused) == ["refs/local/x"]
    # a push of the same file does not start the local pipeline either
    repositories.git(store, repository, ["update-ref", "refs/heads/main", tree.version])
    with push.one_at_a_time(store, repository):
        accepted = push.accept(store, repository)
    assert [move.ref for move in accepted.moves] == ["refs/heads/main"]
    assert accepted.runs == ()
    assert pushes.known_refs(store, repository) == {"refs/heads/main": tree.version}


def test_the_chosen_part_is_compiled(store: Store, tree: Tree) -> None:
    run = queue(store, tree, jobs=("B",))
    plan = run_compilation.compile_run(store, run, path="ci/all.yml").plan
    assert plan is not None
    (stage,) = plan.stages
    assert [(job.name, job.depends_on) for job in stage.jobs] == [("B", ())]


def test_what_the_pipeline_keeps_secret_stays_so_however_it_is_given(
    store: Store, tree: Tree
) -> None:
    place, stack = project(store)
    definitions.create(
        store, project_id=place.project_id, name="p", repository_id=stack.repository_id,
        yaml_path="ci/all.yml",
        variables={"Key": DefinitionVariable(value="s1", is_secret=True, allow_override=True)},
    )  # fmt: skip
    remotes = ("https://dev.azure.com/shipway/ml/_git/stack",)
    run = queue(store, tree, remotes=remotes, variables={"key": "hunter22", "a": "b"})
    assert (run.definition_name, run.variables) == ("p", {"a": "b"})
    found = [v for v in run_variables.queue_time(store, run) if v.name.lower() == "key"]
    assert [(v.value, v.is_secret) for v in found][-1] == ("hunter22", True)


def test_secrets_are_secret_and_kept_apart(store: Store, tree: Tree) -> None:
    run = queue(store, tree, secrets={"Api.Key": "hunter22"})
    found = {v.name: v for v in run_variables.queue_time(store, run)}
    assert (found["Api.Key"].value, found["Api.Key"].is_secret) == ("hunter22", True)
    assert run_variables.shown(found.values())["Api.Key"] == "***"
    assert "hunter22" not in repr(runs.get(store, run.run_id))
    again = run_retry.rerun(store, run_id=run.run_id, principal=users.owner(store))
    assert again.local == run.local
    assert {v.name: v.value for v in run_variables.queue_time(store, again)}[
        "Api.Key"
    ] == "hunter22"


def test_another_repositorys_tree_stands_for_its_alias(store: Store, tree: Tree) -> None:
    run = queue(store, tree, others={"Shared": tree})
    assert run.local is not None
    kept: Mapping[str, Any] = run.local.repositories
    assert kept["shared"].version == tree.version
