"""Tokens, secrets, assertions, managed identities, personal access tokens: what holds, what not."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.unit.azure import disk

from shipway.azure.entra import (
    audiences,
    federated_credentials,
    groups,
    managed_identities,
    personal_access_tokens,
    service_principals,
    signing_keys,
    tenant,
    tokens,
    users,
)
from shipway.base.clock import FrozenClock
from shipway.base.errors import BadInput, Conflict, NotFound, Unauthenticated
from shipway.base.home import Home
from shipway.store.store import Store, open_store

SUBJECT = "sc://shipway/flights/azure"


def test_the_tenant_is_the_same_ever_after(store: Store) -> None:
    again = open_store(store.home, store.clock)
    assert tenant.facts(again) == tenant.facts(store)
    assert tenant.facts(store).tenant_id != tenant.facts(store).subscription_id


def test_two_homes_share_no_id_and_no_key(store: Store, tmp_path: object) -> None:
    other = open_store(Home(store.home.root.parent / "other"), store.clock)
    mine, theirs = tenant.facts(store), tenant.facts(other)
    assert mine.tenant_id != theirs.tenant_id
    assert mine.subscription_id != theirs.subscription_id
    token = tokens.issue(other, users.owner(other), audience=audiences.ARM)
    with pytest.raises(Unauthenticated, match="Signature verification failed"):
        tokens.check(store, token, audiences=[audiences.ARM])


def test_a_token_carries_azures_claims(store: Store) -> None:
    made = service_principals.create_with_application(store, display_name="ci")
    token = tokens.issue(store, made, audience="https://management.core.windows.net/")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == "https://management.core.windows.net/"
    assert claims["oid"] == claims["sub"] == made.object_id
    assert claims["appid"] == made.app_id
    assert claims["tid"] == tenant.facts(store).tenant_id
    assert claims["idtyp"] == "app"
    assert claims["exp"] - claims["nbf"] == 3600
    assert tokens.check(store, token, audiences=[audiences.ARM]) == made


def test_the_published_key_checks_a_token(store: Store) -> None:
    token = tokens.issue(store, users.owner(store), audience=audiences.ARM)
    key_set = jwt.PyJWKSet.from_dict(tokens.public_keys(store))
    key = key_set[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key.key, algorithms=["RS256"], options={
        "verify_exp": False, "verify_aud": False, "verify_nbf": False, "verify_iat": False,
    })["oid"]  # fmt: skip


def test_an_expired_token_is_refused(store: Store, clock: FrozenClock) -> None:
    token = tokens.issue(store, users.owner(store), audience=audiences.ARM, seconds=60)
    clock.advance(60 + tokens.LEEWAY_SECONDS)
    assert tokens.check(store, token, audiences=[audiences.ARM])
    clock.advance(1)
    with pytest.raises(Unauthenticated) as caught:
        tokens.check(store, token, audiences=[audiences.ARM])
    assert caught.value.code == "ExpiredAuthenticationToken"


def test_a_token_from_the_future_is_refused(store: Store) -> None:
    ahead = FrozenClock(store.clock.now())
    ahead.advance(60)
    token = tokens.issue(open_store(store.home, ahead), users.owner(store), audience=audiences.ARM)
    with pytest.raises(Unauthenticated, match="not valid yet"):
        tokens.check(store, token, audiences=[audiences.ARM])


def test_a_token_for_another_audience_is_refused_by_name(store: Store) -> None:
    token = tokens.issue(store, users.owner(store), audience=audiences.STORAGE)
    with pytest.raises(Unauthenticated, match=r"https://storage\.azure\.com"):
        tokens.check(store, token, audiences=[audiences.ARM])


@pytest.mark.parametrize("damage", ["payload", "none", "symmetric", "other key", "text"])
def test_a_forged_token_is_refused(store: Store, damage: str) -> None:
    token = tokens.issue(store, users.owner(store), audience=audiences.ARM)
    claims = jwt.decode(token, options={"verify_signature": False})
    head, payload, signature = token.split(".")
    forged = "not a token"
    if damage == "payload":
        body = json.dumps(claims | {"oid": "someone"}).encode()
        forged = f"{head}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{signature}"
    elif damage == "none":
        forged = jwt.encode(claims, "", algorithm="none")
    elif damage == "symmetric":
        forged = jwt.encode(claims, payload.ljust(64, "x"), algorithm="HS256")
    elif damage == "other key":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        forged = jwt.encode(claims, key, algorithm="RS256")
    with pytest.raises(Unauthenticated) as caught:
        tokens.check(store, forged, audiences=[audiences.ARM])
    assert caught.value.code == "InvalidAuthenticationToken"
    assert "WWW-Authenticate" in caught.value.headers


def test_the_assertion_key_does_not_sign_access_tokens(store: Store) -> None:
    token = tokens.issue(store, users.owner(store), audience=audiences.ARM)
    claims = jwt.decode(token, options={"verify_signature": False})
    key = signing_keys.get(store, "vstoken").private
    with pytest.raises(Unauthenticated):
        tokens.check(store, jwt.encode(claims, key, algorithm="RS256"), audiences=[audiences.ARM])


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        ("https://management.azure.com/.default", "https://management.azure.com"),
        ("https://management.core.windows.net//.default", "https://management.core.windows.net/"),
        ("https://storage.azure.com/.default openid", "https://storage.azure.com"),
        (f"{audiences.DEVOPS}/.default", audiences.DEVOPS),
    ],
)
def test_a_scope_names_its_audience(scope: str, audience: str) -> None:
    assert audiences.of_scope(scope) == audience


@pytest.mark.parametrize(
    "scope", ["user.read", "openid", "https://example.com/.default", "/.default"]
)
def test_a_scope_for_nothing_is_refused(scope: str) -> None:
    with pytest.raises(BadInput, match="AADSTS"):
        audiences.of_scope(scope)


def test_a_secret_is_kept_as_a_hash(store: Store) -> None:
    app = service_principals.create_with_application(store, display_name="ci")
    made = service_principals.add_secret(store, app_id=app.app_id)
    assert service_principals.check_secret(store, app_id=app.app_id, secret=made.text) == app
    assert made.text not in disk.text_of(store)
    assert [s.text for s in service_principals.list_secrets(store, app.app_id)] == [""]


@pytest.mark.parametrize("wrong", ["", "x", "the id"])
def test_a_wrong_secret_is_refused(store: Store, wrong: str) -> None:
    app = service_principals.create_with_application(store, display_name="ci")
    made = service_principals.add_secret(store, app_id=app.app_id)
    secret = made.key_id if wrong == "the id" else wrong
    with pytest.raises(Unauthenticated, match="AADSTS7000215"):
        service_principals.check_secret(store, app_id=app.app_id, secret=secret)


def test_an_expired_and_a_removed_secret_are_refused(store: Store, clock: FrozenClock) -> None:
    app = service_principals.create_with_application(store, display_name="ci")
    short = service_principals.add_secret(store, app_id=app.app_id, days=1)
    long = service_principals.add_secret(store, app_id=app.app_id)
    clock.advance(86_401)
    with pytest.raises(Unauthenticated, match="AADSTS7000222"):
        service_principals.check_secret(store, app_id=app.app_id, secret=short.text)
    assert service_principals.check_secret(store, app_id=app.app_id, secret=long.text)
    service_principals.remove_secret(store, app_id=app.app_id, key_id=long.key_id)
    with pytest.raises(Unauthenticated, match="AADSTS7000215"):
        service_principals.check_secret(store, app_id=app.app_id, secret=long.text)


def test_a_deleted_application_is_not_found(store: Store) -> None:
    app = service_principals.create_with_application(store, display_name="ci")
    made = service_principals.add_secret(store, app_id=app.app_id)
    service_principals.delete_application(store, app.app_id)
    with pytest.raises(Unauthenticated, match="AADSTS700016"):
        service_principals.check_secret(store, app_id=app.app_id, secret=made.text)
    assert service_principals.find(store, app.object_id) is None


def test_an_assertion_is_traded_for_its_application(store: Store, clock: FrozenClock) -> None:
    app = service_principals.create_with_application(store, display_name="connection")
    federated_credentials.create(store, app_id=app.app_id, name="ado", subject=SUBJECT)
    good = federated_credentials.issue_assertion(store, subject=SUBJECT)
    assert federated_credentials.check_assertion(store, app_id=app.app_id, assertion=good) == app
    clock.advance(federated_credentials.ASSERTION_SECONDS + 6)
    with pytest.raises(Unauthenticated, match="AADSTS700024"):
        federated_credentials.check_assertion(store, app_id=app.app_id, assertion=good)


@pytest.mark.parametrize(
    ("subject", "audience"),
    [(SUBJECT + "x", audiences.TOKEN_EXCHANGE), (SUBJECT, "api://other"), ("", "")],
)
def test_an_assertion_that_nobody_trusts_is_refused(
    store: Store, subject: str, audience: str
) -> None:
    app = service_principals.create_with_application(store, display_name="connection")
    federated_credentials.create(store, app_id=app.app_id, name="ado", subject=SUBJECT)
    made = federated_credentials.issue_assertion(store, subject=subject, audience=audience)
    with pytest.raises(Unauthenticated, match="AADSTS70021"):
        federated_credentials.check_assertion(store, app_id=app.app_id, assertion=made)


def test_an_access_token_is_no_assertion(store: Store) -> None:
    app = service_principals.create_with_application(store, display_name="connection")
    token = tokens.issue(store, app, audience=audiences.TOKEN_EXCHANGE)
    with pytest.raises(Unauthenticated, match="AADSTS700027"):
        federated_credentials.check_assertion(store, app_id=app.app_id, assertion=token)
    with pytest.raises(Unauthenticated, match="AADSTS50027"):
        federated_credentials.check_assertion(store, app_id=app.app_id, assertion="rubbish")


def test_another_applications_credential_does_not_count(store: Store) -> None:
    one = service_principals.create_with_application(store, display_name="one")
    two = service_principals.create_with_application(store, display_name="two")
    federated_credentials.create(store, app_id=one.app_id, name="ado", subject=SUBJECT)
    made = federated_credentials.issue_assertion(store, subject=SUBJECT)
    with pytest.raises(Unauthenticated, match="AADSTS70021"):
        federated_credentials.check_assertion(store, app_id=two.app_id, assertion=made)


def test_a_resource_has_one_identity(store: Store) -> None:
    resource = "/subscriptions/s/resourceGroups/g/providers/N/t/Name"
    made = managed_identities.create_for(store, resource)
    assert managed_identities.create_for(store, resource.upper()) == made
    assert made.kind == "ManagedIdentity"
    token = tokens.issue(store, made, audience=audiences.ML)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["xms_mirid"] == resource
    assert tokens.check(store, token, audiences=[audiences.ML]) == made


def test_a_header_stands_for_its_identity_until_it_is_dropped(store: Store) -> None:
    made = managed_identities.create_for(store, "/subscriptions/s/resourceGroups/g/providers/N/t/n")
    one = managed_identities.header_for(store, made.object_id)
    two = managed_identities.header_for(store, made.object_id)
    assert managed_identities.principal_for_header(store, one) == made
    assert one.partition(".")[2] not in disk.text_of(store)
    managed_identities.drop_header(store, one)
    with pytest.raises(Unauthenticated):
        managed_identities.principal_for_header(store, one)
    assert managed_identities.principal_for_header(store, two) == made
    for wrong in ("", ".", two[:-1], one.partition(".")[0] + "." + two.partition(".")[2]):
        with pytest.raises(Unauthenticated):
            managed_identities.principal_for_header(store, wrong)


def test_a_deleted_resources_header_is_worth_nothing(store: Store) -> None:
    resource = "/subscriptions/s/resourceGroups/g/providers/N/t/n"
    made = managed_identities.create_for(store, resource)
    header = managed_identities.header_for(store, made.object_id)
    managed_identities.delete_for(store, resource)
    with pytest.raises(Unauthenticated):
        managed_identities.principal_for_header(store, header)
    with pytest.raises(NotFound):
        managed_identities.header_for(store, made.object_id)


def test_users_are_the_owner_and_the_demo_users(store: Store) -> None:
    users.ensure_demo_users(store)
    users.ensure_demo_users(store)
    assert {u.name for u in users.list_users(store)} == {"owner", "dana", "avery"}
    users.delete(store, users.get(store, "avery").object_id)
    assert [u.name for u in users.ensure_demo_users(store)] == ["dana"]
    assert {u.name for u in users.list_users(store)} == {"owner", "dana"}
    users.create(store, name="avery")
    assert users.principal_of(store, users.get(store, "owner")).kind == "Owner"
    assert users.principal_of(store, users.get(store, "DANA")).kind == "User"
    with pytest.raises(Conflict):
        users.create(store, name="dana")
    with pytest.raises(BadInput, match="'a/b'"):
        users.create(store, name="a/b")
    with pytest.raises(NotFound, match="avery"):
        users.get(store, "nobody")


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_azure_devops_takes_a_personal_access_token(store: Store, clock: FrozenClock) -> None:
    users.ensure_demo_users(store)
    made = personal_access_tokens.create(store, user="dana", days=1)
    assert made.text[12:] not in disk.text_of(store)
    for header in (basic("", made.text), basic("dana", made.text), basic(made.text, "")):
        assert personal_access_tokens.principal_of_header(store, header).name == "dana"
    for wrong in ("", "Basic", "Basic %%%", basic("", made.text[:-1]), basic("", ""), "Digest x"):
        with pytest.raises(Unauthenticated, match="TF400813"):
            personal_access_tokens.principal_of_header(store, wrong)
    clock.advance(86_401)
    with pytest.raises(Unauthenticated, match="expired"):
        personal_access_tokens.check(store, made.text)


def test_a_revoked_token_is_refused(store: Store) -> None:
    made = personal_access_tokens.create(store, user="owner")
    assert personal_access_tokens.revoke(store, made.token_id)
    with pytest.raises(Unauthenticated):
        personal_access_tokens.check(store, made.text)


def test_a_jobs_token_names_its_run_and_opens_nothing_in_azure(store: Store) -> None:
    token = personal_access_tokens.issue_job_token(store, run_id=12)
    for header in (f"Bearer {token}", basic("x", token)):
        found = personal_access_tokens.principal_of_header(store, header)
        assert (found.run_id, found.name) == (12, personal_access_tokens.BUILD_SERVICE)
    with pytest.raises(Unauthenticated):
        tokens.check(store, token, audiences=[audiences.ARM])


def test_an_entra_token_for_azure_devops_is_taken(store: Store) -> None:
    token = tokens.issue(store, users.owner(store), audience=audiences.DEVOPS)
    assert personal_access_tokens.principal_of_header(store, f"Bearer {token}").kind == "Owner"


def test_groups_know_their_members(store: Store) -> None:
    made = groups.create(store, display_name="data scientists")
    groups.add_member(store, group_id=made.object_id, member_id="m")
    groups.add_member(store, group_id=made.object_id, member_id="m")
    assert groups.get(store, made.object_id).member_ids == ("m",)
    assert groups.of_member(store, "m") == [made.object_id]
    groups.delete(store, made.object_id)
    assert groups.of_member(store, "m") == []
