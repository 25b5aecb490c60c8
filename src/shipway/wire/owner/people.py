"""The people of this home, as the command line needs to know them, and who a command acts as."""

from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/users`: names and object id; makes the demo users once."""
    del request
    users.ensure_demo_users(store)
    return json_response(
        [
            {
                "name": u.name,
                "display_name": u.display_name,
                "object_id": u.object_id,
                "principal_name": u.principal_name,
            }
            for u in users.list_users(store)
        ]
    )


def acting(store: Store, request: Request) -> Principal:
    """Who the owner's command acts as: the body's `as`, else the owner.

    The owner's token opens every person's door on this machine; what a person may do is asked
    of that person. Raises `NotFound` for a name that nobody has.
    """
    name = text(request, "as")
    return users.principal_of(store, users.get(store, name)) if name else users.owner(store)


def text(request: Request, name: str) -> str:
    """A text field of the body, empty when it is not there. Raises `BadInput`."""
    value = request.json().get(name) or ""
    if not isinstance(value, str):
        raise BadInput(f"the field '{name}' must be text", where=name, hint="Give it in quotes.")
    return value


def object_id(store: Store, name: str) -> str:
    """The id of a user by name; an id stays what it is, and nothing stays nothing."""
    found = users.find(store, name) if name else None
    return found.object_id if found else name
