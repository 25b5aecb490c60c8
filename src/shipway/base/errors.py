"""Everything that shipway raises on purpose.

::

    ShipwayError                 code, status, message, where, hint
     ├── BadInput            400  the request, file or argument is wrong
     ├── Unauthenticated     401  no credential, or one that does not hold
     ├── Forbidden           403  the identity is known and lacks the role
     ├── NotFound            404  no such thing
     ├── Conflict            409  the thing is there already, or in another state
     ├── Gone                410  it was there once
     ├── PreconditionFailed  412  an etag or a lease does not match
     ├── TooLarge            413  past a stated limit
     ├── NotSupported        501  known to Azure, not to shipway: refused by name
     ├── Unavailable         503  a part that is needed is not up
     └── Cancelled           499  the caller went away or asked to stop

Each carries the protocol-neutral words only; `wire/errors.py` prints them in each protocol's
own envelope.
"""


class ShipwayError(Exception):
    """A failure with a name: what (`message`), where (`where`) and what to do (`hint`).

    `code` is the word a client compares (`ResourceNotFound`), `status` the HTTP status that it
    travels with; `headers` go with the answer where the protocol asks for it.
    """

    default_code = "ShipwayError"
    default_status = 500

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        where: str = "",
        hint: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.status = status or self.default_status
        self.where = where
        self.hint = hint
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        parts = [self.message]
        if self.where:
            parts.append(f"at {self.where}")
        if self.hint:
            parts.append(self.hint)
        return " - ".join(parts)


class BadInput(ShipwayError):
    """The request, file or argument is wrong."""

    default_code, default_status = "BadRequest", 400


class Unauthenticated(ShipwayError):
    """No credential, or one that does not hold."""

    default_code, default_status = "AuthenticationFailed", 401


class Forbidden(ShipwayError):
    """The identity is known and lacks the role."""

    default_code, default_status = "AuthorizationFailed", 403


class NotFound(ShipwayError):
    """No such thing."""

    default_code, default_status = "ResourceNotFound", 404


class Conflict(ShipwayError):
    """The thing is there already, or in a state that does not allow this."""

    default_code, default_status = "Conflict", 409


class Gone(ShipwayError):
    """It was there once."""

    default_code, default_status = "Gone", 410


class PreconditionFailed(ShipwayError):
    """An etag or a lease does not match."""

    default_code, default_status = "PreconditionFailed", 412


class TooLarge(ShipwayError):
    """Past a stated limit."""

    default_code, default_status = "RequestEntityTooLarge", 413


class NotSupported(ShipwayError):
    """Known to Azure, not to shipway: refused by name."""

    default_code, default_status = "NotSupported", 501


class Unavailable(ShipwayError):
    """A part that is needed is not up."""

    default_code, default_status = "ServiceUnavailable", 503


class Cancelled(ShipwayError):
    """The caller went away or asked to stop."""

    default_code, default_status = "Cancelled", 499
