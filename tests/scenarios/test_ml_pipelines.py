"""Pipeline jobs as real processes: failure, cancel, slots, nesting, reuse and its explanations."""

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.ml_lab import Lab, lab
from tests.shipway_server import wait_until

from shipway.azure.entra import managed_identities
from shipway.base.errors import BadInput, Unauthenticated
from shipway.compute.command_runner import CommandRun
from shipway.loop import ml_job
from shipway.ml import (
    component_versions,
    computes,
    data_versions,
    environment_versions,
    job_reuse,
    model_versions,
)


@pytest.fixture
def ml(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as made:
        yield made


def is_gone(stat: Path) -> bool:
    """Whether a process has ended, collected or not."""
    return not stat.exists() or ") Z " in stat.read_text()


def literal(value: object) -> dict[str, Any]:
    return {"job_input_type": "literal", "value": str(value)}


def output_of(node: str, name: str = "o") -> dict[str, Any]:
    return literal(f"${{{{parent.jobs.{node}.outputs.{name}}}}}")


def node(component: str, **inputs: Any) -> dict[str, Any]:
    return {"type": "command", "componentId": component, "inputs": inputs}


WRITE = "cat ${{inputs.a}} > ${{outputs.o}} 2>/dev/null; echo ${{inputs.word}} >> ${{outputs.o}}"
WRITER: dict[str, Any] = {
    "inputs": {"a": {"type": "uri_file", "optional": True}, "word": {"type": "string"}},
    "outputs": {"o": {"type": "uri_file"}},
}


def writer(ml: Lab, **spec: Any) -> str:
    """A component that appends a word to what it was given."""
    command = "(cat $[[${{inputs.a}}]] /dev/null; echo ${{inputs.word}}) > ${{outputs.o}}"
    return ml.component(command, **WRITER, **spec)


def test_what_depends_on_a_failed_node_never_runs_and_the_rest_does(ml: Lab) -> None:
    fails = ml.component("echo first; echo the reason; exit 3", outputs={"o": {"type": "uri_file"}})
    job = ml.pipeline(
        {
            "bad": node(fails),
            "after": node(writer(ml), a=output_of("bad"), word=literal("x")),
            "later": node(writer(ml), a=output_of("after"), word=literal("x")),
            "beside": node(writer(ml), word=literal("x")),
        }
    )
    done = ml.ended(job.name)
    assert done.status == "Failed"
    assert "'bad'" in done.error["message"]
    assert "the reason" in done.error["message"]
    found = {name: child.status for name, child in ml.children(job.name).items()}
    assert found == {
        "bad": "Failed", "after": "Canceled", "later": "Canceled", "beside": "Completed"
    }  # fmt: skip
    assert "'bad' failed" in ml.children(job.name)["after"].error["message"]
    assert ml.log(ml.children(job.name)["bad"].name) == "first\nthe reason\n"


def test_a_node_after_two_that_never_ran_is_skipped_once(ml: Lab) -> None:
    fails = ml.component("exit 3", outputs={"o": {"type": "uri_file"}})
    both = ml.component(
        "cat ${{inputs.a}} ${{inputs.b}} > ${{outputs.o}}",
        inputs={"a": {"type": "uri_file"}, "b": {"type": "uri_file"}},
        outputs={"o": {"type": "uri_file"}},
    )
    job = ml.pipeline(
        {
            "bad": node(fails),
            "left": node(writer(ml), a=output_of("bad"), word=literal("x")),
            "right": node(both, a=output_of("bad"), b=output_of("left")),
            "last": node(both, a=output_of("left"), b=output_of("right")),
        }
    )
    done = ml.ended(job.name)
    assert done.status == "Failed"
    assert "Failed nodes: /bad." in done.error["message"]
    states = {n: ml.children(job.name)[n].status for n in ("left", "right", "last")}
    assert states == {"left": "Canceled", "right": "Canceled", "last": "Canceled"}


def test_the_first_failure_stops_everything_when_the_settings_say_so(ml: Lab) -> None:
    slow = ml.component("sleep 30")
    job = ml.pipeline(
        {"bad": node(ml.component("sleep 0.3; exit 1")), "slow": node(slow)},
        settings={"continue_on_step_failure": False},
    )
    began = time.monotonic()
    assert ml.ended(job.name).status == "Failed"
    assert time.monotonic() - began < 10
    assert ml.children(job.name)["slow"].status == "Canceled"


def test_cancel_ends_the_process_tree_and_skips_what_waits(ml: Lab, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    tree = ml.component(
        f"sleep 60 & echo $! >> {pids}; setsid sleep 60 & echo $! >> {pids}; wait",
        outputs={"o": {"type": "uri_file"}},
    )
    job = ml.pipeline(
        {"tree": node(tree), "next": node(writer(ml), a=output_of("tree"), word=literal("x"))}
    )
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    wait_until(lambda: ml.get(ml.children(job.name)["tree"].name).status == "Running")
    assert (
        ml_job.cancel(ml.store, workspace=ml.workspace, name=job.name).status == "CancelRequested"
    )
    assert ml.ended(job.name).status == "Canceled"
    assert {c.status for c in ml.children(job.name).values()} == {"Canceled"}
    for pid in pids.read_text().split():
        stat = Path(f"/proc/{pid}/stat")
        wait_until(partial(is_gone, stat))
    with pytest.raises(BadInput, match="Canceled and cannot be canceled"):
        ml_job.cancel(ml.store, workspace=ml.workspace, name=job.name)


def test_a_queued_job_is_canceled_without_ever_starting(ml: Lab, tmp_path: Path) -> None:
    blockers = [ml.submit(jobType="Command", command="sleep 3", environmentId="azureml:local:1")
                for _ in range(2)]  # fmt: skip
    wait_until(lambda: all(ml.get(b.name).status == "Running" for b in blockers))
    marker = tmp_path / "ran"
    waiting = ml.submit(
        jobType="Command", command=f"touch {marker}", environmentId="azureml:local:1"
    )
    wait_until(lambda: ml.get(waiting.name).status == "Queued")
    ml_job.cancel(ml.store, workspace=ml.workspace, name=waiting.name)
    assert ml.ended(waiting.name, seconds=2).status == "Canceled"
    assert not marker.exists()


def test_slots_and_a_computes_own_limit_hold(ml: Lab, tmp_path: Path) -> None:
    computes.create(
        ml.store, workspace=ml.workspace, name="one", compute_type="AmlCompute",
        location="westeurope", settings={"scaleSettings": {"maxNodeCount": 1}},
    )  # fmt: skip
    log = tmp_path / "log"
    step = ml.component(f"echo + >> {log}; sleep 0.2; echo - >> {log}")
    job = ml.pipeline({f"s{n}": {**node(step), "computeId": "one"} for n in range(4)})
    assert ml.ended(job.name).status == "Completed"
    assert log.read_text().split() == ["+", "-"] * 4
    log.unlink()
    job = ml.pipeline({f"s{n}": node(step) for n in range(4)}, settings={"force_rerun": True})
    assert ml.ended(job.name).status == "Completed"
    running = most = 0
    for sign in log.read_text().split():
        running += 1 if sign == "+" else -1
        most = max(most, running)
    assert most == 2


def test_a_pipeline_component_is_opened_and_its_outputs_promoted(ml: Lab) -> None:
    step = writer(ml)
    inner = component_versions.create(
        ml.store, workspace=ml.workspace, name="inner", version="1",
        spec={
            "type": "pipeline", "name": "inner", "version": "1",
            "inputs": {"w": {"type": "string"}, "start": {"type": "uri_file"}},
            "outputs": {"out": {"type": "uri_file"}},
            "jobs": {
                "one": node(step, a=literal("${{parent.inputs.start}}"),
                            word=literal("${{parent.inputs.w}}")),
                "two": {**node(step, a=output_of("one"), word=literal("two")),
                        "outputs": {"o": "${{parent.outputs.out}}"}},
            },
        },
    )  # fmt: skip
    job = ml.pipeline(
        {
            "first": node(step, word=literal("first")),
            "nested": {"type": "pipeline", "componentId": f"azureml:{inner.name}:1",
                       "inputs": {"w": literal("one"), "start": output_of("first")},
                       "outputs": {"out": {"type": "literal", "value": "${{parent.outputs.all}}"}}},
            "last": node(step, a=output_of("nested", "out"), word=literal("last")),
        },
        outputs={"all": {"jobOutputType": "uri_file"}},
    )  # fmt: skip
    done = ml.ended(job.name)
    assert (done.status, done.error) == ("Completed", {})
    assert set(ml.children(job.name)) == {"first", "nested/one", "nested/two", "last"}
    assert ml.output(job.name, "all")[""].split() == ["first", "one", "two"]
    assert ml.output(ml.children(job.name)["last"].name, "o")[""].split() == [
        "first", "one", "two", "last",
    ]  # fmt: skip


def test_an_unchanged_chain_is_reused_and_why_names_what_changed(ml: Lab, tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    def submit(code: str, data: str, word: str) -> str:
        raw = ml.put_blob("raw/a.txt", data)
        component = ml.component(
            f"echo x >> {ran}; python step.py ${{{{inputs.a}}}} ${{{{outputs.o}}}}"
            " ${{inputs.word}}",
            code=ml.code({"step.py": code, "same.py": ""}), **WRITER,
        )  # fmt: skip
        job = ml.pipeline(
            {
                "one": node(component, a=literal("${{parent.inputs.raw}}"), word=literal(word)),
                "two": node(component, a=output_of("one"), word=literal("w")),
            },
            inputs={"raw": {"jobInputType": "uri_file", "uri": raw}},
        )
        assert ml.ended(job.name).status == "Completed", ml.get(job.name).error
        return job.name

    def reasons(job: str) -> dict[str, job_reuse.Explanation]:
        return {e.node: e for e in job_reuse.why(ml.store, ml.workspace, job)}

    script = "import sys; open(sys.argv[2], 'w').write(open(sys.argv[1]).read() + sys.argv[3])"
    first = submit(script, "a", "v")
    assert "no earlier job" in reasons(first)["one"].reason
    assert ran.read_text().count("x") == 2

    second = submit(script, "a", "v")
    assert ran.read_text().count("x") == 2
    child = ml.children(second)["two"]
    assert child.properties["azureml.isreused"] == "true"
    assert child.properties["azureml.reusedrunid"] == ml.children(first)["two"].name
    assert reasons(second)["two"].verdict == "reused"
    assert ml.output(child.name, "o") == {"": "avw"}

    third = submit(script + "  # changed", "a", "v")
    assert ran.read_text().count("x") == 4
    assert reasons(third)["one"].changes[0].startswith("code: step.py changed")
    assert len(reasons(third)["one"].changes) == 1, "same.py is the same"
    assert reasons(third)["two"].changes[0].startswith("code: step.py changed")

    fourth = submit(script + "  # changed", "b", "v")
    assert [line[:25] for line in reasons(fourth)["one"].changes] == ["input 'a': a.txt changed "]
    fifth = submit(script + "  # changed", "b", "other")
    assert any("'v' -> 'other'" in line for line in reasons(fifth)["one"].changes)


def test_nothing_is_reused_that_may_not_be(ml: Lab, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    sure = ml.component(f"echo sure >> {ran}")
    random = ml.component(f"echo random >> {ran}", is_deterministic=False)
    nodes = {"sure": node(sure), "random": node(random)}
    first = ml.pipeline(nodes)
    ml.ended(first.name)
    second = ml.pipeline(nodes)
    ml.ended(second.name)
    forced = ml.pipeline(nodes, settings={"force_rerun": True})
    ml.ended(forced.name)
    assert sorted(ran.read_text().split()) == ["random"] * 3 + ["sure"] * 2
    why = {e.node: e.reason for e in job_reuse.why(ml.store, ml.workspace, second.name)}
    assert "is_deterministic" in why["random"]
    why = {e.node: e.reason for e in job_reuse.why(ml.store, ml.workspace, forced.name)}
    assert "force_rerun" in why["sure"]


def test_outputs_become_assets_with_their_job(ml: Lab) -> None:
    step = ml.component(
        "echo m > ${{outputs.model}}/MLmodel; echo d > ${{outputs.table}}",
        outputs={"model": {"type": "mlflow_model"}, "table": {"type": "uri_file"}},
    )
    job = ml.pipeline(
        {"train": {**node(step), "outputs": {
            "model": {"job_output_type": "mlflow_model", "asset_name": "flights"},
            "table": {"job_output_type": "uri_file", "asset_name": "scores", "asset_version": "7",
                      "uri": "azureml://datastores/workspaceblobstore/paths/scores/${{name}}.csv"},
        }}}
    )  # fmt: skip
    done = ml.ended(job.name)
    assert (done.status, done.error) == ("Completed", {})
    child = ml.children(job.name)["train"].name
    model = model_versions.get(ml.store, workspace=ml.workspace, name="flights", version="1")
    assert model.job == child
    data = data_versions.get(ml.store, workspace=ml.workspace, name="scores", version="7")
    assert (data.job, data.data_uri.rpartition("/")[2]) == (child, f"{child}.csv")
    assert ml.output(child, "table") == {"": "d\n"}
    again = ml.submit(
        jobType="Command", command="cat ${{inputs.m}}/MLmodel ${{inputs.d}} ${{inputs.j}}/MLmodel",
        environmentId="azureml:local:1",
        inputs={
            "m": {"jobInputType": "mlflow_model", "uri": "azureml:flights@latest"},
            "d": {"jobInputType": "uri_file", "uri": "azureml:scores:7"},
            "j": {"jobInputType": "uri_folder",
                  "uri": f"azureml://jobs/{child}/outputs/model/paths/"},
        },
    )  # fmt: skip
    assert ml.ended(again.name).status == "Completed"
    assert ml.log(again.name) == "m\nd\nm\n"


def test_a_process_sees_nothing_of_ours_and_an_identity_only_when_its_compute_has_one(
    ml: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "s3cret")
    told = {"pid": 1, "proxy_port": 2, "tls_port": 2, "studio_port": 3, "started_at": ""}
    ml.store.home.server_state.write_text(json.dumps(told))
    computes.create(
        ml.store, workspace=ml.workspace, name="cpu", compute_type="AmlCompute",
        location="westeurope", system_identity=True,
    )  # fmt: skip
    seen = {}
    for compute in ("local", "cpu"):
        job = ml.submit(jobType="Command", command="env", environmentId="azureml:local:1",
                        computeId=compute, environmentVariables={"MINE": "1"})  # fmt: skip
        assert ml.ended(job.name).status == "Completed"
        lines = ml.log(job.name).splitlines()
        seen[compute] = dict(line.split("=", 1) for line in lines if "=" in line)
    assert seen["local"]["MINE"] == "1"
    assert "SECRET_OF_THE_SHELL" not in seen["local"]
    assert seen["local"]["AZUREML_RUN_ID"] == seen["local"]["MLFLOW_RUN_ID"]
    assert seen["local"]["MLFLOW_TRACKING_URI"].startswith("azureml://westeurope.api.azureml.ms/")
    assert seen["local"]["HTTPS_PROXY"] == "http://127.0.0.1:2"
    assert seen["local"]["HOME"] != str(Path.home())
    assert not {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"} & set(seen["local"])
    assert seen["cpu"]["IDENTITY_ENDPOINT"] == "http://127.0.0.1:3/msi/token"
    with pytest.raises(Unauthenticated):
        managed_identities.principal_for_header(ml.store, seen["cpu"]["IDENTITY_HEADER"])


def test_a_missing_script_names_code_and_a_missing_output_its_name(ml: Lab) -> None:
    job = ml.submit(
        jobType="Command", command="python preprocess.py", environmentId="azureml:local:1"
    )
    done = ml.ended(job.name)
    assert done.status == "Failed"
    assert "can't open file" in done.error["message"]
    assert "no `code`" in ml.log(job.name)
    job = ml.submit(
        jobType="Command", command="true", environmentId="azureml:local:1",
        outputs={"table": {"jobOutputType": "uri_file"}},
    )  # fmt: skip
    done = ml.ended(job.name)
    assert (done.status, done.error["code"]) == ("Failed", "OutputMissing")
    assert "'table'" in done.error["message"]


def test_a_job_is_stopped_at_its_limit(ml: Lab) -> None:
    job = ml.submit(jobType="Command", command="sleep 30", environmentId="azureml:local:1",
                    limits={"timeout": "PT0.3S"})  # fmt: skip
    done = ml.ended(job.name, seconds=10)
    assert (done.status, done.error["code"]) == ("Failed", "JobTimedOut")


def test_a_large_output_is_seen_being_finalized(ml: Lab) -> None:
    job = ml.submit(
        jobType="Command", command="head -c 300000000 /dev/zero > ${{outputs.o}}/big",
        environmentId="azureml:local:1", outputs={"o": {"jobOutputType": "uri_folder"}},
    )  # fmt: skip
    wait_until(lambda: ml.get(job.name).status == "Finalizing")
    assert ml.ended(job.name).status == "Completed"


def test_a_job_is_canceled_while_its_environment_is_built(
    ml: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    build = CommandRun.build_image

    def slow(run: CommandRun) -> None:
        let_go.wait(30)
        build(run)

    monkeypatch.setattr(CommandRun, "build_image", slow)
    environment_versions.create(
        ml.store, workspace=ml.workspace, name="slow", version="1", image="docker.io/python:3.11"
    )
    job = ml.submit(jobType="Command", command="true", environmentId="azureml:slow:1")
    wait_until(lambda: ml.get(job.name).status == "Preparing")
    ml_job.cancel(ml.store, workspace=ml.workspace, name=job.name)
    assert ml.ended(job.name, seconds=5).status == "Canceled"
    let_go.set()
