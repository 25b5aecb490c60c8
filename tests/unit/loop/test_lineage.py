"""The chain from commit to deployment, joined from what both worlds wrote."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.ml_lab import Lab, lab

from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput, NotFound
from shipway.devops import approvals, checks, definitions, projects, repositories, runs
from shipway.devops.approval_entities import Approver
from shipway.devops.checks import Check
from shipway.devops.runs import Run
from shipway.loop import lineage
from shipway.loop.lineage import Lineage
from shipway.ml import jobs, model_versions, online_deployments, online_endpoints
from shipway.ml.jobs import MLJob
from shipway.ml.model_versions import ModelVersion
from shipway.ml.online_deployments import OnlineDeployment
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.store.store import Store

COMMIT = "0123abcd" * 5


@dataclass(kw_only=True)
class World:
    """Both worlds, without anything that works in them."""

    ml: Lab
    check: Check
    definition: definitions.PipelineDefinition

    @property
    def store(self) -> Store:
        return self.ml.store

    def person(self, name: str) -> Principal:
        return users.principal_of(self.store, users.get(self.store, name))

    def run(self, commit: str = COMMIT, **changes: object) -> Run:
        made = runs.queue_run(
            self.store, definition=self.definition, branch="refs/heads/main", version=commit,
            reason="individualCI", requested_by=self.person("dana"),
        )  # fmt: skip
        return runs.set_run(self.store, made.run_id, **changes) if changes else made

    def job(self, run: int | str, *, schedule: str = "") -> MLJob:
        made = self.ml.pipeline(
            {"a": {"type": "command", "componentId": self.ml.component("true")}},
            inputs={"run": {"jobInputType": "literal", "value": str(run)}}, displayName="training",
        )  # fmt: skip
        stored = jobs.get_stored(self.store, workspace=made.workspace, name=made.name)
        return jobs.step(self.store, stored, "complete", schedule=schedule)

    def model(self, **tags: str) -> ModelVersion:
        return model_versions.create(
            self.store, workspace=self.ml.workspace, name="delay",
            model_uri=self.ml.put_blob("m/weights", "w"), tags=tags,
        )  # fmt: skip

    def approval(self, run: Run, *, approved: bool = True) -> str:
        avery = users.get(self.store, "avery")
        opened = approvals.open_for(
            self.store, run=run, check=self.check, checkpoint_id="c", stage_name="Approval",
            approvers=(Approver(approver_id=avery.object_id, name="Avery"),),
        )  # fmt: skip
        if approved:
            approvals.approve(
                self.store, approval_id=opened.approval_id, principal=self.person("avery"),
                comment="good",
            )  # fmt: skip
        return opened.approval_id

    def deploy(
        self, model: ModelVersion, name: str = "blue", *, share: int = 100
    ) -> OnlineDeployment:
        workspace, location = self.ml.workspace, "westeurope"
        old = online_endpoints.find(self.store, workspace=self.ml.workspace, name="delay-dev")
        traffic = {**(old.traffic if old else {}), name: share}
        online_endpoints.save(
            self.store,
            OnlineEndpoint(
                workspace=workspace, location=location, name="delay-dev", traffic=traffic
            ),
        )
        return online_deployments.save(
            self.store,
            OnlineDeployment(
                endpoint="delay-dev", name=name, model_key=model.key,
                provisioning_state="Succeeded", workspace=workspace, location=location,
            ),
        )  # fmt: skip

    def whole(self) -> tuple[Run, ModelVersion]:
        """A chain with nothing missing."""
        run = self.run(state="completed", result="succeeded")
        job = self.job(run.run_id)
        approval = self.approval(run)
        model = self.model(
            job=job.name, run=str(run.run_id), commit=run.source_version, approval="approved",
            approval_run=str(run.run_id), approval_id=approval, auc="0.71",
        )  # fmt: skip
        self.deploy(model)
        return run, model


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with lab(tmp_path, working=False) as ml:
        users.ensure_demo_users(ml.store)
        project = projects.create(ml.store, name="p")
        repository = repositories.create(ml.store, project_id=project.project_id, name="r")
        definition = definitions.create(
            ml.store, project_id=project.project_id, name="d",
            repository_id=repository.repository_id,
        )  # fmt: skip
        check = checks.create(
            ml.store, project_id=project.project_id, kind="Approval", resource_type="environment",
            resource_id="1", resource_name="prod", timeout_minutes=60,
            settings={
                "approvers": [{"id": users.get(ml.store, "avery").object_id}],
                "minRequiredApprovers": 1,
            },
        )  # fmt: skip
        yield World(ml=ml, check=check, definition=definition)


def told(found: Lineage) -> dict[str, str]:
    return {station.kind: station.title for station in found.stations}


def test_a_whole_chain_is_the_same_from_every_station(world: World) -> None:
    run, model = world.whole()
    found = lineage.find(world.store, "")
    assert (found.is_complete, found.missing) == (True, ())
    assert told(found) == {
        "commit": COMMIT[:10], "run": f"d {run.run_name}", "ml_job": "training",
        "model_version": "delay:1", "approval": "prod", "deployment": "delay-dev/blue",
    }  # fmt: skip
    for text in (
        str(run.run_id), COMMIT, COMMIT[:8], COMMIT[:8].upper(), "delay:1", "azureml:delay:1",
        "delay-dev", "delay-dev/blue", "DELAY-DEV/Blue",
    ):  # fmt: skip
        assert lineage.find(world.store, text) == found, text
    facts = {s.kind: dict(s.facts) for s in found.stations}
    assert facts["approval"]["by"] == "avery"
    assert facts["approval"]["comment"] == "good"
    assert facts["deployment"]["traffic"] == "100 %"
    assert facts["model_version"]["auc"] == "0.71"
    assert model.key.startswith(world.ml.workspace)


def test_a_run_whose_gate_held_ends_at_its_job_with_the_reason(world: World) -> None:
    run = world.run(state="completed", result="failed")
    job = world.job(run.run_id)
    error = {"code": "UserError", "message": "Execution failed.\nAUC 0.61 is below 0.68"}
    stored = jobs.get_stored(world.store, workspace=job.workspace, name=job.name)
    child = jobs.children(world.store, workspace=job.workspace, name=job.name)[0]
    jobs.save(world.store, replace(stored, status="Failed"))
    jobs.save(world.store, replace(child, status="Failed", error=error))
    found = lineage.chain_of(world.store, run=run.run_id)
    assert found.is_complete is False
    stations = {s.kind: s for s in found.stations}
    assert dict(stations["ml_job"].facts)["reason"] == "AUC 0.61 is below 0.68"
    assert dict(stations["ml_job"].facts)["failed at"] == "a"
    assert stations["model_version"].state == "never registered: the ML job is Failed"
    assert stations["approval"].state == "never opened: there is no model to approve"
    assert [m.partition(":")[0] for m in found.missing] == [
        "run", "ml job", "model version", "approval", "deployment",
    ]  # fmt: skip


def test_a_version_that_a_schedule_trained_has_the_schedule_and_the_releasing_run(
    world: World,
) -> None:
    release = world.run(state="completed", result="succeeded")
    job = world.job("none", schedule="dev-retraining")
    model = world.model(
        job=job.name, run="none", commit=COMMIT, started_by="schedule", approval="approved",
        approval_run=str(release.run_id), approval_id=world.approval(release),
    )  # fmt: skip
    world.deploy(model)
    found = lineage.find(world.store, "delay:1")
    assert found.is_complete, found.missing
    assert [s.kind for s in found.stations] == [
        "commit", "schedule", "ml_job", "model_version", "run", "approval", "deployment",
    ]  # fmt: skip
    assert told(found)["schedule"] == "dev-retraining"


@pytest.mark.parametrize("part", ["approval", "deployment", "ml_job", "commit"])
def test_each_missing_station_is_named(world: World, part: str) -> None:
    run = world.run()
    job = world.job(run.run_id)
    approval = "" if part == "approval" else world.approval(run)
    model = world.model(
        job="gone" if part == "ml_job" else job.name, run="none" if part == "commit" else "1",
        commit="unknown" if part == "commit" else COMMIT, approval_id=approval,
        approval_run=str(run.run_id),
    )  # fmt: skip
    if part != "deployment":
        world.deploy(model)
    found = lineage.find(world.store, "delay:1")
    assert [m.partition(":")[0] for m in found.missing] == [part.replace("_", " ")]


def test_an_approval_that_waits_or_was_refused_is_no_complete_chain(world: World) -> None:
    run = world.run()
    model = world.model(
        run=str(run.run_id), commit=COMMIT, job=world.job(run.run_id).name,
        approval_run=str(run.run_id), approval_id=world.approval(run, approved=False),
    )  # fmt: skip
    world.deploy(model)
    assert lineage.find(world.store, "delay:1").missing == ("approval: pending",)


def test_of_two_deployments_the_one_with_more_traffic_is_the_endpoints(world: World) -> None:
    _, model = world.whole()
    newer = world.model(run="9", commit="f" * 40)
    world.deploy(model, "blue", share=90)
    world.deploy(newer, "green", share=10)
    assert told(lineage.find(world.store, "delay-dev"))["model_version"] == "delay:1"
    assert told(lineage.find(world.store, "delay-dev/green"))["model_version"] == "delay:2"


def test_a_version_that_was_replaced_says_where_it_was(world: World) -> None:
    world.model(run="none", deployed_to="delay-dev")
    assert "it was on delay-dev before" in lineage.find(world.store, "delay:1").stations[-1].state


def test_of_several_runs_of_a_commit_the_one_that_got_further_is_told(world: World) -> None:
    run, _ = world.whole()
    world.run(state="completed", result="canceled")
    assert dict(lineage.find(world.store, COMMIT).stations[1].facts)["run"] == str(run.run_id)


@pytest.mark.parametrize(
    ("text", "error"),
    [("7", NotFound), ("none", NotFound), ("delay:9", NotFound), ("fffffff", NotFound),
     ("delay-dev/red", NotFound)],
)  # fmt: skip
def test_what_is_not_there_is_named(world: World, text: str, error: type[Exception]) -> None:
    world.whole()
    with pytest.raises(error, match=text):
        lineage.find(world.store, text)


def test_nothing_to_follow_is_said(world: World) -> None:
    with pytest.raises(NotFound, match="no run yet"):
        lineage.find(world.store, "")
    with pytest.raises(BadInput):
        lineage.chain_of(world.store)
    with pytest.raises(BadInput, match="no commit"):
        lineage.chain_of(world.store, commit="xyz")


def promoted(world: World, source: ModelVersion, **tags: str) -> ModelVersion:
    """The copy that the stack's promotion makes, in the same workspace for want of another."""
    subscription, group, workspace = source.workspace.split("/")
    place = (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
    )
    kept = {n: v for n, v in source.tags.items() if not n.startswith("approval")}
    return world.model(
        **kept, promoted_from=f"{place}/models/{source.name}/versions/{source.version}",
        promoted_approval="Avery", promoted_digest="0" * 64, **tags,
    )  # fmt: skip


def test_a_promoted_version_has_the_chain_of_its_source_and_an_approval_of_its_own(
    world: World,
) -> None:
    run, source = world.whole()
    release = world.run(state="completed", result="succeeded")
    copy = promoted(
        world, source, approval="approved", approval_run=str(release.run_id),
        approval_id=world.approval(release),
    )  # fmt: skip
    world.deploy(copy, "green")
    chain = lineage.chain_of(world.store, model=f"{copy.name}:{copy.version}")
    assert tuple(s.kind for s in chain.stations) == lineage.PROMOTED
    assert chain.is_complete, chain.missing
    by_kind = {s.kind: s for s in chain.stations}
    assert by_kind["run"].facts[0] == ("run", str(run.run_id))
    assert by_kind["model_version"].title == f"{source.name}:{source.version}"
    assert dict(by_kind["promotion"].facts)["approved there by"] == "Avery"
    own = lineage.chain_of(world.store, run=run.run_id)
    assert tuple(s.kind for s in own.stations) == lineage.PUSHED, "the copy is not what it trained"
    through = lineage.chain_of(world.store, run=release.run_id)
    assert tuple(s.kind for s in through.stations) == lineage.PROMOTED


def test_a_promoted_version_whose_source_is_gone_says_so(world: World) -> None:
    _, source = world.whole()
    copy = promoted(world, source)
    place = copy.tags["promoted_from"].replace(f"versions/{source.version}", "versions/77")
    lost = world.model(**{**copy.tags, "promoted_from": place})
    chain = lineage.chain_of(world.store, model=f"{lost.name}:{lost.version}")
    assert any("is not here" in one for one in chain.missing)
