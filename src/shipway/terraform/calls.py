"""What the resources ask of the services: ARM, Graph, Azure DevOps and data planes."""

from collections.abc import Collection, Mapping
from typing import Any

from shipway.base.errors import NotSupported, ShipwayError

_ACCEPTED = (200, 201, 202, 204)


class ApiError(ShipwayError):
    """A service's answer that is not what was hoped for."""

    def __init__(self, status: int, code: str, message: str, *, target: str = "") -> None:
        super().__init__(message, code=code, status=status, where=target)
        self.target = target


class Calls:
    """One configured provider. Safe to use from many threads at once.

    Every call raises `ApiError` for a status outside `accept` and `Unavailable` when nobody
    answers.
    """

    subscription_id: str
    tenant_id: str
    client_id: str
    object_id: str
    features: dict[str, Any]
    organization: str

    def arm(
        self,
        method: str,
        path: str,
        *,
        api_version: str,
        body: Any = None,  # noqa: ANN401  # any JSON value
        accept: Collection[int] = _ACCEPTED,
        missing_ok: bool = False,
    ) -> dict[str, Any] | None:
        """A call of Resource Manager; a long-running operation is waited for, then read.

        None for a 204, and for a 404 with `missing_ok`.
        """
        raise NotSupported(f"{method} {path}")

    def graph(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,  # noqa: ANN401  # any JSON value
        beta: bool = False,
        accept: Collection[int] = _ACCEPTED,
        missing_ok: bool = False,
    ) -> dict[str, Any] | None:
        """A call of Microsoft Graph below `/v1.0` (or `/beta`)."""
        raise NotSupported(f"{method} {path}")

    def devops(
        self,
        method: str,
        path: str,
        *,
        api_version: str = "7.1",
        body: Any = None,  # noqa: ANN401  # any JSON value
        accept: Collection[int] = _ACCEPTED,
        missing_ok: bool = False,
        host: str = "dev.azure.com",
    ) -> Any:  # noqa: ANN401  # an object, a list or nothing
        """A call of Azure DevOps below the organization, e.g. `/_apis/projects`."""
        raise NotSupported(f"{method} {path}")

    def data(
        self,
        method: str,
        url: str,
        *,
        resource: str,
        body: Any = None,  # noqa: ANN401  # any JSON value
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        missing_ok: bool = False,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """A call of a data plane (vault, blob) with a token for `resource`.

        Status, header fields in lower case, body.
        """
        raise NotSupported(f"{method} {url}")

    def wait(self, seconds: float) -> None:
        """Hold the thread; ends early when Terraform asks to stop."""
        raise NotSupported(f"waiting {seconds} s")
