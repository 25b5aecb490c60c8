"""Station 2, asked again: a run once more, or the stages of a run that did not go well.

A stage that is tried again gets new records under new ids; the old ones are set aside. All of it
is written in one transaction with its event, so a server that dies in between has either done a
retry whole or not begun it. Source: https://learn.microsoft.com/azure/devops/pipelines/process/runs
and https://learn.microsoft.com/rest/api/azure/devops/build/stages/update
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan
from shipway.azure.entra.principals import Principal
from shipway.base import crash_points
from shipway.base.errors import Conflict, NotFound
from shipway.devops import (
    definitions,
    local_choices,
    run_attempts,
    run_engine,
    run_progress,
    run_states,
    runs,
)
from shipway.devops.run_attempts import NEEDS_RETRY
from shipway.devops.runs import Record, Run
from shipway.loop import run_instructions
from shipway.store.store import Store


def rerun(store: Store, *, run_id: int, principal: Principal) -> Run:
    """Queue the same commit of the same definition again, with the same choices."""
    run = runs.get(store, run_id)
    definition = definitions.get(store, project_id=run.project_id, definition_id=run.definition_id)
    with store.database.transaction():
        made = runs.queue_run(
            store,
            definition=definition,
            branch=run.source_branch,
            version=run.source_version,
            reason="manual",
            requested_by=principal,
            variables=run.variables,
            secrets=local_choices.kept_secrets(store, run.run_id, run.secret_names),
            parameters=run.parameters,
            stages_to_skip=run.stages_to_skip,
            local=run.local,
            pipeline_versions={one.alias: str(one.run_id) for one in run.pipelines},
            repository_choices=run.repository_choices,
        )
        if run.local is not None:
            secrets = local_choices.secrets_of(store, run_id, run.local)
            local_choices.keep_secrets(store, made.run_id, secrets)
    return made


def retry_stages(
    store: Store,
    *,
    run_id: int,
    principal: Principal,
    stages: Sequence[str] | None = None,
    all_jobs: bool = False,
    dependents: bool = True,
) -> Run:
    """Try stages again, every one that failed or was canceled when none is named.

    Of a stage that did not go well the jobs that did not are run again, with what depends on them;
    of one that did, or with `all_jobs`, all. The stages after them follow, unless `dependents` is
    False. Raises `NotFound` for a stage that is not there, `Conflict` where nothing can be retried.
    """
    with store.database.transaction():
        run = runs.get(store, run_id)
        plan = _planned(run)
        wanted = _wanted(store, run, plan, stages)
        chosen = _chosen(store, run, plan, wanted, all_jobs=all_jobs, dependents=dependents)
        attempts = dict(run.attempts)
        for stage, whole in chosen:
            attempts |= _Retry(
                store=store, run=run, stage=stage, principal=principal, whole=whole
            ).write()
        changed = _reopen(
            store, run, attempts=attempts,
            stages_to_skip=tuple(
                name for name in run.stages_to_skip
                if name.lower() not in {one.lower() for one in wanted}
            ),
        )  # fmt: skip
        names = [stage.name for stage, _ in chosen]
        run_instructions.say(
            store, run, "StageRetryRequested",
            {"stages": names, "all_jobs": all_jobs, "by": principal.name},
        )  # fmt: skip
        crash_points.reach("retry-before-commit")
    crash_points.reach("retry-after-commit")
    return changed


def start_stage(store: Store, *, run_id: int, stage_name: str, principal: Principal) -> Run:
    """Start a stage with `trigger: manual`; a run that was complete goes on.

    Raises `NotFound` for a stage that is not there, `Conflict` for one that does not wait for it.
    """
    with store.database.transaction():
        run = runs.get(store, run_id)
        plan = _planned(run)
        stage = _stage(run, plan, stage_name)
        at = run_progress.progress_of(store, run, plan)
        if run.state == "canceling" or not run_engine.waits_for_start(stage, at):
            raise Conflict(
                f"the stage '{stage.name}' of run {run_id} does not wait to be started",
                code="InvalidTransition", where=stage.name,
                hint="Only a stage with 'trigger: manual' that has not begun does.",
            )  # fmt: skip
        changed = _reopen(store, run, started_stages=(*run.started_stages, stage.name))
        record = runs.get_record(store, run_id, run_progress.stage_id(run, stage.name))
        asked = {**record.data, **_asked_by(principal)}
        runs.change_record(store, run_id, record.record_id, data=asked)
        data: dict[str, object] = {"stage": stage.name, "by": principal.name}
        run_instructions.say(store, run, "StageStartRequested", data)
    return changed


def cancel_stage(store: Store, *, run_id: int, stage_name: str, principal: Principal) -> Run:
    """Ask one stage to stop; the others go on as their conditions say.

    Raises `NotFound` for a stage that is not there, `Conflict` for one that is over.
    """
    with store.database.transaction():
        run = runs.get(store, run_id)
        stage = _stage(run, _planned(run), stage_name)
        record = runs.get_record(store, run_id, run_progress.stage_id(run, stage.name))
        if record.state == "completed" or run.state == "completed":
            raise Conflict(
                f"the stage '{stage.name}' of run {run_id} is over or waits to be started",
                code="InvalidTransition", where=stage.name,
                hint="`shipway runs show` says how a run stands.",
            )  # fmt: skip
        data = {**record.data, "cancel_requested": True}
        runs.change_record(store, run_id, record.record_id, data=data)
        run_instructions.end_outliving(store, run_id, stage_id=record.record_id)
        run_instructions.say(
            store, run, "StageCancelRequested", {"stage": stage.name, "by": principal.name}
        )
    return run


def _planned(run: Run) -> RunPlan:
    if run.plan is None:
        raise Conflict(
            f"run {run.run_id} has no stages: it has not begun, or its YAML did not compile",
            code="InvalidTransition", where=f"run {run.run_id}",
            hint="`shipway runs rerun` queues the commit again.",
        )  # fmt: skip
    return run_progress.plan_of(run)


def _stage(run: Run, plan: RunPlan, name: str) -> StagePlan:
    found = plan.stage(name)
    if found is None:
        known = ", ".join(stage.name for stage in plan.stages)
        raise NotFound(
            f"The stage {name[:100]} of build {run.run_id} could not be found.",
            code="StageNotFoundException", where=name[:100], hint=f"Its stages: {known}.",
        )  # fmt: skip
    return found


def _wanted(
    store: Store, run: Run, plan: RunPlan, stages: Sequence[str] | None
) -> Mapping[str, Record]:
    """The stages that are asked for, by name. Raises `NotFound`, `Conflict`."""
    if run.state == "canceling":
        run_states.RUN.step(run.state, "retry", subject=str(run.run_id))
    chosen = [_stage(run, plan, name) for name in stages] if stages is not None else plan.stages
    found = {}
    for stage in chosen:
        record = runs.get_record(store, run.run_id, run_progress.stage_id(run, stage.name))
        if stages is not None and record.state != "completed":
            raise Conflict(
                f"the stage '{stage.name}' of run {run.run_id} is not over",
                code="InvalidTransition", where=stage.name, hint="Cancel it first, or wait.",
            )  # fmt: skip
        if stages is not None or (record.state == "completed" and record.result in NEEDS_RETRY):
            found[stage.name] = record
    if not found:
        raise Conflict(
            f"no stage of run {run.run_id} has failed or was canceled",
            code="InvalidTransition", where=f"run {run.run_id}",
            hint="Name a stage to try it again all the same.",
        )  # fmt: skip
    return found


def _chosen(
    store: Store,
    run: Run,
    plan: RunPlan,
    wanted: Mapping[str, Record],
    *,
    all_jobs: bool,
    dependents: bool,
) -> list[tuple[StagePlan, bool]]:
    """The stages to try again, each with whether all its jobs are."""
    at = run_progress.progress_of(store, run, plan)
    found: dict[str, tuple[StagePlan, bool]] = {}
    for stage in plan.stages:  # each follows what it depends on
        follows = dependents and any(name in found for name in stage.depends_on)
        if stage.name in wanted:
            went_well = wanted[stage.name].result not in NEEDS_RETRY
            found[stage.name] = (stage, follows or all_jobs or went_well)
        elif follows:
            progress = at.stages[stage.name]
            if progress.state == "inProgress" or progress.checkpoint == "waiting":
                raise Conflict(
                    f"the stage '{stage.name}', which comes after it, is not over",
                    code="InvalidTransition", where=stage.name, hint="Cancel it first, or wait.",
                )  # fmt: skip
            if progress.state == "completed":
                found[stage.name] = (stage, True)
    return list(found.values())


def _reopen(store: Store, run: Run, **changes: Any) -> Run:  # noqa: ANN401  # fields of Run
    """The run goes on, if it was complete."""
    if run.state == "completed":
        changes |= {
            "state": run_states.RUN.step(run.state, "retry", subject=str(run.run_id)),
            "result": None,
            "finished_at": None,
        }
    return runs.set_run(store, run.run_id, **changes)


@dataclass(kw_only=True)
class _Retry:
    """A new attempt of one stage: its records, and which attempt each of them is."""

    store: Store
    run: Run
    stage: StagePlan
    principal: Principal
    whole: bool
    attempts: dict[str, int] = field(default_factory=dict)
    _children: dict[str, list[Record]] = field(default_factory=dict)
    _old: str = ""

    def write(self) -> Mapping[str, int]:
        """Set the old records aside and write the new ones."""
        run, store = self.run, self.store
        for record in runs.records_of(store, run.run_id):
            self._children.setdefault(record.parent_id or "", []).append(record)
        old = runs.get_record(store, run.run_id, run_progress.stage_id(run, self.stage.name))
        self._old = old.record_id
        run_attempts.set_aside(store, [old, *self._below(old)], timeline_id=old.record_id)
        new = replace(_fresh(old), record_id=self._count(run_progress.stage_id, self.stage.name))
        previous = run_attempts.previous_of(old, old.record_id)
        runs.set_record(store, replace(new, previous=previous, data=_asked_by(self.principal)))
        again = self._jobs_again()
        for phase in (r for r in self._children.get(old.record_id, ()) if r.kind == "Phase"):
            if phase.ref_name in again:
                self._job_again(phase, new, whole=again[phase.ref_name])
            else:
                self._keep(phase, new)
        return self.attempts

    def _jobs_again(self) -> dict[str, bool]:
        """The jobs that are run again, each with whether all its legs are."""
        phases = {r.ref_name: r for r in self._children.get(self._old, ()) if r.kind == "Phase"}
        bad = {
            job.name
            for job in self.stage.jobs
            if job.name not in phases or phases[job.name].result in NEEDS_RETRY
        }
        if self.whole or not bad:
            return {job.name: True for job in self.stage.jobs}
        after = _followers(self.stage.jobs, bad)
        return {
            job.name: job.name in after or job.kind == "deployment"  # its hooks belong together
            for job in self.stage.jobs
            if job.name in bad or job.name in after
        }

    def _job_again(self, phase: Record, stage: Record, *, whole: bool) -> None:
        names = (self.stage.name, phase.ref_name)
        made = replace(
            _fresh(phase), record_id=self._count(run_progress.phase_id, *names),
            parent_id=stage.record_id, previous=run_attempts.previous_of(phase, self._old),
        )  # fmt: skip
        data: dict[str, Any] = {}
        for leg in (r for r in self._children.get(phase.record_id, ()) if r.kind == "Job"):
            if whole or leg.result in NEEDS_RETRY:
                name = str(leg.data.get("leg", ""))
                self._count(run_progress.leg_id, *names, name)
                run_attempts.note_leg(data, name, run_attempts.previous_of(leg, self._old))
            else:
                self._keep(leg, made)
        runs.set_record(self.store, replace(made, data=data))

    def _keep(self, record: Record, parent: Record) -> None:
        runs.set_record(self.store, replace(record, parent_id=parent.record_id))
        for child in self._below(record):
            runs.set_record(self.store, child)

    def _below(self, record: Record) -> list[Record]:
        found: list[Record] = []
        for child in self._children.get(record.record_id, ()):
            found += [child, *self._below(child)]
        return found

    def _count(self, id_of: Any, *names: str) -> str:  # noqa: ANN401  # one of run_progress's
        """One attempt more; the record id of it."""
        key = run_progress.attempt_key(*names)
        self.attempts[key] = run_progress.attempt_of(self.run, *names) + 1
        counted = replace(self.run, attempts={**self.run.attempts, **self.attempts})
        return str(id_of(counted, *names))


def _asked_by(principal: Principal) -> dict[str, str]:
    """What a stage keeps of who asked for it: Build.StageRequestedBy."""
    return {"requested_by": principal.name, "requested_by_id": principal.object_id}


def _fresh(record: Record) -> Record:
    """A record that has not begun, one attempt later."""
    return Record(
        record_id=record.record_id, run_id=record.run_id, parent_id=record.parent_id,
        kind=record.kind, name=record.name, ref_name=record.ref_name,
        identifier=record.identifier, order=record.order, attempt=record.attempt + 1,
    )  # fmt: skip


def _followers(jobs: Sequence[JobPlan], names: set[str]) -> set[str]:
    """The jobs that depend on some of these, directly or not."""
    found: set[str] = set()
    while True:
        more = {j.name for j in jobs if j.name not in found and (names | found) & set(j.depends_on)}
        if not more:
            return found
        found |= more
