"""What is to be run: commands, nodes and pipelines, as their author wrote them.

Pure data, without state: what happened to a job stands in `jobs.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FILE_TYPES = ("uri_file", "triton_model")
ASSET_TYPES = (
    "uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model",
    "safe_tensors_model",
)  # fmt: skip
MODEL_TYPES = ("mlflow_model", "custom_model", "triton_model")
LITERAL_TYPES = ("string", "number", "integer", "boolean", "literal")

SpecKind = Literal["command", "pipeline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """An input with its value: `value` of a literal, or the `uri` of a file, folder or model.

    With `source_node` it is what that node writes to its output `source_output`.
    """

    type: str
    value: str = ""
    uri: str = ""
    mode: str = ""
    source_node: str = ""
    source_output: str = ""

    @property
    def is_literal(self) -> bool:
        """Whether it is a value and not a place."""
        return self.type in LITERAL_TYPES and not self.source_node


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """An output: its type, where it goes when the author said so, the asset it becomes."""

    type: str = "uri_folder"
    uri: str = ""
    mode: str = ""
    asset_name: str = ""
    asset_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDeclaration:
    """What a component says of an input."""

    type: str
    optional: bool = False
    default: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """A command to run, without its inputs' values."""

    command: str
    code: str = ""
    environment: str = ""
    env_vars: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float | None = None
    is_deterministic: bool = True
    component_id: str = ""
    component_name: str = ""
    component_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSpec:
    """A component: its interface and what it runs.

    `body` is a pipeline component's own `jobs`, `outputs` and bindings as written.
    """

    kind: str
    name: str
    version: str
    display_name: str = ""
    inputs: Mapping[str, InputDeclaration] = field(default_factory=dict)
    outputs: Mapping[str, OutputSpec] = field(default_factory=dict)
    command: CommandSpec | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """A leaf of a pipeline job's graph: one command with all its values bound.

    `path` is its name in the pipeline, with the names of the pipeline nodes around it before it
    (`outer/inner`); `depends_on` the paths of the nodes whose outputs it takes.
    """

    path: str
    command: CommandSpec
    inputs: Mapping[str, InputSpec] = field(default_factory=dict)
    outputs: Mapping[str, OutputSpec] = field(default_factory=dict)
    compute: str = ""
    display_name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotedOutput:
    """An output of a pipeline job and the node whose output it is."""

    node: str
    output: str
    spec: OutputSpec
