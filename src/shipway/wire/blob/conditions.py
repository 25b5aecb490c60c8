"""Conditional headers: If-Match and its kin, as the storage service answers them.

Source: https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
"""

from datetime import datetime
from email.utils import parsedate_to_datetime

from shipway.base.errors import BadInput, Conflict, PreconditionFailed, ShipwayError
from shipway.wire.http import Request

_UNMET = "The condition specified using HTTP conditional header(s) is not met"


class NotModified(ShipwayError):
    """304: the reader has it already."""

    default_code, default_status = "ConditionNotMet", 304


def check_read(request: Request, *, etag: str, modified_at: datetime) -> None:
    """Raises `PreconditionFailed` (412) or `NotModified` (304) for a reader."""
    match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if match and not _names(match, etag):
        raise PreconditionFailed(_UNMET, code="ConditionNotMet", where="If-Match")
    unmodified = _moment(request, "if-unmodified-since")
    if unmodified and _seconds(modified_at) > unmodified:
        raise PreconditionFailed(_UNMET, code="ConditionNotMet", where="If-Unmodified-Since")
    if none_match:
        if _names(none_match, etag):
            raise NotModified(_UNMET, headers={"ETag": f'"{etag}"'})
        return  # If-None-Match decides alone when both are given (RFC 9110, 13.1.3)
    modified = _moment(request, "if-modified-since")
    if modified and _seconds(modified_at) <= modified:
        raise NotModified(_UNMET, headers={"ETag": f'"{etag}"'})


def check_write(request: Request, *, etag: str, modified_at: datetime | None) -> None:
    """Raises `PreconditionFailed` (412) or `Conflict` (BlobAlreadyExists) for a writer.

    An empty `etag` means that there is no blob yet.
    """
    match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if none_match.strip() == "*" and etag:
        raise Conflict("The specified blob already exists", code="BlobAlreadyExists")
    if (match and not (etag and _names(match, etag))) or (
        none_match and etag and _names(none_match, etag)
    ):
        raise PreconditionFailed(
            _UNMET, code="ConditionNotMet", where="If-Match" if match else "If-None-Match"
        )
    if modified_at is None:
        return
    unmodified = _moment(request, "if-unmodified-since")
    modified = _moment(request, "if-modified-since")
    if (unmodified and _seconds(modified_at) > unmodified) or (
        modified and _seconds(modified_at) <= modified
    ):
        raise PreconditionFailed(
            _UNMET,
            code="ConditionNotMet",
            where="If-Unmodified-Since" if unmodified else "If-Modified-Since",
        )


def _names(header: str, etag: str) -> bool:
    given = [part.strip().removeprefix("W/").strip('"') for part in header.split(",")]
    return "*" in given or etag in given


def _moment(request: Request, name: str) -> datetime | None:
    text = request.headers.get(name)
    if not text:
        return None
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        raise BadInput(
            f"The value '{text}' for the header {name} is not an HTTP date",
            code="InvalidHeaderValue",
            where=name,
        ) from None


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)  # HTTP dates know no fractions
