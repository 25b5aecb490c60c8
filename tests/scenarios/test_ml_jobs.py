"""ML jobs as real processes, without HTTP: reactor, queue and compute of one store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ml_lab import Lab, lab


@pytest.fixture
def ml(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as made:
        yield made


def test_a_command_job_runs_with_its_inputs_and_stores_its_outputs(ml: Lab) -> None:
    data = ml.put_blob("raw/a.txt", "41")
    script = (
        "import sys; total = int(open(sys.argv[1]).read()) + int(sys.argv[3])\n"
        "open(sys.argv[2], 'w').write(str(total)); print('added')\n"
        "open('outputs/note.txt', 'w').write('n')\n"
    )
    job = ml.submit(
        "adder", jobType="Command", codeId=ml.code({"add.py": script}), computeId="local",
        command="python add.py ${{inputs.a}} ${{outputs.o}} ${{inputs.n}}",
        environmentId="azureml:local:1", outputs={"o": {"jobOutputType": "uri_file"}},
        inputs={"a": {"jobInputType": "uri_file", "uri": data},
                "n": {"jobInputType": "literal", "value": "1"}},
    )  # fmt: skip
    assert job.status == "NotStarted"
    done = ml.ended("adder")
    assert (done.status, done.error) == ("Completed", {})
    assert ml.output("adder", "o") == {"": "42"}
    assert ml.log("adder") == "added\n"
    assert ml.log("adder", "outputs/note.txt") == "n"


def test_a_pipeline_job_runs_its_nodes_in_order_and_promotes_an_output(ml: Lab) -> None:
    first = ml.component(
        "echo ${{inputs.word}} > ${{outputs.o}}/w.txt",
        inputs={"word": {"type": "string"}}, outputs={"o": {"type": "uri_folder"}},
    )  # fmt: skip
    second = ml.component(
        "cat ${{inputs.d}}/w.txt ${{inputs.d}}/w.txt > ${{outputs.o}}",
        inputs={"d": {"type": "uri_folder"}}, outputs={"o": {"type": "uri_file"}},
    )  # fmt: skip
    from_a = {"job_input_type": "literal", "value": "${{parent.jobs.a.outputs.o}}"}
    from_parent = {"job_input_type": "literal", "value": "${{parent.inputs.w}}"}
    promoted = {"o": {"value": "${{parent.outputs.all}}", "type": "literal"}}
    job = ml.pipeline(
        {
            "b": {"type": "command", "componentId": second, "inputs": {"d": from_a},
                  "outputs": promoted},
            "a": {"type": "command", "componentId": first, "inputs": {"word": from_parent}},
        },
        inputs={"w": {"jobInputType": "literal", "value": "hi"}},
        outputs={"all": {"jobOutputType": "uri_file"}},
    )  # fmt: skip
    done = ml.ended(job.name)
    assert (done.status, done.error) == ("Completed", {})
    assert ml.output(job.name, "all") == {"": "hi\nhi\n"}
    assert {n: c.status for n, c in ml.children(job.name).items()} == {
        "a": "Completed",
        "b": "Completed",
    }
