"""4 an ML job: submitted, its children planned and handed to computes, its outputs gathered.

`ml/job_engine.py` decides, this station reads and writes the rows around its decisions.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, Conflict
from shipway.base.messages import Event
from shipway.ml import job_engine, job_planning, job_reuse, job_states, jobs, workspaces
from shipway.ml.job_engine import CANCEL, END, SKIP, START
from shipway.ml.job_nodes import Board, PipelineNode
from shipway.ml.job_planning import Submission
from shipway.ml.job_plans import PlannedCommand
from shipway.ml.jobs import MLJob
from shipway.store.store import Store

QUEUE = "compute"
_CHANGEABLE = ("tags", "properties", "displayName", "description", "isArchived")


def submit(
    store: Store,
    *,
    workspace: str,
    name: str = "",
    definition: Mapping[str, Any],
    principal: Principal = ANONYMOUS,
    schedule: str = "",
) -> MLJob:
    """Accept a job (its ARM `properties`), or change what may change of one that exists.

    Raises `BadInput`, `NotFound`, `NotSupported` by the name in the definition, and `Conflict`
    when another job has the name.
    """
    submission = Submission(
        workspace=workspace, name=name or ids.new_job_name(), properties=definition,
        principal=principal, schedule=schedule,
    )  # fmt: skip
    with store.database.transaction():
        before = jobs.find(store, workspace=workspace, name=submission.name)
        if before is not None:
            return _resubmitted(store, before, definition)
        job = job_planning.create(store, submission)
        _record(store, job, "JobSubmitted", {"job_type": job.job_type, "schedule": schedule})
        return job


def update(store: Store, job: MLJob, changes: Mapping[str, Any]) -> MLJob:
    """Change what a person may change of a job: tags, properties, names, whether it is archived.

    `changes` are fields of `MLJob`.
    """
    with store.database.transaction():
        stored = _stored(store, job.workspace, job.name)
        return jobs.save(store, replace(stored, **changes))


def cancel(store: Store, *, workspace: str, name: str) -> MLJob:
    """Ask a job to stop, with all its children. Raises `NotFound`, and `BadInput` when it ended."""
    with store.database.transaction():
        job = _stored(store, workspace, name)
        if job.is_terminal:
            raise BadInput(
                f"The job {name} is {job.status} and cannot be canceled.", code="UserError",
                where=name, hint="Only a job that has not ended can be.",
            )  # fmt: skip
        if job.parent and job.status == "NotStarted":
            raise BadInput(
                f"The child job {name} has not started and cannot be canceled alone.",
                code="UserError", where=name, hint=f"Cancel the pipeline job {job.parent}.",
            )  # fmt: skip
        if job.status != "CancelRequested":
            was = job.status
            job = jobs.step(store, job, "request_cancel")
            _record(store, job, "JobCancelRequested", {"was": was})
        return job


def delete(store: Store, *, workspace: str, name: str) -> None:
    """Remove a job that has ended, with its children. Raises `NotFound`, `Conflict`."""
    with store.database.transaction():
        job = jobs.get(store, workspace=workspace, name=name)
        if not job.is_terminal:
            raise Conflict(
                f"The job {name} is {job.status} and cannot be deleted.", code="UserError",
                where=name, hint="Cancel it first.",
            )  # fmt: skip
        for child in jobs.children(store, workspace=workspace, name=name):
            jobs.remove(store, child)
        jobs.remove(store, job)


def on_submitted(store: Store, event: Event) -> None:
    """`JobSubmitted`: a command job goes to its compute, a pipeline job's first nodes do."""
    job = _stored(store, event.data["workspace"], event.data["name"])
    if job.status != "NotStarted":
        return  # canceled meanwhile
    job = jobs.step(store, job, "start")
    if job.job_type == "Command":
        _enqueue(store, job, job_planning.plan_of(store, job))
        return
    job = jobs.step(store, job, "prepare")
    jobs.step(store, job, "run")
    _advance(store, job, Event(kind="JobPlanned", subject=job.subject, at=event.at))


def on_ended(store: Store, event: Event) -> None:
    """`JobEnded`: a compute's word that a process has ended and its outputs are stored."""
    if workspaces.find(store, event.data["workspace"]) is None:
        return  # deleted with all its jobs while this one ran
    job = _stored(store, event.data["workspace"], event.data["name"])
    if job.is_terminal:
        return
    status = str(event.data["status"])
    job = jobs.step(
        store, job, job_states.END_VERBS[status],
        started_at=str(event.data.get("started_at") or ""),
        ended_at=str(event.data["ended_at"]),
        error=event.data.get("error") or {},
        tags={**job.tags, **(event.data.get("tags") or {})},
    )  # fmt: skip
    jobs.clear_activity(store, workspace=job.workspace, name=job.name)
    if job.parent:
        parent = _stored(store, job.workspace, job.parent)
        _advance(store, parent, _child_ended(job.node, status, event))
    else:
        announce(store, job)


def on_cancel_requested(store: Store, event: Event) -> None:
    """`JobCancelRequested`: what waits never runs, what runs is ended with its process tree."""
    job = _stored(store, event.data["workspace"], event.data["name"])
    if job.is_terminal:
        return
    if job.job_type == "Pipeline":
        _advance(store, job, event)
    elif not store.queue.request_cancel(job.subject) and event.data["was"] == "NotStarted":
        # never queued: no compute will report its end
        announce(store, jobs.step(store, job, "cancel"))


def _advance(store: Store, parent: MLJob, first: Event) -> None:
    """Let the engine answer an event and whatever follows from it at once."""
    board = Board(store, workspace=parent.workspace, job=parent.name)
    if first.kind == "ChildEnded" and first.data["status"] == "Completed":
        _remember(store, board, board.node(first.data["node"]))
    events = deque([first])
    while events:
        event = events.popleft()
        everything = event.kind != "ChildEnded" or job_engine.stops_after(
            board.pipeline, event.data["status"]
        )
        if event.kind == "ChildEnded":
            node = board.node(event.data["node"])
            event = replace(event, data={**event.data, "dependents": node.dependents})
            near = board.states([event.data["node"], *node.dependents])
        else:
            near = {}
        decision = job_engine.handle(
            board.pipeline, board.all_states() if everything else near, event
        )
        board.apply(decision.pipeline, decision.nodes)
        for order in decision.instructions:
            if order.kind == START:
                events.extend(_start_child(store, board, parent, order.subject, event))
            elif order.kind == SKIP:
                events.extend(_skip_child(store, board, order.subject, order.data, event))
            elif order.kind == CANCEL:
                _cancel_child(store, board, order.subject)
            elif order.kind == END:
                _end_pipeline(store, board, parent, str(order.data["status"]))
    board.save()


def _start_child(store: Store, board: Board, parent: MLJob, path: str, event: Event) -> list[Event]:
    """Reuse an earlier child's outputs, or hand the command to a compute."""
    node = board.node(path)
    child = _stored(store, board.workspace, node.child)
    plan = _with_sources(store, board, node)
    grounds = job_reuse.grounds_of(plan)
    key = job_reuse.key_of(grounds)
    slot = job_reuse.slot_of(plan, experiment=parent.experiment_name, path=path)
    decision: dict[str, Any] = {
        "grounds": grounds, "key": key, "slot": slot,
        "before": job_reuse.latest(store, workspace=board.workspace, slot=slot),
    }  # fmt: skip
    if not plan.is_deterministic:
        decision["forced"] = "its component declares is_deterministic: false"
    elif board.force_rerun:
        decision["forced"] = "the pipeline job's settings say force_rerun"
    else:
        earlier = job_reuse.find(store, workspace=board.workspace, key=key)
        if earlier is not None:
            decision["reused"] = earlier.job
            board.put(replace(node, plan=plan, reuse=decision))
            _reuse(store, child, earlier)
            return [_child_ended(path, "Completed", event)]
    board.put(replace(node, plan=plan, reuse=decision))
    _enqueue(store, child, plan)
    return []


def _remember(store: Store, board: Board, node: PipelineNode) -> None:
    """Offer what a child has made to later ones with the same grounds."""
    if node.reuse and node.plan.is_deterministic:
        job_reuse.remember(
            store, workspace=board.workspace, slot=node.reuse["slot"], key=node.reuse["key"],
            job=node.child, parent=board.job, grounds=node.reuse["grounds"],
        )  # fmt: skip


def _reuse(store: Store, child: MLJob, earlier: job_reuse.Candidate) -> None:
    """The earlier child's outputs become this one's, marked as Azure marks it."""
    marks = {
        "azureml.isreused": "true",
        "azureml.reusedrunid": earlier.job,
        "azureml.reusednodeid": "",
        "azureml.reusedpipeline": earlier.parent,
        "azureml.reusedpipelinerunid": earlier.parent,
    }
    now = timestamp(store.clock.now())
    jobs.step(
        store, child, "complete", started_at=now, properties={**child.properties, **marks}
    )  # fmt: skip
    for output in jobs.outputs(store, workspace=child.workspace, name=earlier.job).values():
        jobs.put_output(store, workspace=child.workspace, name=child.name, output=output)


def _skip_child(
    store: Store, board: Board, path: str, data: Mapping[str, Any], event: Event
) -> list[Event]:
    child = _stored(store, board.workspace, board.node(path).child)
    if child.is_terminal:
        return []  # a second node before it ended badly as well: its own end is under way already
    reason = {"code": "NotRun", "message": f"It never ran, because {data['because']}."}
    jobs.step(store, child, "cancel", error=reason)
    return [_child_ended(path, "Canceled", event)]


def _cancel_child(store: Store, board: Board, path: str) -> None:
    child = _stored(store, board.workspace, board.node(path).child)
    if not child.is_terminal and child.status != "CancelRequested":
        jobs.step(store, child, "request_cancel")
        store.queue.request_cancel(child.subject)


def _end_pipeline(store: Store, board: Board, parent: MLJob, status: str) -> None:
    board.save()
    parent = _stored(store, parent.workspace, parent.name)
    if parent.is_terminal:
        return
    error: Mapping[str, str] = {}
    if status == "Failed":
        error = _error_of(store, board)
    # on Azure a child writes straight to its pipeline's output, so what completed children wrote is
    # there also when another one failed
    for name, promoted in board.promoted.items():
        child = board.node(promoted.node).child
        output = jobs.find_output(
            store, workspace=parent.workspace, name=child, output=promoted.output
        )
        if output is not None:
            jobs.put_output(
                store, workspace=parent.workspace, name=parent.name,
                output=replace(output, name=name),
            )  # fmt: skip
    announce(store, jobs.step(store, parent, job_states.END_VERBS[status], error=error))


def _error_of(store: Store, board: Board) -> dict[str, str]:
    """The failure of the first failed child with its log's last lines; the others by name."""
    failed = board.pipeline.failed
    first = _stored(store, board.workspace, board.node(failed[0]).child)
    names = ", ".join(f"/{path}" for path in failed)
    message = (
        f"Pipeline has failed child jobs. Failed nodes: {names}. Child job {first.name}"
        f" ('{first.node}'): {first.error.get('message', 'no reason was given')}"
    )
    return {"code": first.error.get("code", "UserError"), "message": message, "child": first.name}


def _with_sources(store: Store, board: Board, node: PipelineNode) -> PlannedCommand:
    """The plan with the places of what other nodes wrote."""
    plan = node.plan
    if not any(i.source_node for i in plan.inputs):
        return plan
    filled = []
    for planned in plan.inputs:
        if not planned.source_node:
            filled.append(planned)
            continue
        child = board.node(planned.source_node).child
        output = jobs.find_output(
            store, workspace=board.workspace, name=child, output=planned.source_output
        )
        if output is None:  # a node that completed has written all its outputs
            raise BadInput(f"node '{planned.source_node}' wrote no '{planned.source_output}'")
        place = output.place
        filled.append(
            replace(
                planned, place=(place.account, place.container, place.path), digest=output.digest
            )
        )
    return replace(plan, inputs=tuple(filled))


def _enqueue(store: Store, job: MLJob, plan: PlannedCommand) -> None:
    job = jobs.step(store, job, "queue")
    payload = {
        "workspace": job.workspace, "name": job.name, "parent": job.parent, "root": job.root,
        "node": job.node, "experiment": job.experiment_name, "display_name": job.display_name,
        "plan": plan.as_body(),
    }  # fmt: skip
    store.queue.put(QUEUE, job.subject, payload)


def _child_ended(node: str, status: str, event: Event) -> Event:
    data = {"node": node, "status": status}
    return Event(kind="ChildEnded", subject=event.subject, at=event.at, data=data)


def announce(store: Store, job: MLJob) -> None:
    """`JobCompleted`, `JobFailed` or `JobCanceled` of a job that is nobody's child."""
    data = {"job_type": job.job_type, "error": dict(job.error), "schedule": job.schedule}
    _record(store, job, f"Job{job.status}", data)


def _record(store: Store, job: MLJob, kind: str, data: Mapping[str, Any]) -> None:
    facts = {"workspace": job.workspace, "name": job.name, **data}
    store.journal.append(Event(kind=kind, subject=job.subject, at=store.clock.now(), data=facts))


def _resubmitted(store: Store, before: MLJob, definition: Mapping[str, Any]) -> MLJob:
    """A PUT of a job that exists: only what may change may differ."""
    stored = jobs.definition(store, workspace=before.workspace, name=before.name)
    for name in ("jobType", "command", "jobs", "codeId", "environmentId", "componentId"):
        if stored.get(name) != definition.get(name) and definition.get(name) is not None:
            raise Conflict(
                f"A job with the name '{before.name}' exists already with another {name}.",
                code="UserError", where=before.name, hint="Give the new job another name.",
            )  # fmt: skip
    changes = {n: definition[n] for n in _CHANGEABLE if definition.get(n) is not None}
    fields = {"displayName": "display_name", "isArchived": "is_archived"}
    return update(store, before, {fields.get(n, n): value for n, value in changes.items()})


def _stored(store: Store, workspace: str, name: str) -> MLJob:
    """The job as stored, without a compute's word on what it does just now."""
    return jobs.get_stored(store, workspace=workspace, name=name)
