"""Every protocol that is answered, by the family that `gateway/hosts.py` gives a host name.

`protocols` is what the server builds once; each folder's own `table.py` lists its routes.
"""

from collections.abc import Mapping

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.store.store import Store
from shipway.wire.chain import WireProtocol
from shipway.wire.entra import table as entra
from shipway.wire.errors import arm_error
from shipway.wire.http import Request, Route, RouteTable


def protocols(store: Store) -> Mapping[str, WireProtocol]:
    """Family -> protocol. `unsupported` answers for the rest of Azure's names."""
    return {
        "entra": entra.protocol(store),
        "identity": entra.protocol_plain(store),
        "unsupported": unsupported(),
    }


def unsupported() -> WireProtocol:
    """Names of Azure's that nothing here serves: every request is refused by name."""
    return WireProtocol(
        name="unsupported host",
        table=RouteTable(()),
        authenticate=_anonymous,
        authorize=_allowed,
        envelope=arm_error,
    )


def _anonymous(request: Request) -> Principal:
    del request
    return ANONYMOUS


def _allowed(request: Request, route: Route) -> None:
    del request, route
