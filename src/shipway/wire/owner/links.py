"""One-time links into the studio."""

from shipway.azure.entra import sign_ins
from shipway.base.clock import timestamp
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people


def create(store: Store, request: Request) -> Response:
    """`POST /api/v1/links` {as, page}: a link that signs `as` in, once, within minutes."""
    person = people.acting(store, request)
    link = sign_ins.create_link(
        store, user=person.object_id, page=people.text(request, "page") or "/"
    )
    return json_response(
        {
            "url": f"http://{request.host}/sign-in/{link.token}",
            "user": link.user,
            "page": link.page,
            "expires_at": timestamp(link.expires_at),
        },
        status=201,
        headers=(("Cache-Control", "no-store"),),
    )
