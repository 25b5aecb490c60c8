"""The api-version that a client asks for, in its Accept header or in the query.

Source: https://learn.microsoft.com/azure/devops/integrate/concepts/rest-api-versioning
"""

import re

from shipway.base.errors import BadInput, NotSupported
from shipway.wire.http import Request

OLDEST, NEWEST = 1.0, 7.2
_FORM = re.compile(r"(\d{1,2}\.\d)(-preview(?:\.(\d{1,2}))?)?")


def check(request: Request) -> None:
    """Refuse a version that is not one, or is outside what is spoken here, by its name."""
    version = asked(request)
    if not version:
        return
    found = _FORM.fullmatch(version)
    if found is None:
        raise BadInput(
            f"The api-version '{version[:60]}' is not valid",
            code="VssInvalidApiVersionException", where="api-version",
            hint="Such as 7.1 or 7.1-preview.1.",
        )  # fmt: skip
    if not OLDEST <= float(found[1]) <= NEWEST:
        raise NotSupported(
            f"The requested version \"{version}\" of the resource is out of range",
            code="VssVersionOutOfRangeException", status=400, where="api-version",
            hint=f"Versions {OLDEST} to {NEWEST} are spoken here.",
        )  # fmt: skip


def asked(request: Request) -> str:
    """The version as the client wrote it; empty for none."""
    given = request.arg("api-version")
    if given:
        return given
    for part in request.headers.get("Accept").split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "api-version":
            return value.split(",")[0].strip().strip('"')
    return ""


def wants(request: Request, media_type: str) -> bool:
    """Whether the client accepts a media type before JSON."""
    return request.headers.get("Accept").lower().lstrip().startswith(media_type)
