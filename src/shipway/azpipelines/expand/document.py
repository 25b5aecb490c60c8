"""A whole document: parameters bound, templates inserted, `extends` followed."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace

from shipway.azpipelines import limits
from shipway.azpipelines.diagnostics import Position, Problems
from shipway.azpipelines.expand import parameters, repositories, templates
from shipway.azpipelines.expand.expander import Expander
from shipway.azpipelines.expand.includes import SELF, Library, Location
from shipway.azpipelines.expand.parameters import Given
from shipway.azpipelines.expand.scope import IgnoreCase, OldParameters, Parameters, Scope
from shipway.azpipelines.expr.values import Value
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token

_BODIES = (
    "stages", "jobs", "phases", "steps", "strategy", "continueOnError", "container", "services",
    "workspace", "queue", "server",
)  # fmt: skip
_FROM_ENTRY = ("trigger", "pr", "schedules", "parameters", "name")
"""Keys that only the entry file decides."""


@dataclass(frozen=True, slots=True)
class Document:
    """An expanded document and the values of its parameters."""

    root: Mapping
    parameters: MappingOf[str, Value]


def expand(
    root: Mapping,
    *,
    path: str,
    given: MappingOf[str, object],
    variables: MappingOf[str, str],
    library: Library,
    problems: Problems,
) -> Document:
    """Expand the entry document."""
    values = _bound(root, path, given, problems)
    old_form = isinstance(root.get("parameters"), Mapping)
    scope = Scope(
        location=Location(SELF, path),
        parameters=OldParameters(values) if old_form else Parameters(values),
        variables=IgnoreCase(dict(variables)),
    )
    expander = Expander(library=library, problems=problems)
    repositories.declare(root, scope=scope, library=library, problems=problems, expander=expander)
    expanded = expander.expand(root, scope=scope, kind="pipeline")
    if not isinstance(expanded, Mapping):
        return Document(Mapping((), root.position), values)
    scope = replace(scope, variables=_visible(expanded, scope.variables))
    for _ in range(limits.MAX_DEPTH):
        extends = expanded.get("extends")
        if extends is None:
            return Document(expanded, values)
        expanded, scope = _extended(
            expanded, extends, expander, scope, library=library, problems=problems
        )
    problems.error("too-deep", "Maximum object depth exceeded", root.position)
    return Document(_without_extends(expanded), values)


def _bound(
    root: Mapping, path: str, given: MappingOf[str, object], problems: Problems
) -> dict[str, Value]:
    specs = parameters.read_specs(root.get("parameters"), problems=problems, is_pipeline=True)
    places = {one.name.lower(): one.position for one in specs}
    nowhere = Position(file=path, line=0, column=0)
    handed = []
    for name, value in given.items():
        where = places.get(name.lower(), nowhere)
        token = parameters.token_of(value, where)
        handed.append(Given(name=name, token=token, position=where, is_queued=True))
    values: dict[str, Value] = {}
    for spec in specs:
        own = [one for one in handed if one.name.lower() == spec.name.lower()]
        values |= parameters.bind([spec], own, position=spec.position, problems=problems)
    unknown = [one for one in handed if one.name.lower() not in places]
    parameters.refuse_unknown(specs, unknown, problems)
    return values


def _extended(
    outer: Mapping,
    extends: Token,
    expander: Expander,
    scope: Scope,
    *,
    library: Library,
    problems: Problems,
) -> tuple[Mapping, Scope]:
    _check_one_body(outer, Reader(problems))
    rest = _without_extends(outer)
    if not isinstance(extends, Mapping):
        Reader(problems).misfit("expected-mapping", extends)
        return rest, scope
    found = templates.open_template(
        extends, kind="extends", scope=scope, library=library, problems=problems,
        expander=expander,
    )  # fmt: skip
    if found is None:
        return rest, scope
    library.extended.append(found.scope.location.shown)
    # what a template extends may come from repositories that only it knows
    repositories.declare(
        found.body, scope=found.scope, library=library, problems=problems, expander=expander
    )
    inner = expander.expand(found.body, scope=found.scope, kind="pipeline")
    if not isinstance(inner, Mapping):
        return rest, scope
    kept = tuple(one for one in rest.entries if one.key.text not in _BODIES)
    rest = Mapping(kept, rest.position)
    variables = _visible(inner, found.scope.variables)
    return _merged(rest, inner, problems), replace(found.scope, variables=variables)


def _check_one_body(root: Mapping, reader: Reader) -> None:
    """A document extends a template or has a body of its own; what comes second has no meaning."""
    bodies = [one.key for one in root.entries if one.key.text in ("extends", *_BODIES)]
    is_extending = bodies[0].text == "extends"
    for key in bodies[1:]:
        if is_extending or key.text == "extends":
            reader.unexpected(key, ("pool", "resources", "variables"))


def _merged(outer: Mapping, inner: Mapping, problems: Problems) -> Mapping:
    entries = {entry.key.text: entry for entry in outer.entries}
    for entry in inner.entries:
        name = entry.key.text
        if name in _FROM_ENTRY:
            continue
        if name == "variables" and name in entries:
            _refuse_variables(entry.key, problems)
        elif name == "resources" and name in entries:
            entries[name] = Entry(entry.key, _with_resources(entries[name].value, entry.value))
        elif name not in entries:
            entries[name] = entry
    return Mapping(tuple(entries.values()), outer.position)


def _with_resources(outer: Token, inner: Token) -> Token:
    """The resources of both, kind by kind; an alias of the outer file stays what it is there."""
    if not isinstance(outer, Mapping) or not isinstance(inner, Mapping):
        return outer
    kinds = {entry.key.text: entry for entry in outer.entries}
    for entry in inner.entries:
        own = kinds.get(entry.key.text)
        if own is None:
            kinds[entry.key.text] = entry
        elif isinstance(own.value, Sequence) and isinstance(entry.value, Sequence):
            known = {_alias(one) for one in own.value.items}
            new = tuple(one for one in entry.value.items if _alias(one) not in known)
            both = Sequence((*own.value.items, *new), own.value.position)
            kinds[entry.key.text] = Entry(own.key, both)
    return Mapping(tuple(kinds.values()), outer.position)


def _alias(resource: Token) -> tuple[str, str]:
    """The kind and alias of a resource: its first key and what stands there."""
    first = resource.entries[0] if isinstance(resource, Mapping) and resource.entries else None
    value = first.value if first else None
    return (
        first.key.text if first else "",
        value.text.lower() if isinstance(value, Scalar) else "",
    )


def _refuse_variables(key: Scalar, problems: Problems) -> None:
    """The service puts both files into a document of its own, and names that in the error."""
    message = "'variables' is already defined"
    problems.error(
        "duplicate-key", message, key.position, shown="message",
        hint="Either the pipeline or the template that it extends has variables.",
        said=f"__built-in-schema.yml (Line: 40, Col: 11): {message}",
    )  # fmt: skip


def _as_items(token: Token) -> tuple[Token, ...]:
    if isinstance(token, Sequence):
        return token.items
    entries = token.entries if isinstance(token, Mapping) else ()
    return tuple(
        Mapping(
            (
                Entry(Scalar("name", one.key.position), one.key),
                Entry(Scalar("value", one.key.position), one.value),
            ),
            one.key.position,
        )
        for one in entries
    )


def _visible(root: Mapping, variables: IgnoreCase) -> IgnoreCase:
    token = root.get("variables")
    variables = variables.copy()
    for item in _as_items(token) if token is not None else ():
        name = item.get("name") if isinstance(item, Mapping) else None
        value = item.get("value") if isinstance(item, Mapping) else None
        if isinstance(name, Scalar) and isinstance(value, Scalar):
            variables.put(name.text, value.text)
    return variables


def _without_extends(root: Mapping) -> Mapping:
    kept = tuple(entry for entry in root.entries if entry.key.text != "extends")
    return Mapping(kept, root.position)
