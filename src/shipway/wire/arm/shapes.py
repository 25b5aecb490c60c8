"""Parts that many of ARM's bodies have, read with errors that name the field."""

from collections.abc import Mapping
from typing import Any

from shipway.base.errors import BadInput


def text_of(body: Mapping[str, Any], name: str, default: str = "") -> str:
    """A field of text. Raises `BadInput`."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise _wrong(name, "text", value)
    return value


def object_of(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A field that is an object; empty when it is missing. Raises `BadInput`."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    return value


def tags_of(body: Mapping[str, Any]) -> dict[str, str]:
    """`tags`: text by name. Raises `BadInput`."""
    tags = object_of(body, "tags")
    for key, value in tags.items():
        if not isinstance(value, str):
            raise _wrong(f"tags.{key}", "text", value)
    return tags


def required(body: Mapping[str, Any], name: str) -> str:
    """A field of text that has to be there. Raises `BadInput`."""
    value = text_of(body, name)
    if not value:
        raise BadInput(f"the field '{name}' is missing", code="InvalidRequestContent", where=name)
    return value


def _wrong(name: str, wanted: str, value: object) -> BadInput:
    return BadInput(
        f"the field '{name}' must be {wanted}, not {type(value).__name__}",
        code="InvalidRequestContent",
        where=name,
    )
