"""Hostile text ends early, in little memory, with a named error."""

import time

import pytest

from shipway.azpipelines import compiler, limits
from shipway.azpipelines.compiler import CompileContext, FileMissing
from shipway.azpipelines.diagnostics import Diagnostic
from shipway.azpipelines.expand.scope import TEMPLATE
from shipway.azpipelines.expr import evaluator
from shipway.azpipelines.expr.evaluator import Work
from shipway.azpipelines.expr.values import EvaluationError


class OneFile:
    def __init__(self, text: str | bytes, others: dict[str, str] | None = None) -> None:
        self._files: dict[str, str | bytes] = {"p.yml": text, **(others or {})}

    def read(self, repository_alias: str, path: str) -> str | bytes:
        if path not in self._files:
            raise FileMissing(f"no file {path} in {repository_alias}")
        return self._files[path]


def _first(text: str | bytes, others: dict[str, str] | None = None) -> Diagnostic:
    started = time.process_time()
    result = compiler.compile(files=OneFile(text, others), path="p.yml")
    assert time.process_time() - started < 20
    assert result.plan is None
    return result.diagnostics[0]


def _each(depth: int) -> str:
    lines = ["parameters:", "- name: l", "  type: object", "  default:"]
    lines += [f"  - item{number}" for number in range(100)]
    lines += ["variables:"]
    indent = "  "
    for level in range(depth):
        lines.append(indent + "${{ each v" + str(level) + " in parameters.l }}:")
        indent += "  "
    names = "".join("${{ v" + str(level) + " }}" for level in range(depth))
    lines.append(f"{indent}a{names}: " + "x" * 200)
    return "\n".join([*lines, "steps: []"])


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: &a [x]\nb: *a\n", "anchor", 1, 4),
        ("steps: *nowhere\n", "anchor", 1, 8),
        ("a: " + "[" * 150 + "]" * 150, "too-deep", 1, 103),
        ("steps:\n- script: " + "x" * limits.MAX_FILE_BYTES, "file-too-large", 1, 1),
        (b"steps:\n- script: \xff\xfe\x00\n", "encoding", 2, 11),
        (b"\xff\xfes\x00t", "encoding", 1, 1),
        ("steps:\n- script: a\x00b\n", "encoding", 2, 12),
        ("steps:\n- script: 'open\n", "yaml-syntax", 3, 1),
        ("steps:\n- script: !!python/object:os.system x\n", "unknown-tag", 2, 11),
        ("? [a]\n: b\nsteps: []\n", "yaml-key", 1, 3),
    ],
)
def test_text_is_refused_with_its_place(
    text: str | bytes, code: str, line: int, column: int
) -> None:
    found = _first(text)
    assert (found.code, found.line, found.column) == (code, line, column)


def test_loops_that_multiply_end() -> None:
    assert _first(_each(4)).code == "too-large"


def test_templates_that_double_end() -> None:
    others = {
        f"t{number}.yml": f"steps:\n- template: t{number + 1}.yml\n- template: t{number + 1}.yml\n"
        for number in range(30)
    }
    others["t30.yml"] = "steps: [{script: x}]"
    assert _first("steps:\n- template: t0.yml\n", others).code == "too-large"


def test_a_template_that_includes_itself_twice_ends() -> None:
    others = {"t.yml": "steps:\n- template: t.yml\n- template: t.yml\n"}
    found = _first("steps:\n- template: t.yml\n", others)
    assert (found.code, found.message) == ("too-deep", "Maximum object depth exceeded")


@pytest.mark.parametrize(
    "others",
    [
        {"t.yml": "extends:\n  template: t.yml\n"},
        {
            "t.yml": "parameters: [{name: p, type: stepList, default: []}]\n"
            "steps:\n- ${{ parameters.p }}\n- template: l.yml\n",
            "l.yml": "steps:\n- template: t.yml\n  parameters:\n    p: [{template: l.yml}]\n",
        },
    ],
)
def test_rings_of_templates_that_are_extended_or_handed_over_end(others: dict[str, str]) -> None:
    found = _first("extends:\n  template: t.yml\n", others)
    assert (found.code, found.message) == ("too-deep", "Maximum object depth exceeded")


def test_more_than_a_hundred_files_are_refused() -> None:
    others = {f"t{number}.yml": "steps: []" for number in range(150)}
    lines = "\n".join(f"- template: t{number}.yml" for number in range(150))
    found = _first("steps:\n" + lines, others)
    assert found.message == "Maximum file count of 100 exceeded"
    assert found.line == 2 + 99


def test_variables_that_double_end() -> None:
    lines = ["variables:", "  v0: " + "x" * 1000]
    for number in range(40):
        before = "${{ variables.v" + str(number) + " }}"
        lines.append(f"  v{number + 1}: {before}{before}")
    assert _first("\n".join([*lines, "steps: []"])).code == "too-large"


def test_a_function_cannot_make_a_text_beyond_the_limit() -> None:
    text = (
        "variables:\n  a: " + "a" * 9000 + "\n"
        "  b: ${{ replace(variables.a, 'a', variables.a) }}\nsteps: []\n"
    )
    found = _first(text)
    assert found.code == "expression-evaluation"
    assert (found.line, found.column) == (3, 6)


def test_a_large_honest_pipeline_compiles_quickly() -> None:
    steps = "\n".join(f"- script: echo {number}\n  displayName: n" for number in range(5000))
    started = time.process_time()
    result = compiler.compile(files=OneFile("steps:\n" + steps), path="p.yml")
    assert result.plan is not None
    assert len(result.plan.stages[0].jobs[0].steps) == 5001
    assert time.process_time() - started < 10


def test_long_chains_and_rings_are_judged_quickly() -> None:
    names = [f"j{number}" for number in range(4000)]
    lines = ["jobs:", "- job: first"]
    for before, name in zip(names[-1:] + names, names, strict=False):
        lines += [f"- job: {name}", f"  dependsOn: {before}"]
    found = _first("\n".join(lines))
    assert found.code == "dependency-cycle"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_read(encoding: str) -> None:
    result = compiler.compile(files=OneFile("steps: []\nname: ä".encode(encoding)), path="p.yml")
    assert result.plan is not None
    assert result.plan.name_format == "ä"


@pytest.mark.parametrize(
    "expression",
    [
        "containsValue(variables.l, 'x')",
        "coalesce(variables.l.*.a, 'x')",
        "contains(variables.t, 'x')",
    ],
)
def test_what_expressions_look_at_is_counted(expression: str) -> None:
    contexts = {"variables": {"l": ["a"] * 300, "t": "a" * 30_000}}
    work = Work(left=1000)
    evaluator.evaluate(expression, dialect=TEMPLATE, contexts=contexts, work=work)
    with pytest.raises(EvaluationError, match="Maximum memory of 20971520 bytes exceeded"):
        for _ in range(3):
            evaluator.evaluate(expression, dialect=TEMPLATE, contexts=contexts, work=work)


def test_a_text_of_many_lines_is_printed_quickly() -> None:
    text = "variables:\n  a: " + "x," * 30_000 + "\n"
    text += "  b: ${{ convertToJson(split(variables.a, ',')) }}\nsteps: []\n"
    started = time.process_time()
    result = compiler.compile(files=OneFile(text), path="p.yml", context=CompileContext())
    assert len(result.final_yaml.splitlines()) > 30_000
    assert time.process_time() - started < 10
