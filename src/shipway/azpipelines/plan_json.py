"""Frozen dataclasses to JSON and back, by their type annotations.

Knows dataclasses, tuples, text mappings, Literals, optional fields and plain values. Fields that
hold their default are left out, so that stored plans stay small.
"""

import dataclasses
import types
import typing
from collections.abc import Hashable, Mapping
from functools import cache
from typing import TypeVar, cast

Entity = TypeVar("Entity")


def to_json(entity: object) -> dict[str, object]:
    """The fields of a dataclass as JSON values."""
    if not dataclasses.is_dataclass(entity):
        raise TypeError(f"{type(entity).__name__} is no dataclass")
    body: dict[str, object] = {}
    for one in dataclasses.fields(entity):
        value = getattr(entity, one.name)
        if not _is_default(one, value):
            body[one.name] = _plain(value)
    return body


def from_json(kind: type[Entity], body: Mapping[str, object]) -> Entity:
    """A dataclass from what `to_json` wrote. Raises `ValueError` naming the field."""
    hints = _hints(cast(Hashable, kind))
    unknown = set(body) - set(hints)
    if unknown:
        raise ValueError(f"{kind.__name__} has no field '{min(unknown)}'")
    values = {name: _typed(hints[name], body[name], name) for name in body}
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {error}") from error


@cache
def _hints(kind: Hashable) -> dict[str, object]:
    entity = cast(type, kind)
    hints = typing.get_type_hints(entity)
    return {one.name: hints[one.name] for one in dataclasses.fields(entity)}


def _is_default(one: "dataclasses.Field[object]", value: object) -> bool:
    if one.default is not dataclasses.MISSING:
        return bool(value == one.default) and type(value) is type(one.default)
    if one.default_factory is not dataclasses.MISSING:
        return bool(value == one.default_factory())
    return False


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_json(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _typed(hint: object, value: object, name: str) -> object:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _optional(hint, value, name)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"field '{name}' is not a list")
        return tuple(_typed(typing.get_args(hint)[0], item, name) for item in value)
    if origin is not None and _is_subclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise ValueError(f"field '{name}' is not an object")
        inner = typing.get_args(hint)[1]
        return {key: _typed(inner, item, name) for key, item in value.items()}
    if origin is typing.Literal:
        if value not in typing.get_args(hint):
            raise ValueError(f"field '{name}' cannot be {value!r}")
        return value
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ValueError(f"field '{name}' is not an object")
        return from_json(cast(type, hint), value)
    if not isinstance(value, cast(type, hint)) or (hint is int and isinstance(value, bool)):
        raise ValueError(f"field '{name}' cannot be {value!r}")
    return value


def _optional(hint: object, value: object, name: str) -> object:
    if value is None:
        return None
    inner = [one for one in typing.get_args(hint) if one is not type(None)]
    return _typed(inner[0], value, name)


def _is_subclass(candidate: object, parent: type) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, parent)
