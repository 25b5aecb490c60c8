"""Branch policies: none here, and none can be made; refused by name.

Source: https://learn.microsoft.com/rest/api/azure/devops/policy/configurations
"""

from shipway.base.errors import NotSupported
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route


class Policies:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET policy/configurations and policy/types: there are none."""
        shapes.project_of(self._store, request)
        return shapes.collection([])

    def create(self, request: Request) -> Response:
        """POST policy/configurations: refused by the type's name."""
        asked = body_of(request).child("type")
        kind = asked.text("displayName", "") or asked.text("id", "without a type")
        raise NotSupported(
            f"branch policies are not supported: '{kind[:100]}'",
            code="PolicyNotSupportedException", where="type",
            hint="Pull requests are not served; protect the environment with an approval.",
        )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Policies."""
    noun = Policies(store)
    listed = ("scope", "policyType", "$top", "continuationToken")
    return (
        in_project("GET", "policy/configurations", noun.list_all, query=listed),
        in_project("POST", "policy/configurations", noun.create, action="administer"),
        in_project("GET", "policy/types", noun.list_all),
    )
