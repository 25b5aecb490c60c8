"""What a request to the blob service is: method, level, `restype` and `comp` decide together.

Knows: the shape of a row; the rows stand in `wire/blob/table.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from shipway.base.errors import NotSupported
from shipway.store.store import Store
from shipway.wire.blob import headers
from shipway.wire.http import Request, Response

Level = Literal["service", "container", "blob"]
Verb = Callable[[Store, Request], Response]

# what a SAS adds to a query, in all three kinds of SAS
SAS_FIELDS = frozenset({
    "sv", "st", "se", "sp", "sr", "sig", "sip", "spr", "si", "ss", "srt", "ses", "skoid", "sktid",
    "skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "skdutid", "sduoid", "sdd",
    "rscc", "rscd", "rsce", "rscl", "rsct",
})  # fmt: skip
_ALWAYS = frozenset({"restype", "comp", "timeout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the service.

    `sas` are the letters of a SAS of which any one is enough, `action` is the role's action;
    `query` and `headers` name what is understood besides what every operation takes.
    """

    name: str
    method: str
    level: Level
    verb: Verb
    restype: str = ""
    comp: str = ""
    sas: str = ""
    action: str = ""
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    doc: str = ""

    @property
    def path(self) -> str:
        """The pattern of its path."""
        return {"service": "/", "container": "/{container}", "blob": "/{container}/{blob:path}"}[
            self.level
        ]


def level_of(request: Request) -> Level:
    """Whether the path names the service, a container or a blob."""
    _, _, rest = request.path.partition("/")
    container, slash, blob = rest.partition("/")
    if not container:
        return "service"
    return "blob" if slash and blob else "container"


def find(rows: Sequence[Operation], request: Request) -> Operation:
    """The row for a request. Raises `NotSupported` that names what has no row."""
    level = level_of(request)
    restype, comp = request.arg("restype").lower(), request.arg("comp").lower()
    for row in rows:
        if (row.method, row.level, row.restype, row.comp) == (
            request.method, level, restype, comp
        ):  # fmt: skip
            return row
    named = ", ".join(
        f"{name}={value}" for name, value in (("restype", restype), ("comp", comp)) if value
    )
    known = sorted({r.comp for r in rows if r.level == level and r.method == request.method} - {""})
    raise NotSupported(
        f"{request.method} of a {level}{f' with {named}' if named else ''} is not supported",
        code="UnsupportedQueryParameter" if named else "UnsupportedHttpVerb",
        where=named or request.method,
        hint=f"Known comp values here: {', '.join(known) or 'none'}.",
    )


def check(operation: Operation, request: Request) -> None:
    """Raises `NotSupported` for a parameter or header that the operation does not understand."""
    known = _ALWAYS | SAS_FIELDS | set(operation.query)
    for name, value in request.query:
        if name.lower() not in known:
            raise NotSupported(
                f"The query parameter '{name}' is not supported for {operation.name}",
                code="UnsupportedQueryParameter",
                status=400,
                where=name,
                hint=f"Leave it out (its value here: '{value[:80]}').",
            )
    headers.check_known(request, operation.headers)
