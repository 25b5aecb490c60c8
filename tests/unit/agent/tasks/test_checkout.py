"""What a checkout does, with a real git and repositories in a folder."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.agent.tasks import steps

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import checkout, checkout_script
from shipway.agent.tasks.checkout_script import CheckoutOrder
from shipway.azpipelines.plan import JobPlan, PoolPlan, RunPlan, StagePlan, StepPlan, TaskReference
from shipway.azpipelines.plan_resources import CheckoutOptions, RepositoryResource
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.base import process
from shipway.base.errors import NotFound, NotSupported
from shipway.devops import (
    checkout_sources,
    definitions,
    github_mirrors,
    job_checkouts,
    pipeline_permissions,
    projects,
    repositories,
    runs,
)
from shipway.devops.local_choices import LocalChoices, LocalRepository
from shipway.devops.runs import Requester, Run
from shipway.store.store import Store

ENV = {
    "PATH": os.defpath, "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x", "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@x", "SHIPWAY_GIT_HEADER": "AUTHORIZATION: basic c2VjcmV0",
}  # fmt: skip


def git(folder: Path, text: str) -> str:
    done = process.run(["/bin/bash", "-ec", text], cwd=folder, env_vars=ENV, seconds=60)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode().strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Three commits on main, a further branch, a tag, two folders."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(
        folder,
        """
        git init -q -b main; git config uploadpack.allowAnySHA1InWant true
        git config uploadpack.allowFilter true
        mkdir -p src docs; echo 1 > src/a; echo 1 > docs/b; echo 1 > top
        git add .; git commit -qm one; echo 2 > src/a; git commit -qam two; git tag v1
        git branch other; echo 3 > src/a; git commit -qam three
    """,
    )
    return folder


def order_of(origin: Path, folder: Path) -> CheckoutOrder:
    commit = git(origin, "git rev-parse HEAD")
    return CheckoutOrder(folder=folder, url=f"file://{origin}", commit=commit)


def run_script(order: CheckoutOrder, tmp_path: Path) -> str:
    return git(tmp_path, f"export TMPDIR={tmp_path}\n{checkout_script.script_of(order)}")


def test_a_shallow_checkout_is_one_detached_commit_without_tags(
    origin: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "s"
    said = run_script(order_of(origin, folder), tmp_path)
    assert git(folder, "git rev-list --count HEAD; git tag; git branch --show-current") == "1"
    assert "HEAD is now at" in said
    assert "c2VjcmV0" not in git(folder, "cat .git/config")


def test_the_whole_history_has_every_branch_and_tags_where_asked(
    origin: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    order = order_of(origin, folder)
    run_script(order, tmp_path)
    run_script(replace(order, depth=0, tags=True), tmp_path)
    assert git(folder, "git rev-list --count HEAD; git tag") == "3\nv1"
    assert git(folder, "git rev-parse --verify -q origin/other")


def test_clean_takes_away_what_a_job_before_left(origin: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    order = order_of(origin, folder)
    run_script(order, tmp_path)
    git(folder, "echo x > left; echo x > top")
    run_script(order, tmp_path)
    assert (folder / "left").exists()
    run_script(replace(order, clean=True), tmp_path)
    assert not (folder / "left").exists()
    assert (folder / "top").read_text() == "1\n"


def test_sparse_checkouts_have_what_they_ask_for(origin: Path, tmp_path: Path) -> None:
    cone, patterns = tmp_path / "cone", tmp_path / "patterns"
    run_script(replace(order_of(origin, cone), cone=("src",)), tmp_path)
    assert sorted(p.name for p in cone.iterdir()) == [".git", "src", "top"]
    order = replace(order_of(origin, patterns), patterns=("/docs/*",), filters=("blob:none",))
    run_script(order, tmp_path)
    assert sorted(p.name for p in patterns.iterdir()) == [".git", "docs"]
    run_script(order_of(origin, patterns), tmp_path)
    assert (patterns / "src" / "a").exists()


def test_submodules_come_where_asked(origin: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    allow = "git -c protocol.file.allow=always"
    git(outer, f"git init -q -b main; {allow} submodule -q add file://{origin} vendor; "
               "git commit -qm outer")  # fmt: skip
    plain, full = tmp_path / "plain", tmp_path / "full"
    run_script(order_of(outer, plain), tmp_path)
    assert not (plain / "vendor" / "top").exists()
    script = checkout_script.script_of(replace(order_of(outer, full), submodules=True, depth=0))
    text = f"export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=protocol.file.allow {'GIT_CONFIG_VALUE_0'}"
    git(tmp_path, f"export TMPDIR={tmp_path}\n{text}=always\n{script}")
    assert (full / "vendor" / "top").read_text() == "1\n"


def test_persisted_credentials_lie_outside_of_the_sources_and_serve_git(
    origin: Path, tmp_path: Path
) -> None:
    folder, kept = tmp_path / "s", tmp_path / "git-credentials"
    run_script(replace(order_of(origin, folder), credentials=kept), tmp_path)
    assert "c2VjcmV0" not in (folder / ".git" / "config").read_text()
    assert kept.stat().st_mode & 0o077 == 0
    found = git(folder, "git config --get-urlmatch http.extraheader https://dev.azure.com/x/_git/y")
    assert found == "AUTHORIZATION: basic c2VjcmV0"
    run_script(order_of(origin, folder), tmp_path)
    assert "git-credentials" not in (folder / ".git" / "config").read_text()


def planned(store: Store, run: Run, *checkouts: StepPlan, **fields: object) -> RunPlan:
    job = JobPlan(name="J", display_name="J", kind="job", pool=PoolPlan(), steps=checkouts)
    plan = RunPlan(
        name_format="", triggers=PipelineTriggers(),
        stages=(StagePlan(name="S", display_name="S", jobs=(job,)),), **fields,  # type: ignore[arg-type]
    )  # fmt: skip
    runs.set_run(store, run.run_id, plan=json.loads(json.dumps(plan.to_json())))
    return plan


def step(alias: str, **inputs: str) -> StepPlan:
    return StepPlan(
        ref_name="c", display_name="Checkout", shorthand="checkout",
        task=TaskReference(name="x", version="1"), inputs={"repository": alias, **inputs},
    )  # fmt: skip


def filled(store: Store, project_id: str, name: str, origin: Path) -> str:
    made = repositories.create(store, project_id=project_id, name=name)
    git(origin, f"git push -q {repositories.path_of(store, made)} main other v1")
    return made.repository_id


def own_run(store: Store, origin: Path) -> Run:
    project_id = steps.make_run(store).project_id
    own = filled(store, project_id, "App", origin)
    definition = definitions.create(store, project_id=project_id, name="own", repository_id=own)
    return runs.queue_run(
        store, definition=definition, branch="refs/heads/main",
        version=git(origin, "git rev-parse HEAD"), reason="manual",
        requested_by=Requester(object_id="1", name="dana"),
    )  # fmt: skip


def test_a_name_stands_for_a_repository_of_the_organization(job: JobContext, origin: Path) -> None:
    store, run = job.store, own_run(job.store, origin)
    other = projects.create(store, name="shared").project_id
    filled(store, run.project_id, "Tools", origin)
    filled(store, other, "Lib", origin)
    plan = planned(store, run, repositories=(
        RepositoryResource(alias="tools", name="Tools", ref="refs/tags/v1"),
        RepositoryResource(alias="lib", name="shared/Lib"),
        RepositoryResource(alias="pinned", name="Tools", ref="other", commit="f" * 40),
        RepositoryResource(alias="gone", name="Nowhere"),
        RepositoryResource(alias="late", name="Tools", ref="nowhere"),
        RepositoryResource(alias="hub", name="team/repo", type="bitbucket"),
    ))  # fmt: skip
    tag, head = git(origin, "git rev-parse v1"), git(origin, "git rev-parse HEAD")
    found = {n: checkout_sources.of(store, run, plan, n) for n in (
        "self", "tools", "LIB", "pinned", "git://shared/Lib@other", "git://ml/Tools",
    )}  # fmt: skip
    assert {n: (s.name, s.branch, s.commit) for n, s in found.items()} == {
        "self": ("App", "refs/heads/main", head),
        "tools": ("Tools", "refs/tags/v1", tag),
        "LIB": ("shared/Lib", "refs/heads/main", head),
        "pinned": ("Tools", "refs/heads/other", "f" * 40),
        "git://shared/Lib@other": ("shared/Lib", "refs/heads/other", tag),
        "git://ml/Tools": ("Tools", "refs/heads/main", head),
    }
    assert found["LIB"].url == "https://dev.azure.com/shipway/shared/_git/Lib"
    for name, problem in (("gone", NotFound), ("late", NotFound), ("hub", NotSupported)):
        with pytest.raises(problem):
            checkout_sources.of(store, run, plan, name)


def test_a_working_tree_has_the_name_of_the_repository_that_it_stands_for(
    job: JobContext, origin: Path
) -> None:
    store, run = job.store, own_run(job.store, origin)
    kept = filled(store, run.project_id, "my folder", origin)
    head = git(origin, "git rev-parse HEAD")
    tree = LocalRepository(repository_id=kept, version=head, branch="refs/heads/main")
    run = replace(run, local=LocalChoices(folder="/x", repositories={"tools": tree}))
    resource = RepositoryResource(
        alias="Tools", name="team/Tools", repository_id=kept, commit=head, branch="refs/heads/main"
    )
    plan = planned(store, run, repositories=(resource,))
    assert checkout_sources.of(store, run, plan, "tools").name == "team/Tools"


def test_a_token_reads_what_the_pipeline_checks_out_and_may_use(
    job: JobContext, origin: Path
) -> None:
    store, run = job.store, own_run(job.store, origin)
    other = projects.create(store, name="shared").project_id
    lib, secret = filled(store, other, "Lib", origin), filled(store, other, "Secret", origin)
    planned(store, run, step("self"), step("git://shared/Lib"))
    assert not checkout_sources.is_lent(store, run.run_id, lib)
    for name in (lib, secret):
        pipeline_permissions.authorize(
            store, resource_type="repository", resource_id=f"{other}.{name}", by="1",
            definition_id=run.definition_id,
        )  # fmt: skip
    assert checkout_sources.is_lent(store, run.run_id, lib)
    assert not checkout_sources.is_lent(store, run.run_id, secret)


def test_a_checkout_is_named_by_what_it_brings_and_takes_the_options_of_its_resource(
    job: JobContext, origin: Path
) -> None:
    store, run = job.store, own_run(job.store, origin)
    filled(store, run.project_id, "Tools", origin)
    plan = planned(
        store, run, step("self"), step("tools", fetchDepth="0", path="there"),
        repositories=(
            RepositoryResource(alias="tools", name="Tools", checkout=CheckoutOptions(
                fetch_depth="5", clean="true"
            )),
        ),
    )  # fmt: skip
    made, names = job_checkouts.prepared(store, run, plan, plan.stages[0].jobs[0])
    assert [one.display_name for one in made.steps] == [
        "Checkout App@main to s/App", "Checkout Tools@main to there",
    ]  # fmt: skip
    assert names == {"self": "App", "tools": "Tools"}
    assert (made.steps[1].inputs["fetchDepth"], made.steps[1].inputs["clean"]) == ("0", "true")


def test_the_step_asks_git_for_what_its_inputs_say(job: JobContext, origin: Path) -> None:
    run = own_run(job.store, origin)
    planned(job.store, run, step("self"))
    job.run = run
    result, ran = steps.run_task(
        job, checkout.CHECKOUT, path="s/app", fetchDepth="0", fetchTags="true", clean="true",
        sparseCheckoutDirectories="src 'a b'", submodules="recursive", persistCredentials="true",
    )  # fmt: skip
    assert result == "succeeded"
    (order,) = ran.orders
    text = order.command[-1]
    folder = job.directories.sources / "app"
    assert f"git init -q {folder}" in text
    for part in (
        "--tags", "git clean -ffdx", "sparse-checkout set src 'a b'", "--recursive",
        "git-credentials", "https://dev.azure.com/shipway/ml/_git/App",
    ):  # fmt: skip
        assert part in text, part
    assert job.variables.get("System.DefaultWorkingDirectory") == str(folder)
    assert job.variables.get("Build.SourcesDirectory") == str(folder)
    with pytest.raises(NotSupported, match="lfs"):
        steps.run_task(job, checkout.CHECKOUT, lfs="true")


def test_a_github_repository_is_fetched_from_its_mirror(job: JobContext, origin: Path) -> None:
    store, run = job.store, own_run(job.store, origin)
    by = Requester(object_id="1", name="dana")
    mirror = github_mirrors.create(store, name="owner/repo", source="x", mapped_by=by)
    own = github_mirrors.repository_of(store, mirror)
    git(origin, f"git push -q {repositories.path_of(store, own)} main")
    hub = RepositoryResource(alias="hub", name="Owner/Repo", type="github", endpoint="c")
    plan = planned(store, run, step("hub"), repositories=(hub,))
    found = checkout_sources.of(store, run, plan, "hub")
    assert found.url == "https://github.com/owner/repo"
    assert found.mirror.startswith("https://dev.azure.com/shipway/github.com/owner/_git/repo")
