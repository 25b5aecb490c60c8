"""What a request names: account (the host's first label), container and blob (the path)."""

from dataclasses import dataclass
from urllib.parse import unquote

from shipway.base.errors import BadInput
from shipway.wire.http import Request

SUFFIX = ".blob.core.windows.net"
# the account's other services, whose properties alone are answered
_OTHERS = (".queue.core.windows.net", ".table.core.windows.net", ".file.core.windows.net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Empty where the path does not reach."""

    account: str
    container: str = ""
    blob: str = ""

    @property
    def where(self) -> dict[str, str]:
        """As arguments of the world's functions."""
        return {"account": self.account, "container": self.container, "name": self.blob}

    @property
    def resource(self) -> str:
        """The canonical resource of a SAS: `/blob/account/container[/blob]`."""
        tail = f"/{self.blob}" if self.blob else ""
        return f"/blob/{self.account}/{self.container}{tail}"


def of_request(request: Request) -> Target:
    """The target of a request. Raises `BadInput` (InvalidUri) for a path that is not UTF-8."""
    return of_path(request.host, request.path)


def of_path(host: str, path: str) -> Target:
    """The target of a host and a percent-encoded path. A blob's name is taken as it stands:
    `..` and `/` in it are letters like any other."""
    try:
        text = unquote(path, errors="strict")
    except UnicodeDecodeError:
        raise BadInput(
            "The requested URI does not represent any resource on the server: the path is not "
            "UTF-8",
            code="InvalidUri",
            where=path[:80],
        ) from None
    container, _, blob = text.removeprefix("/").partition("/")
    account = host.partition(":")[0].lower()
    for suffix in (SUFFIX, *_OTHERS):
        account = account.removesuffix(suffix)
    return Target(account=account, container=container, blob=blob)
