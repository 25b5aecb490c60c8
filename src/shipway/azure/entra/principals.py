"""Who acts: the identity that a token, a password or a browser session stands for."""

from dataclasses import dataclass
from typing import Literal

PrincipalKind = Literal["User", "ServicePrincipal", "ManagedIdentity", "Owner", "Anonymous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An identity. `object_id` is its Entra object id, `app_id` the client id of an application.

    `Owner` is the person whose machine this is (the command line with the server's own token);
    it may do everything but approve its own request. `Anonymous` has presented nothing.
    `run_id` is set for a pipeline job's own token (System.AccessToken), `check_run_id` besides for
    the one that a check gives to the service that it asks: it decides that check, and jobs do not.
    """

    kind: PrincipalKind
    object_id: str
    name: str
    tenant_id: str
    app_id: str = ""
    run_id: int = 0
    check_run_id: str = ""


ANONYMOUS = Principal(kind="Anonymous", object_id="", name="anonymous", tenant_id="")
