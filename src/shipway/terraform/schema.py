"""Schemas of the providers, read from `schemas/<provider>.json` and told to Terraform.

A schema is data: names, types and flags as the real provider of the stated version has them. Types
of resources are read when somebody asks for them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from shipway.base.errors import NotFound
from shipway.terraform.protocol.messages import CODEC, NESTING

PROVIDERS: Final = ("azurerm", "azuread", "azuredevops")
SOURCES: Final = {
    "azurerm": "registry.terraform.io/hashicorp/azurerm",
    "azuread": "registry.terraform.io/hashicorp/azuread",
    "azuredevops": "registry.terraform.io/microsoft/azuredevops",
}
Type = Any
"""A type as Terraform writes it in JSON; see `protocol/cty.py`."""

_FOLDER = Path(__file__).parent / "schemas"
_CAPABILITIES = {"get_provider_schema_optional": True, "move_resource_state": True}


class UnknownType(NotFound):
    """A type of resource or data source that this provider does not have."""

    default_code = "UnknownType"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a configuration must keep to beside its types. Paths are dotted from the root."""

    conflicts_with: tuple[str, ...] = ()
    exactly_one_of: tuple[str, ...] = ()
    at_least_one_of: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    allowed_values: tuple[Any, ...] = ()
    element_allowed_values: tuple[Any, ...] = ()
    min_items: int = 0
    max_items: int = 0
    deprecation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute. `default` None: it has none."""

    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    force_new: bool = False
    write_only: bool = False
    deprecated: bool = False
    default: Any = None
    rules: Rules = Rules()

    @property
    def is_set(self) -> bool:
        """Whether its elements have no order."""
        return isinstance(self.type, list) and self.type[0] == "set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """A kind of nested block. `min_items` is what Terraform itself enforces."""

    nesting: Literal["single", "list", "set"]
    block: "Block"
    min_items: int = 0
    max_items: int = 0
    required: bool = False
    computed: bool = False
    force_new: bool = False
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Attributes and nested blocks by name; `type` is the object type of its values."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, Nested]
    type: Type = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSchema:
    """A type of resource or data source. `timeouts`: operation to the default's text."""

    name: str
    version: int
    block: Block
    timeouts: Mapping[str, str]


class ProviderSchema:
    """Everything that one provider declares. Reads its file once."""

    def __init__(self, provider: str, content: Mapping[str, Any] | None = None) -> None:
        self.provider = provider
        self._content = content if content is not None else _read(provider)
        self._known: dict[tuple[str, str], TypeSchema] = {}

    @property
    def version(self) -> str:
        """The version of the real provider that it mirrors."""
        return str(self._content["version"])

    @property
    def configuration(self) -> Block:
        """The `provider` block."""
        return _block(self._content["provider_config"])

    def resource(self, name: str) -> TypeSchema:
        """A resource type. Raises `UnknownType`."""
        return self._type("resources", name)

    def data_source(self, name: str) -> TypeSchema:
        """A data source type. Raises `UnknownType`."""
        return self._type("data_sources", name)

    def names(self, kind: Literal["resources", "data_sources"]) -> tuple[str, ...]:
        """The types of a kind."""
        return tuple(self._content[kind])

    def metadata(self) -> dict[str, Any]:
        """The answer of GetMetadata."""
        return {
            "server_capabilities": _CAPABILITIES,
            "resources": [{"type_name": name} for name in self.names("resources")],
            "data_sources": [{"type_name": name} for name in self.names("data_sources")],
        }

    def encoded(self) -> bytes:
        """The answer of GetProviderSchema, as bytes."""
        told = {
            "provider": _schema_message(self._content["provider_config"], 0),
            "server_capabilities": _CAPABILITIES,
        }
        for kind, key in (("resources", "resource"), ("data_sources", "data_source")):
            told[f"{key}_schemas"] = {
                name: _schema_message(one["block"], one.get("schema_version", 0))
                for name, one in self._content[kind].items()
            }
        return CODEC.encode("GetProviderSchema.Response", told)

    def _type(self, kind: Literal["resources", "data_sources"], name: str) -> TypeSchema:
        key = (kind, name)
        if key not in self._known:
            told = self._content[kind].get(name)
            if told is None:
                what = "resource type" if kind == "resources" else "data source"
                raise UnknownType(
                    f"shipway's {self.provider} provider does not have the {what} '{name}'",
                    hint=f"It has: {', '.join(self.names(kind))}.",
                )
            self._known[key] = TypeSchema(
                name=name,
                version=told.get("schema_version", 0),
                block=_block(told["block"]),
                timeouts=told.get("timeouts", {}),
            )
        return self._known[key]


def _read(provider: str) -> Mapping[str, Any]:
    content: dict[str, Any] = json.loads((_FOLDER / f"{provider}.json").read_bytes())
    return content


def _block(told: Mapping[str, Any]) -> Block:
    attributes = {name: _attribute(one) for name, one in told.get("attributes", {}).items()}
    blocks = {name: _nested(one) for name, one in told.get("block_types", {}).items()}
    fields: dict[str, Type] = {name: one.type for name, one in attributes.items()}
    for name, nested in blocks.items():
        single = nested.nesting == "single"
        fields[name] = nested.block.type if single else [nested.nesting, nested.block.type]
    return Block(attributes=attributes, blocks=blocks, type=["object", fields])


def _attribute(told: Mapping[str, Any]) -> Attribute:
    return Attribute(
        type=told["type"],
        required=told.get("required", False),
        optional=told.get("optional", False),
        computed=told.get("computed", False),
        sensitive=told.get("sensitive", False),
        force_new=told.get("force_new", False),
        write_only=told.get("write_only", False),
        deprecated=told.get("deprecated", False),
        default=told.get("default"),
        rules=_rules(told),
    )


def _nested(told: Mapping[str, Any]) -> Nested:
    return Nested(
        nesting=told["nesting_mode"],
        block=_block(told["block"]),
        min_items=told.get("min_items", 0),
        max_items=told.get("max_items", 0),
        required=told.get("required", False),
        computed=told.get("computed", False),
        force_new=told.get("force_new", False),
        rules=_rules(told),
    )


def _rules(told: Mapping[str, Any]) -> Rules:
    def words(name: str) -> tuple[Any, ...]:
        return tuple(told.get(name, ()))

    return Rules(
        conflicts_with=words("conflicts_with"),
        exactly_one_of=words("exactly_one_of"),
        at_least_one_of=words("at_least_one_of"),
        required_with=words("required_with"),
        allowed_values=words("allowed_values"),
        element_allowed_values=words("element_allowed_values"),
        min_items=told.get("min_items_if_present", 0),
        max_items=told.get("max_items", 0),
        deprecation=told.get("deprecation_message", ""),
    )


def _schema_message(block: Mapping[str, Any], version: int) -> dict[str, Any]:
    return {"version": version, "block": _block_message(block)}


def _block_message(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "attributes": [
            {
                "name": name,
                "type": json.dumps(one["type"]).encode(),
                **{
                    flag: one.get(flag, False)
                    for flag in (
                        "required", "optional", "computed", "sensitive", "deprecated", "write_only",
                    )
                },
            }
            for name, one in told.get("attributes", {}).items()
        ],
        "block_types": [
            {
                "type_name": name,
                "block": _block_message(one["block"]),
                "nesting": NESTING[one["nesting_mode"]],
                "min_items": one.get("min_items", 0),
                "max_items": one.get("max_items", 0),
            }
            for name, one in told.get("block_types", {}).items()
        ],
    }  # fmt: skip
