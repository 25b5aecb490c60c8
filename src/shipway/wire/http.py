"""Requests, responses and routes: what every protocol's file is written in.

No web framework shows above this module. Handlers are synchronous, run in a bounded pool of
threads and get a whole request; a body past `MEMORY_LIMIT` lies in a file. `gateway/http_server.py`
turns sockets into `Request` and `Response` into bytes.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput
from shipway.store.files import read_chunks

MEMORY_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Header fields; names in any letter case."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        wanted = name.lower()
        return next((v for n, v in self.fields if n.lower() == wanted), default)

    def __contains__(self, name: str) -> bool:
        return any(n.lower() == name.lower() for n, _ in self.fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A request's body: in memory, or in a temporary file that the server removes afterwards."""

    content: bytes = b""
    file: Path | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content) if self.file is None else self.file.stat().st_size

    def read(self) -> bytes:
        """The whole body."""
        return self.content if self.file is None else self.file.read_bytes()

    def chunks(self) -> Iterable[bytes]:
        """The body in pieces, for contents of any size."""
        return [self.content] if self.file is None else read_chunks(self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as a handler sees it.

    `path` is still percent-encoded, `params` holds the decoded parts that the route's pattern
    names; `query` keeps the order and repetitions of the parameters. `principal` is who acts, set
    by the protocol's authentication.
    """

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Headers = field(default_factory=Headers)
    body: Body = field(default_factory=Body)
    params: Mapping[str, str] = field(default_factory=dict)
    principal: Principal = ANONYMOUS
    request_id: str = ""
    scheme: str = "https"
    raw_query: str = ""

    def arg(self, name: str, default: str = "") -> str:
        """A query parameter, its name in any letter case."""
        wanted = name.lower()
        return next((v for n, v in self.query if n.lower() == wanted), default)

    def args(self, name: str) -> list[str]:
        """All values of a repeated query parameter."""
        return [v for n, v in self.query if n.lower() == name.lower()]

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `BadInput` with the line and column of the fault."""
        value = self.json_value()
        if not isinstance(value, dict):
            raise BadInput(
                f"the body is a JSON {type(value).__name__}, an object is needed",
                code="InvalidRequestContent",
                where=f"{self.method} {self.path}",
            )
        return value

    def json_value(self) -> Any:  # noqa: ANN401  # JSON of any shape
        """The body as any JSON value. Raises `BadInput`."""
        try:
            return json.loads(self.body.read() or b"{}")
        except UnicodeDecodeError as error:
            raise BadInput(
                f"the body is not UTF-8 text (byte {error.start})",
                code="InvalidRequestContent",
                where=f"{self.method} {self.path}",
            ) from None
        except (json.JSONDecodeError, RecursionError) as error:
            place = (
                f"line {error.lineno} column {error.colno}: {error.msg}"
                if isinstance(error, json.JSONDecodeError)
                else "it is nested too deeply"
            )
            raise BadInput(
                f"the body is not JSON: {place}",
                code="InvalidRequestContent",
                where=f"{self.method} {self.path}",
            ) from None

    @property
    def url(self) -> str:
        """The URL as the client wrote it."""
        query = f"?{self.raw_query}" if self.raw_query else ""
        return f"{self.scheme}://{self.host}{self.path}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBody:
    """Part of a file as an answer: `length` bytes from `offset`."""

    path: Path
    offset: int = 0
    length: int | None = None


ResponseBody = bytes | FileBody | Iterable[bytes] | AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. A body of iterables is sent in chunks; an async iterator holds no thread.

    `cleanup` runs when the answer was sent or the caller went away.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: ResponseBody = b""
    cleanup: Callable[[], None] | None = None

    def with_headers(self, *more: tuple[str, str]) -> "Response":
        """The same answer with further header fields."""
        return Response(
            status=self.status, headers=self.headers + more, body=self.body, cleanup=self.cleanup
        )


def json_response(
    value: object, *, status: int = 200, headers: Sequence[tuple[str, str]] = ()
) -> Response:
    """An answer of JSON."""
    return Response(
        status=status,
        headers=(("Content-Type", "application/json; charset=utf-8"), *headers),
        body=json.dumps(value, separators=(",", ":")).encode(),
    )


Handler = Callable[[Request], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of a protocol's table.

    `pattern`: `/subscriptions/{subscription}/resourcegroups/{group}`; literal parts match in any
    letter case where the protocol's table says so; `{rest:path}` takes everything that is left.
    A part may mix text and one name (`versions({id})` or `{id}.zip`). `action` is the permission
    that the caller needs (`Microsoft.MachineLearningServices/workspaces/jobs/read`), empty when the
    handler decides itself. `query` names the parameters that are understood besides api-version;
    None: the handler checks. `api_versions` names those accepted; empty: any. `doc`: the source.
    """

    method: str
    pattern: str
    handler: Handler
    action: str = ""
    query: tuple[str, ...] | None = None
    api_versions: tuple[str, ...] = ()
    doc: str = ""


class RouteTable:
    """Routes in the order in which they are tried."""

    def __init__(self, routes: Sequence[Route], *, ignore_case: bool = True) -> None:
        self.routes = tuple(routes)
        flags = re.IGNORECASE if ignore_case else 0
        self._compiled = [(_compile(r.pattern, flags), r) for r in self.routes]

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The first route for method and path, with the decoded named parts; else None."""
        for regex, route in self._compiled:
            if route.method != method:
                continue
            found = regex.fullmatch(path)
            if found:
                return route, {n: unquote(v) for n, v in found.groupdict().items()}
        return None

    def methods(self, path: str) -> list[str]:
        """Which methods a path knows; empty when the path itself is unknown."""
        return sorted({r.method for regex, r in self._compiled if regex.fullmatch(path)})


def _compile(pattern: str, flags: int) -> re.Pattern[str]:
    parts = re.split(r"(\{[a-z_]+(?::path)?\})", pattern)
    text = ""
    for part in parts:
        if part.startswith("{") and part.endswith(":path}"):
            text += f"(?P<{part[1:-6]}>.*)"
        elif part.startswith("{"):
            text += f"(?P<{part[1:-1]}>[^/]+)"
        else:
            text += re.escape(part)
    return re.compile(text.rstrip("/") + "/?" if text != "/" else "/?", flags)
