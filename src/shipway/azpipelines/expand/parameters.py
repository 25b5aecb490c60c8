"""Typed parameters of pipelines and templates."""

import re
from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from decimal import Decimal

from shipway.azpipelines import source
from shipway.azpipelines.budget import Exceeded
from shipway.azpipelines.diagnostics import Position, Problems, Shown, did_you_mean
from shipway.azpipelines.expand import shapes, typed_lists
from shipway.azpipelines.expand.interpolation import OPEN, to_value
from shipway.azpipelines.expr.values import Value, number_text
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token, is_empty

_PLAIN = ("string", "number", "boolean", "object", "stringlist")
_KEYS = ("name", "displayName", "type", "default", "values")
_LITERAL = re.compile(r"^\$\{\{\s*'((?:[^']|'')*)'\s*\}\}$")


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
    is_queued: bool = False
    """Whether it was given when the run was queued: it stands in no file."""


def read_specs(
    token: Token | None, *, problems: Problems, is_pipeline: bool
) -> tuple[ParameterSpec, ...]:
    """The `parameters:` of a file, as a list or in the old form `name: default`."""
    if token is None or is_empty(token):
        return ()
    if isinstance(token, Mapping):
        return tuple(_legacy(entry) for entry in token.entries)
    if isinstance(token, Scalar):
        Reader(problems).misfit("expected-sequence", token)
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
                item.position,
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
        one.key.text: to_value(one.value, is_placed=True)
        for one in entries
        if one.key.text.lower() not in passed
    }
    return values | {one.name: to_value(one.token, is_placed=True) for one in given}


Expand = Callable[[Token, str], Token | None]
"""Expands a list of `steps`, `jobs` or `stages` where its parameter is declared."""


def bind(
    specs: ListOf[ParameterSpec],
    given: ListOf[Given],
    *,
    position: Position,
    problems: Problems,
    expand: Expand | None = None,
) -> dict[str, Value]:
    """Values for all declared parameters; every problem is recorded."""
    by_name = {one.name.lower(): one for one in given}
    refuse_unknown(specs, given, problems)
    values: dict[str, Value] = {}
    for spec in specs:
        handed = by_name.get(spec.name.lower())
        values[spec.name] = _bound(
            spec, handed, position=position, problems=problems, expand=expand
        )
    return values


def refuse_unknown(specs: ListOf[ParameterSpec], given: ListOf[Given], problems: Problems) -> None:
    """Record every value for which no parameter is declared."""
    declared = {one.name.lower() for one in specs}
    for one in given:
        if one.name.lower() not in declared:
            problems.error(
                "unexpected-parameter",
                f"Unexpected parameter '{one.name}'",
                one.position if one.is_queued else one.token.position,
                shown="message" if one.is_queued else "place",
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
        Reader(problems).misfit("expected-mapping", token)
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
        first = token.entries[0].key if token.entries else Scalar("", token.position)
        problems.error(
            "unexpected-value", f"Unexpected value '{first.text}'", first.position,
            hint="A parameter begins with its name.",
        )  # fmt: skip
        return None
    token = without_literals(token)
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
    known = shapes.names(is_pipeline=is_pipeline)
    if written.text not in known:
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
        Reader(problems).misfit("expected-sequence", values)
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
    spec: ParameterSpec, handed: Given | None, *, position: Position, problems: Problems,
    expand: Expand | None,
) -> Value:  # fmt: skip
    token = handed.token if handed else spec.default
    if token is None:
        problems.error(
            "parameter-missing",
            f"A value for the '{spec.name}' parameter must be provided.",
            position,
            shown="message",
        )
        return None
    if handed is not None and handed.is_queued:
        token = _queued(token, spec)
    where = token.position
    printed: Shown = "message" if handed is not None and handed.is_queued else "place"
    if expand is not None:
        token = _expanded(token, spec, expand, problems)
        if _has_faults(token, spec, problems):
            return None
    value, misfit = shapes.converted(token, spec.type)
    if misfit is not None:
        kind = shapes.title_of(spec.type)
        is_made = kind.lower() not in _PLAIN
        what = f"value '{token.text}' " if isinstance(token, Scalar) and not is_made else ""
        problems.error(
            "parameter-type",
            f"The '{spec.name}' parameter {what}is not a valid {kind}.",
            where,
            shown="message" if is_made else printed,
        )
        if is_made:
            problems.error("unexpected-value", misfit.message, misfit.position)
        return None
    wrong = _not_allowed(token, value, spec)
    if wrong is not None:
        shown = wrong
        choices = [one.text for one in spec.values or () if isinstance(one, Scalar)]
        problems.error(
            "parameter-value",
            f"The '{spec.name}' parameter value '{shown}' is not a valid value.",
            where,
            hint=did_you_mean(shown, choices) or f"Allowed: {', '.join(choices)}",
            shown=printed,
        )
    return value


def _expanded(token: Token, spec: ParameterSpec, expand: Expand, problems: Problems) -> Token:
    """A list of steps, jobs or stages with its templates inserted; what is wrong in one of them
    makes the whole value wrong."""
    kind = shapes.kind_of_list(spec.type)
    if kind is None or not shapes.has_templates(token):
        return token
    before = len(problems.found)
    found = expand(token, kind)
    if any(one.severity == "error" for one in problems.found[before:]):
        message = f"The '{spec.name}' parameter is not a valid {shapes.title_of(spec.type)}."
        problems.error("parameter-type", message, token.position, shown="message")
    return found if isinstance(found, Sequence) else token


def _has_faults(token: Token, spec: ParameterSpec, problems: Problems) -> bool:
    """Record what is wrong deep in a list of steps, jobs or stages."""
    kind = shapes.kind_of_list(spec.type)
    found = typed_lists.faults(token, kind) if kind and isinstance(token, Sequence) else ()
    if found:
        message = f"The '{spec.name}' parameter is not a valid {shapes.title_of(spec.type)}."
        problems.error("parameter-type", message, token.position, shown="message")
    for one in found:
        where = Position(file=one.file, line=one.line, column=one.column)
        problems.error(one.code, one.message, where, hint=one.hint, shown=one.shown)
    return bool(found)


def _queued(token: Token, spec: ParameterSpec) -> Token:
    """A value given when the run is queued: clients send objects and lists as YAML in a text."""
    shape = shapes.shape_of(spec.type)
    if not isinstance(token, Scalar) or shape not in ("any", "list", "object"):
        return token
    scratch = Problems()
    try:
        parsed = source.parse(token.text, file="", problems=scratch)
    except Exceeded:
        return token
    if parsed is None or scratch.has_errors() or isinstance(parsed, Scalar):
        return token
    return parsed


def declared(token: Token) -> Token:
    """A `parameters:` block as it is printed."""
    if not isinstance(token, Sequence):
        return token
    items = (without_literals(one) if isinstance(one, Mapping) else one for one in token.items)
    return Sequence(tuple(items), token.position)


def without_literals(token: Mapping) -> Mapping:
    """A declaration whose default, when it is the expression of a text alone, is that text."""
    default = token.get("default")
    found = _LITERAL.match(default.text) if isinstance(default, Scalar) else None
    if found is None or default is None:
        return token
    text = Scalar(found[1].replace("''", "'"), default.position, plain=False)
    return Mapping(
        tuple(Entry(e.key, text if e.key.text == "default" else e.value) for e in token.entries),
        token.position,
    )


def _not_allowed(token: Token, value: Value, spec: ParameterSpec) -> str | None:
    """The text of a value that is not in `values:`; None when all is well."""
    shape = shapes.shape_of(spec.type)
    allowed = spec.values
    if allowed is None or shape in ("any", "object"):
        return None
    if shape == "list":
        known = {one.text for one in allowed if isinstance(one, Scalar)}
        items = token.items if isinstance(token, Sequence) else ()
        texts = (one.text for one in items if isinstance(one, Scalar))
        return next((one for one in texts if one not in known), None)
    if any(shapes.converted(one, spec.type)[0] == value for one in allowed):
        return None
    return token.text if isinstance(token, Scalar) else ""
