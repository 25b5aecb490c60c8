"""Templates from other repositories: where they are found, at which commit, what is said if not."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from shipway.azpipelines.compiler import CompileResult
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import (
    definitions,
    github_mirrors,
    pipeline_permissions,
    projects,
    repositories,
    runs,
    security_groups,
    service_connections,
    stage_resources,
)
from shipway.devops.local_choices import LocalChoices, LocalRepository
from shipway.devops.projects import Project
from shipway.devops.repositories import Repository
from shipway.devops.runs import Record, RepositoryChoice, Requester, Run
from shipway.loop import checkpoint, run_compilation
from shipway.store.store import Store, open_store

STEPS = "steps:\n- script: echo %s\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(Home(tmp_path / "home"), SystemClock())
    users.ensure_demo_users(made)
    return made


def commit(store: Store, repository: Repository, files: Mapping[str, str], ref: str) -> str:
    """A commit with these files, and `ref` on it."""
    said = [f"commit {ref}\ncommitter t <t@t> 0 +0000\ndata 1\nc"]
    said += [f"M 644 inline {p}\ndata {len(t)}\n{t}" for p, t in files.items()]
    repositories.git(
        store, repository, ["fast-import", "--quiet", "--force"],
        input_bytes=("\n".join(said) + "\n").encode(),
    )  # fmt: skip
    return repositories.resolve(store, repository, ref) or ""


def make(store: Store, project: Project, name: str, files: Mapping[str, str]) -> Repository:
    made = repositories.create(store, project_id=project.project_id, name=name)
    commit(store, made, files, "refs/heads/main")
    return made


def queue(store: Store, project: Project, yaml: str) -> Run:
    own = make(store, project, "app", {"azure-pipelines.yml": yaml})
    definition = definitions.create(
        store, project_id=project.project_id, name="p", repository_id=own.repository_id
    )
    return runs.queue_run(
        store, definition=definition, branch="refs/heads/main",
        version=repositories.resolve(store, own, "main") or "", reason="manual",
        requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip


def compiled(store: Store, run: Run) -> CompileResult:
    return run_compilation.compile_run(store, run, path="azure-pipelines.yml")


def scripts(result: CompileResult) -> list[str]:
    assert result.plan, result.error_text
    steps = [step for step in result.plan.stages[0].jobs[0].steps if step.shorthand == "script"]
    return [step.inputs["script"] for step in steps]


def using(name: str, *, ref: str = "", file: str = "steps.yml", more: str = "type: git") -> str:
    ref = f"\n    ref: {ref}" if ref else ""
    return (
        f"resources:\n  repositories:\n  - repository: tools\n    name: {name}\n    {more}{ref}\n"
        f"steps:\n- template: {file}@tools\n"
    )


@pytest.mark.parametrize("name", ["tools", "ML/Tools", "Platform/shared tools"])
def test_a_template_of_the_same_or_another_project(store: Store, name: str) -> None:
    ml, platform = (projects.create(store, name=one) for one in ("ml", "Platform"))
    make(store, ml, "tools", {"steps.yml": STEPS % "near"})
    make(store, platform, "shared tools", {"steps.yml": STEPS % "far"})
    run = queue(store, ml, using(name))
    expected = "echo far" if name.startswith("Platform") else "echo near"
    assert scripts(compiled(store, run)) == [expected]
    printed = run_compilation.compile_preview(store, run, path="azure-pipelines.yml", override="")
    assert expected in printed.final_yaml


def test_another_projects_repository_is_for_who_sees_it_or_whom_it_was_lent(store: Store) -> None:
    ml, secret = (projects.create(store, name=one) for one in ("ml", "secret"))
    tools = make(store, secret, "tools", {"steps.yml": STEPS % "far"})
    run, dana = queue(store, ml, using("secret/tools")), users.get(store, "dana").object_id
    people = security_groups.well_known(store, "Contributors", project_id=secret.project_id)
    security_groups.remove_member(store, group_id=people.group_id, member_id=dana)
    resource_id = f"{secret.project_id}.{tools.repository_id}"
    for definition_id in (0, None):  # another definition; every one of its own project
        pipeline_permissions.authorize(
            store, resource_type="repository", resource_id=resource_id, by="me",
            definition_id=definition_id,
        )  # fmt: skip
        assert "could not be retrieved" in compiled(store, run).error_text
    pipeline_permissions.authorize(
        store, resource_type="repository", resource_id=resource_id, by="me",
        definition_id=run.definition_id,
    )  # fmt: skip
    assert scripts(compiled(store, run)) == ["echo far"]


def test_only_its_own_project_lends_a_repository(store: Store) -> None:
    ml, secret = (projects.create(store, name=one) for one in ("ml", "secret"))
    tools = make(store, secret, "tools", {"steps.yml": STEPS % "far"})
    run = queue(store, ml, using("secret/tools"))
    plan = compiled(store, run).plan
    people = security_groups.well_known(store, "Contributors", project_id=secret.project_id)
    dana = users.principal_of(store, users.get(store, "dana"))
    assert plan
    resource_id = f"{secret.project_id}.{tools.repository_id}"
    pipeline_permissions.authorize(
        store, resource_type="repository", resource_id=resource_id, by="me"
    )  # opened in its project
    used = stage_resources.of_stage(store, run, plan, plan.stages[0])
    far = [one for one in used if one.resource_id == resource_id]
    assert len(far) == 1
    assert not stage_resources.unauthorized(store, run, far)  # dana sees it there
    security_groups.remove_member(store, group_id=people.group_id, member_id=dana.object_id)
    assert stage_resources.unauthorized(store, run, far) == far
    runs.set_record(
        store,
        Record(
            record_id="r", run_id=run.run_id, kind="Checkpoint.Authorization", name="c",
            state="inProgress", identifier="__default.c",
            data={"needs": [{"type": "repository", "id": resource_id, "name": "tools"}]},
        ),
    )  # fmt: skip
    for place, allowed in ((ml, False), (secret, True)):
        builders = security_groups.well_known(
            store, "Build Administrators", project_id=place.project_id
        )
        security_groups.add_member(store, group_id=builders.group_id, member_id=dana.object_id)
        assert checkpoint.may_permit(store, run=run, principal=dana) == allowed


def test_the_plan_keeps_the_commit_of_a_branch_a_tag_and_the_default(store: Store) -> None:
    ml = projects.create(store, name="ml")
    tools = make(store, ml, "tools", {"steps.yml": STEPS % "main"})
    commit(store, tools, {"steps.yml": STEPS % "tag"}, "refs/tags/v1")
    commit(store, tools, {"steps.yml": STEPS % "branch"}, "refs/heads/next")
    run = queue(store, ml, "")
    for ref, branch, said in (
        ("refs/tags/v1", "refs/tags/v1", "tag"),
        ("next", "refs/heads/next", "branch"),
        ("${{ format('refs/heads/{0}', 'next') }}", "refs/heads/next", "branch"),
        ("refs/heads/${{ variables.where }}", "refs/heads/next", "branch"),
        ("", "refs/heads/main", "main"),
    ):
        text = "variables:\n  ${{ if true }}: {where: next}\n" + using("tools", ref=ref)
        result = run_compilation.compile_preview(
            store, run, path="azure-pipelines.yml", override=text
        )
        assert scripts(result) == [f"echo {said}"]
        assert result.plan
        (resource,) = result.plan.repositories
        assert (resource.repository_id, resource.branch) == (tools.repository_id, branch)
        assert resource.commit == repositories.resolve(store, tools, branch)


def test_what_is_not_there_is_said_in_the_words_of_the_service(store: Store) -> None:
    ml = projects.create(store, name="ml")
    tools = make(store, ml, "tools", {"steps.yml": STEPS % "x"})
    version = repositories.resolve(store, tools, "main")
    run = queue(store, ml, "")

    def error(yaml: str) -> str:
        return run_compilation.compile_preview(
            store, run, path="azure-pipelines.yml", override=yaml
        ).error_text

    assert error(using("tools", file="no.yml")) == (
        "/azure-pipelines.yml: File /no.yml not found in repository "
        f"https://dev.azure.com/shipway/ml/_git/tools branch refs/heads/main version {version}."
    )
    assert error(using("ghost")).splitlines()[0] == (
        f"The repository ghost in project {ml.project_id} could not be retrieved. Verify the name "
        "and credentials being used and permissions."
    )
    assert error(using("nowhere/tools")).startswith(
        "TF200016: The following project does not exist: nowhere."
    )
    assert error(using("tools", ref="gone")) == (
        "/azure-pipelines.yml: Could not get the latest source version for repository tools "
        "hosted on Azure Repos using ref refs/heads/gone."
    )
    assert error("steps:\n- template: a.yml@tools\n") == (
        "/azure-pipelines.yml: No repository found by name tools"
    )
    hub = "type: github\n    endpoint: hub"
    assert error(using("acme/tools", more=hub)).splitlines()[0] == (
        "Repository tools references endpoint hub which does not exist or is not authorized for use"
    )


def test_a_repository_of_github_is_its_mirror(store: Store) -> None:
    ml = projects.create(store, name="ml")
    service_connections.create(store, project_id=ml.project_id, name="hub", kind="github")
    run = queue(store, ml, using("acme/tools", more="type: github\n    endpoint: hub"))
    (missing,) = compiled(store, run).diagnostics
    assert "no mirror here" in missing.message
    assert "shipway repos map acme/tools" in missing.message
    mirror = github_mirrors.create(
        store, name="acme/tools", source="/nowhere", mapped_by=Requester(object_id="o", name="n")
    )
    commit(
        store, github_mirrors.repository_of(store, mirror), {"steps.yml": STEPS % "hub"},
        "refs/heads/main",
    )  # fmt: skip
    result = compiled(store, run)
    assert scripts(result) == ["echo hub"]
    assert result.plan
    found = stage_resources.of_stage(store, run, result.plan, result.plan.stages[0])
    assert ("endpoint", "hub") in {(one.kind, one.name) for one in found}


def test_a_template_of_another_repository_asks_for_its_permission(store: Store) -> None:
    ml, platform = (projects.create(store, name=one) for one in ("ml", "platform"))
    tools = make(store, platform, "tools", {"steps.yml": STEPS % "x"})
    run = queue(store, ml, using("platform/tools"))
    plan = compiled(store, run).plan
    assert plan
    found = stage_resources.of_stage(store, run, plan, plan.stages[0])
    wanted = stage_resources.unauthorized(store, run, found)
    assert [(one.kind, one.resource_id) for one in wanted] == [
        ("repository", f"{platform.project_id}.{tools.repository_id}")
    ]


def test_a_working_tree_stands_for_an_alias_of_a_local_run(store: Store) -> None:
    ml = projects.create(store, name="ml")
    tools = make(store, ml, "other", {"steps.yml": STEPS % "main"})
    version = commit(store, tools, {"steps.yml": STEPS % "tree"}, "refs/local/1")
    tree = LocalRepository(
        repository_id=tools.repository_id, version=version, branch="refs/heads/topic"
    )
    run = replace(
        queue(store, ml, using("acme/ghost", more="type: github")),
        local=LocalChoices(folder="/x", repositories={"tools": tree}),
    )
    result = compiled(store, run)
    assert scripts(result) == ["echo tree"]
    assert result.plan
    assert result.plan.repositories[0].commit == version


def test_another_branch_or_commit_may_be_chosen_when_a_run_is_queued(store: Store) -> None:
    ml = projects.create(store, name="ml")
    tools = make(store, ml, "tools", {"steps.yml": STEPS % "main"})
    tagged = commit(store, tools, {"steps.yml": STEPS % "tag"}, "refs/tags/v1")
    commit(store, tools, {"steps.yml": STEPS % "next"}, "refs/heads/next")
    run = queue(store, ml, using("tools"))
    for choice, said in (
        (RepositoryChoice(ref="refs/heads/next"), "next"),
        (RepositoryChoice(version=tagged), "tag"),
        (RepositoryChoice(), "main"),
    ):
        chosen = replace(run, repository_choices={"tools": choice})
        assert scripts(compiled(store, chosen)) == [f"echo {said}"]


def test_a_template_that_is_extended_brings_a_repository_of_its_own(store: Store) -> None:
    ml = projects.create(store, name="ml")
    make(store, ml, "deep", {"steps.yml": STEPS % "deep"})
    base = "resources:\n  repositories:\n  - {repository: d, name: deep}\n"
    base += "steps:\n- template: steps.yml@d\n"
    make(store, ml, "tools", {"base.yml": base})
    text = using("tools").replace("steps:\n- template: steps.yml", "extends:\n  template: base.yml")
    run = queue(store, ml, text)
    result = compiled(store, run)
    assert scripts(result) == ["echo deep"]
    assert result.plan
    assert {one.alias for one in result.plan.repositories} == {"tools", "d"}
