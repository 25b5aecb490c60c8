"""What the inputs and outputs of a pipeline's nodes are bound to.

Pure. A binding is `${{parent.inputs.x}}`, `${{parent.jobs.n.outputs.o}}` or, for an output,
`${{parent.outputs.x}}`; here each is followed to a value, a place or a node's output.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.ml.job_parsing import input_spec, invalid, mapping, nearest
from shipway.ml.job_specs import InputDeclaration, InputSpec, NodeSpec, OutputSpec

Json = Any

_WHOLE = re.compile(r"\s*\$\{\{\s*([^{}]+?)\s*\}\}\s*")
_ANY = re.compile(r"\$\{\{\s*([^{}]+?)\s*\}\}")


@dataclass(slots=True, kw_only=True)
class Scope:
    """One pipeline while it is read: the job itself or a pipeline component within it."""

    where: str
    prefix: str
    inputs: Mapping[str, InputSpec | None]
    outputs: Mapping[str, OutputSpec]
    default_compute: str
    default_environment: str
    depth: int = 0
    nodes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # `(node, output)` behind each output of each node, also of opened pipeline nodes
    sources: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    promoted: dict[str, tuple[str, str]] = field(default_factory=dict)


def bound_inputs(
    scope: Scope,
    node: Mapping[str, Json],
    declared: Mapping[str, InputDeclaration],
    place: str,
) -> dict[str, InputSpec | None]:
    """Each declared input with its value; None for an optional one that was not given."""
    found: dict[str, InputSpec | None] = {}
    given = mapping(node.get("inputs"), f"{place}.inputs")
    for name, item in given.items():
        where = f"{place}.inputs.{name}"
        if name not in declared:
            raise invalid(f"The component has no input '{name}'", where, nearest(name, declared))
        declaration = declared[name]
        value = _resolve(scope, input_spec(item, where), where, declaration)
        found[name] = _checked(value, declaration, where)
    for name, declaration in declared.items():
        if found.get(name) is not None:
            continue
        if declaration.default is not None:
            found[name] = InputSpec(type=declaration.type, value=declaration.default)
        elif declaration.optional:
            found[name] = None
        else:
            raise invalid(
                f"The input '{name}' of '{place}' has no value", f"{place}.inputs.{name}",
                "Bind it, give it a value, or declare it optional or with a default.",
            )  # fmt: skip
    return found


def _resolve(
    scope: Scope, spec: InputSpec, where: str, declaration: InputDeclaration | None
) -> InputSpec | None:
    """An input with its binding followed to a value, a place or a node's output."""
    value = spec.value or spec.uri
    whole = _WHOLE.fullmatch(value)
    if whole is None:
        if "${{" in value:
            return replace(spec, value=literal_of(scope, value, where))
        return _as_place(spec, declaration)
    kind, _, rest = whole[1].removeprefix("parent.").partition(".")
    if not whole[1].startswith("parent.") or kind not in ("inputs", "jobs"):
        raise _bad_binding(whole[1], where)
    if kind == "inputs":
        if rest not in scope.inputs:
            raise invalid(
                f"'{where}' binds to the unknown input '{rest}' of the pipeline", where,
                nearest(rest, scope.inputs),
            )  # fmt: skip
        bound = scope.inputs[rest]
        if bound is None:
            return None
        return _as_place(replace(bound, mode=spec.mode or bound.mode), declaration)
    node, _, tail = rest.partition(".")
    side, _, output = tail.partition(".")
    if side != "outputs" or not output:
        raise _bad_binding(whole[1], where)
    source = scope.sources.get((node, output))
    if source is None:
        known = [o for n, o in scope.sources if n == node]
        raise invalid(
            f"'{where}' binds to the unknown output '{output}' of node '{node}'", where,
            nearest(output, known),
        )  # fmt: skip
    return InputSpec(
        type=declaration.type if declaration else "uri_folder", mode=spec.mode,
        source_node=source[0], source_output=source[1],
    )  # fmt: skip


def _as_place(spec: InputSpec, declaration: InputDeclaration | None) -> InputSpec:
    """A value that was sent as a literal becomes what its declaration says."""
    if declaration is None:
        return spec
    from_literal = spec.is_literal and not InputSpec(type=declaration.type).is_literal
    if from_literal:
        return replace(spec, type=declaration.type, uri=spec.value, value="")
    return replace(spec, type=declaration.type)


def literal_of(scope: Scope, value: str, where: str) -> str:
    """Text with `${{parent.inputs.x}}` within it replaced by literals."""

    def one(found: re.Match[str]) -> str:
        name = found[1].removeprefix("parent.inputs.")
        bound = scope.inputs.get(name)
        if name == found[1] or bound is None or not bound.is_literal:
            raise _bad_binding(found[1], where)
        return bound.value

    return _ANY.sub(one, value)


def _checked(value: InputSpec | None, declared: InputDeclaration, where: str) -> InputSpec | None:
    if value is None or not value.is_literal:
        return value
    content = value.value
    if declared.type in ("integer", "number"):
        try:
            number = float(content) if declared.type == "number" else float(int(content))
        except ValueError:
            raise invalid(f"'{content}' is not of type {declared.type}", where) from None
        low, high = declared.minimum, declared.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            raise invalid(f"{content} is not between {low} and {high}", where)
    if declared.type == "boolean" and content.lower() not in ("true", "false"):
        raise invalid(f"'{content}' is not of type boolean", where, "Write true or false.")
    if declared.choices and content not in declared.choices:
        raise invalid(
            f"'{content}' is none of the choices", where, nearest(content, declared.choices)
        )
    return value


def merged(scope: Scope, declared: OutputSpec, given: OutputSpec, where: str) -> OutputSpec:
    """An output as its node, its component and the pipeline's own output say together."""
    name = promoted_name(given)
    if not name:
        if "${{" in given.uri and not re.search(r"\$\{\{\s*(?:name|output_name)", given.uri):
            raise _bad_binding(given.uri, where)
        kind = given.type or declared.type
        return replace(given, type=kind)
    if name not in scope.outputs:
        raise invalid(
            f"'{where}' binds to the unknown output '{name}' of the pipeline", where,
            nearest(name, scope.outputs),
        )  # fmt: skip
    whole = scope.outputs[name]
    return replace(whole, type=whole.type or declared.type, mode=given.mode or whole.mode)


def promoted_name(given: OutputSpec) -> str:
    """The pipeline output that a node\'s output is bound to, or nothing."""
    found = _WHOLE.fullmatch(given.uri)
    return (
        found[1].removeprefix("parent.outputs.")
        if found and found[1].startswith("parent.outputs.")
        else ""
    )


def note_promotion(scope: Scope, name: str, source: tuple[str, str], where: str) -> None:
    """Remember which node writes an output of the pipeline; two may not."""
    if name in scope.promoted and scope.promoted[name] != source:
        raise invalid(f"Two nodes write the output '{name}' of the pipeline", where)
    scope.promoted[name] = source


def promote(
    scope: Scope, given: OutputSpec, source: tuple[str, str], nodes: list[NodeSpec], where: str
) -> list[NodeSpec]:
    """Give an opened pipeline's output what the outer pipeline says of it."""
    node, output = source
    name = promoted_name(given)
    if name:
        note_promotion(scope, name, source, where)

    def changed(spec: NodeSpec) -> NodeSpec:
        if spec.path != node:
            return spec
        together = merged(scope, spec.outputs[output], given, where)
        return replace(spec, outputs={**spec.outputs, output: together})

    return [changed(spec) for spec in nodes]


def _bad_binding(binding: str, where: str) -> Exception:
    return invalid(
        f"The binding '{binding}' at '{where}' cannot be followed", where,
        "Write ${{parent.inputs.<name>}}, ${{parent.jobs.<node>.outputs.<name>}} or,"
        " for an output, ${{parent.outputs.<name>}}.",
    )  # fmt: skip
