"""Typed parameters of pipelines and templates."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from decimal import Decimal

from shipway.azpipelines.diagnostics import Position, Problems, did_you_mean
from shipway.azpipelines.expand.interpolation import OPEN, to_value
from shipway.azpipelines.expr.values import Value, number_text, parse_number
from shipway.azpipelines.reader import boolean_of
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token, is_empty

_SHAPES: dict[str, tuple[str, str]] = {
    # type -> (shape of its value, name in messages)
    "string": ("text", "String"),
    "number": ("number", "Number"),
    "boolean": ("boolean", "Boolean"),
    "object": ("any", "Object"),
    "legacyobject": ("any", "Object"),
    "stringlist": ("list", "StringList"),
    "step": ("object", "Step"),
    "steplist": ("list", "StepList"),
    "job": ("object", "Job"),
    "joblist": ("list", "JobList"),
    "deployment": ("object", "Deployment"),
    "deploymentlist": ("list", "DeploymentList"),
    "stage": ("object", "Stage"),
    "stagelist": ("list", "StageList"),
    "container": ("object", "Container"),
    "containerlist": ("list", "ContainerList"),
}
_PIPELINE_ONLY = {
    "environment": ("text", "Environment"),
    "filepath": ("text", "FilePath"),
    "pool": ("text", "Pool"),
    "securefile": ("text", "SecureFile"),
    "serviceconnection": ("text", "ServiceConnection"),
}
_KEYS = ("name", "displayName", "type", "default", "values")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """One declared parameter."""

    name: str
    type: str
    default: Token | None
    values: tuple[Token, ...] | None
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value that a caller hands over."""

    name: str
    token: Token
    position: Position


def read_specs(
    token: Token | None, *, problems: Problems, is_pipeline: bool
) -> tuple[ParameterSpec, ...]:
    """The `parameters:` of a file, as a list or in the old form `name: default`."""
    if token is None or is_empty(token):
        return ()
    if isinstance(token, Mapping):
        return tuple(_legacy(entry) for entry in token.entries)
    if isinstance(token, Scalar):
        problems.error("expected-sequence", "Expected a sequence", token.position)
        return ()
    specs: dict[str, ParameterSpec] = {}
    for item in token.items:
        spec = _spec(item, problems=problems, is_pipeline=is_pipeline)
        if spec is None:
            continue
        if spec.name.lower() in specs:
            problems.error(
                "duplicate-parameter",
                f"The '{spec.name}' parameter is declared more than once in the parameter list.",
                spec.position,
            )
            continue
        specs[spec.name.lower()] = spec
    return tuple(specs.values())


def is_old_form(token: Token | None) -> bool:
    """Whether parameters are declared as a mapping of defaults, or not at all."""
    return token is None or is_empty(token) or isinstance(token, Mapping)


def bind_old_form(token: Token | None, given: ListOf[Given]) -> dict[str, Value]:
    """Defaults overlaid with whatever the caller passes."""
    entries = token.entries if isinstance(token, Mapping) else ()
    passed = {one.name.lower() for one in given}
    values = {
        one.key.text: to_value(one.value) for one in entries if one.key.text.lower() not in passed
    }
    return values | {one.name: to_value(one.token) for one in given}


def bind(
    specs: ListOf[ParameterSpec],
    given: ListOf[Given],
    *,
    position: Position,
    problems: Problems,
) -> dict[str, Value]:
    """Values for all declared parameters; every problem is recorded."""
    by_name = {one.name.lower(): one for one in given}
    refuse_unknown(specs, given, problems)
    values: dict[str, Value] = {}
    for spec in specs:
        handed = by_name.get(spec.name.lower())
        values[spec.name] = _bound(spec, handed, position=position, problems=problems)
    return values


def refuse_unknown(specs: ListOf[ParameterSpec], given: ListOf[Given], problems: Problems) -> None:
    """Record every value for which no parameter is declared."""
    declared = {one.name.lower() for one in specs}
    for one in given:
        if one.name.lower() not in declared:
            problems.error(
                "unexpected-parameter",
                f"Unexpected parameter '{one.name}'",
                one.position,
                hint=did_you_mean(one.name, [spec.name for spec in specs]),
            )


def token_of(value: object, position: Position) -> Token:
    """A queue-time value (JSON) as a token."""
    if isinstance(value, MappingOf):
        return Mapping(
            tuple(
                Entry(Scalar(str(key), position, plain=False), token_of(item, position))
                for key, item in value.items()
            ),
            position,
        )
    if isinstance(value, list | tuple):
        return Sequence(tuple(token_of(item, position) for item in value), position)
    if value is None:
        return Scalar("", position)
    if isinstance(value, bool):
        return Scalar("true" if value else "false", position, plain=False)
    if isinstance(value, int | float | Decimal):
        return Scalar(number_text(Decimal(str(value))), position, plain=False)
    return Scalar(str(value), position, plain=False)


def _legacy(entry: Entry) -> ParameterSpec:
    return ParameterSpec(
        name=entry.key.text,
        type="legacyObject",
        default=entry.value,
        values=None,
        position=entry.key.position,
    )


def _spec(token: Token, *, problems: Problems, is_pipeline: bool) -> ParameterSpec | None:
    if not isinstance(token, Mapping):
        problems.error("expected-mapping", "Expected a mapping", token.position)
        return None
    for entry in token.entries:
        if entry.key.text not in _KEYS:
            problems.error(
                "unexpected-value",
                f"Unexpected value '{entry.key.text}'",
                entry.key.position,
                hint=did_you_mean(entry.key.text, _KEYS),
            )
    name = token.get("name")
    if not isinstance(name, Scalar) or not name.text:
        problems.error("parameter-name", "A parameter needs a name", token.position)
        return None
    _refuse_expressions(token, problems)
    return ParameterSpec(
        name=name.text,
        type=_type(token, problems=problems, is_pipeline=is_pipeline),
        default=token.get("default"),
        values=_values(token, problems),
        position=name.position,
    )


def _type(token: Mapping, *, problems: Problems, is_pipeline: bool) -> str:
    written = token.get("type")
    if not isinstance(written, Scalar) or not written.text:
        return "string"
    known = _SHAPES.keys() | (_PIPELINE_ONLY.keys() if is_pipeline else set())
    if written.text.lower() not in known:
        problems.error(
            "unexpected-value",
            f"Unexpected value '{written.text}'",
            written.position,
            hint=did_you_mean(written.text, known) or "See the list of parameter types.",
        )
        return "object"
    return written.text


def _values(token: Mapping, problems: Problems) -> tuple[Token, ...] | None:
    values = token.get("values")
    if values is None:
        return None
    if not isinstance(values, Sequence):
        problems.error("expected-sequence", "Expected a sequence", values.position)
        return None
    return values.items


def _refuse_expressions(token: Token, problems: Problems) -> None:
    if isinstance(token, Scalar):
        if OPEN in token.text:
            problems.error(
                "expression-not-allowed",
                "A template expression is not allowed in this context",
                token.position,
            )
    elif isinstance(token, Sequence):
        for item in token.items:
            _refuse_expressions(item, problems)
    else:
        for entry in token.entries:
            _refuse_expressions(entry.key, problems)
            _refuse_expressions(entry.value, problems)


def _bound(
    spec: ParameterSpec, handed: Given | None, *, position: Position, problems: Problems
) -> Value:
    token = handed.token if handed else spec.default
    if token is None:
        problems.error(
            "parameter-missing",
            f"A value for the '{spec.name}' parameter must be provided.",
            position,
        )
        return None
    where = handed.token.position if handed else spec.position
    value, valid = _converted(token, spec.type)
    if not valid:
        kind = (_SHAPES | _PIPELINE_ONLY)[spec.type.lower()][1]
        shown = token.text if isinstance(token, Scalar) else ""
        problems.error(
            "parameter-type",
            f"The '{spec.name}' parameter value '{shown}' is not a valid {kind}.",
            where,
        )
        return None
    if spec.values is not None and not _allowed(value, spec):
        shown = token.text if isinstance(token, Scalar) else ""
        choices = [one.text for one in spec.values if isinstance(one, Scalar)]
        problems.error(
            "parameter-value",
            f"The '{spec.name}' parameter value '{shown}' is not a valid value.",
            where,
            hint=did_you_mean(shown, choices) or f"Allowed: {', '.join(choices)}",
        )
    return value


def _allowed(value: Value, spec: ParameterSpec) -> bool:
    return any(_converted(one, spec.type)[0] == value for one in spec.values or ())


def _converted(token: Token, kind: str) -> tuple[Value, bool]:
    """The value and whether it fits the type."""
    shape = (_SHAPES | _PIPELINE_ONLY)[kind.lower()][0]
    if shape == "any":
        return to_value(token), True
    if shape == "list":
        empty = isinstance(token, Scalar) and is_empty(token)
        return ([], True) if empty else (to_value(token), isinstance(token, Sequence))
    if shape == "object":
        return to_value(token), isinstance(token, Mapping)
    if not isinstance(token, Scalar):
        return None, False
    return _scalar(token.text, shape)


def _scalar(text: str, shape: str) -> tuple[Value, bool]:
    if shape == "boolean":
        truth = boolean_of(text)
        return truth, truth is not None
    if shape == "number":
        number = parse_number(text) if text.strip() else None
        return number, number is not None
    return text, True
