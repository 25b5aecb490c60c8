"""Terraform's values in msgpack, decoded and encoded by their type.

Types are written as Terraform writes them in JSON: `"string"`, `["list", "string"]`,
`["object", {...}]`, `"dynamic"`. Source: terraform/docs/plugin-protocol/object-wire-format.md.
"""

import importlib
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

from shipway.base.errors import BadInput
from shipway.terraform.unknown import UNKNOWN, Unknown

Type = Any
"""`"string"`, or a list of a word and its argument."""

_UNKNOWN_CODE = msgpack.ExtType(0, b"\x00")  # as go-cty writes an unrefined unknown
_LARGEST, _SMALLEST = (1 << 64) - 1, -(1 << 63)


class ValueDoesNotFit(BadInput):
    """A value that is not of the type that its schema says."""

    default_code = "ValueDoesNotFit"


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A value that carries its own type."""

    type: Type
    value: Any


def decode(kind: Type, content: bytes) -> Any:  # noqa: ANN401  # any value of Terraform's
    """A value from msgpack. Raises `ValueDoesNotFit`."""
    try:
        raw = msgpack.unpackb(content, ext_hook=_unknown, strict_map_key=False, raw=False)
    except (ValueError, msgpack.UnpackException) as error:
        raise ValueDoesNotFit(f"the value is not msgpack: {error}") from None
    return _from_raw(kind, raw, "")


def encode(kind: Type, value: Any) -> bytes:  # noqa: ANN401  # any value of Terraform's
    """A value as msgpack. Raises `ValueDoesNotFit` naming the place."""
    packed = msgpack.packb(_to_raw(kind, value, ""), use_bin_type=True)
    return bytes(packed)


def from_json(kind: Type, value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """A value from the JSON of a state file; attributes that the type lacks are dropped.

    Raises `ValueDoesNotFit`.
    """
    if isinstance(kind, list) and kind[0] == "object" and isinstance(value, Mapping):
        return {name: from_json(one, value.get(name)) for name, one in kind[1].items()}
    if isinstance(kind, list) and kind[0] in ("list", "set") and isinstance(value, list):
        return [from_json(kind[1], item) for item in value]
    if isinstance(kind, list) and kind[0] == "map" and isinstance(value, Mapping):
        return {str(name): from_json(kind[1], item) for name, item in value.items()}
    if kind == "dynamic" and isinstance(value, Mapping):
        return Dynamic(value["type"], from_json(value["type"], value["value"]))
    return _from_raw(kind, value, "")


def holds_unknown(value: Any) -> bool:  # noqa: ANN401  # any value of Terraform's
    """Whether something in it is known only after apply."""
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(holds_unknown(item) for item in value)
    if isinstance(value, Dynamic):
        return holds_unknown(value.value)
    return value is UNKNOWN


def _unknown(code: int, payload: bytes) -> Unknown:  # any code, refined or not
    return UNKNOWN


def _from_raw(kind: Type, raw: Any, place: str) -> Any:  # noqa: ANN401
    if raw is None or raw is UNKNOWN:
        return raw
    if isinstance(kind, str):
        return _primitive(kind, raw, place)
    word, argument = kind[0], kind[1]
    if word in ("list", "set"):
        _expect(raw, list, kind, place)
        return [_from_raw(argument, item, f"{place}[{n}]") for n, item in enumerate(raw)]
    if word == "tuple":
        _expect(raw, list, kind, place)
        return [_from_raw(one, item, place) for one, item in zip(argument, raw, strict=True)]
    _expect(raw, dict, kind, place)
    if word == "map":
        return {name: _from_raw(argument, item, f"{place}.{name}") for name, item in raw.items()}
    return {
        name: _from_raw(one, raw.get(name), f"{place}.{name}") for name, one in argument.items()
    }


def _primitive(kind: str, raw: Any, place: str) -> Any:  # noqa: ANN401
    if kind == "dynamic":
        _expect(raw, list, kind, place)
        inner = json.loads(raw[0])
        return Dynamic(inner, _from_raw(inner, raw[1], place))
    if kind == "string":
        _expect(raw, str, kind, place)
        return unicodedata.normalize("NFC", raw)
    if kind == "bool":
        _expect(raw, bool, kind, place)
        return raw
    return _number(raw, place)


def _number(raw: Any, place: str) -> Any:  # noqa: ANN401
    """An int or float; a Decimal where neither has the digits."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return int(raw) if isinstance(raw, float) and raw.is_integer() else raw
    decimal = importlib.import_module("decimal")  # few values need it, every process would pay
    try:
        exact = decimal.Decimal(raw)
    except (decimal.InvalidOperation, TypeError, ValueError):
        raise _misfit(raw, "number", place) from None
    if not exact.is_finite():
        raise _misfit(raw, "number", place)
    if exact == exact.to_integral_value():
        return int(exact)
    short = float(exact)
    return short if decimal.Decimal(repr(short)) == exact else exact


def _to_raw(kind: Type, value: Any, place: str) -> Any:  # noqa: ANN401
    if value is None:
        return None
    if value is UNKNOWN:
        return _UNKNOWN_CODE
    if isinstance(kind, str):
        return _primitive_to_raw(kind, value, place)
    word, argument = kind[0], kind[1]
    if word in ("list", "set"):
        _expect(value, (list, tuple, set, frozenset), kind, place)
        return [_to_raw(argument, item, f"{place}[{n}]") for n, item in enumerate(value)]
    if word == "tuple":
        _expect(value, (list, tuple), kind, place)
        return [_to_raw(one, item, place) for one, item in zip(argument, value, strict=True)]
    _expect(value, dict, kind, place)
    if word == "map":
        return {name: _to_raw(argument, item, f"{place}.{name}") for name, item in value.items()}
    extra = value.keys() - argument.keys()
    if extra:
        raise ValueDoesNotFit(f"the schema has no '{sorted(extra)[0]}'", where=place.lstrip("."))
    return {
        name: _to_raw(one, value.get(name), f"{place}.{name}") for name, one in argument.items()
    }


def _primitive_to_raw(kind: str, value: Any, place: str) -> Any:  # noqa: ANN401
    if kind == "dynamic":
        _expect(value, Dynamic, kind, place)
        return [json.dumps(value.type).encode(), _to_raw(value.type, value.value, place)]
    if kind == "string":
        _expect(value, str, kind, place)
        return unicodedata.normalize("NFC", value)
    if kind == "bool":
        _expect(value, bool, kind, place)
        return value
    if type(value).__name__ == "Decimal":
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _misfit(value, kind, place)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _misfit(value, kind, place)
        return value
    return value if _SMALLEST <= value <= _LARGEST else str(value)


def _expect(raw: Any, wanted: type | Sequence[type], kind: Type, place: str) -> None:  # noqa: ANN401
    if not isinstance(raw, wanted if isinstance(wanted, type) else tuple(wanted)):
        raise _misfit(raw, kind, place)


def _misfit(raw: Any, kind: Type, place: str) -> ValueDoesNotFit:  # noqa: ANN401
    word = kind if isinstance(kind, str) else kind[0]
    return ValueDoesNotFit(
        f"a {type(raw).__name__} stands where the schema says {word}", where=place.lstrip(".")
    )
