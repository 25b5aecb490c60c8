"""Frozen dataclasses to and from document bodies.

Knows: dataclasses made of text, numbers, booleans, moments, JSON values, tuples and further
dataclasses. Must not know: what any of them means.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from shipway.base.clock import parse_timestamp, timestamp

Entity = TypeVar("Entity")


def body_of(entity: object) -> dict[str, Any]:
    """The JSON body of a dataclass."""
    if not dataclasses.is_dataclass(entity):
        raise TypeError(f"{type(entity).__name__} is not a dataclass")
    return {f.name: _plain(getattr(entity, f.name)) for f in dataclasses.fields(entity)}


def read(kind: type[Entity], body: Mapping[str, Any]) -> Entity:
    """The dataclass behind a JSON body; fields that the body lacks take their default."""
    hashable: Any = kind
    values = {name: make(body[name]) for name, make in _makers(hashable) if name in body}
    return kind(**values)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return timestamp(value)
    if dataclasses.is_dataclass(value):
        return body_of(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


@cache
def _makers(kind: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:  # noqa: ANN401  # a class
    hints = typing.get_type_hints(kind)
    return tuple((name, _maker(hint)) for name, hint in hints.items())


def _maker(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401  # a type hint
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = next((_maker(a) for a in arguments if a is not type(None)), _same)
        return lambda value: None if value is None else inner(value)
    if hint is datetime:
        return parse_timestamp
    if origin is tuple:
        item = _maker(arguments[0])
        return lambda value: tuple(item(v) for v in value)
    if origin is Mapping and _is_entity(arguments[1]):
        return lambda value: {k: read(arguments[1], v) for k, v in value.items()}
    if _is_entity(hint):
        return lambda value: read(hint, value)
    return _same


def _is_entity(hint: Any) -> bool:  # noqa: ANN401  # a type hint
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _same(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    return value
