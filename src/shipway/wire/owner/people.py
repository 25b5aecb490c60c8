"""The people of this home, as the command line needs to know them."""

from shipway.azure.entra import users
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/users`: name, shown name and object id; makes the demo users once."""
    del request
    users.ensure_demo_users(store)
    return json_response(
        [
            {"name": u.name, "display_name": u.display_name, "object_id": u.object_id}
            for u in users.list_users(store)
        ]
    )
