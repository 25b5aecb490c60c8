"""A job's definition to its documents: everything is checked and resolved before one is written.

Knows: documents, components, the planner. Must not know: HTTP, the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.ml import component_versions, job_graph, job_nodes, job_parsing, jobs
from shipway.ml.entities import authorship
from shipway.ml.job_engine import NodeState
from shipway.ml.job_graph import JobGraph
from shipway.ml.job_plans import PlannedCommand, Planner
from shipway.ml.job_specs import ComponentSpec, NodeSpec
from shipway.ml.jobs import MLJob
from shipway.store.store import Store

PLAN = "job_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a client sends: the ARM `properties` and who sent them."""

    workspace: str
    name: str
    properties: Mapping[str, Any]
    principal: Principal
    schedule: str = ""


def create(store: Store, submission: Submission) -> MLJob:
    """Write a new job with its definition, its plan or its nodes and children.

    Raises `BadInput`, `NotFound` and `NotSupported` that name the place in the definition;
    nothing is written then. Call in a transaction.
    """
    properties = submission.properties
    kind = job_parsing.job_type(properties)
    job = _entity(submission, kind)
    if kind == "Command":
        plan = _plan_command(store, submission)
        job = replace(job, compute=plan.compute, component_id=plan.component_id)
        store.documents.put(PLAN, job.key, plan.as_body())
    else:
        job = _create_pipeline(store, submission, job)
    store.documents.put(jobs.DEFINITION, job.key, properties)
    return jobs.save(store, job)


def plan_of(store: Store, job: MLJob) -> PlannedCommand:
    """The plan of a command job."""
    return PlannedCommand.read(store.documents.get(PLAN, job.key).body)


def _entity(submission: Submission, kind: str) -> MLJob:
    properties = submission.properties
    job_parsing.check_job_name(submission.name)
    return MLJob(
        workspace=submission.workspace, name=submission.name, job_type=kind,
        display_name=job_parsing.text(job_parsing.field(properties, "displayName"))
        or submission.name,
        experiment_name=job_parsing.text(job_parsing.field(properties, "experimentName"))
        or "Default",
        description=job_parsing.text(properties.get("description")),
        tags=job_parsing.texts(properties.get("tags"), "properties.tags"),
        properties=job_parsing.texts(properties.get("properties"), "properties.properties"),
        is_archived=bool(job_parsing.field(properties, "isArchived")),
        schedule=submission.schedule, **authorship(submission.principal),
    )  # fmt: skip


def _plan_command(store: Store, submission: Submission) -> PlannedCommand:
    properties = submission.properties
    compute = job_parsing.text(job_parsing.field(properties, "computeId"))
    given = job_parsing.inputs(properties.get("inputs"), "properties.inputs")
    written = job_parsing.outputs(properties.get("outputs"), "properties.outputs")
    # Azure shows the place of logs and artifacts as an output `default`; it is none to be written
    written.pop("default", None)
    node = NodeSpec(
        path="", command=job_parsing.command_of_job(properties), inputs=given, outputs=written,
        compute=compute,
    )  # fmt: skip
    planner = Planner(store, workspace=submission.workspace)
    return planner.plan(node, job=submission.name, where="properties")


def _create_pipeline(store: Store, submission: Submission, job: MLJob) -> MLJob:
    graph = job_graph.build(submission.properties, _Components(store, submission.workspace))
    planner = Planner(store, workspace=submission.workspace)
    settings = graph.settings
    compute = ""
    if settings.default_compute:
        compute, _, _ = planner.compute(settings.default_compute, "properties.settings")
    job = replace(job, compute=compute)
    dependents = graph.dependents()
    nodes = []
    for position, spec in enumerate(graph.nodes):
        child = ids.new_guid()
        plan = planner.plan(
            spec, job=child, where=f"jobs.{spec.path.replace('/', '.jobs.')}",
            datastore=settings.default_datastore,
        )  # fmt: skip
        state = NodeState(path=spec.path, waiting_for=len(spec.depends_on))
        nodes.append(
            job_nodes.PipelineNode(
                state=state, child=child, position=position, dependents=dependents[spec.path],
                plan=plan,
            )
        )  # fmt: skip
        jobs.save(store, _child(job, spec, plan, child))
    job_nodes.create(
        store, workspace=job.workspace, job=job.name, nodes=nodes,
        continue_on_step_failure=settings.continue_on_step_failure,
        force_rerun=settings.force_rerun, promoted=graph.promoted,
    )  # fmt: skip
    return replace(job, properties={**_pipeline_properties(graph, compute), **job.properties})


def _child(parent: MLJob, spec: NodeSpec, plan: PlannedCommand, name: str) -> MLJob:
    node = spec.path.rpartition("/")[2]
    return MLJob(
        workspace=parent.workspace, name=name, job_type="Command",
        display_name=spec.display_name or node, experiment_name=parent.experiment_name,
        tags=spec.tags, compute=plan.compute, parent=parent.name, root=parent.name,
        node=spec.path, component_id=plan.component_id, component_name=plan.component_name,
        author=parent.author, author_type=parent.author_type, author_id=parent.author_id,
        properties={
            "azureml.runsource": "azureml.StepRun",
            "azureml.nodeid": ids.guid_from(parent.name, spec.path)[:8],
            "azureml.moduleid": plan.component_id.rpartition("/")[2],
            "azureml.modulename": plan.component_name,
            "azureml.pipelinerunid": parent.name,
            "azureml.rootpipelinerunid": parent.name,
            "azureml.pipeline": parent.name,
            "azureml.pipelineComponent": "masterescloud",
            "StepType": "PythonScriptStep",
            "ContentSnapshotId": "",
        },
    )  # fmt: skip


def _pipeline_properties(graph: JobGraph, compute: str) -> dict[str, str]:
    settings = graph.settings
    return {
        "azureml.DevPlatv2": "true",
        "azureml.DatasetAccessMode": "Asset",
        "azureml.runsource": "azureml.PipelineRun",
        "runSource": "MFE",
        "runType": "HTTP",
        "azureml.parameters": "{}",
        "azureml.continue_on_step_failure": str(settings.continue_on_step_failure),
        "azureml.continue_on_failed_optional_input": "True",
        "azureml.enforceRerun": str(settings.force_rerun),
        "azureml.defaultComputeName": compute,
        "azureml.defaultDataStoreName": settings.default_datastore or "workspaceblobstore",
        "azureml.pipelineComponent": "pipelinerun",
    }


class _Components:
    """Component specs by reference, each read once per submission."""

    def __init__(self, store: Store, workspace: str) -> None:
        self._store = store
        self._workspace = workspace
        self._known: dict[str, ComponentSpec] = {}

    def __call__(self, reference: str) -> ComponentSpec:
        if reference not in self._known:
            found = component_versions.resolve(
                self._store, workspace=self._workspace, reference=reference
            )
            self._known[reference] = found.parsed()
        return self._known[reference]
