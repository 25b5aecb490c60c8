"""What Azure DevOps takes as a credential: personal access tokens and pipeline jobs' own tokens.

Knows: users, hashes. Must not know: projects, permissions, HTTP beyond the words of one header.
Source: https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipway.azure.entra import audiences, tenant, tokens, users
from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.clock import parse_timestamp, timestamp
from shipway.base.errors import Unauthenticated
from shipway.store import secrets
from shipway.store.documents import Document
from shipway.store.store import Store

JOB_AUDIENCE = "app.vstoken.visualstudio.com"
BUILD_SERVICE = "Build Service"
_KIND = "personal_access_token"
_LOOKUP = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAccessToken:
    """A token's facts. `text` is set only in the answer that makes it."""

    token_id: str
    user_object_id: str
    display_name: str
    ends_at: datetime
    text: str = ""


def create(
    store: Store, *, user: str, display_name: str = "", days: int = 365
) -> PersonalAccessToken:
    """Make a token for a user (name or object id). Raises `NotFound`. A hash is kept."""
    person = users.get(store, user)
    lookup, secret = ids.new_guid().replace("-", "")[:_LOOKUP], ids.new_token()
    ends_at = store.clock.now() + timedelta(days=days)
    document = store.documents.create(
        _KIND,
        lookup,
        {
            "user": person.object_id,
            "display_name": display_name,
            "hash": secrets.hash_of(secret),
            "ends_at": timestamp(ends_at),
        },
    )
    return _token(document, text=lookup + secret)


def list_tokens(store: Store) -> list[PersonalAccessToken]:
    """The facts of all tokens."""
    return [_token(d) for d in store.documents.list(_KIND)]


def revoke(store: Store, token_id: str) -> bool:
    """Take a token back; False when there was none."""
    return store.documents.delete(_KIND, token_id)


def check(store: Store, text: str) -> Principal:
    """The person behind a token. Raises `Unauthenticated`."""
    found = store.documents.find(_KIND, text[:_LOOKUP])
    if found is None or not secrets.matches(text[_LOOKUP:], found.body["hash"]):
        raise _refused("The personal access token is not one of this organization's")
    if parse_timestamp(found.body["ends_at"]) < store.clock.now():
        raise _refused("The personal access token has expired")
    user = users.find(store, found.body["user"])
    if user is None:
        raise _refused("The personal access token's user no longer exists")
    return users.principal_of(store, user)


def issue_job_token(store: Store, *, run_id: int, seconds: int = 3600 * 6) -> str:
    """A pipeline job's own token (System.AccessToken), which acts as the build service."""
    return tokens.issue(
        store, build_service(store, run_id=run_id), audience=JOB_AUDIENCE, seconds=seconds
    )


def issue_check_token(store: Store, *, run_id: int, check_run_id: str, seconds: int) -> str:
    """The token for the service that a check asks; by it the service decides that check alone."""
    bearer = build_service(store, run_id=run_id, check_run_id=check_run_id)
    return tokens.issue(store, bearer, audience=JOB_AUDIENCE, seconds=seconds)


def build_service(store: Store, *, run_id: int = 0, check_run_id: str = "") -> Principal:
    """The identity that pipeline jobs act as in Azure DevOps; it has no role in Azure."""
    home = tenant.facts(store)
    return Principal(
        kind="ServicePrincipal",
        object_id=ids.guid_from("build service", home.organization_id),
        name=BUILD_SERVICE,
        tenant_id=home.tenant_id,
        run_id=run_id,
        check_run_id=check_run_id,
    )


def principal_of_header(store: Store, authorization: str) -> Principal:
    """Who acts, by an Authorization header as Azure DevOps' clients and git send it.

    `Basic` carries a personal access token or a job's token as the password (any user name),
    `Bearer` an Entra token for Azure DevOps or a job's token. Raises `Unauthenticated`.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return _check_bearer(store, value.strip())
    if scheme.lower() != "basic":
        raise _refused("No credential was given")
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _refused("The Basic credential is not base64 of text") from None
    user, _, password = decoded.partition(":")
    secret = password or user  # some clients send the token as the user name
    return _check_bearer(store, secret) if secret.count(".") == 2 else check(store, secret)


def _check_bearer(store: Store, bearer: str) -> Principal:
    return tokens.check(store, bearer, audiences=(audiences.DEVOPS, JOB_AUDIENCE))


def _refused(message: str) -> Unauthenticated:
    return Unauthenticated(
        f"TF400813: {message}",
        code="UnauthorizedRequestException",
        hint="Use a token that `shipway env` prints, as the password.",
        headers={"WWW-Authenticate": 'Basic realm="https://dev.azure.com/"'},
    )


def _token(document: Document, *, text: str = "") -> PersonalAccessToken:
    return PersonalAccessToken(
        token_id=document.key,
        user_object_id=document.body["user"],
        display_name=document.body["display_name"],
        ends_at=parse_timestamp(document.body["ends_at"]),
        text=text,
    )
