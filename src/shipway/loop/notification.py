"""Failures and alerts to webhooks: a thread that posts what the stations have queued.

A post that fails is tried again a few times, then noted in the journal and given up, as Azure
does. Nothing of Azure's own is ever posted to: those names are answered by this machine.
Source: https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups#webhook
"""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from shipway.base import ids
from shipway.base.errors import BadInput
from shipway.base.front_door import is_azure_name
from shipway.base.messages import Event
from shipway.loop.queue_thread import QueueThread
from shipway.store.queue import WorkItem
from shipway.store.store import Store

QUEUE = "notification"
_SECONDS = 10.0
_LEASE_SECONDS = 300.0
_PAUSES = (1.0, 5.0, 20.0)


def check_url(url: str) -> None:
    """Raises `BadInput` for what no webhook can be at."""
    host = _host_of(url)
    if not host:
        raise BadInput(
            f"The webhook's address '{url}' is not valid", code="BadRequest", where="serviceUri",
            hint="An http or https URL of ASCII characters, without blanks.",
        )  # fmt: skip
    if is_azure_name(host):
        raise BadInput(
            f"The webhook's address '{url}' is a name of Azure, which is never called from here",
            code="BadRequest", where="serviceUri",
        )  # fmt: skip


def _host_of(url: str) -> str:
    """The host of a URL that can be posted to, else empty."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
        host.encode("idna")  # what the socket does with a name: labels of 1 to 63 characters
    except ValueError:
        return ""
    is_plain = url.isascii() and url.isprintable() and " " not in url
    return host if is_plain and parts.scheme in ("http", "https") and port != 0 else ""


def send(store: Store, *, item: str, url: str, body: Mapping[str, Any]) -> None:
    """Queue a post, in the caller's transaction."""
    store.queue.put(QUEUE, item, {"url": url, "body": dict(body)})


def post(url: str, body: Mapping[str, Any]) -> int:
    """Post once, without any proxy; the status. Raises `OSError`, `http.client.HTTPException`
    and `ValueError` (of an address that is none)."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(
            "POST", path, body=json.dumps(dict(body)).encode(),
            headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "shipway"},
        )  # fmt: skip
        answer = connection.getresponse()
        answer.read(1 << 16)
        return answer.status
    finally:
        connection.close()


class Notifier:
    """Empties the queue. `start` once, `stop` once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holder = f"notifier {ids.new_guid()[:8]}"
        self._thread = QueueThread(store, QUEUE, self.work, name="notifier")

    def start(self) -> None:
        """Begin with what an earlier server left unsent."""
        self._thread.start()

    def stop(self) -> None:
        """End after the post at hand; what is left is sent by the next server."""
        self._thread.stop(seconds=_SECONDS)

    def work(self) -> bool:
        """Send what waits, in the calling thread; False when nothing did."""
        found = self._store.queue.lease(QUEUE, holder=self._holder, seconds=_LEASE_SECONDS, limit=1)
        for item in found:
            self._deliver(item)
        return bool(found)

    def _deliver(self, item: WorkItem) -> None:
        url, reason = str(item.payload["url"]), ""
        for pause in (*_PAUSES, 0.0):
            try:
                status = post(url, item.payload["body"])
                reason = "" if 200 <= status < 300 else f"it answered {status}"
            except (OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
            except ValueError as error:  # after OSError: those of TLS are both
                reason = f"its address is not valid: {error}"
                break  # it will be the same one next time
            if not reason:
                break
            if self._thread.stopping.wait(pause):
                return  # the lease ends with this server; the next one tries again
        kind = "WebhookFailed" if reason else "WebhookDelivered"
        data = {"url": url, "reason": reason} if reason else {"url": url}
        with self._store.database.transaction():
            now = self._store.clock.now()
            self._store.journal.append(Event(kind=kind, subject=item.item, at=now, data=data))
            self._store.queue.complete(item.item)
