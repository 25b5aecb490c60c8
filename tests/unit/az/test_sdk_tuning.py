"""What the tuned SDK sends is what the untuned one sends, to the byte; its words are the same."""

import json
import subprocess
import sys
from pathlib import Path

COMPONENT = """\
type: command
name: step
version: "1"
environment: azureml:env:1
command: echo ${{inputs.text}} ${{inputs.file}} > ${{outputs.out}}
inputs:
  text: {type: string, default: hello}
  number: {type: integer, optional: true, min: 1}
  file: {type: uri_file, optional: true}
outputs: {out: {type: uri_file}}
resources: {instance_count: 2}
environment_variables: {A: "1"}
"""
JOB = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: tuned
inputs: {rate: 0.1, data: {type: uri_file, path: azureml:data:1}}
outputs: {result: {type: uri_file}}
settings: {default_compute: azureml:cpu, continue_on_step_failure: false}
jobs:
  one:
    type: command
    component: ./parts/step.yml
    inputs: {text: "${{parent.inputs.rate}}", file: "${{parent.inputs.data}}", number: 3}
    resources: {instance_count: 1}
  two:
    type: command
    component: file:parts/step.yml
    compute: azureml:other
    inputs: {text: again, file: "${{parent.jobs.one.outputs.out}}"}
    outputs: {out: "${{parent.outputs.result}}"}
    environment_variables: {B: "2"}
  three:
    type: command
    command: echo ${{inputs.a}}
    environment: azureml:env:2
    inputs: {a: "${{parent.jobs.two.outputs.out}}"}
    identity: {type: managed}
"""
BROKEN = JOB.replace("instance_count: 1", "instance_count: many")
SCRIPT = """
import json, sys, yaml
from azure.ai.ml import load_job, load_component
from azure.ai.ml.exceptions import MlException

def told():
    found = {}
    job = load_job("job.yml")
    found["valid"] = [str(v) for v in job._validate(raise_error=False).error_messages.items()]
    for node in job.jobs.values():
        node._component = "azureml:known:1"
    found["body"] = job._to_rest_object().properties.as_dict()
    found["dict"] = job._to_dict()
    again = load_job("job.yml", params_override=[{"inputs.rate": 0.5}])
    found["changed"] = again._to_dict()
    found["component"] = load_component("parts/step.yml")._to_dict()
    for name in ("broken.yml", "no.yml"):
        try:
            load_job(name)._validate(raise_error=True)
            found[name] = "fine"
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    return json.loads(json.dumps(found, default=str))

plain = told()
from shipway.az import sdk_tuning
sdk_tuning.keep_schemas()
sdk_tuning.read_yaml_fast()
from pathlib import Path
sdk_tuning.warm_up(Path("."))
print(json.dumps([plain, told(), told()]))
"""


def test_what_is_sent_and_said_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "step.yml").write_text(COMPONENT)
    (tmp_path / "job.yml").write_text(JOB)
    (tmp_path / "broken.yml").write_text(BROKEN)
    (tmp_path / "no.yml").write_text("a: [1,\nb: {")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    plain, tuned, again = json.loads(done.stdout.splitlines()[-1])
    assert set(plain["body"]["jobs"]) == {"one", "two", "three"}
    assert plain["valid"] == []
    assert "while parsing" in plain["no.yml"]
    assert plain["broken.yml"] != "fine"
    assert tuned == plain
    assert again == plain
    assert not (tmp_path / "sample.yml").exists()
