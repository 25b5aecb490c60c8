"""The program of the article runs, changed in nothing but what docs/guides/article-program.md says.

A user types it, a user runs it: the unmodified SDK in a process of its own, under `shipway exec`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.shipway_server import SHIPWAY, ShipwayServer, running

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "article-program.md"

PROGRAM = """\
from azure.ai.ml import MLClient, Input, Output
from azure.ai.ml.dsl import pipeline
from azure.ai.ml.entities import (
    CommandComponent,
    RecurrenceTrigger,
    JobSchedule,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient(
    DefaultAzureCredential(),
    subscription_id="...",
    resource_group_name="...",
    workspace_name="...",
)

# Define components
preprocess = CommandComponent(
    name="preprocess",
    command="python preprocess.py --input ${{inputs.raw_data}} --output ${{outputs.processed_data}}",
    environment="azureml:sklearn-env:1",
    inputs={"raw_data": {"type": "uri_folder"}},
    outputs={"processed_data": {"type": "uri_folder"}},
)

train = CommandComponent(
    name="train",
    command="python train.py --data ${{inputs.data}} --model-output ${{outputs.model}} --accuracy-output ${{outputs.accuracy}}",
    environment="azureml:sklearn-env:1",
    inputs={"data": {"type": "uri_folder"}},
    outputs={"model": {"type": "uri_folder"}, "accuracy": {"type": "uri_file"}},
)

@pipeline(name="training-pipeline", compute="cpu-cluster")
def training_pipeline(raw_data: Input(type="uri_folder")):
    preprocess_step = preprocess(raw_data=raw_data)
    train_step = train(data=preprocess_step.outputs.processed_data)
    return {"model": train_step.outputs.model}

# Submit pipeline
pipeline_job = training_pipeline(
    raw_data=Input(path="azureml://datastores/workspaceblobstore/paths/data/")
)
ml_client.jobs.create_or_update(pipeline_job, experiment_name="training-runs")

from azure.ai.ml.entities import RecurrenceTrigger, JobSchedule

schedule = JobSchedule(
    name=f"{environment}-daily-training",
    trigger=RecurrenceTrigger(frequency="day", interval=1, start_time="2026-01-01T02:00:00"),
    create_job=pipeline_job,
)
ml_client.schedules.begin_create_or_update(schedule).result()
"""  # noqa: E501

# (what the article says, what is said instead), all of them
IDS = (
    ('subscription_id="..."', 'subscription_id="{subscription}"'),
    ('resource_group_name="..."', 'resource_group_name="rg-ml-dev"'),
    ('workspace_name="..."', 'workspace_name="mlw-flights-dev"'),
)
ENVIRONMENT = (("schedule = JobSchedule(", 'environment = "dev"\nschedule = JobSchedule('),)
CODE = (
    ('    name="preprocess",\n', '    name="preprocess",\n    code="./src",\n'),
    ('    name="train",\n', '    name="train",\n    code="./src",\n'),
)

REGISTER = """
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Environment
from azure.identity import DefaultAzureCredential

ml_client = MLClient(DefaultAzureCredential(), "{subscription}", "rg-ml-dev", "mlw-flights-dev")
ml_client.environments.create_or_update(
    Environment(
        name="sklearn-env",
        version="1",
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
        conda_file="conda.yml",
    )
)
"""

CONDA = """
dependencies:
- python=3.11
- pip
- pip:
  - scikit-learn==1.6.1
  - threadpoolctl==3.6.0
  - numpy==2.2.6
"""

PREPROCESS = """
import argparse, csv
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--input", type=Path)
parser.add_argument("--output", type=Path)
given = parser.parse_args()
rows = []
for file in sorted((given.input / "flights").glob("*.csv")):
    for row in csv.DictReader(file.open()):
        if row["dep_delay"] not in ("", "NA") and row["arr_delay"] not in ("", "NA"):
            rows.append((float(row["dep_delay"]), int(float(row["arr_delay"]) > 15)))
print(f"{len(rows)} flights")
with (given.output / "flights.csv").open("w") as out:
    csv.writer(out).writerows(rows)
"""

TRAIN = """
import argparse, csv, pickle
from pathlib import Path
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path)
parser.add_argument("--model-output", type=Path)
parser.add_argument("--accuracy-output", type=Path)
given = parser.parse_args()
rows = [(float(a), int(b)) for a, b in csv.reader((given.data / "flights.csv").open())]
features, late = [[a] for a, _ in rows], [b for _, b in rows]
model = LogisticRegression().fit(features, late)
(given.model_output / "model.pkl").write_bytes(pickle.dumps(model))
given.accuracy_output.write_text(str(model.score(features, late)))
"""

LOOK = """
import json, sys, time
from pathlib import Path
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient(DefaultAzureCredential(), "{subscription}", "rg-ml-dev", "mlw-flights-dev")
(job,) = [j for j in ml_client.jobs.list() if j.name not in sys.argv[1:]]
while (status := ml_client.jobs.get(job.name).status) not in ("Completed", "Failed", "Canceled"):
    time.sleep(0.2)
told = dict(name=job.name, status=status, experiment=job.experiment_name, logs=dict(), steps=dict())
for child in ml_client.jobs.list(parent_job_name=job.name):
    told["steps"][child.display_name] = child.status
    if child.status in ("Completed", "Failed"):
        ml_client.jobs.download(child.name, download_path=child.name, all=True)
        log = next(Path(child.name).rglob("std_log.txt"))
        told["logs"][child.display_name] = log.read_text()
        for file in Path(child.name).rglob("*"):
            if file.is_file() and "accuracy" in file.as_posix():
                told["accuracy"] = file.read_text()
schedule = ml_client.schedules.get("dev-daily-training")
told["schedule"] = dict(
    enabled=schedule.is_enabled, start=str(schedule.trigger.start_time),
    frequency=schedule.trigger.frequency, state=schedule.provisioning_state,
)
print("TOLD " + json.dumps(told))
"""


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody at a shell with a folder of programs."""

    server: ShipwayServer
    folder: Path
    subscription: str

    def python(self, text: str, *arguments: str) -> str:
        """Run a program as `shipway exec -- python FILE`; what it printed."""
        file = self.folder / "training_pipeline.py"
        file.write_text(text.replace("{subscription}", self.subscription))
        done = subprocess.run(
            [*SHIPWAY, "exec", "--", sys.executable, str(file), *arguments], cwd=self.folder,
            env=self.server.environment(), capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def look(self, *known: str) -> dict[str, Any]:
        """The job that was submitted (and is none of `known`) once it has ended."""
        printed = self.python(LOOK, *known)
        line = next(line for line in printed.splitlines() if line.startswith("TOLD "))
        return dict(json.loads(line.removeprefix("TOLD ")))


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    folder = tmp_path_factory.mktemp("article")
    with running(folder) as server:
        made = json.loads(server.command("seed", "--json", "--months", "1").stdout)
        subscription = made["environments"]["dev"]["workspace_id"].split("/")[2]
        files = {"preprocess.py": PREPROCESS, "train.py": TRAIN}
        (folder / "p" / "src").mkdir(parents=True)
        for name, text in files.items():
            (folder / "p" / "src" / name).write_text(text)
        (folder / "p" / "conda.yml").write_text(CONDA)
        found = User(server=server, folder=folder / "p", subscription=subscription)
        found.python(REGISTER)
        yield found


def changed(*changes: tuple[tuple[str, str], ...]) -> str:
    text = PROGRAM
    for before, after in (change for group in changes for change in group):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def test_the_program_runs_with_the_listed_changes_and_says_code_without_them(user: User) -> None:
    user.python(changed(IDS, ENVIRONMENT))
    without = user.look()
    assert (without["status"], without["experiment"]) == ("Failed", "training-runs")
    assert without["steps"] == {"preprocess_step": "Failed", "train_step": "Canceled"}
    log = without["logs"]["preprocess_step"]
    assert "can't open file" in log
    assert "preprocess.py" in log
    assert 'code="./src"' in log.splitlines()[-1]

    user.python(changed(IDS, ENVIRONMENT, CODE))
    told = user.look(without["name"])
    assert told["status"] == "Completed", told["logs"]
    assert told["steps"] == {"preprocess_step": "Completed", "train_step": "Completed"}
    assert int(told["logs"]["preprocess_step"].split()[0]) > 1000
    assert 0.5 < float(told["accuracy"]) < 1
    assert told["schedule"] == {
        "enabled": True, "start": "2026-01-01T02:00:00", "frequency": "day", "state": "Succeeded",
    }  # fmt: skip
    (listed,) = json.loads(user.server.command("schedules", "--json").stdout)
    assert listed["last_fired"] is None  # a start in the past is no reason to fire at once
    assert listed["next"].endswith("T02:00:00.000000Z")


def test_the_guide_lists_each_change_and_no_other() -> None:
    text = GUIDE.read_text()
    for before, after in (*IDS, *ENVIRONMENT, *CODE):
        said = [line for line in after.splitlines() if line not in before.splitlines()]
        assert all(line.strip().replace("{subscription}", "...") in text for line in said), said
    assert "sklearn-env" in text
