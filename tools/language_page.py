"""Writes the page of the pipeline language: each key, and what the compiler says of a sample of it.

Types of parameters, functions, words and limits come from the tables of the compiler.
`--check` only says whether the page is current.
"""

import sys
from collections.abc import Iterator, Mapping

from tools import written_page
from tools.language_samples import PLACES, TEMPLATE_USES, TEMPLATES, Place

from shipway.azpipelines import compiler, limits
from shipway.azpipelines.compiler import CompileContext, CompileResult, FileMissing
from shipway.azpipelines.expand import shapes
from shipway.azpipelines.expand.scope import TEMPLATE
from shipway.azpipelines.expr.functions.spec import MANY, FunctionSpec
from shipway.azpipelines.runtime_words import CONDITION, STEP_CONDITION, VARIABLE

_HEAD = """\
# The pipeline language

What of the Azure Pipelines YAML is there.
This page is written by `make language-page`: each key is in a sample that the compiler is asked \
about.
*Check* is `shipway pipelines validate`, `expand` and a preview; *run* is a run, by push or of a \
working tree.
Where a run takes a key and does less than Azure with it, the note says so; \
[Limits](limits.md) has the rest.

What a run refuses is refused before it starts, with the file, line and column.
"""
_REFERENCE = "https://learn.microsoft.com/azure/devops/pipelines/yaml-schema"
_BODIES = {
    "steps": "steps: [{script: x}]\n",
    "jobs": "jobs: [{job: A, steps: [{script: x}]}]\n",
    "stages": "stages: [{stage: A, jobs: [{job: B, steps: [{script: x}]}]}]\n",
    "variables": "variables: {a: b}\n",
}
_DIRECTIVES = {
    "if, elseif, else": "steps:\n- ${{ if true }}:\n  - script: a\n- ${{ elseif true }}:\n"
    "  - script: b\n- ${{ else }}:\n  - script: c\n",
    "if among keys": "steps:\n- script: x\n  ${{ if true }}:\n    name: a\n",
    "each over a list": "parameters: [{name: l, type: object, default: [a]}]\nsteps:\n"
    "- ${{ each one in parameters.l }}:\n  - script: ${{ one }}\n",
    "each over a mapping": "parameters: [{name: o, type: object, default: {a: b}}]\nvariables:\n"
    "  ${{ each one in parameters.o }}:\n    ${{ one.key }}: ${{ one.value }}\nsteps: []\n",
    "insert": "parameters: [{name: o, type: object, default: {a: b}}]\nvariables:\n"
    "  ${{ insert }}: ${{ parameters.o }}\nsteps: []\n",
    "an expression as a key": "variables:\n  ${{ 'a' }}: b\nsteps: []\n",
    "a list in a list": "parameters: [{name: l, type: stepList, default: [{script: a}]}]\n"
    "steps:\n- ${{ parameters.l }}\n",
}


class _Files:
    def __init__(self, text: str, others: Mapping[str, str]) -> None:
        self._texts = {"p.yml": text, **TEMPLATES, **others}

    def read(self, repository_alias: str, path: str) -> str:
        if path not in self._texts:
            raise FileMissing(f"File /{path} not found in repository {repository_alias}.")
        return self._texts[path]


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for place in PLACES:
        parts += [f"\n## {place.title}\n", f"[Azure's page]({_REFERENCE}/{place.page})\n"]
        parts += ["| key | check | run | note |", "|---|---|---|---|", *_rows(place)]
    parts += ["\n## Templates\n", *_templates()]
    parts += ["\n## Template expressions\n", "| directive | check | run |", "|---|---|---|"]
    parts += [f"| {name} | {_words(text)} |" for name, text in _DIRECTIVES.items()]
    parts += ["\n## Parameters\n", *_parameters()]
    parts += ["\n## Functions\n", *_functions()]
    parts += ["\n## Sizes\n", *_sizes()]
    return "\n".join(parts) + "\n"


def _rows(place: Place) -> Iterator[str]:
    for key, sample in place.keys.items():
        text = place.document.replace("KEY", sample)
        yield f"| `{key}` | {_words(text)} | {place.notes.get(key, '')} |"


def _words(text: str, others: Mapping[str, str] | None = None) -> str:
    """What the compiler says of a sample when it is checked and when it is to be run."""
    others = others or {}
    checked = _compiled(text, others, CompileContext(refuse=frozenset()))
    runs = _compiled(text, others, CompileContext())
    return f"{_verdict(checked)} | {_verdict(runs)}"


def _compiled(text: str, others: Mapping[str, str], context: CompileContext) -> CompileResult:
    return compiler.compile(files=_Files(text, others), path="p.yml", context=context)


def _verdict(result: CompileResult) -> str:
    if result.plan is not None:
        return "yes"
    error = next(one for one in result.diagnostics if one.severity == "error")
    return f"no: {error.message}"


def _templates() -> Iterator[str]:
    yield "| template of | check | run |"
    yield "|---|---|---|"
    for kind, text in TEMPLATE_USES.items():
        body = _BODIES.get(kind, _BODIES["steps"])
        yield f"| `{kind}` | {_words(text, {'x.yml': body})} |"
    yield ""
    yield "Paths are relative to the file, or begin with `/`; `@alias` is another repository of"
    yield "`resources.repositories`, `@self` the pipeline's own. `parameters:` beside `template:`"
    yield "hands values over. Steps, jobs and stages that are handed over by their type are seen"
    yield "in their long form, as on Azure: `script: x` as the task `CmdLine@2`."


def _parameters() -> Iterator[str]:
    of_pipelines, of_templates = (shapes.names(is_pipeline=one) for one in (True, False))
    yield "| type | of a pipeline | of a template |"
    yield "|---|---|---|"
    for name in sorted(of_pipelines | of_templates):
        first = "yes" if name in of_pipelines else "no"
        second = "yes" if name in of_templates else "no"
        yield f"| `{name}` | {first} | {second} |"


def _functions() -> Iterator[str]:
    moments = {
        "`${{ }}`": TEMPLATE.functions, "`$[ ]`": VARIABLE.functions,
        "condition of a stage or job": CONDITION.functions,
        "condition of a step": STEP_CONDITION.functions,
    }  # fmt: skip
    yield f"| function | arguments | {' | '.join(moments)} |"
    yield "|---|---|" + "---|" * len(moments)
    known: dict[str, FunctionSpec] = {}
    for functions in moments.values():
        known = {**functions, **known}
    for key, spec in sorted(known.items()):
        marks = ("yes" if key in functions else "" for functions in moments.values())
        yield f"| `{spec.name}` | {_arguments(known[key])} | {' | '.join(marks)} |"
    yield ""
    yield f"Beside constants, `${{{{ }}}}` knows {_names(TEMPLATE.names)} and loop variables;"
    yield f"`$[ ]` {_names(VARIABLE.names)}; conditions of stages and jobs"
    yield f"{_names(CONDITION.names)}; those of steps {_names(STEP_CONDITION.names)}."


def _arguments(spec: FunctionSpec) -> str:
    if spec.maximum == spec.minimum:
        return str(spec.minimum)
    return f"{spec.minimum} or more" if spec.maximum >= MANY else f"{spec.minimum}-{spec.maximum}"


def _names(names: frozenset[str]) -> str:
    return ", ".join(f"`{one}`" for one in sorted(names))


def _sizes() -> Iterator[str]:
    yield "| size | at most |"
    yield "|---|---|"
    for what, value in {
        "a YAML file": f"{limits.MAX_FILE_BYTES:,} bytes",
        "files in one compilation": f"{limits.MAX_FILES}",
        "nesting, templates included": f"{limits.MAX_DEPTH}",
        "YAML events of all files": f"{limits.MAX_PARSER_EVENTS:,}",
        "the expanded document": f"{limits.MAX_RESULT_BYTES:,} characters",
        "one expression": f"{limits.MAX_EXPRESSION_LENGTH:,} characters, "
        f"{limits.MAX_EXPRESSION_DEPTH} levels",
        "nesting of `$(macro)`": f"{limits.MAX_MACRO_DEPTH}",
        "legs of a matrix": f"{limits.MAX_MATRIX_LEGS}",
        "a name": f"{limits.MAX_NAME_LENGTH} characters",
    }.items():
        yield f"| {what} | {value} |"


if __name__ == "__main__":
    sys.exit(written_page.main(page, description=__doc__, again="make language-page"))
