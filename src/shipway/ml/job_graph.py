"""A pipeline job's nodes and bindings to an ordered graph of commands.

Pure: definition and component specs in, `JobGraph` out. Pipeline components are opened in place:
their nodes become nodes of the whole with a path such as `outer/inner`. Everything wrong with a
definition is found here, before anything has started.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.base.errors import NotSupported
from shipway.ml.job_bindings import (
    Scope,
    bound_inputs,
    literal_of,
    merged,
    note_promotion,
    promote,
    promoted_name,
)
from shipway.ml.job_parsing import field as get_field
from shipway.ml.job_parsing import (
    inputs,
    invalid,
    is_true,
    mapping,
    nearest,
    outputs,
    refuse_what_is_not_done,
    seconds,
    text,
    texts,
)
from shipway.ml.job_specs import (
    CommandSpec,
    ComponentSpec,
    InputSpec,
    NodeSpec,
    PromotedOutput,
)

Json = Any
Components = Callable[[str], ComponentSpec]

_WHOLE = re.compile(r"\s*\$\{\{\s*([^{}]+?)\s*\}\}\s*")
_ANY = re.compile(r"\$\{\{\s*([^{}]+?)\s*\}\}")
_NODE_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_UNSUPPORTED_NODES = (
    "sweep", "parallel", "spark", "automl", "if_else", "do_while", "parallel_for", "import",
    "data_transfer_copy", "data_transfer", "finetuning", "synapse",
)  # fmt: skip
_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """A pipeline job's settings that decide something here."""

    default_compute: str = ""
    default_datastore: str = ""
    default_environment: str = ""
    continue_on_step_failure: bool = True
    force_rerun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGraph:
    """The nodes in an order in which they may run, and the outputs of the whole."""

    nodes: tuple[NodeSpec, ...]
    settings: PipelineSettings = field(default_factory=PipelineSettings)
    promoted: Mapping[str, PromotedOutput] = field(default_factory=dict)

    def dependents(self) -> dict[str, tuple[str, ...]]:
        """For each node the nodes that take from it."""
        found: dict[str, list[str]] = {node.path: [] for node in self.nodes}
        for node in self.nodes:
            for before in node.depends_on:
                found[before].append(node.path)
        return {path: tuple(after) for path, after in found.items()}


def build(properties: Mapping[str, Json], components: Components) -> JobGraph:
    """The graph of a PipelineJob's properties. Raises `BadInput` and `NotSupported` by name."""
    settings = _settings(mapping(properties.get("settings"), "settings"), properties)
    given: dict[str, InputSpec | None] = dict(inputs(properties.get("inputs"), "inputs"))
    scope = Scope(
        where="", prefix="", inputs=given, outputs=outputs(properties.get("outputs"), "outputs"),
        default_compute=settings.default_compute,
        default_environment=settings.default_environment,
    )  # fmt: skip
    nodes = mapping(properties.get("jobs"), "jobs")
    component_id = text(get_field(properties, "componentId"))
    if not nodes and component_id:
        nodes = {"component": {"type": "pipeline", "componentId": component_id,
                               "inputs": _pass_through(given, "inputs"),
                               "outputs": _pass_through(scope.outputs, "outputs")}}  # fmt: skip
    if not nodes:
        raise invalid("The pipeline job has no jobs", "jobs", "Give it at least one node.")
    found = _read_nodes(scope, nodes, components)
    promoted = {}
    for name, spec in scope.outputs.items():
        if name not in scope.promoted:
            raise invalid(
                f"The output '{name}' of the pipeline is bound to no node's output",
                f"outputs.{name}",
                f"Bind a node's output to ${{{{parent.outputs.{name}}}}}.",
            )
        node, output = scope.promoted[name]
        promoted[name] = PromotedOutput(node=node, output=output, spec=spec)
    return JobGraph(nodes=_ordered(found), settings=settings, promoted=promoted)


def _settings(value: Mapping[str, Json], properties: Mapping[str, Json]) -> PipelineSettings:
    # unknown settings are accepted, as by the service: azureml-examples have misspelt ones
    compute = text(value.get("default_compute") or get_field(properties, "computeId"))
    return PipelineSettings(
        default_compute=compute,
        default_datastore=text(value.get("default_datastore")),
        default_environment=text(value.get("default_environment")),
        continue_on_step_failure=is_true(value.get("continue_on_step_failure"), default=True),
        force_rerun=is_true(value.get("force_rerun"), default=False),
    )


def _read_nodes(scope: Scope, nodes: Mapping[str, Json], components: Components) -> list[NodeSpec]:
    if scope.depth > _DEEPEST:
        raise invalid(f"Pipelines are nested more than {_DEEPEST} deep", scope.where)
    found: list[NodeSpec] = []
    for name in _reading_order(scope, nodes):
        place = f"{scope.where}jobs.{name}"
        node = mapping(nodes[name], place)
        spec = _component_of(node, place, components)
        if spec.kind == "pipeline":
            found += _open_pipeline(scope, name, node, spec, components)
        else:
            found.append(_command_node(scope, name, node, spec))
    return found


def _reading_order(scope: Scope, nodes: Mapping[str, Json]) -> list[str]:
    """Node names so that each stands after those it binds to; names a circle and a stranger."""
    needs: dict[str, list[str]] = {}
    for name, value in nodes.items():
        place = f"{scope.where}jobs.{name}"
        if not _NODE_NAME.fullmatch(name):
            raise invalid(
                f"The node name '{name}' is invalid", place,
                "Lower-case letters, digits and '_', the first no digit.",
            )  # fmt: skip
        needs[name] = []
        given = mapping(mapping(value, place).get("inputs"), f"{place}.inputs")
        for input_name, item in given.items():
            for before in _nodes_named_in(item):
                if before not in nodes:
                    raise invalid(
                        f"The input '{input_name}' of node '{name}' binds to the unknown node"
                        f" '{before}'", f"{place}.inputs.{input_name}", nearest(before, nodes),
                    )  # fmt: skip
                needs[name].append(before)
    order: list[str] = []
    marks: dict[str, int] = {}
    for start in nodes:
        _visit(start, needs, marks, order)
    return order


def _visit(
    start: str, needs: Mapping[str, list[str]], marks: dict[str, int], order: list[str]
) -> None:
    """Depth first without recursion: a chain of 500 nodes is deeper than Python's stack likes."""
    stack = [(start, iter(needs[start]))] if start not in marks else []
    if stack:
        marks[start] = 1
    while stack:
        name, rest = stack[-1]
        following = next(rest, None)
        if following is None:
            marks[name] = 2
            order.append(name)
            stack.pop()
        elif marks.get(following) == 1:
            circle = [n for n, _ in stack][[n for n, _ in stack].index(following) :]
            raise invalid(
                f"The nodes {' -> '.join([*circle, following])} wait for each other in a circle",
                f"jobs.{name}", "Remove one of these bindings.",
            )  # fmt: skip
        elif following not in marks:
            marks[following] = 1
            stack.append((following, iter(needs[following])))


def _nodes_named_in(item: Json) -> list[str]:
    value = (
        item.get("value") or item.get("uri") or item.get("path") if isinstance(item, dict) else item
    )
    if not isinstance(value, str) or "${{" not in value:
        return []
    named = (re.match(r"parent\.jobs\.([^.]+)\.", found[1]) for found in _ANY.finditer(value))
    return [found[1] for found in named if found]


def _component_of(node: Mapping[str, Json], place: str, components: Components) -> ComponentSpec:
    kind = str(node.get("type") or "command").lower()
    if kind in _UNSUPPORTED_NODES or kind not in ("command", "pipeline"):
        raise NotSupported(
            f"shipway does not run nodes of type '{kind}' ('{place}')",
            code="NodeTypeNotSupported", where=place,
            hint="Supported in a pipeline job: command and pipeline nodes.",
        )  # fmt: skip
    reference = text(get_field(node, "componentId"))
    if not reference:
        raise invalid(
            f"The node '{place}' names no component", f"{place}.componentId",
            "Give the id of a component version.",
        )  # fmt: skip
    return components(reference)


def _open_pipeline(
    outer: Scope, name: str, node: Mapping[str, Json], spec: ComponentSpec, components: Components
) -> list[NodeSpec]:
    place = f"{outer.where}jobs.{name}"
    values = bound_inputs(outer, node, spec.inputs, place)
    inner = Scope(
        where=f"{place}.", prefix=f"{outer.prefix}{name}/",
        inputs={n: values.get(n) for n in spec.inputs},
        outputs=spec.outputs,
        default_compute=text(get_field(node, "computeId"))
        or text(mapping(node.get("settings"), place).get("default_compute"))
        or outer.default_compute,
        default_environment=outer.default_environment, depth=outer.depth + 1,
    )  # fmt: skip
    found = _read_nodes(inner, mapping(spec.body.get("jobs"), f"{place}.jobs"), components)
    given = outputs(node.get("outputs"), f"{place}.outputs")
    for output in (*spec.outputs, *given):
        if output not in inner.promoted:
            raise invalid(
                f"The pipeline component '{spec.name}' has no output '{output}'",
                f"{place}.outputs.{output}", nearest(output, inner.promoted),
            )  # fmt: skip
        source = inner.promoted[output]
        outer.sources[(name, output)] = source
        if output in given:
            found = promote(outer, given[output], source, found, f"{place}.outputs.{output}")
    outer.nodes[name] = tuple(n.path for n in found)
    return found


def _command_node(
    scope: Scope, name: str, node: Mapping[str, Json], spec: ComponentSpec
) -> NodeSpec:
    place = f"{scope.where}jobs.{name}"
    command = spec.command
    if command is None:
        raise invalid(f"The component of '{place}' has no command", place)
    path = f"{scope.prefix}{name}"
    values = bound_inputs(scope, node, spec.inputs, place)
    written = dict(spec.outputs)
    for output, given in outputs(node.get("outputs"), f"{place}.outputs").items():
        if output not in written:
            raise invalid(
                f"The component '{spec.name}' has no output '{output}'",
                f"{place}.outputs.{output}", nearest(output, written),
            )  # fmt: skip
        written[output] = merged(scope, written[output], given, f"{place}.outputs.{output}")
        bound = promoted_name(given)
        if bound:
            note_promotion(scope, bound, (path, output), f"{place}.outputs.{output}")
    for output in written:
        scope.sources[(name, output)] = (path, output)
    scope.nodes[name] = (path,)
    given_inputs = {n: v for n, v in values.items() if v is not None}
    return NodeSpec(
        path=path, command=_overridden(command, node, place, scope), inputs=given_inputs,
        outputs=written, compute=text(get_field(node, "computeId")) or scope.default_compute,
        display_name=text(node.get("display_name")), tags=texts(node.get("tags"), f"{place}.tags"),
        depends_on=tuple(sorted({v.source_node for v in given_inputs.values() if v.source_node})),
    )  # fmt: skip


def _overridden(
    command: CommandSpec, node: Mapping[str, Json], place: str, scope: Scope
) -> CommandSpec:
    refuse_what_is_not_done(node, place)
    limits = mapping(node.get("limits"), f"{place}.limits")
    extra = texts(get_field(node, "environmentVariables"), f"{place}.environment_variables")
    timeout = seconds(limits.get("timeout"), f"{place}.limits.timeout")
    environment = text(node.get("environment") or get_field(node, "environmentId"))
    return replace(
        command,
        environment=environment or command.environment or scope.default_environment,
        env_vars={
            **command.env_vars,
            **{n: literal_of(scope, v, place) for n, v in extra.items()},
        },
        timeout_seconds=timeout if timeout is not None else command.timeout_seconds,
        component_id=text(get_field(node, "componentId")),
    )


def _pass_through(names: Mapping[str, object], side: str) -> dict[str, Json]:
    return {
        n: {"value": f"${{{{parent.{side}.{n}}}}}", "type": "literal", "job_input_type": "literal"}
        for n in names
    }


def _ordered(nodes: list[NodeSpec]) -> tuple[NodeSpec, ...]:
    """As read (each after what it needs); opened pipelines keep that order by construction."""
    return tuple(nodes)
