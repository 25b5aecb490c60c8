"""A pipeline job's definition to its graph; what is wrong with one is found before it starts."""

import re
from typing import Any

import pytest

from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.ml import job_graph, job_parsing
from shipway.ml.job_graph import JobGraph
from shipway.ml.job_specs import ComponentSpec

STEP = {
    "type": "command", "name": "step", "command": "run", "environment": "azureml:e:1",
    "inputs": {
        "data": {"type": "uri_folder", "optional": True},
        "n": {"type": "integer", "default": 3, "min": 1, "max": 9},
        "mode": {"type": "string", "optional": True, "enum": ["fast", "slow"]},
        "group": {"type": "group", "values": {"rate": {"type": "number", "default": 0.5}}},
    },
    "outputs": {"model": {"type": "uri_folder"}, "score": {"type": "uri_file"}},
}  # fmt: skip
NEST = {
    "type": "pipeline", "name": "nest", "inputs": {"raw": {"type": "uri_folder"}},
    "outputs": {"best": {"type": "uri_folder"}},
    "jobs": {
        "b": {"type": "command", "componentId": "step",
              "inputs": {"data": "${{parent.jobs.a.outputs.model}}"},
              "outputs": {"model": "${{parent.outputs.best}}"}},
        "a": {"type": "command", "componentId": "step",
              "inputs": {"data": "${{parent.inputs.raw}}"}},
    },
}  # fmt: skip


def components(reference: str) -> ComponentSpec:
    found = {"step": STEP, "nest": NEST}.get(reference)
    if found is None:
        raise NotFound(f"no component {reference}")
    return job_parsing.component(found)


def node(**inputs: Any) -> dict[str, Any]:
    return {"type": "command", "componentId": "step", "inputs": inputs}


def build(jobs: dict[str, Any], **properties: Any) -> JobGraph:
    return job_graph.build({"jobs": jobs, **properties}, components)


def test_nodes_stand_after_those_they_take_from() -> None:
    graph = build(
        {
            "c": node(data="${{parent.jobs.b.outputs.model}}"),
            "a": node(),
            "b": node(data="${{parent.jobs.a.outputs.model}}"),
        }
    )
    assert [n.path for n in graph.nodes] == ["a", "b", "c"]
    assert graph.dependents() == {"a": ("b",), "b": ("c",), "c": ()}
    taken = graph.nodes[1].inputs["data"]
    assert (taken.source_node, taken.source_output, taken.type) == ("a", "model", "uri_folder")


def test_a_chain_of_a_thousand_nodes_is_read() -> None:
    jobs = {"s0": node()}
    for number in range(1, 1000):
        jobs[f"s{number}"] = node(data=f"${{{{parent.jobs.s{number - 1}.outputs.model}}}}")
    graph = build(dict(reversed(jobs.items())))
    assert [n.path for n in graph.nodes] == [f"s{number}" for number in range(1000)]


def test_inputs_follow_their_bindings_and_defaults() -> None:
    graph = build(
        {"a": node(data="${{parent.inputs.raw}}", n="${{parent.inputs.k}}")},
        inputs={"raw": {"jobInputType": "uri_folder", "uri": "azureml://x", "mode": "Download"},
                "k": {"jobInputType": "literal", "value": "7"}},
    )  # fmt: skip
    inputs = graph.nodes[0].inputs
    assert (inputs["data"].uri, inputs["data"].mode) == ("azureml://x", "Download")
    assert inputs["n"].value == "7"
    assert inputs["group.rate"].value == "0.5"
    assert "mode" not in inputs


def test_a_literal_uri_becomes_what_the_component_declares() -> None:
    graph = build({"a": node(data={"job_input_type": "literal", "value": "azureml:flights:1"})})
    found = graph.nodes[0].inputs["data"]
    assert (found.type, found.uri, found.value) == ("uri_folder", "azureml:flights:1", "")


def test_a_promoted_output_takes_type_and_place_from_the_pipeline() -> None:
    promoted = {"score": {"type": "literal", "value": "${{parent.outputs.final}}"}}
    graph = build(
        {"a": {**node(), "outputs": promoted}},
        outputs={"final": {"jobOutputType": "uri_file", "uri": "azureml://d/final.csv"}},
    )
    assert graph.promoted["final"].node == "a"
    assert graph.nodes[0].outputs["score"].uri == "azureml://d/final.csv"


def test_a_pipeline_component_is_opened_in_place() -> None:
    graph = build(
        {
            "outer": {"type": "pipeline", "componentId": "nest",
                      "inputs": {"raw": "${{parent.jobs.first.outputs.model}}"}},
            "first": node(),
            "last": node(data="${{parent.jobs.outer.outputs.best}}"),
        }
    )  # fmt: skip
    assert [n.path for n in graph.nodes] == ["first", "outer/a", "outer/b", "last"]
    by_path = {n.path: n for n in graph.nodes}
    assert by_path["outer/a"].depends_on == ("first",)
    assert by_path["last"].depends_on == ("outer/b",)


def test_a_node_overrides_compute_limits_and_variables() -> None:
    graph = build(
        {"a": {**node(), "computeId": "gpu", "limits": {"timeout": "PT2H"},
               "environment_variables": {"K": "${{parent.inputs.k}}!"}},
         "b": node()},
        inputs={"k": {"jobInputType": "literal", "value": "v"}},
        settings={"default_compute": "cpu", "continue_on_step_failure": "False",
                  "default_datestore": "misspelt settings are accepted"},
    )  # fmt: skip
    first, second = graph.nodes
    assert (first.compute, first.command.timeout_seconds) == ("gpu", 7200.0)
    assert first.command.env_vars == {"K": "v!"}
    assert second.compute == "cpu"
    assert graph.settings.continue_on_step_failure is False


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        ({"a": node(data="${{parent.jobs.b.outputs.model}}"),
          "b": node(data="${{parent.jobs.a.outputs.model}}")}, "circle"),
        ({"a": node(data="${{parent.jobs.x.outputs.model}}")}, "unknown node 'x'"),
        ({"a": node(), "b": node(data="${{parent.jobs.a.outputs.modl}}")}, "output 'modl'"),
        ({"a": node(data="${{parent.inputs.raw}}")}, "unknown input 'raw'"),
        ({"a": node(dat="x")}, "has no input 'dat'"),
        ({"a": node(n="many")}, "'many' is not of type integer"),
        ({"a": node(n="12")}, "12 is not between 1.0 and 9.0"),
        ({"a": node(mode="medium")}, "'medium' is none of the choices"),
        ({"a": node(data="${{inputs.x}}")}, "cannot be followed"),
        ({"A": node()}, "node name 'A' is invalid"),
        ({"a": {**node(), "outputs": {"x": "${{parent.outputs.y}}"}}}, "has no output 'x'"),
        ({"a": {**node(), "outputs": {"model": "${{parent.outputs.y}}"}}}, "unknown output 'y'"),
        ({"a": []}, "an object is needed"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_named(jobs: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)) as caught:
        build(jobs)
    assert caught.value.where


@pytest.mark.parametrize("kind", ["sweep", "parallel", "spark", "automl", "if_else", "do_while"])
def test_a_node_of_another_kind_is_refused_by_name(kind: str) -> None:
    with pytest.raises(NotSupported, match=kind):
        build({"a": {"type": kind}})


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({"distribution": {"type": "pytorch", "process_count_per_instance": 2}}, "distribution"),
        ({"resources": {"instance_count": 3}}, "instanceCount"),
        ({"resources": {"instanceCount": "2"}}, "instanceCount"),
    ],
)
def test_what_wants_several_processes_is_refused_by_name_wherever_it_stands(
    wanted: dict[str, Any], name: str
) -> None:
    with pytest.raises(NotSupported, match=name):
        job_parsing.component({**STEP, **wanted})
    with pytest.raises(NotSupported, match=name):
        build({"a": {**node(), **wanted}})
    with pytest.raises(NotSupported, match=name):
        job_parsing.command_of_job({"command": "run", "environmentId": "e", **wanted})


def test_one_instance_is_what_there_is() -> None:
    job_parsing.component({**STEP, "resources": {"instance_count": 1}, "distribution": None})
