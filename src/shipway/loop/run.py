"""Station 2: a run. Compiles its YAML, advances its stages and jobs, hands jobs to agents.

With `run_instructions` and `run_retry` the only writer of Run, Stage, Phase and Job records; Task
records belong to the agent that runs them. `advance` asks the engine what is due and has it done,
until nothing is.
"""

import json

from shipway.azpipelines.diagnostics import NOWHERE, Diagnostic
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.azure.entra.principals import Principal
from shipway.base.errors import ShipwayError
from shipway.base.messages import Event
from shipway.devops import (
    definitions,
    pipeline_resources,
    run_engine,
    run_progress,
    run_states,
    run_variables,
    runs,
)
from shipway.devops.run_engine import VariableSource
from shipway.devops.runs import Issue, OutputVariable, Record, Run
from shipway.loop import run_compilation, run_deployments, run_instructions
from shipway.store.store import Store


class _Variables(VariableSource):
    """What conditions see, secrets masked."""

    def __init__(self, store: Store, run: Run, plan: RunPlan) -> None:
        self._store, self._run, self._plan = store, run, plan

    def of_stage(self, stage: StagePlan) -> dict[str, str]:
        return run_variables.seen_by_stage(self._store, self._run, self._plan, stage)

    def of_job(self, stage: StagePlan, job: JobPlan) -> dict[str, str]:
        return run_variables.seen_by_job(self._store, self._run, self._plan, stage, job)


def on_queued(store: Store, event: Event) -> None:
    """A run was queued: compile it and begin, or end it with what the compiler says."""
    run = runs.get(store, _run_id(event))
    if run.state == "canceling" and run.plan is None:  # canceled before it could begin
        now = store.clock.now()
        runs.set_run(store, run.run_id, state="completed", result="canceled", finished_at=now)
        run_instructions.say(store, run, "RunCompleted", {"result": "canceled"})
    if run.state != "pending":
        return
    definition = definitions.find(store, run.definition_id)
    path = definition.yaml_path if definition else "azure-pipelines.yml"
    try:
        result = run_compilation.compile_run(store, run, path=path)
    except UnicodeDecodeError:
        _refuse(store, run, f"/{path}: the file is not UTF-8 text", [])
        return
    errors = [d for d in result.diagnostics if d.severity == "error"]
    if result.plan is None or errors:
        _refuse(store, run, "\n".join(d.service_text() for d in errors), list(result.diagnostics))
        return
    chosen, wrong = pipeline_resources.choose(store, run, result.plan, file=path)
    name = run_compilation.name_of(store, run, result.plan)
    wrong += _kept_stages(run, result.plan, path)
    wrong += run_compilation.wrong_name(result.plan, name, path=path)
    if wrong:
        text = "\n".join(d.service_text() for d in wrong)
        _refuse(store, run, text, [*result.diagnostics, *wrong])
        return
    run = runs.set_run(store, run.run_id, pipelines=chosen, run_name=name)
    _begin(store, run, result.plan, list(result.diagnostics))


def _kept_stages(run: Run, plan: RunPlan, path: str) -> list[Diagnostic]:
    """The names that were to be left out and are no stage, or one with `isSkippable: false`."""
    found = []
    for name in run.stages_to_skip:
        stage = plan.stage(name)
        if stage is not None and stage.is_skippable:
            continue
        at = stage.position if stage else NOWHERE
        known = ", ".join(one.name for one in plan.stages if one.is_skippable) or "none"
        found.append(
            Diagnostic(
                code="stage-not-skippable", severity="error", file=at.file or path,
                message=f"'{name}' is not a valid stage to skip.", line=at.line, column=at.column,
                hint="The YAML says isSkippable: false." if stage
                else f"Stages that may be left out: {known}.", shown="message",
            )
        )  # fmt: skip
    return found


def on_job_started(store: Store, event: Event) -> None:
    """An agent took a job."""
    record = runs.find_record(store, _run_id(event), str(event.data["record_id"]))
    if record is not None and record.state == "pending":
        runs.change_record(
            store,
            record.run_id,
            record.record_id,
            state="inProgress",
            started_at=event.at,
            worker_name=str(event.data.get("worker", "")),
        )
        run_deployments.note(store, record, started_at=event.at)


def on_job_ended(store: Store, event: Event) -> None:
    """An agent finished a job: its result and outputs, then whatever that makes due."""
    record = runs.find_record(store, _run_id(event), str(event.data["record_id"]))
    if record is None:  # of an attempt that was given up
        return
    if record.state != "completed":
        outputs = {
            name: OutputVariable(value=item["value"], is_secret=item["is_secret"])
            for name, item in event.data.get("outputs", {}).items()
        }
        issues = tuple(
            Issue(kind=i["kind"], message=i["message"]) for i in event.data.get("issues", [])
        )
        runs.change_record(
            store,
            record.run_id,
            record.record_id,
            state="completed",
            result=event.data["result"],
            finished_at=event.at,
            outputs=outputs,
            issues=issues,
        )
        run_deployments.note(store, record, finished_at=event.at, result=event.data["result"])
    advance(store, record.run_id)


def on_progress(store: Store, event: Event) -> None:
    """A checkpoint closed, or somebody asked to cancel: see what is due."""
    advance(store, _run_id(event))


def cancel(store: Store, *, run_id: int, principal: Principal) -> Run:
    """Ask a run to stop. Raises `InvalidTransition` when it is over."""
    with store.database.transaction():
        run = runs.get(store, run_id)
        state = run_states.RUN.step(run.state, "cancel", subject=str(run_id))
        if run.state == "canceling":
            run_instructions.end_outliving(store, run_id)
        changed = runs.set_run(store, run_id, state=state)
        facts = {"by": principal.name}
        store.journal.append(
            Event(
                kind="RunCancelRequested",
                subject=runs.subject(run_id),
                at=store.clock.now(),
                data=facts,
            )
        )
    return changed


def advance(store: Store, run_id: int) -> None:
    """Do everything that is due in a run. Safe to call at any time."""
    run = runs.get(store, run_id)
    if run.plan is None:
        return
    plan = run_progress.plan_of(run)
    source = _Variables(store, run, plan)
    while runs.get(store, run_id).state != "completed":
        run = runs.get(store, run_id)
        progress = run_progress.progress_of(store, run, plan)
        due = run_engine.next_instructions(plan, progress, source)
        if not due:
            return
        for instruction in due:
            try:
                run_instructions.perform(store, run, plan, instruction)
            except (ShipwayError, RuntimeValueError) as error:
                run_instructions.fail(store, run, plan, instruction, error)


def _refuse(store: Store, run: Run, message: str, diagnostics: list[Diagnostic]) -> None:
    """The YAML does not compile: Azure ends such a run at once, with the message shown on it."""
    runs.set_run(
        store,
        run.run_id,
        state="completed",
        result="failed",
        started_at=store.clock.now(),
        finished_at=store.clock.now(),
        diagnostics=tuple(run_compilation.as_body(d) for d in diagnostics)
        or ({"severity": "error", "message": message},),
    )
    run_instructions.say(store, run, "RunCompleted", {"result": "failed", "reason": message})


def _begin(store: Store, run: Run, plan: RunPlan, diagnostics: list[Diagnostic]) -> None:
    for order, stage in enumerate(plan.stages, start=1):
        runs.set_record(
            store,
            Record(
                record_id=run_progress.stage_id(run, stage.name),
                run_id=run.run_id,
                kind="Stage",
                name=stage.display_name or stage.name,
                ref_name=stage.name,
                identifier=stage.name,
                order=order,
            ),
        )
    runs.set_run(
        store,
        run.run_id,
        state="inProgress",
        started_at=store.clock.now(),
        plan=json.loads(json.dumps(plan.to_json())),
        diagnostics=tuple(run_compilation.as_body(d) for d in diagnostics),
    )
    run_deployments.make_environments(store, run, plan)
    advance(store, run.run_id)


def _run_id(event: Event) -> int:
    return int(event.subject.removeprefix("run/"))
