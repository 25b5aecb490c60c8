"""Serves the studio's pages on the loop that serves everything: static files, pages, streams.

The order of every request stands in `handle`: place, session, form, page.
"""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from shipway.azure.entra import sign_ins
from shipway.azure.entra.sign_ins import BrowserSession
from shipway.base.errors import (
    BadInput,
    NotFound,
    NotSupported,
    ShipwayError,
    TooLarge,
    Unauthenticated,
)
from shipway.store.store import Store
from shipway.studio import guard, rendering, table
from shipway.studio.contexts import ErrorContext, FrameContext, SignedInContext
from shipway.studio.exchange import Answer, FileAnswer, LogStream, Page, Redirect, Visit
from shipway.studio.live import Live
from shipway.studio.routing import match, methods_of
from shipway.studio.threads import Threads

_LOG = logging.getLogger(__name__)
_THREADS = 4
_FORM_LIMIT = 64 * 1024
_STATIC_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Unexpected(ShipwayError):
    """A fault of our own."""

    default_code, default_status = "InternalServerError", 500


class Studio:
    """Answers every plain request that is not for the owner's API. `close` once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads = Threads(_THREADS)
        self._live = Live(store, self._threads)
        self._templates = rendering.environment()
        self._static = {
            file.name: file.read_bytes() for file in rendering.STATIC.iterdir() if file.is_file()
        }

    def close(self) -> None:
        """End the streams and the threads."""
        self._live.close()
        self._threads.close()

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """The answer to one request."""
        session: BrowserSession | None = None
        try:
            guard.check_place(incoming)
            path = incoming.rel_url.raw_path
            if path.startswith("/static/"):
                return await self._send_static(incoming, path.removeprefix("/static/"))
            if path.startswith("/sign-in/"):
                return await self._sign_in(incoming, path.removeprefix("/sign-in/"))
            token = guard.cookie(incoming)
            session = await self._threads.run(guard.session, self._store, token)
            form = await _form(incoming)
            if incoming.method == "POST":
                guard.check_form(session, form)
                if path == "/sign-out":
                    return await self._sign_out(incoming, token)
            if path == "/events":
                return await self._live.send(incoming, self._live.changes(), dict(guard.HEADERS))
            return await self._answer(incoming, session, path, form)
        except ShipwayError as error:
            return await self._refuse(incoming, error, session)
        except ConnectionError:
            raise
        except Exception:
            _LOG.exception("studio: %s %s", incoming.method, incoming.rel_url.raw_path)
            fault = Unexpected(
                f"the studio failed on {incoming.method} {incoming.rel_url.raw_path}",
                where="logs/server.log of the home", hint="The cause stands there.",
            )  # fmt: skip
            return await self._refuse(incoming, fault, session)

    async def _answer(
        self, incoming: web.BaseRequest, session: BrowserSession, path: str, form: dict[str, str]
    ) -> web.StreamResponse:
        found = match(table.PAGES, incoming.method, path)
        if found is None:
            raise _unknown(incoming.method, path)
        route, params = found
        visit = Visit(
            session=session, path=unquote(path), params=params, form=form,
            query=dict(parse_qsl(incoming.rel_url.raw_query_string)),
        )  # fmt: skip
        answer = await self._threads.run(route.handler, self._store, visit)
        return await self._send(incoming, session, answer)

    async def _send(
        self, incoming: web.BaseRequest, session: BrowserSession, answer: Answer
    ) -> web.StreamResponse:
        if isinstance(answer, LogStream):
            events = self._live.log(answer)
            return await self._live.send(incoming, events, dict(guard.HEADERS))
        if isinstance(answer, Redirect):
            return await _plain(incoming, 303, b"", "text/html", {"Location": answer.location})
        if isinstance(answer, FileAnswer):
            return await _send_file(incoming, answer)
        return await self._send_page(incoming, answer, session)

    async def _send_page(
        self, incoming: web.BaseRequest, page: Page, session: BrowserSession | None
    ) -> web.StreamResponse:
        frame = _frame(page.title, incoming.rel_url.raw_path, session)
        text = await self._threads.run(
            rendering.render, self._templates, page.template, frame=frame, context=page.context
        )
        return await _plain(incoming, page.status, text.encode(), "text/html", {})

    async def _sign_in(self, incoming: web.BaseRequest, token: str) -> web.StreamResponse:
        if incoming.method != "GET":
            raise _unknown(incoming.method, "/sign-in")
        made, page = await self._threads.run(sign_ins.redeem, self._store, unquote(token))
        frame = _frame("Signed in", "/sign-in", None)
        text = await self._threads.run(
            rendering.render, self._templates, "signed_in.html", frame=frame,
            context=SignedInContext(page=page),
        )  # fmt: skip
        port = guard.port_of(incoming)
        field = guard.cookie_field(port, made, seconds=sign_ins.SESSION_SECONDS)
        # no redirect: a browser that came from another site would follow it without the cookie
        return await _plain(incoming, 200, text.encode(), "text/html", {"Set-Cookie": field})

    async def _sign_out(self, incoming: web.BaseRequest, token: str) -> web.StreamResponse:
        await self._threads.run(sign_ins.end_session, self._store, token)
        field = guard.cookie_field(guard.port_of(incoming), "", seconds=0)
        return await _plain(
            incoming, 303, b"", "text/html", {"Location": "/runs", "Set-Cookie": field}
        )

    async def _send_static(self, incoming: web.BaseRequest, name: str) -> web.StreamResponse:
        content = self._static.get(name)
        if content is None or incoming.method != "GET":
            raise _unknown(incoming.method, f"/static/{name}")
        kind = _STATIC_TYPES.get(name[name.rfind(".") :], "application/octet-stream")
        return await _plain(incoming, 200, content, kind, {})

    async def _refuse(
        self, incoming: web.BaseRequest, error: ShipwayError, session: BrowserSession | None
    ) -> web.StreamResponse:
        context = ErrorContext(
            status=error.status, name=_phrase(error.status), message=error.message,
            where=error.where, hint=error.hint,
            is_sign_in=isinstance(error, Unauthenticated), path=incoming.rel_url.raw_path,
        )  # fmt: skip
        page = Page(template="error.html", title=context.name, context=context, status=error.status)
        return await self._send_page(incoming, page, session)


def _frame(title: str, path: str, session: BrowserSession | None) -> FrameContext:
    return FrameContext(
        title=title,
        section=path.split("/")[1] if "/" in path else "",
        user=session.display_name if session else "",
        csrf_token=session.csrf_token if session else "",
        sections=table.SECTIONS if session else (),
    )


async def _form(incoming: web.BaseRequest) -> dict[str, str]:
    """The fields of a form. Raises `TooLarge` and `BadInput`."""
    if incoming.method != "POST":
        return {}
    if incoming.content_type != "application/x-www-form-urlencoded":
        raise BadInput(
            f"a form is needed, not {incoming.content_type[:60]}", code="NotAForm",
            where="Content-Type", status=415, hint="Use the studio's own pages.",
        )  # fmt: skip
    content = b""
    while piece := await incoming.content.read(_FORM_LIMIT):
        content += piece
        if len(content) > _FORM_LIMIT:
            raise TooLarge(f"a form has at most {_FORM_LIMIT} bytes", where="body",
                           hint="Write less.")  # fmt: skip
    text = content.decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))


async def _send_file(incoming: web.BaseRequest, file: FileAnswer) -> web.StreamResponse:
    name = "".join(c if c.isalnum() or c in "._-" else "_" for c in file.name)
    way = "inline" if file.is_shown else "attachment"
    headers: dict[str, Any] = {
        "Content-Disposition": f'{way}; filename="{name}"',
        "Content-Security-Policy": guard.SANDBOX,
    }
    return await _plain(incoming, 200, file.content, file.content_type, headers)


async def _plain(
    incoming: web.BaseRequest, status: int, content: bytes, kind: str, more: dict[str, str]
) -> web.StreamResponse:
    text = kind.startswith("text/")
    headers = {
        **guard.HEADERS, "Content-Type": f"{kind}; charset=utf-8" if text else kind,
        "Server": "shipway", **more,
    }  # fmt: skip
    answer = web.Response(status=status, body=content, headers=headers)
    await answer.prepare(incoming)
    await answer.write_eof()
    return answer


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _unknown(method: str, path: str) -> ShipwayError:
    known = methods_of(table.PAGES, path)
    if known:
        return NotSupported(
            f"{path[:200]} does not take {method}", code="MethodNotSupported", status=405,
            where=path[:200], hint=f"It takes {', '.join(known)}.",
        )  # fmt: skip
    return NotFound(
        f"there is no page {path[:200]}", code="NoSuchPage", where=path[:200],
        hint="Start at /runs.",
    )  # fmt: skip
