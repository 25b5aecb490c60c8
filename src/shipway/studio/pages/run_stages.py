"""The buttons of a run's stages: try one again, start it, stop it; and its earlier attempts."""

from collections.abc import Mapping, Sequence

from shipway.base.errors import BadInput
from shipway.devops import run_attempts, runs, stage_verbs
from shipway.devops.runs import Record, Run
from shipway.devops.stage_verbs import StageVerb
from shipway.loop import run_retry
from shipway.store.store import Store
from shipway.studio.exchange import Answer, Redirect, Visit
from shipway.studio.pages import run_rights
from shipway.studio.stage_views import AttemptView, StageVerbView

_LABELS: Mapping[StageVerb, str] = {
    "start": "Start stage", "retry": "Rerun failed jobs", "retry-all": "Rerun stage",
    "cancel": "Cancel stage",
}  # fmt: skip


def retry_failed(store: Store, visit: Visit) -> Answer:
    """POST /runs/{run}/retry: the failed jobs of every stage that did not go well."""
    run = run_rights.changeable(store, visit)
    run_retry.retry_stages(store, run_id=run.run_id, principal=visit.principal)
    return Redirect(location=f"/runs/{run.run_id}")


def change(store: Store, visit: Visit) -> Answer:
    """POST /runs/{run}/stages/{stage}/{verb}: start, retry, retry-all or cancel."""
    run = run_rights.changeable(store, visit)
    stage, verb = visit.params["stage"], visit.params["verb"]
    who = visit.principal
    if verb in ("retry", "retry-all"):
        run_retry.retry_stages(
            store, run_id=run.run_id, principal=who, stages=[stage], all_jobs=verb == "retry-all"
        )
    elif verb == "start":
        run_retry.start_stage(store, run_id=run.run_id, stage_name=stage, principal=who)
    elif verb == "cancel":
        run_retry.cancel_stage(store, run_id=run.run_id, stage_name=stage, principal=who)
    else:
        raise BadInput(f"'{verb[:40]}' is nothing that a stage does", where=visit.path,
                       hint="Use a button of the run's page.")  # fmt: skip
    return Redirect(location=f"/runs/{run.run_id}")


def records_shown(store: Store, run: Run, visit: Visit) -> Sequence[Record]:
    """The run's records; those of an earlier attempt of a stage in its place when it is asked for.

    `?attempt=` names it, or `?step=` a step of it.
    """
    records = runs.records_of(store, run.run_id)
    asked, step = visit.query.get("attempt", ""), visit.query.get("step", "")
    if not asked and step and all(r.record_id != step for r in records):
        asked = run_attempts.timeline_of(store, run.run_id, step)
    if not asked:
        return records
    earlier = run_attempts.records_of(store, run.run_id, asked)
    (name,) = (r.ref_name for r in earlier if r.kind == "Stage")
    now = next((r for r in records if r.kind == "Stage" and r.ref_name == name), None)
    return runs.in_order([*_without(records, now), *earlier])


def verbs(store: Store, run: Run) -> dict[str, tuple[StageVerbView, ...]]:
    """The buttons of each stage."""
    return {
        name: tuple(StageVerbView(verb=verb, label=_LABELS[verb]) for verb in found)
        for name, found in stage_verbs.of_run(store, run).items()
    }


def to_start(store: Store, run: Run) -> dict[str, str]:
    """What the stages wait for that somebody has to start."""
    return dict.fromkeys(stage_verbs.waiting_for_start(store, run), "starts by hand")


def attempts(stage: Record) -> tuple[AttemptView, ...]:
    """The earlier attempts of a stage, to look at."""
    return tuple(
        AttemptView(number=p.attempt, timeline_id=p.timeline_id) for p in stage.previous
    )  # fmt: skip


def _without(records: Sequence[Record], top: Record | None) -> list[Record]:
    """Records without one of them and all that stands below it."""
    gone = {top.record_id} if top else set()
    for record in records:  # parents come first
        if record.parent_id in gone:
            gone.add(record.record_id)
    return [record for record in records if record.record_id not in gone]
