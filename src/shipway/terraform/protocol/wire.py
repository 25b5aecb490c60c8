"""Protobuf's wire format, driven by tables: no generated code.

A message is a dict. Absent scalars read as their zero, absent lists and maps as empty ones, absent
messages as None; a field marked as optional (and every member of a oneof) reads as None when it
was not sent, and is sent even when it is zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shipway.base.errors import BadInput

Scalar = Literal["string", "bytes", "bool", "int"]
Fields = dict[str, Any]
_ZEROS: Mapping[str, Any] = {"string": "", "bytes": b"", "bool": False, "int": 0}
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MASK64 = (1 << 64) - 1


class WireDamaged(BadInput):
    """Bytes that are not a protobuf message."""

    default_code = "WireDamaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `message` names the message type of a nested one; maps have text keys."""

    number: int
    kind: Scalar | Literal["message"]
    message: str = ""
    shape: Literal["one", "optional", "list", "map"] = "one"


@dataclass(slots=True)
class Codec:
    """Messages by name, each a table of fields by name."""

    messages: Mapping[str, Mapping[str, Field]]
    _numbers: dict[str, dict[int, tuple[str, Field]]] = field(default_factory=dict)

    def encode(self, name: str, values: Mapping[str, Any]) -> bytes:
        """A message's bytes. Raises `KeyError` for a field that it does not have."""
        table = self.messages[name]
        out = bytearray()
        for key, value in values.items():
            self._put(out, table[key], value)
        return bytes(out)

    def decode(self, name: str, content: bytes) -> Fields:
        """A message's fields; unknown ones are passed over. Raises `WireDamaged`."""
        table = self._by_number(name)
        found: Fields = {key: _absent(one) for key, one in self.messages[name].items()}
        for number, wire_type, raw in _fields(content):
            if number not in table:
                continue
            key, one = table[number]
            self._take(found, key, one, (wire_type, raw))
        return found

    def _put(self, out: bytearray, one: Field, value: Any) -> None:  # noqa: ANN401  # by table
        if value is None:
            return
        if one.shape == "list":
            for item in value:
                self._put_value(out, one, item)
        elif one.shape == "map":
            for key, item in value.items():
                entry = bytearray()
                self._put_value(entry, Field(number=1, kind="string"), key)
                self._put_value(entry, Field(number=2, kind=one.kind, message=one.message), item)
                _put_bytes(out, one.number, bytes(entry))
        elif one.shape == "optional" or one.kind == "message" or value != _ZEROS[one.kind]:
            self._put_value(out, one, value)

    def _put_value(self, out: bytearray, one: Field, value: Any) -> None:  # noqa: ANN401
        if one.kind == "message":
            content = value if isinstance(value, bytes) else self.encode(one.message, value)
            _put_bytes(out, one.number, content)
        elif one.kind == "string":
            _put_bytes(out, one.number, value.encode())
        elif one.kind == "bytes":
            _put_bytes(out, one.number, value)
        else:
            _put_varint(out, one.number << 3 | _VARINT)
            _put_varint(out, int(value) & _MASK64)

    def _take(self, found: Fields, key: str, one: Field, sent: tuple[int, Any]) -> None:
        if one.shape == "list":
            if sent[0] == _LENGTH and one.kind in ("int", "bool"):  # packed
                found[key] += [_scalar(one.kind, value) for value in _varints(sent[1])]
            else:
                found[key].append(self._value(one, sent))
        elif one.shape == "map":
            entry: Fields = {"key": "", "value": _absent(Field(number=2, kind=one.kind))}
            for number, wire_type, raw in _fields(_bytes(sent)):
                if number == 1:
                    entry["key"] = _bytes((wire_type, raw)).decode()
                elif number == 2:
                    entry["value"] = self._value(one, (wire_type, raw))
            found[key][entry["key"]] = entry["value"]
        else:
            found[key] = self._value(one, sent)

    def _value(self, one: Field, sent: tuple[int, Any]) -> Any:  # noqa: ANN401  # by table
        if one.kind == "message":
            return self.decode(one.message, _bytes(sent))
        if one.kind == "string":
            return _bytes(sent).decode()
        if one.kind == "bytes":
            return _bytes(sent)
        if sent[0] != _VARINT:
            raise WireDamaged("a number is not written as one")
        return _scalar(one.kind, sent[1])

    def _by_number(self, name: str) -> dict[int, tuple[str, Field]]:
        if name not in self._numbers:
            self._numbers[name] = {
                one.number: (key, one) for key, one in self.messages[name].items()
            }
        return self._numbers[name]


def parse_table(text: str) -> dict[str, dict[str, Field]]:
    """Read a table of messages, one per line: `Name field:kind=number ...`.

    A kind is a scalar or a message's name; before it `*` for a list, `%` for a map from text, `?`
    for one whose presence counts.
    """
    messages: dict[str, dict[str, Field]] = {}
    for line in text.strip().splitlines():
        name, *fields = line.split()
        messages[name] = dict(_parse_field(one) for one in fields)
    return messages


def _parse_field(text: str) -> tuple[str, Field]:
    name, _, rest = text.partition(":")
    kind, _, number = rest.partition("=")
    shapes: Mapping[str, Literal["list", "map", "optional"]] = {
        "*": "list", "%": "map", "?": "optional",
    }  # fmt: skip
    shape: Literal["one", "optional", "list", "map"] = "one"
    if kind[0] in shapes:
        shape, kind = shapes[kind[0]], kind[1:]
    for scalar in ("string", "bytes", "bool", "int"):
        if kind == scalar:
            return name, Field(number=int(number), kind=scalar, shape=shape)
    return name, Field(number=int(number), kind="message", message=kind, shape=shape)


def _absent(one: Field) -> Any:  # noqa: ANN401  # by table
    if one.shape == "list":
        return []
    if one.shape == "map":
        return {}
    if one.shape == "optional" or one.kind == "message":
        return None
    return _ZEROS[one.kind]


def _scalar(kind: str, number: int) -> int | bool:
    if kind == "bool":
        return number != 0
    return number - (1 << 64) if number >> 63 else number


def _bytes(sent: tuple[int, Any]) -> bytes:
    if sent[0] != _LENGTH:
        raise WireDamaged("a text is not written as one")
    return bytes(sent[1])


def _put_bytes(out: bytearray, number: int, content: bytes) -> None:
    _put_varint(out, number << 3 | _LENGTH)
    _put_varint(out, len(content))
    out += content


def _put_varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        if at >= len(content) or shift > 63:
            raise WireDamaged("a number runs past the end")
        octet = content[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & _MASK64, at
        shift += 7


def _varints(content: bytes) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value


def _fields(content: bytes) -> Iterator[tuple[int, int, Any]]:
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        number, wire_type = tag >> 3, tag & 7
        if not number:
            raise WireDamaged("a field has no number")
        if wire_type == _VARINT:
            value, at = _varint(content, at)
            yield number, wire_type, value
            continue
        if wire_type == _LENGTH:
            length, at = _varint(content, at)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise WireDamaged(f"wire type {wire_type} is not known")
        if at + length > len(content):
            raise WireDamaged("a field runs past the end")
        yield number, wire_type, content[at : at + length]
        at += length
