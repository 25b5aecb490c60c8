"""The unmodified azure-ai-ml SDK against a running server: submit, follow, download, cancel."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ml_lab import make_workspace
from tests.shipway_server import SHIPWAY, ShipwayServer, running

from shipway.azure.entra import tenant
from shipway.ml import computes

_BEGIN = """
import json, os, sys, time
from pathlib import Path
from azure.ai.ml import Input, MLClient, Output, command, dsl, load_job
from azure.ai.ml.entities import CommandComponent, Environment
from azure.identity import DefaultAzureCredential

ml = MLClient(DefaultAzureCredential(), sys.argv[1], "rg", "lab")
told = {}

def status(name):
    return ml.jobs.get(name).status.value

def ended(name):
    while status(name) not in ("Completed", "Failed", "Canceled"):
        time.sleep(0.1)
    return status(name)

def tell():
    print("TOLD " + json.dumps(told))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("sdk")) as made:
        key = make_workspace(made.store)
        computes.create(
            made.store, workspace=key, name="cpu-cluster", compute_type="AmlCompute",
            location="westeurope",
        )  # fmt: skip
        yield made


def run(server: ShipwayServer, folder: Path, script: str) -> tuple[dict[str, Any], str]:
    """Run a script as a user would; what it told, and all that it printed."""
    file = folder / "script.py"
    file.write_text(_BEGIN + script + "\ntell()\n")
    subscription = tenant.facts(server.store).subscription_id
    done = subprocess.run(
        [*SHIPWAY, "exec", "--", sys.executable, str(file), subscription], cwd=folder,
        env=server.environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = next(line for line in done.stdout.splitlines() if line.startswith("TOLD "))
    return json.loads(told.removeprefix("TOLD ")), done.stdout


def test_a_pipeline_is_submitted_followed_downloaded_and_reused(
    server: ShipwayServer, tmp_path: Path
) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "double.py").write_text(
        # the SDK shows no log of a job that has ended before it first looks
        "import sys, time; time.sleep(1.5)\n"
        "text = open(sys.argv[1]).read(); open(sys.argv[2], 'w').write(text * 2)\n"
        "print('doubled', text)"
    )
    (tmp_path / "data.txt").write_text("ab")
    told, printed = run(server, tmp_path, """
double = CommandComponent(
    name="double", command="python double.py ${{inputs.data}} ${{outputs.out}}", code="./src",
    environment="local@latest", inputs={"data": {"type": "uri_file"}},
    outputs={"out": {"type": "uri_file"}},
)

@dsl.pipeline(compute="cpu-cluster")
def twice(raw):
    one = double(data=raw)
    two = double(data=one.outputs.out)
    return {"final": two.outputs.out}

names = []
for _ in range(2):
    job = ml.jobs.create_or_update(twice(raw=Input(type="uri_file", path="./data.txt")),
                                   experiment_name="exp")
    names.append(job.name)
    ml.jobs.stream(job.name)
told["status"] = status(names[0])
children = [{c.display_name: c for c in ml.jobs.list(parent_job_name=n)} for n in names]
told["children"] = [{k: [c.name, c.status, c.properties.get("azureml.reusedrunid")]
                     for k, c in of.items()} for of in children]
ml.jobs.download(names[0], download_path="top", all=True)
ml.jobs.download(children[0]["one"].name, download_path="child", all=True)
ml.jobs.download(children[1]["two"].name, download_path="reused", output_name="out")
told["files"] = {str(p): p.read_text() for f in ("top", "child", "reused")
                 for p in Path(f).rglob("*") if p.is_file() and "execution" not in p.name}
""")  # fmt: skip
    assert told["status"] == "Completed"
    first, second = told["children"]
    assert {node: status for node, (_, status, _) in first.items()} == {
        "one": "Completed", "two": "Completed",
    }  # fmt: skip
    assert second["one"][2] == first["one"][0]
    assert second["two"][2] == first["two"][0]
    assert "Node one" in printed
    assert sorted(told["files"].values()) == sorted(
        ["abababab", "abab", "doubled ab\n", "abababab"]
    )


def test_a_command_job_is_streamed_while_it_runs_and_can_be_canceled_and_archived(
    server: ShipwayServer, tmp_path: Path
) -> None:
    told, printed = run(server, tmp_path, """
job = command(command="for i in 1 2 3; do echo line $i; sleep 0.7; done; echo $GREETING",
              environment="local@latest", compute="cpu-cluster",
              environment_variables={"GREETING": "bye"}, experiment_name="exp")
job = ml.jobs.create_or_update(job)
told["studio"] = job.services["Studio"].endpoint
ml.jobs.stream(job.name)
long = ml.jobs.create_or_update(command(command="sleep 60", environment="local@latest"))
while status(long.name) != "Running":
    time.sleep(0.05)
ml.jobs.begin_cancel(long.name).result()
told["canceled"] = ended(long.name)
told["listed"] = [j.name for j in ml.jobs.list()][0] == long.name
ml.jobs.archive(long.name)
told["hidden"] = long.name not in [j.name for j in ml.jobs.list()]
ml.jobs.restore(long.name)
told["again"] = long.name in [j.name for j in ml.jobs.list()]
told["services"] = ml.jobs.show_services(long.name)
""")  # fmt: skip
    assert [line for line in printed.splitlines() if line.startswith(("line", "bye"))] == [
        "line 1", "line 2", "line 3", "bye",
    ]  # fmt: skip
    assert told["canceled"] == "Canceled"
    assert (told["listed"], told["hidden"], told["again"]) == (True, True, True)
    assert told["studio"].startswith("http://127.0.0.1:")


def test_a_missing_script_fails_as_on_azure_with_a_hint(
    server: ShipwayServer, tmp_path: Path
) -> None:
    told, printed = run(server, tmp_path, """
job = ml.jobs.create_or_update(command(command="python preprocess.py", environment="local@latest"))
try:
    ml.jobs.stream(job.name)
except Exception as error:
    told["error"] = str(error)
""")  # fmt: skip
    assert "can't open file" in told["error"]
    assert "preprocess.py" in told["error"]
    assert "no `code`" in printed


def test_an_environment_is_built_and_one_that_cannot_be_says_why(
    server: ShipwayServer, tmp_path: Path
) -> None:
    told, _ = run(server, tmp_path, """
def environment(*packages):
    text = {"dependencies": ["python=3.11", "pip", {"pip": list(packages)}]}
    Path("conda.yml").write_text(json.dumps(text))
    return Environment(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
                       conda_file="conda.yml")

code = "python -c \\"import pyjokes; print('jokes', pyjokes.__version__)\\""
job = ml.jobs.create_or_update(command(command=code, environment=environment("pyjokes==0.6.0")))
told["status"] = ended(job.name)
ml.jobs.download(job.name, download_path="got")
told["log"] = Path("got/artifacts/user_logs/std_log.txt").read_text()
told["build"] = Path("got/artifacts/azureml-logs/20_image_build_log.txt").read_text()
began = time.time()
job = ml.jobs.create_or_update(command(command="true", environment=environment("numpy==1.19.0")))
told["failed"] = ended(job.name)
told["seconds"] = time.time() - began
told["error"] = ml.jobs._runs_operations.get_run_details(job.name).error.error.message
""")  # fmt: skip
    assert (told["status"], told["log"]) == ("Completed", "jokes 0.6.0\n")
    assert "pyjokes" in told["build"]
    assert told["failed"] == "Failed"
    assert told["seconds"] < 20
    for word in ("numpy", "1.19.0", "Python 3.11", "Pin a version"):
        assert word in told["error"]
