"""Blocks of variables and bodies of directives: what their items are, what is said of them."""

from collections.abc import Iterator

from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token


def no_object(body: Token) -> str:
    """What the service adds where a list is written in the place of a mapping's keys."""
    if not isinstance(body, Sequence):
        return ""
    file = body.position.file.lstrip("/")
    return f"/{file}: Object reference not set to an instance of an object."


def end_of_object(index: int) -> str:
    """What the service prints when it takes the end of a block for that of the document.

    `index` counts the keys of the document that were read.
    """
    lines = (
        "Expected end of template object. State:", "", "LiteralState", "", "MappingState:",
        "  IsStart: False", f"  Index: {index}", "  IsKey: True", "  IsEnd: False", "", "",
    )  # fmt: skip
    return "\r\n".join(lines)


def named_value(item: Token) -> tuple[str, str]:
    """The name and value of an item of a list of variables; empty texts for any other."""
    if not isinstance(item, Mapping):
        return "", ""
    name, value = item.get("name"), item.get("value")
    if not isinstance(name, Scalar):
        return "", ""
    return name.text, value.text if isinstance(value, Scalar) else ""


def as_items(body: Token) -> Iterator[Token]:
    """The variables of a block as items of a list."""
    if isinstance(body, Sequence):
        yield from body.items
    elif isinstance(body, Mapping):
        for entry in body.entries:
            where = entry.key.position
            yield Mapping(
                (
                    Entry(Scalar("name", where), entry.key),
                    Entry(Scalar("value", where), entry.value),
                ),
                where,
            )
