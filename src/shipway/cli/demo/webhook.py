"""A listener for the notifications of failed runs: a real webhook on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shipway.base import clock

_LARGEST = 1 << 20


class Webhook:
    """Listens until `close`; `received` holds the notifications in their order."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), _LARGEST)
                try:
                    received.append(dict(json.loads(self.rfile.read(length) or b"{}")))
                except ValueError:
                    self.send_error(400)
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # its signature
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self._server.server_port}/notify"

    def wait(self, seconds: float) -> dict[str, Any] | None:
        """The first notification, or None when none came in time."""
        end = clock.monotonic() + seconds
        while not self.received and clock.monotonic() < end:
            clock.sleep(0.05)
        return self.received[0] if self.received else None

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
