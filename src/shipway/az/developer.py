"""The home's developer as the SDK's caller: credential, workspace, client."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

from shipway.az import preload
from shipway.base import clock, config, front_door
from shipway.base.errors import NotFound, ShipwayError
from shipway.base.home import Home
from shipway.client.azure import AzureClient
from shipway.client.session import Session

_SECONDS = 3600
_API = "2024-10-01-preview"
_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A workspace."""

    group: str
    workspace: str


class DeveloperCredential:
    """Tokens of the home's developer, kept for the life of this process and nowhere else."""

    def __init__(self, credentials: dict[str, str], session: requests.Session) -> None:
        self._credentials = credentials
        self._session = session
        self._tokens: dict[str, AccessToken] = {}

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401  # SDK's protocol
        """A token for the first scope. Raises `ShipwayError` with Entra's words."""
        del options
        scope = scopes[0]
        if scope not in self._tokens:
            self._tokens[scope] = self._bought(scope)
        return self._tokens[scope]

    def _bought(self, scope: str) -> AccessToken:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials["client_id"],
            "client_secret": self._credentials["client_secret"],
            "scope": scope,
        }
        url = (
            f"https://login.microsoftonline.com/{self._credentials['tenant_id']}/oauth2/v2.0/token"
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._session.post(url, data=urlencode(form), headers=headers, timeout=60)
        body = answer.json()
        if answer.status_code >= 400:
            raise ShipwayError(str(body.get("error_description", body)), code="LoginFailed")
        until = int(clock.SystemClock().now().timestamp()) + int(body.get("expires_in", _SECONDS))
        return AccessToken(str(body["access_token"]), until)


class Developer:
    """One home's developer; raises `Unavailable` when no server runs."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.session = Session(home)
        self._credentials: dict[str, str] = self.session.get("/credentials")
        go_through_the_door(home)
        self._http = requests.Session()
        self.credential = DeveloperCredential(self._credentials, self._http)

    @property
    def subscription_id(self) -> str:
        """The home's subscription."""
        return self._credentials["subscription_id"]

    def transport(self) -> RequestsTransport:
        """One connection pool for all of the SDK's clients: one TLS handshake per host."""
        return RequestsTransport(session=self._http, session_owner=False)

    def place(self, *, workspace: str, group: str) -> tuple[Place, bool]:
        """The workspace that is asked for, or the home's only one; whether it had to be made.

        Raises `NotFound` naming those that there are when it is not clear which.
        """
        known = [
            Place(group=row["resourceGroup"], workspace=row["name"])
            for row in self.session.get("/workspaces")["value"]
        ]
        fitting = [
            place
            for place in known
            if workspace.lower() in ("", place.workspace) and group.lower() in ("", place.group)
        ]
        if len(fitting) == 1:
            return fitting[0], False
        if known or workspace or group:
            raise _unclear(known, fitting, workspace)
        self._make_default()
        return Place(group=_DEFAULT, workspace=_DEFAULT), True

    def _make_default(self) -> None:
        arm = AzureClient(self._home)
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{_DEFAULT}"
        body = {"location": "westeurope"}
        arm.arm("PUT", group, api_version="2021-04-01", body=body)
        url = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{_DEFAULT}"
        identity = {"identity": {"type": "SystemAssigned"}, "properties": {}}
        arm.arm("PUT", url, api_version=_API, body={**body, **identity})


def go_through_the_door(home: Home) -> None:
    """Send this process's own calls to the home's server; only Azure's names are called here.

    Trusting our authority alone spares the 25 ms that reading the machine's certificates costs.
    """
    door = front_door.variables(home)
    authority = str(home.authority / "authority.pem")
    door |= dict.fromkeys(front_door.BUNDLE_VARIABLES, authority)
    preload.replace_environment({**config.environment(), **door})


def _unclear(known: list[Place], fitting: list[Place], workspace: str) -> NotFound:
    names = ", ".join(f"{place.group}/{place.workspace}" for place in (fitting or known))
    what = "several workspaces fit" if fitting else f"there is no workspace '{workspace}' here"
    return NotFound(
        what, code="WorkspaceNotClear", where=f"--workspace {workspace}".strip(),
        hint=f"Say which with -w and -g: {names or 'there is none yet'}.",
    )  # fmt: skip
