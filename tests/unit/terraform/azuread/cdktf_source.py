"""What the package cdktf-cdktf-provider-azuread says of a type, read from its source text.

The package is generated from the real provider's schema. Importing it would start node, so its
files are parsed only: the keyword arguments of a configuration class are the inputs, the properties
of the resource class all that there is.
"""

import ast
import functools
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = "cdktf_cdktf_provider_azuread"
# what every resource of cdktf has beside those of its type
_META = frozenset(
    {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners",
     "id", "timeouts"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An input: whether it must be given, its kind, and the class of a block."""

    is_required: bool
    kind: str
    nested: str = ""


@functools.cache
def module(name: str) -> ast.Module:
    """The parsed source of a type: `group_member`, `data_azuread_user`."""
    spec = importlib.util.find_spec(_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse((Path(spec.origin).parent / name / "__init__.py").read_text())


@functools.cache
def arguments(name: str, class_name: str) -> dict[str, Argument]:
    """The inputs of a configuration or block class."""
    made = _method(_class(name, class_name), "__init__")
    pairs = zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True)
    return {
        one.arg: _argument(ast.unparse(one.annotation) if one.annotation else "", default is None)
        for one, default in pairs
        if class_name.endswith("Config") is False or one.arg not in _META
    }


def attributes(name: str, class_name: str) -> set[str]:
    """Every attribute and block of a resource or data source."""
    found = {node.name for node in _properties(_class(name, class_name))}
    inputs = {one for one in found if one.endswith("_input") and one[: -len("_input")] in found}
    return found - inputs - _META


def _argument(annotation: str, is_required: bool) -> Argument:  # from a default
    named = re.search(r"(?<![\w.])[A-Z]\w+", annotation)
    nested = named[0] if named else ""
    many = "Sequence" in annotation
    if nested:
        return Argument(is_required=is_required, kind="many" if many else "one", nested=nested)
    for word, kind in (("Mapping", "map"), ("Sequence", "many"), ("jsii.Number", "number"),
                       ("builtins.bool", "bool")):  # fmt: skip
        if word in annotation:
            return Argument(is_required=is_required, kind=kind)
    return Argument(is_required=is_required, kind="string")


def _class(name: str, class_name: str) -> ast.ClassDef:
    for node in module(name).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return node
    raise AssertionError(f"{name} has no class {class_name}")


def _method(owner: ast.ClassDef, name: str) -> ast.FunctionDef:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise AssertionError(f"{owner.name} has no {name}")


def _properties(owner: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(one) == "builtins.property" for one in node.decorator_list
        ):
            yield node
