"""The developer's credential, for `shipway env` and `shipway exec`."""

from shipway.azure.arm import developer_credential
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/credentials`."""
    del request
    found = developer_credential.get(store)
    return json_response(
        {
            "tenant_id": found.tenant_id,
            "subscription_id": found.subscription_id,
            "client_id": found.client_id,
            "client_secret": found.client_secret,
            "personal_access_token": found.personal_access_token,
        },
        headers=(("Cache-Control", "no-store"),),
    )
