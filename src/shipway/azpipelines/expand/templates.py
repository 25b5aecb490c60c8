"""One `template:` reference: its file opened, its parameters bound.

A path is relative to the file that is being expanded, which is not always the one it was written
in. Steps, jobs and stages that are handed over by their type are expanded by who hands them over,
but by the template that is extended when there is one; an object is where it is inserted.
Source: https://github.com/microsoft/azure-pipelines-yaml/issues/271,
https://github.com/MicrosoftDocs/azure-devops-docs/issues/8106
"""

from dataclasses import dataclass, replace
from typing import Protocol

from shipway.azpipelines.budget import INCLUDE
from shipway.azpipelines.diagnostics import Problems, did_you_mean
from shipway.azpipelines.expand import parameters, repositories
from shipway.azpipelines.expand.includes import Library
from shipway.azpipelines.expand.parameters import Given
from shipway.azpipelines.expand.scope import TEMPLATE, OldParameters, Parameters, Scope
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Mapping, Scalar, Token, is_empty

_REFERENCE_KEYS = ("template", "parameters")
_ROOT_KEYS: dict[str, tuple[str, ...]] = {
    "steps": ("parameters", "steps"),
    "jobs": ("parameters", "jobs", "phases"),
    "stages": ("parameters", "stages"),
    "variables": ("parameters", "variables"),
    "extends": (
        "parameters",
        "resources",
        "trigger",
        "variables",
        "stages",
        "jobs",
        "steps",
        "extends",
    ),
}


class Expanding(Protocol):
    """What expands a token (`Expander`)."""

    def expand(self, token: Token, *, scope: Scope, kind: str) -> Token | None:
        """The token without directives, templates and expressions."""


@dataclass(frozen=True, slots=True)
class OpenTemplate:
    """What stands in the template's place, and the scope in which to expand it."""

    body: Token
    scope: Scope


def open_template(
    reference: Mapping, *, kind: str, scope: Scope, library: Library, problems: Problems,
    expander: Expanding,
) -> OpenTemplate | None:  # fmt: skip
    """Load a template for `steps`, `jobs`, `stages`, `variables` or `extends`.

    None with an error recorded when there is nothing to insert.
    """
    name = reference.get("template")
    reader = Reader(problems)
    if not reader.needed(name, reference.position, "template") or not isinstance(name, Scalar):
        return None
    _check_keys(reference, _REFERENCE_KEYS, problems)
    library.budget.deep(scope.depth, name.position)
    library.budget.spend(INCLUDE, name.position)
    location = library.resolve(name.text, base=scope.location, position=name.position)
    if location is None:
        return None
    root = library.load(location, position=name.position)
    if root is None:
        return None
    if not isinstance(root, Mapping):
        reader.misfit("expected-mapping", root)
        return None
    _check_keys(root, _ROOT_KEYS[kind], problems)
    inner = replace(
        scope,
        location=location,
        parameters=Parameters({}),
        loops={},
        dialect=TEMPLATE,
        depth=scope.depth + 1,
    )
    # what is extended looks for the templates in its parameters itself; else their giver does
    giver = inner if kind == "extends" else scope
    if kind == "extends":
        repositories.declare_plain(root, scope=inner, library=library, problems=problems)
    given = _given(reference, problems)
    inner = replace(inner, parameters=_bound(root, given, name, giver, problems, expander))
    body: Token | None = root if kind == "extends" else _body(root, kind)
    if body is None:
        problems.error(
            "template-kind",
            f"The template has no '{kind}'",
            name.position,
            hint=f"Only a file with '{kind}:' at its root can be inserted here.",
        )
        return None
    return OpenTemplate(body, inner)


def _bound(
    root: Mapping, given: list[Given], name: Scalar, giver: Scope, problems: Problems,
    expander: Expanding,
) -> Parameters | OldParameters:  # fmt: skip
    declared = root.get("parameters")
    if parameters.is_old_form(declared):
        return OldParameters(parameters.bind_old_form(declared, given))
    specs = parameters.read_specs(declared, problems=problems, is_pipeline=False)

    def expand(token: Token, kind: str) -> Token | None:
        return expander.expand(token, scope=giver, kind=kind)

    values = parameters.bind(specs, given, position=name.position, problems=problems, expand=expand)
    return Parameters(values)


def _body(root: Mapping, kind: str) -> Token | None:
    body = root.get(kind)
    return root.get("phases") if body is None and kind == "jobs" else body


def _given(reference: Mapping, problems: Problems) -> list[Given]:
    token = reference.get("parameters")
    if token is None or is_empty(token):
        return []
    if not isinstance(token, Mapping):
        Reader(problems).misfit("expected-mapping", token)
        return []
    return [
        Given(name=entry.key.text, token=entry.value, position=entry.key.position)
        for entry in token.entries
    ]


def _check_keys(token: Mapping, allowed: tuple[str, ...], problems: Problems) -> None:
    for entry in token.entries:
        if entry.key.text not in allowed:
            problems.error(
                "unexpected-value",
                f"Unexpected value '{entry.key.text}'",
                entry.key.position,
                hint=did_you_mean(entry.key.text, allowed),
            )
