"""What a page gets and what it gives: asked by whom, answered with a template, a file, a way on.

Knows: sessions. Must not know: sockets (`service.py`), templates' contents.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from shipway.azure.entra.principals import Principal
from shipway.azure.entra.sign_ins import BrowserSession
from shipway.base.errors import BadInput
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request by a signed-in person. `params` are the named parts of the path, `form` the
    fields that were sent; who acts is the session's person, whatever a form says."""

    session: BrowserSession
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def principal(self) -> Principal:
        """Who acts."""
        return self.session.principal

    def number(self, name: str) -> int:
        """A number of the path. Raises `BadInput`."""
        text = self.params[name]
        if not text.isdecimal() or len(text) > 12:
            raise BadInput(f"'{text[:40]}' is not a number", where=self.path,
                           hint="Follow a link of the studio.")  # fmt: skip
        return int(text)

    def after(self) -> int:
        """How far a log was read; 0 when that was not said well."""
        text = self.query.get("after", "0")
        return int(text) if text.isdecimal() and len(text) < 16 else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A template with its context, a dataclass of `contexts.py`."""

    template: str
    title: str
    context: Any
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Go on to another page of the studio."""

    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """A file's content. It is never trusted: `is_shown` ones open in a sandbox without scripts."""

    name: str
    content: bytes
    content_type: str
    is_shown: bool


LogLine = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPiece:
    """Lines (kind, text) after a place in a log, the next place, and whether it has ended."""

    lines: Sequence[LogLine]
    last: int
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStream:
    """A log that is sent as it grows; `read` gives what is there after a place."""

    read: Callable[[int], LogPiece]
    after: int


Answer = Page | Redirect | FileAnswer | LogStream
Handler = Callable[[Store, Visit], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRoute:
    """A row of the studio's table. `{name}` takes one part of a path, `{name:path}` the rest."""

    method: Literal["GET", "POST"]
    pattern: str
    handler: Handler
    doc: str


def workspace_path(workspace: str) -> str:
    """A workspace in a path: resource group and name; the subscription is the home's own."""
    _, group, name = workspace.split("/")
    return f"{quote(group, safe='')}/{quote(name, safe='')}"
