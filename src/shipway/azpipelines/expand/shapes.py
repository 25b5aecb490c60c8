"""Types of parameters: what their values look like, and values as they are handed over.

Steps, jobs and stages are handed over in their long form: a template that looks at the steps it
was given sees tasks, whatever the caller wrote.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shipway.azpipelines import final_yaml
from shipway.azpipelines.convert.forms import FORMS
from shipway.azpipelines.diagnostics import Position
from shipway.azpipelines.expand.interpolation import to_value, typed
from shipway.azpipelines.expr.values import Value, parse_number
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token, is_empty

_TITLES = {
    "string": "String", "number": "Number", "boolean": "Boolean", "object": "Object",
    "legacyObject": "Object", "stringList": "StringList", "step": "Step", "stepList": "StepList",
    "job": "Job", "jobList": "JobList", "deployment": "Deployment",
    "deploymentList": "DeploymentList", "stage": "Stage", "stageList": "StageList",
    "container": "Container", "containerList": "ContainerList",
}  # fmt: skip
_PIPELINE_ONLY = {
    "environment": "Environment", "filePath": "FilePath", "pool": "Pool",
    "secureFile": "SecureFile", "serviceConnection": "ServiceConnection",
}  # fmt: skip
_SHAPES = {
    "number": "number", "boolean": "boolean", "object": "any", "legacyObject": "any",
    "pool": "any",
}  # fmt: skip
_FIRST: dict[str, tuple[str, ...]] = {
    "step": ("task", *FORMS, "template"),
    "job": ("job", "deployment", "phase", "template"),
    "deployment": ("deployment", "template"),
    "stage": ("stage", "template"),
    "container": ("container",),
}
"""With which key an item of the type begins."""
_FORMS: dict[str, Callable[[Token], Token]] = {
    "step": final_yaml.step, "job": final_yaml.job, "deployment": final_yaml.job,
    "stage": final_yaml.stage,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Misfit:
    """What in a value does not fit its type, as the service says it of steps, jobs and stages."""

    message: str
    position: Position


def names(*, is_pipeline: bool) -> set[str]:
    """The types that a pipeline or a template may declare, as they are spelled."""
    if is_pipeline:
        return {*_TITLES, *_PIPELINE_ONLY} - {"legacyObject"}
    return set(_TITLES)


def title_of(kind: str) -> str:
    """A type's name in messages."""
    return _TITLES.get(kind) or _PIPELINE_ONLY[kind]


def shape_of(kind: str) -> str:
    """Text, number, boolean, list, object or any."""
    if kind.endswith("List"):
        return "list"
    return "object" if kind in _FIRST else _SHAPES.get(kind, "text")


def kind_of_list(kind: str) -> str | None:
    """Under which key the items of a list type stand in a pipeline, if templates may be there."""
    found = {"stepList": "steps", "jobList": "jobs", "deploymentList": "jobs",
             "stageList": "stages"}  # fmt: skip
    return found.get(kind)


def has_templates(token: Token) -> bool:
    """Whether any mapping in a value begins with `template`."""
    if isinstance(token, Sequence):
        return any(has_templates(item) for item in token.items)
    if not isinstance(token, Mapping) or not token.entries:
        return False
    first = token.entries[0].key.text == "template"
    return first or any(has_templates(entry.value) for entry in token.entries)


def converted(token: Token, kind: str) -> tuple[Value, Misfit | None]:
    """The value as expressions see it, or what is wrong with it."""
    shape = shape_of(kind)
    if kind == "legacyObject":
        return to_value(token), None
    if shape == "any":
        return to_value(typed(token), is_placed=True), None
    if shape == "list":
        return _list(token, kind.removesuffix("List"))
    if shape == "object":
        misfit = _misfit(token, kind)
        return (None, misfit) if misfit else (to_value(_long(token, kind)), None)
    if not isinstance(token, Scalar):
        return None, _unexpected(token)
    value, valid = _scalar(token.text, shape)
    return value, None if valid else _unexpected(token)


def _list(token: Token, kind: str) -> tuple[Value, Misfit | None]:
    if isinstance(token, Scalar) and is_empty(token):
        return [], None
    if not isinstance(token, Sequence):
        return None, _unexpected(token)
    wrong = next((found for item in token.items if (found := _misfit(item, kind))), None)
    if wrong is not None:
        return None, wrong
    items = tuple(_long(item, kind) for item in token.items)
    return to_value(Sequence(items, token.position)), None


def _misfit(item: Token, kind: str) -> Misfit | None:
    """What is wrong with one step, job, stage or container: the key that it begins with."""
    if kind not in _FIRST:
        return None
    if not isinstance(item, Mapping):
        return _unexpected(item)
    if not item.entries:
        return Misfit("Expected at least one key-value pair in the mapping", item.position)
    first = item.entries[0].key
    # a directive or an expression is followed where the value is inserted
    fits = first.text in _FIRST[kind] or "${{" in first.text
    return None if fits else _unexpected(first)


def _unexpected(token: Token) -> Misfit:
    if isinstance(token, Scalar):
        return Misfit(f"Unexpected value '{token.text}'", token.position)
    what = "mapping" if isinstance(token, Mapping) else "sequence"
    return Misfit(f"A {what} was not expected", token.position)


def _long(item: Token, kind: str) -> Token:
    form = _FORMS.get(kind)
    return form(item) if form is not None else item


def _scalar(text: str, shape: str) -> tuple[Value, bool]:
    if shape == "boolean":
        word = text.strip().lower()
        return word == "true", word in ("true", "false")
    if shape == "number":
        number = parse_number(text) if text.strip() else None
        return number, number is not None
    return text, True
