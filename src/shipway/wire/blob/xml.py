"""The XML of the blob service: bodies that clients send, text that goes into answers.

Source: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from shipway.base.errors import BadInput, TooLarge
from shipway.wire.http import Request, Response

# 50,000 block ids of 88 characters with their tags
_BODY_LIMIT = 8 << 20
HEADER = '<?xml version="1.0" encoding="utf-8"?>'


def parse(request: Request, *, root: str) -> ElementTree.Element:
    """The body's root element. Raises `BadInput` (InvalidXmlDocument) and `TooLarge`."""
    if request.body.size > _BODY_LIMIT:
        raise TooLarge(f"The XML body is larger than {_BODY_LIMIT} bytes", where=root)
    content = request.body.read()
    # no document of this service has a DTD; with it go all of XML's entity attacks
    # without NULs it is seen in UTF-16 and UTF-32 as well
    if b"<!" in content.replace(b"\0", b""):
        raise BadInput(
            "The XML has a declaration, which is not allowed",
            code="InvalidXmlDocument",
            where=root,
        )
    try:
        element = ElementTree.fromstring(content)  # noqa: S314  # declarations are refused above
    except ElementTree.ParseError as error:
        line, column = error.position
        raise BadInput(
            f"The specified XML is not syntactically valid (line {line}, column {column + 1})",
            code="InvalidXmlDocument",
            where=root,
        ) from None
    if element.tag != root:
        raise BadInput(
            f"The XML's root is '{element.tag}', it must be '{root}'",
            code="InvalidXmlDocument",
            where=element.tag,
        )
    return element


def tag(name: str, value: str | int | bool, *, always: bool = True) -> str:
    """`<name>value</name>`; nothing for an empty value unless `always`."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not text:
        return f"<{name} />" if always else ""
    return f"<{name}>{escape(text)}</{name}>"


def name_tag(name: str) -> str:
    """A blob's name; percent-encoded and marked so where XML could not carry it."""
    if all(c >= " " and c not in "\ufffe\uffff" for c in name):
        return tag("Name", name)
    return f'<Name Encoded="true">{quote(name)}</Name>'


def response(body: str, *headers: tuple[str, str]) -> Response:
    """200 with an XML body."""
    return Response(
        status=200, headers=(("Content-Type", "application/xml"), *headers),
        body=(HEADER + body).encode(),
    )  # fmt: skip
