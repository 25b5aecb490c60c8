"""Variables of a run: layers, predefined values, runtime expressions, counters, secrecy."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shipway.agent import job_environment
from shipway.agent.directories import JobDirectories
from shipway.agent.variables import JobVariables
from shipway.azpipelines.conditions import Dependency
from shipway.azpipelines.plan import (
    EnvironmentTarget,
    HookPlan,
    JobPlan,
    PoolPlan,
    RunPlan,
    StagePlan,
    VariablePlan,
)
from shipway.azpipelines.plan_resources import ContainerPlan, RepositoryResource
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import (
    counters,
    definitions,
    environments,
    job_work,
    projects,
    repositories,
    run_progress,
    run_variables,
    runs,
    runtime_values,
)
from shipway.devops.definitions import DefinitionVariable
from shipway.devops.runs import Record, Run
from shipway.devops.runtime_values import RunVariable
from shipway.loop import run as station
from shipway.loop import run_compilation, run_retry
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def variables(**values: str) -> tuple[VariablePlan, ...]:
    return tuple(VariablePlan(name=n.replace("__", "."), value=v) for n, v in values.items())


def job_of(name: str = "J", **fields: Any) -> JobPlan:
    return JobPlan(name=name, display_name=name, kind="job", pool=PoolPlan(), **fields)


def plan_of(*jobs: JobPlan, name_format: str = "", **fields: Any) -> RunPlan:
    stage = StagePlan(name="S", display_name="The stage", jobs=jobs or (job_of(),))
    return RunPlan(name_format=name_format, triggers=PipelineTriggers(), stages=(stage,), **fields)


def queued(store: Store, name: str = "p", **fields: Any) -> Run:
    users.ensure_demo_users(store)
    project = projects.find(store, "ml") or projects.create(store, name="ml")
    known = repositories.find(store, project_id=project.project_id, name_or_id="r")
    repository = known or repositories.create(store, project_id=project.project_id, name="r")
    found = [d for d in definitions.list_of(store, project_id=project.project_id) if d.name == name]
    definition = found[0] if found else definitions.create(
        store, project_id=project.project_id, name=name, repository_id=repository.repository_id,
        folder="\\team\\ml", **fields,
    )  # fmt: skip
    return runs.queue_run(
        store, definition=definition, branch="refs/heads/feature/x", version="0" * 40,
        reason="manual", requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip


def begun(store: Store, run: Run, plan: RunPlan) -> Run:
    for stage in plan.stages:
        record_id = run_progress.stage_id(run, stage.name)
        runs.set_record(store, Record(record_id=record_id, run_id=run.run_id, kind="Stage",
                                      name=stage.name, ref_name=stage.name))  # fmt: skip
    runs.set_run(store, run.run_id, state="inProgress", plan=plan.to_json())
    with store.database.transaction():
        station.advance(store, run.run_id)
    return runs.get(store, run.run_id)


def work_of(store: Store, run: Run) -> job_work.JobWork:
    record = next(r for r in runs.records_of(store, run.run_id) if r.kind == "Job")
    return job_work.of_record(store, run_id=run.run_id, record_id=record.record_id)


def values(work: job_work.JobWork) -> dict[str, str]:
    return {v.name: v.value for v in work.variables}


def test_a_counter_counts_runs_of_its_definition_by_prefix_and_keeps_its_number(
    store: Store,
) -> None:
    def take(run_id: int, prefix: str, seed: int = 100, definition_id: int = 1) -> int:
        return counters.take(
            store, definition_id=definition_id, run_id=run_id, place="x", prefix=prefix, seed=seed
        )

    assert [take(1, "a"), take(2, "a"), take(3, "a", seed=7)] == [100, 101, 102]
    assert [take(1, "a"), take(4, "b"), take(5, "a", definition_id=2)] == [100, 100, 100]
    assert take(6, "a") == 103


def test_a_counter_names_the_run_and_is_the_same_in_every_job_and_condition(store: Store) -> None:
    root = variables(major="1", patch="$[counter(format('{0}.x', variables.major), 5)]")
    plan = plan_of(
        job_of("A", condition="eq(variables.patch, '6')"),
        job_of("B"), variables=root, name_format="v$(major).$(patch)",
    )  # fmt: skip
    names: list[str] = []
    seen: dict[str, dict[str, str]] = {}
    for _ in range(2):
        run = queued(store)
        names.append(run_compilation.name_of(store, run, plan))
        run = begun(store, run, plan)
        records = [r for r in runs.records_of(store, run.run_id) if r.kind == "Job"]
        seen = {
            r.name: values(job_work.of_record(store, run_id=run.run_id, record_id=r.record_id))
            for r in records
        }
    assert names == ["v1.5", "v1.6"]
    assert {n: v["patch"] for n, v in seen.items()} == {"A": "6", "B": "6"}


def test_conditions_see_what_runtime_expressions_come_to(store: Store) -> None:
    root = variables(isFeature="$[startsWith(variables['Build.SourceBranch'], 'refs/heads/f')]")
    run = queued(store)
    plan = plan_of(job_of(condition="eq(variables.isFeature, true)"), variables=root)
    run = begun(store, run, plan)
    assert values(work_of(store, run))["isFeature"] == "True"


@pytest.mark.parametrize(
    ("expression", "value", "is_secret"),
    [
        ("$[variables.key]", "s3cret-value", True),
        ("$[upper(variables['key'])]", "S3CRET-VALUE", True),
        ("$[coalesce(variables.none, variables.key)]", "s3cret-value", True),
        ("$[coalesce(variables.plain, variables.key)]", "open", False),
        ("$[eq(variables.key, 's3cret-value')]", "True", False),
        ("$[variables.plain]", "open", False),
    ],
)
def test_what_comes_of_a_secret_is_secret(
    store: Store, expression: str, value: str, is_secret: bool
) -> None:
    known = [
        RunVariable(name="key", value="s3cret-value", is_secret=True),
        RunVariable(name="plain", value="open"),
        RunVariable(name="made", value=expression, scope="S"),
    ]
    found = {v.name: v for v in runtime_values.resolved(store, queued(store), known)}
    assert (found["made"].value, found["made"].is_secret) == (value, is_secret)


def test_what_comes_of_a_secret_output_is_secret(store: Store) -> None:
    done = Dependency(result="Succeeded", outputs={"s.hid": "hidden-value", "s.open": "shown"})
    known = [
        RunVariable(name="sec", value="$[dependencies.A.outputs['s.hid']]"),
        RunVariable(name="up", value="$[upper(variables.sec)]"),
        RunVariable(name="open", value="$[dependencies.A.outputs['s.open']]"),
        RunVariable(name="yes", value="$[eq(dependencies.A.outputs['s.hid'], 'hidden-value')]"),
    ]
    found = runtime_values.resolved(
        store, queued(store), known, dependencies={"A": done}, secret_outputs={"hidden-value"}
    )
    assert {v.name: (v.value, v.is_secret) for v in found} == {
        "sec": ("hidden-value", True), "up": ("HIDDEN-VALUE", True), "open": ("shown", False),
        "yes": ("True", False),
    }  # fmt: skip


def test_an_expression_sees_its_own_block_and_the_weaker_ones(store: Store) -> None:
    known = [
        RunVariable(name="a", value="root"),
        RunVariable(name="b", value="$[variables.later]", scope="S"),
        RunVariable(name="later", value="same block", scope="S"),
        RunVariable(name="a", value="$[format('{0}+', variables.a)]", scope="S/J"),
    ]
    found = {v.name: v.value for v in runtime_values.resolved(store, queued(store), known)}
    assert found == {"a": "root+", "b": "same block", "later": "same block"}


def test_expressions_see_repositories_and_containers(store: Store) -> None:
    root = variables(
        ref="$[resources.repositories.SELF.ref]", kind="$[resources.repositories['self'].TYPE]",
        other="$[format('{0} {1}', resources.repositories.tools.type, 'x')]",
        image="$[resources.containers.box.image]", none="$[resources.repositories.no.ref]",
        run="$[resources.pipeline.x.runID]",
    )  # fmt: skip
    plan = plan_of(
        variables=root, repositories=(RepositoryResource(alias="Tools", name="t", type="git"),),
        containers=(ContainerPlan(alias="box", image="alpine:3"),),
    )  # fmt: skip
    run = queued(store)
    known = run_variables.all_of(store, run, plan)
    found = run_variables.shown(runtime_values.resolved(store, run, known, plan=plan))
    wanted = {"ref": "refs/heads/feature/x", "kind": "Git", "other": "git x", "image": "alpine:3",
              "none": "", "run": ""}  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted


def test_an_expression_that_fails_names_its_variable(store: Store) -> None:
    known = [RunVariable(name="a", value="$[gt(1, 'x')]")]
    with pytest.raises(RuntimeValueError, match="variable 'a': Unable to convert"):
        runtime_values.resolved(store, queued(store), known)
    kept = runtime_values.resolved(store, queued(store), known, is_lenient=True)
    assert kept[0].value == "$[gt(1, 'x')]"


def test_the_most_local_layer_wins_but_never_over_a_system_variable(store: Store) -> None:
    given = {n: DefinitionVariable(value="ui", allow_override=True) for n in "abcde"}
    run = queued(store, variables=given)
    run = runs.set_run(store, run.run_id, variables={"b": "queue", "c": "queue", "e": "queue"})
    root = variables(c="root", d="root", e="root", Build__SourceBranch="forged")
    stage = replace(plan_of().stages[0], variables=variables(d="stage", e="stage"))
    job = job_of(variables=variables(e="job", System__Debug="true"))
    plan = plan_of(variables=root)
    found = run_variables.shown(run_variables.all_of(store, run, plan, stage=stage, job=job))
    assert {n: found[n] for n in "abcde"} == {
        "a": "ui", "b": "queue", "c": "root", "d": "stage", "e": "job",
    }  # fmt: skip
    assert found["Build.SourceBranch"] == "refs/heads/feature/x"
    assert found["System.Debug"] == "true"


def test_a_job_has_every_variable_of_run_stage_and_job(store: Store) -> None:
    run = begun(store, queued(store), plan_of(job_of("Build", timeout_in_minutes=7)))
    work = work_of(store, run)
    found = values(work)
    started = run.started_at or run.queued_at
    expected = {
        "Build.BuildId": str(run.run_id),
        "Build.CronSchedule.DisplayName": None,
        "Checks.StageAttempt": None,
        "Build.DefinitionFolderPath": "\\team\\ml",
        "Build.DefinitionVersion": "1",
        "Build.QueuedBy": "dana",
        "Build.Reason": "Manual",
        "Build.RequestedForEmail": users.get(store, "dana").principal_name,
        "Build.SourceBranchName": "x",
        "Build.StageRequestedBy": "Microsoft.VisualStudio.Services.TFS",
        "Build.StageRequestedForId": "00000002-0000-8888-8000-000000000000",
        "System.Culture": "en-US",
        "System.DefinitionName": "p",
        "System.IsScheduled": "False",
        "System.JobAttempt": "1",
        "System.JobDisplayName": "Build",
        "System.JobIdentifier": "S.Build.__default",
        "System.JobName": "__default",
        "System.JobPositionInPhase": "1",
        "System.JobTimeout": "7",
        "System.PhaseName": "Build",
        "System.PipelineStartTime": f"{started:%Y-%m-%d %H:%M:%S}+00:00",
        "System.PullRequest.IsFork": "False",
        "System.StageAttempt": "1",
        "System.StageDisplayName": "The stage",
        "System.StageName": "S",
        "System.TotalJobsInPhase": "1",
        "resources.triggeringAlias": "",
    }
    assert {n: found.get(n) for n in expected} == expected
    assert found["System.OidcRequestUri"].endswith(f"/jobs/{work.record.record_id}/oidctoken")


def test_the_page_tells_of_every_variable(store: Store) -> None:
    page = (Path(__file__).parents[3] / "docs/reference/pipeline-variables.md").read_text("utf-8")
    work = work_of(store, begun(store, queued(store), plan_of()))
    known = JobVariables()
    directories = JobDirectories(root=Path("/job"))
    job_environment.define_predefined(known, work, directories, worker="w")
    names = {*values(work), *(one.name for one in known)}
    assert [n for n in sorted(names) if f"`{n}`" not in page] == []
    in_templates = run_variables.shown(run_variables.in_templates(store, work.run))
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    marked = {n for row in rows if "**T**" in row for n in re.findall(r"`([^`]+)`", row)}
    assert {n for n in in_templates if n not in marked} == set()


def test_a_deployment_knows_its_environment(store: Store) -> None:
    job = JobPlan(
        name="D", display_name="D", kind="deployment", pool=PoolPlan(),
        environment=EnvironmentTarget(name="dev"), deployment_strategy="runOnce",
        hooks=(HookPlan(name="deploy", steps=(), pool=PoolPlan()),),
    )  # fmt: skip
    run = queued(store)
    environments.ensure(
        store, project_id=run.project_id, name="dev", definition_id=run.definition_id,
        by_id="", by_name="",
    )  # fmt: skip
    found = values(work_of(store, begun(store, run, plan_of(job))))
    target = environments.find(store, project_id=run.project_id, name="dev")
    assert target is not None
    assert found["Environment.Id"] == str(target.environment_id)
    assert (found["Environment.Name"], found["Strategy.Name"]) == ("dev", "runOnce")


def test_late_values_of_a_job_are_filled_in(store: Store) -> None:
    job = job_of(runtime_values={"timeoutInMinutes": "$[variables.minutes]"})
    run = begun(store, queued(store), plan_of(job, variables=variables(minutes="9")))
    work = work_of(store, run)
    assert work.job.timeout_in_minutes == 9
    assert values(work)["System.JobTimeout"] == "9"


def test_secrets_given_when_a_run_is_queued_stay_secret(store: Store) -> None:
    first = queued(store, variables={"pw": DefinitionVariable(value="of-old", is_secret=True)})
    definition = definitions.get(
        store, project_id=first.project_id, definition_id=first.definition_id
    )
    dana = users.principal_of(store, users.get(store, "dana"))
    run = runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="0" * 40, reason="manual",
        requested_by=dana, variables={"open": "x"}, secrets={"pw": "hidden-value"},
    )  # fmt: skip
    found = {v.name: v for v in run_variables.queue_time(store, runs.get(store, run.run_id))}
    assert (found["open"].value, found["open"].is_secret) == ("x", False)
    assert "hidden-value" not in str(runs.get(store, run.run_id))
    last = run_variables.queue_time(store, run)[-1]
    assert (last.name, last.value, last.is_secret) == ("pw", "hidden-value", True)
    again = run_retry.rerun(store, run_id=run.run_id, principal=dana)
    assert run_variables.queue_time(store, again)[-1].value == "hidden-value"


def test_templates_see_what_is_known_before_the_run(store: Store) -> None:
    run = queued(store, variables={"mine": DefinitionVariable(value="ui")})
    seen = run_variables.shown(run_variables.in_templates(store, run))
    assert seen["mine"] == "ui"
    assert seen["Build.SourceBranch"] == "refs/heads/feature/x"
    assert "Build.BuildNumber" not in seen
