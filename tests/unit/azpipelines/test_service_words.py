"""Errors as the service prints them, where that is more than each diagnostic by itself."""

import pytest

from shipway.azpipelines import compiler
from shipway.azpipelines.compiler import CompileContext, CompileResult, FileMissing

NO_OBJECT = "Object reference not set to an instance of an object."
HELP = "For more help, refer to https://go.microsoft.com/fwlink/?linkid=842996"


class Files:
    def __init__(self, text: str, template: str) -> None:
        self._files = {"p.yml": text, "t.yml": template}

    def read(self, repository_alias: str, path: str) -> str:
        if path not in self._files:
            raise FileMissing(f"no file {path} in {repository_alias}")
        return self._files[path]


def compiled(text: str, template: str = "steps: []\n") -> CompileResult:
    return compiler.compile(
        files=Files(text, template), path="p.yml", context=CompileContext(refuse=frozenset())
    )


def test_what_breaks_the_rules_of_a_token_has_both_marks() -> None:
    assert compiled("steps:\n- script: a: b\n").error_text.splitlines() == [
        "/p.yml: (Line: 2, Col: 12, Idx: 18) - (Line: 2, Col: 12, Idx: 18): Mapping values are "
        "not allowed in this context.",
        NO_OBJECT,
    ]
    assert compiled("steps:\n- script: 'open\n").error_text.splitlines()[0] == (
        "/p.yml: (Line: 2, Col: 11, Idx: 17) - (Line: 3, Col: 1, Idx: 23): While scanning a quoted "
        "scalar, found unexpected end of stream."
    )


def test_what_breaks_the_order_of_tokens_has_a_place_and_two_blanks() -> None:
    result = compiled("steps:\n- script: a\n  - b: c\n")
    assert result.error_text.splitlines() == [
        "/p.yml (Line: 3, Col: 3):  While parsing a block mapping, did not find expected key.",
        NO_OBJECT,
    ]
    assert result.diagnostics[0].message.startswith("While parsing")


def test_an_anchor_leaves_nothing_to_read() -> None:
    assert compiled("a: &x [b]\n").error_text.splitlines()[-1] == NO_OBJECT


def test_an_else_without_if_among_variables_ends_the_reading() -> None:
    text = (
        "name: n\nvariables:\n  A: a\n  ${{ else }}:\n    a: b\nstages: [{stage: 1, nosuch: 2}]\n"
    )
    result = compiled(text)
    assert result.error_text == (
        "/p.yml (Line: 4, Col: 3): The expression directive 'else' is not supported in this "
        "context\n"
        "/p.yml (Line: 5, Col: 5): A mapping was not expected\n"
        "/p.yml (Line: 5, Col: 5): 'a' is already defined\n"
        "/p.yml: Expected end of template object. State:\r\n\r\nLiteralState\r\n\r\n"
        "MappingState:\r\n  IsStart: False\r\n  Index: 2\r\n  IsKey: True\r\n  IsEnd: False\r\n\r\n"
    )
    assert result.diagnostics[-1].short_text().startswith("p.yml:6:1: Expected end")


def test_a_list_where_keys_are_due_leaves_no_object() -> None:
    text = "steps:\n- script: x\n  env:\n    ${{ if true }}:\n    - A\n"
    assert compiled(text).error_text.splitlines() == [
        "/p.yml (Line: 5, Col: 5): Expected a mapping",
        f"/p.yml: {NO_OBJECT}",
    ]


def test_nothing_is_evaluated_where_an_expression_cannot_be_read() -> None:
    text = "steps:\n- script: ${{ nosuch }}\n- script: ${{ eq(1 }}\n"
    result = compiled(text)
    assert result.error_text.splitlines() == [
        f"/p.yml (Line: 3, Col: 11): Unclosed function: 'eq'. Located at position 1 within "
        f"expression: 'eq(1'. {HELP}"
    ]
    assert [one.line for one in result.diagnostics] == [2, 3]


def test_ten_errors_of_a_file_are_printed_and_five_hundred_characters_of_one() -> None:
    result = compiled("steps:\n" + "- scrpt: x\n" * 12)
    assert len(result.diagnostics) == 12
    assert len(result.error_text.splitlines()) == 10
    (line,) = compiled(f"steps:\n- {'x' * 900}: y\n").error_text.splitlines()
    assert line.startswith("/p.yml (Line: 2, Col: 3): Unexpected value 'xxx")
    assert line.endswith("x[...]")
    assert len(line) == 505


def test_the_plan_is_judged_when_its_files_are_right() -> None:
    text = "jobs:\n- job: a-b\n  dependsOn: c\n- job: d\n"
    assert compiled(text).error_text.splitlines() == [
        "Job a-b has an invalid name. Valid names may only contain alphanumeric characters and '_' "
        "and may not start with a number.",
        "Job a-b depends on unknown job c.",
    ]
    wrong = text + "colour: red\n"
    assert compiled(wrong).error_text == "/p.yml (Line: 5, Col: 1): Unexpected value 'colour'"
    assert len(compiled(wrong).diagnostics) == 3


def test_a_key_without_meaning_leaves_an_empty_mapping() -> None:
    assert compiled("steps:\n- ${{ nosuch }}:\n  - script: x\n").error_text.splitlines()[1] == (
        "/p.yml (Line: 2, Col: 3): Expected at least one key-value pair in the mapping"
    )


def test_names_in_branches_that_are_not_taken_need_no_meaning() -> None:
    text = "steps:\n- ${{ if false }}:\n  - script: ${{ nosuch(later) }}\n- script: x\n"
    assert compiled(text).plan
    broken = text.replace("nosuch(later)", "nosuch(")
    assert compiled(broken).plan is None


def test_a_key_from_a_loop_is_told_at_its_each() -> None:
    text = (
        "parameters:\n- name: l\n  type: object\n  default: {A: b}\nvariables:\n  a: c\n"
        "  ${{ each one in parameters.l }}:\n    ${{ one.key }}: ${{ one.value }}\nsteps: []\n"
    )
    assert compiled(text).error_text == "/p.yml (Line: 7, Col: 3): 'A' is already defined"


def test_an_expression_that_fails_where_a_mapping_is_due() -> None:
    text = (
        "parameters:\n- name: o\n  type: object\n  default: {A: b}\nsteps:\n- script: x\n"
        "  env: 'a ${{ parameters.o }}'\n"
    )
    assert compiled(text).error_text.splitlines()[1] == (
        "/p.yml (Line: 7, Col: 8): Unexpected value ''"
    )


STEPS = "parameters:\n- name: p\n  type: %s\nsteps:\n- script: ${{ convertToJson(parameters.p) }}\n"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("step", "{script: a}", '"task":"CmdLine@2"'),
        ("stepList", "[{bash: a, failOnStderr: true}]", '"task":"Bash@3"'),
        ("stepList", "[{checkout: none}]", '"condition":"false"'),
        ("job", "{job: J, pool: mine, steps: [{publish: a}]}", '"pool":{"name":"mine"}'),
        ("jobList", "[{job: J, steps: [{publish: a}]}]", '"task":"ecdc45f6-'),
        ("deployment", "{deployment: D, environment: e}", '"environment":{"name":"e"}'),
        ("stageList", "[{stage: S, dependsOn: A}]", '"dependsOn":["A"]'),
        ("container", "{container: c, image: i}", '"image":"i"'),
    ],
)
def test_templates_see_steps_jobs_and_stages_in_their_long_form(
    kind: str, value: str, expected: str
) -> None:
    text = f"steps:\n- template: t.yml\n  parameters: {{p: {value}}}\n"
    result = compiled(text, STEPS % kind)
    assert result.plan, result.error_text
    script = result.plan.stages[0].jobs[0].steps[-1].inputs["script"]
    assert expected in "".join(script.split())


@pytest.mark.parametrize(
    ("kind", "value", "unexpected"),
    [
        ("step", "{stpe: a}", "Unexpected value 'stpe'"),
        ("step", "[]", "A sequence was not expected"),
        ("stepList", "[{bash: a}, {bsah: b}]", "Unexpected value 'bsah'"),
        ("stepList", "[{}]", "Expected at least one key-value pair in the mapping"),
        ("job", "{stage: S}", "Unexpected value 'stage'"),
        ("deployment", "{job: J}", "Unexpected value 'job'"),
        ("stage", "text", "Unexpected value 'text'"),
        ("containerList", "[{image: i}]", "Unexpected value 'image'"),
    ],
)
def test_what_is_no_step_job_stage_or_container(kind: str, value: str, unexpected: str) -> None:
    text = f"steps:\n- template: t.yml\n  parameters: {{p: {value}}}\n"
    title = kind[0].upper() + kind[1:]
    first, second = compiled(text, STEPS % kind).error_text.splitlines()
    assert first == f"The 'p' parameter is not a valid {title}."
    assert second.endswith(unexpected)


def test_what_is_wrong_deep_in_stages_makes_the_parameter_wrong() -> None:
    stages = "[{stage: S, jobs: [{job: J, stpes: [], steps: [{script: x, nmae: y}]}]}]"
    text = f"steps:\n- template: t.yml\n  parameters: {{p: {stages}}}\n"
    assert compiled(text, STEPS % "stageList").error_text.splitlines() == [
        "The 'p' parameter is not a valid StageList.",
        "/p.yml (Line: 3, Col: 47): Unexpected value 'stpes'",
        "/p.yml (Line: 3, Col: 78): Unexpected value 'nmae'",
    ]


def test_steps_in_their_long_form_are_checkout_publish_and_download_again() -> None:
    template = "parameters:\n- {name: p, type: stepList}\nsteps:\n- ${{ parameters.p }}\n"
    steps = "[{checkout: self}, {publish: out, artifact: a}, {download: current}]"
    result = compiled(f"steps:\n- template: t.yml\n  parameters: {{p: {steps}}}\n", template)
    assert result.plan, result.error_text
    found = result.plan.stages[0].jobs[0].steps
    assert [one.shorthand for one in found] == ["checkout", "publish", "download"]
    assert found[1].inputs == {"path": "out", "artifactName": "a"}
    assert not found[0].implicit
