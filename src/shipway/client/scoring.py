"""Calls an online endpoint as any client would: through the front door, with the endpoint's key."""

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from shipway.base import front_door
from shipway.base.errors import Unavailable
from shipway.base.home import Home

_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringAnswer:
    """What the endpoint said; `deployment` is the one that answered."""

    status: int
    content: bytes
    deployment: str
    content_type: str


def score(
    home: Home, *, url: str, key: str, content: bytes, deployment: str = "",
    content_type: str = "application/json",
) -> ScoringAnswer:  # fmt: skip
    """One request. Raises `Unavailable` without a server."""
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=str(front_door.bundle(home)))
    connection = http.client.HTTPSConnection(
        "127.0.0.1", front_door.state(home).proxy_port, timeout=_SECONDS, context=context
    )
    connection.set_tunnel(parts.netloc, 443)
    headers: dict[str, str] = {"Authorization": f"Bearer {key}", "Content-Type": content_type}
    if deployment:
        headers["azureml-model-deployment"] = deployment
    try:
        connection.request("POST", parts.path, body=content, headers=headers)
        answer = connection.getresponse()
        fields = answer.headers
        return ScoringAnswer(
            status=answer.status, content=answer.read(),
            deployment=fields.get("azureml-model-deployment", ""),
            content_type=fields.get("Content-Type", ""),
        )  # fmt: skip
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            f"{parts.netloc} does not answer: {error}", code="ServerNotRunning", where=url,
            hint="Start the server with `shipway up`.",
        ) from None  # fmt: skip
    finally:
        connection.close()
