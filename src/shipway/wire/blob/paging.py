"""Pages of a listing: prefix, delimiter, marker, maxresults, include.

Source: https://learn.microsoft.com/rest/api/storageservices/list-blobs
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from shipway.base.errors import BadInput, NotSupported
from shipway.wire.blob import xml
from shipway.wire.http import Request

LIMIT = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a client asks of a listing. `after` is the place that `marker` stands for."""

    prefix: str
    delimiter: str
    marker: str
    after: str
    limit: int
    max_results: str
    include: frozenset[str]

    def echo(self) -> str:
        """The request's words, as the answer repeats them."""
        return (
            xml.tag("Prefix", self.prefix, always=False)
            + xml.tag("Marker", self.marker, always=False)
            + xml.tag("MaxResults", self.max_results, always=False)
            + xml.tag("Delimiter", self.delimiter, always=False)
        )


def of_request(request: Request, *, includes: Sequence[str]) -> Page:
    """Read the parameters. Raises `BadInput` (OutOfRangeQueryParameterValue), `NotSupported`."""
    given = request.arg("maxresults")
    if given and not (given.isascii() and given.isdigit() and int(given) >= 1):
        raise BadInput(
            f"One of the query parameters specified in the request URI is outside the permissible "
            f"range: maxresults={given[:40]}",
            code="OutOfRangeQueryParameterValue",
            where="maxresults",
            hint=f"1 to {LIMIT}.",
        )
    include = frozenset(
        part.strip().lower() for part in request.arg("include").split(",") if part.strip()
    )
    unknown = sorted(include - set(includes))
    if unknown:
        raise NotSupported(
            f"include={unknown[0]} is not supported in a listing",
            code="UnsupportedQueryParameter",
            status=400,
            where="include",
            hint=f"Known: {', '.join(includes)}.",
        )
    mark = request.arg("marker")
    return Page(
        prefix=request.arg("prefix"),
        delimiter=request.arg("delimiter"),
        marker=mark,
        after=_place(mark),
        limit=min(int(given or LIMIT), LIMIT),
        max_results=given,
        include=include,
    )


def marker(place: str) -> str:
    """The marker for a place; opaque to clients and safe in URLs and XML."""
    return "2!" + base64.urlsafe_b64encode(place.encode()).decode()


def _place(text: str) -> str:
    if not text:
        return ""
    try:
        return base64.b64decode(text.removeprefix("2!"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise BadInput(
            f"Value for one of the query parameters specified in the request URI is invalid: "
            f"marker={text[:80]}",
            code="InvalidQueryParameterValue",
            where="marker",
        ) from None
