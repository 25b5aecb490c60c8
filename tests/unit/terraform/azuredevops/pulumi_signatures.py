"""What the PyPI package `pulumi-azuredevops` says of the provider's types, read from its source.

The package is generated from the real provider's own schema, so that it is a witness of names and
flags. It is parsed, not imported: importing it takes seconds.
"""

import ast
import functools
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Argument:
    """A parameter: whether it must be given, its plain type, the class of a nested block."""

    is_required: bool
    kind: str
    nested: str = ""


def folder() -> Path:
    found = importlib.util.find_spec("pulumi_azuredevops")
    assert found is not None, "pulumi-azuredevops is missing: it is in the group `test`"
    assert found.origin is not None
    return Path(found.origin).parent


@functools.cache
def classes(module: str) -> dict[str, ast.ClassDef]:
    tree = ast.parse((folder() / f"{module}.py").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


@functools.cache
def functions(module: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((folder() / f"{module}.py").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def arguments(module: str, class_name: str) -> dict[str, Argument]:
    """The keyword parameters of a class's constructor."""
    node = classes(module)[class_name]
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return _parameters(one)
    raise AssertionError(f"{class_name} has no constructor")


def function_arguments(module: str, name: str) -> dict[str, Argument]:
    """The parameters of a function, `opts` left out."""
    found = _parameters(functions(module)[name])
    found.pop("opts", None)
    return found


def secrets_of(module: str) -> set[str]:
    """The outputs of a resource that are always secret, as the source writes them."""
    text = (folder() / f"{module}.py").read_text()
    listed = re.findall(r"additional_secret_outputs=\[([^\]]*)\]", text)
    words = [word for line in listed for word in re.findall(r'"(\w+)"', line)]
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower() for word in words}


def _parameters(function: ast.FunctionDef) -> dict[str, Argument]:
    found: dict[str, Argument] = {}
    told = function.args
    pairs = list(zip(told.kwonlyargs, told.kw_defaults, strict=True))
    positional = told.args[1:] if told.args and told.args[0].arg == "__self__" else told.args
    defaults = [None] * (len(positional) - len(told.defaults)) + list(told.defaults)
    for argument, default in [*zip(positional, defaults, strict=True), *pairs]:
        text = ast.unparse(argument.annotation) if argument.annotation else ""
        nested = re.search(r"'(\w+Args)'", text)
        found[argument.arg] = Argument(
            is_required=default is None,
            kind=_kind(text),
            nested=nested[1] if nested else "",
        )
    return found


def _kind(text: str) -> str:
    if "Mapping[" in text and "Sequence[" not in text.partition("Mapping[")[0]:
        return "map"
    if "Sequence[" in text:
        return "many"
    for word, kind in (("str", "string"), ("bool", "bool"), ("int", "number"), ("float", "number")):
        if f"_builtins.{word}" in text:
            return kind
    return "one"
