"""azure-identity and msal, unmodified, against the token endpoints."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientAssertionCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from tests.wire import azure_home
from tests.wire.azure_home import AzureHome
from tests.wire.in_process import content_of, transport

from shipway.azure.entra import (
    audiences,
    federated_credentials,
    managed_identities,
    service_principals,
    tokens,
    users,
)
from shipway.base.clock import FrozenClock

ARM_SCOPE = "https://management.azure.com/.default"
SUBJECT = "sc://shipway/flights/azure"
LOGIN = "https://login.microsoftonline.com"
MSI = "http://127.0.0.1:4711/msi/token"
AZURE_VARIABLES = (
    "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE",
    "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "AZURE_AUTHORITY_HOST",
    "AZURE_TOKEN_CREDENTIALS", "AZURE_POD_IDENTITY_AUTHORITY_HOST",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AzureHome:
    for name in AZURE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return azure_home.make(tmp_path)


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_a_client_secret_gets_a_token(home: AzureHome) -> None:
    token = home.credential().get_token(ARM_SCOPE).token
    assert claims_of(token)["appid"] == home.developer.client_id
    who = tokens.check(home.store, token, audiences=[audiences.ARM])
    assert who.object_id == home.developer.object_id
    assert home.wire.refusals == []


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        ("https://management.core.windows.net/.default", "https://management.core.windows.net"),
        ("https://storage.azure.com/.default", "https://storage.azure.com"),
        ("https://graph.microsoft.com/.default", "https://graph.microsoft.com"),
        ("https://ml.azure.com/.default", "https://ml.azure.com"),
        ("https://vault.azure.net/.default", "https://vault.azure.net"),
        (f"{audiences.DEVOPS}/.default", audiences.DEVOPS),
    ],
)
def test_each_scope_gets_its_audience(home: AzureHome, scope: str, audience: str) -> None:
    assert claims_of(home.credential().get_token(scope).token)["aud"] == audience


def test_default_credential_reads_the_variables(
    home: AzureHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", home.developer.tenant_id)
    monkeypatch.setenv("AZURE_CLIENT_ID", home.developer.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", home.developer.client_secret)
    token = DefaultAzureCredential(transport=transport(home.wire)).get_token(ARM_SCOPE).token
    assert claims_of(token)["oid"] == home.developer.object_id


def test_default_credential_uses_a_jobs_identity(
    home: AzureHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = f"{home.group_scope}/providers/N/t/compute"
    identity = managed_identities.create_for(home.store, resource)
    header = managed_identities.header_for(home.store, identity.object_id)
    monkeypatch.setenv("IDENTITY_ENDPOINT", MSI)
    monkeypatch.setenv("IDENTITY_HEADER", header)
    token = DefaultAzureCredential(transport=transport(home.wire)).get_token(ARM_SCOPE).token
    claims = claims_of(token)
    assert (claims["oid"], claims["xms_mirid"]) == (identity.object_id, resource)
    by_id = ManagedIdentityCredential(
        client_id=identity.app_id, transport=transport(home.wire)
    ).get_token("https://storage.azure.com/.default")
    assert claims_of(by_id.token)["aud"] == "https://storage.azure.com"
    other = ManagedIdentityCredential(
        client_id=home.developer.client_id, transport=transport(home.wire)
    )
    with pytest.raises(ClientAuthenticationError, match=home.developer.client_id):
        other.get_token(ARM_SCOPE)


def test_azure_mls_own_form_works(home: AzureHome, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = managed_identities.create_for(home.store, f"{home.group_scope}/providers/N/t/c")
    monkeypatch.setenv("MSI_ENDPOINT", MSI)
    monkeypatch.setenv("MSI_SECRET", managed_identities.header_for(home.store, identity.object_id))
    got = ManagedIdentityCredential(transport=transport(home.wire)).get_token(ARM_SCOPE)
    assert claims_of(got.token)["oid"] == identity.object_id


def test_a_wrong_header_gets_no_identity(home: AzureHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", MSI)
    monkeypatch.setenv("IDENTITY_HEADER", "guess")
    with pytest.raises(ClientAuthenticationError, match="X-IDENTITY-HEADER"):
        ManagedIdentityCredential(transport=transport(home.wire)).get_token(ARM_SCOPE)


def test_a_process_without_a_header_has_no_identity(home: AzureHome) -> None:
    """The address of virtual machines' identities is open to every process; it gives nothing."""
    with pytest.raises(CredentialUnavailableError):
        ManagedIdentityCredential(transport=transport(home.wire)).get_token(ARM_SCOPE)
    assert any("/metadata/identity/oauth2/token" in r for r in home.wire.requests)


def test_an_assertion_is_traded_for_a_token(home: AzureHome) -> None:
    app = service_principals.create_with_application(home.store, display_name="connection")
    federated_credentials.create(home.store, app_id=app.app_id, name="ado", subject=SUBJECT)

    def credential(subject: str) -> Any:
        return ClientAssertionCredential(
            home.developer.tenant_id,
            app.app_id,
            lambda: federated_credentials.issue_assertion(home.store, subject=subject),
            transport=transport(home.wire),
        )

    assert claims_of(credential(SUBJECT).get_token(ARM_SCOPE).token)["oid"] == app.object_id
    with pytest.raises(ClientAuthenticationError, match=r"AADSTS70021.*other"):
        credential("sc://shipway/other/azure").get_token(ARM_SCOPE)


def test_a_workload_identity_reads_its_file(home: AzureHome, tmp_path: Path) -> None:
    app = service_principals.create_with_application(home.store, display_name="workload")
    federated_credentials.create(home.store, app_id=app.app_id, name="w", subject=SUBJECT)
    file = tmp_path / "assertion"
    file.write_text(federated_credentials.issue_assertion(home.store, subject=SUBJECT))
    credential = WorkloadIdentityCredential(
        tenant_id=home.developer.tenant_id, client_id=app.app_id, token_file_path=str(file),
        transport=transport(home.wire),
    )  # fmt: skip
    assert claims_of(credential.get_token(ARM_SCOPE).token)["oid"] == app.object_id


@pytest.mark.parametrize(
    ("tenant_id", "client_id", "secret", "code"),
    [
        ("", "", "wrong", "AADSTS7000215"),
        ("", "00000000-0000-0000-0000-000000000001", "", "AADSTS700016"),
        ("00000000-0000-0000-0000-000000000002", "", "", "AADSTS90002"),
    ],
)
def test_a_wrong_credential_is_told_what_is_wrong(
    home: AzureHome, tenant_id: str, client_id: str, secret: str, code: str
) -> None:
    credential = ClientSecretCredential(
        tenant_id or home.developer.tenant_id,
        client_id or home.developer.client_id,
        secret or home.developer.client_secret,
        transport=transport(home.wire),
    )
    # MSAL hides what discovery says of an unknown tenant, and tells the client to check its id
    expected = "double check your tenant name" if code == "AADSTS90002" else code
    with pytest.raises((ClientAuthenticationError, ValueError), match=expected):
        credential.get_token(ARM_SCOPE)


def test_the_issuers_documents_lead_to_the_keys(home: AzureHome) -> None:
    got = home.wire.answer("GET", f"{LOGIN}/common/v2.0/.well-known/openid-configuration")
    document = json.loads(content_of(got))
    keys = json.loads(content_of(home.wire.answer("GET", document["jwks_uri"])))
    token = home.credential().get_token(ARM_SCOPE).token
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key.key, algorithms=["RS256"], audience="https://management.azure.com")


Form = dict[str, str]


def form(home: AzureHome, **changes: str | None) -> Form:
    good: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": home.developer.client_id,
        "client_secret": home.developer.client_secret,
        "scope": ARM_SCOPE,
    }
    return {k: v for k, v in (good | changes).items() if v is not None}


def stale(home: AzureHome) -> str:
    past = FrozenClock(home.store.clock.now())
    past.advance(-7200)
    store = replace(home.store, clock=past)
    return federated_credentials.issue_assertion(store, subject=SUBJECT)


ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
WRONG: dict[str, tuple[Callable[[AzureHome], Form | bytes], int, str, str]] = {
    "no body": (lambda h: b"", 400, "AADSTS900144", "grant_type"),
    "binary rubbish": (lambda h: bytes(range(256)), 400, "AADSTS900144", "byte 128"),
    "no client": (lambda h: form(h, client_id=None), 400, "AADSTS900144", "client_id"),
    "no secret": (lambda h: form(h, client_secret=None), 401, "AADSTS7000218", "client_secret"),
    "wrong secret": (lambda h: form(h, client_secret="x"), 401, "AADSTS7000215", "app '"),
    "wrong client": (lambda h: form(h, client_id="nobody"), 400, "AADSTS700016", "'nobody'"),
    "no scope": (lambda h: form(h, scope=None), 400, "AADSTS900144", "scope"),
    "bare scope": (lambda h: form(h, scope="User.Read"), 400, "AADSTS1002012", "User.Read"),
    "unknown resource": (
        lambda h: form(h, scope="https://evil.example/.default"), 400, "AADSTS500011",
        "https://evil.example",
    ),
    "password grant": (lambda h: form(h, grant_type="password"), 400, "AADSTS70003", "'password'"),
    "assertion of rubbish": (
        lambda h: form(h, client_secret=None, client_assertion="a.b.c",
                       client_assertion_type=ASSERTION), 400, "AADSTS50027", "malformed",
    ),
    "assertion of another kind": (
        lambda h: form(h, client_secret=None, client_assertion="a.b.c",
                       client_assertion_type="saml"), 400, "AADSTS50027", "'saml'",
    ),
    "expired assertion": (
        lambda h: form(h, client_secret=None, client_assertion=stale(h),
                       client_assertion_type=ASSERTION), 401, "AADSTS700024", "time range",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_token_request_is_refused_and_changes_nothing(home: AzureHome, name: str) -> None:
    make_body, status, code, words = WRONG[name]
    given = make_body(home)
    body = given if isinstance(given, bytes) else urlencode(given).encode()
    federated_credentials.issue_assertion(home.store, subject=SUBJECT)  # makes the issuer's key
    tokens.public_keys(home.store)
    before = home.fingerprint()
    url = f"{LOGIN}/{home.developer.tenant_id}/oauth2/v2.0/token"
    got = home.wire.answer(
        "POST", url, headers=[("Content-Type", "application/x-www-form-urlencoded")], body=body
    )
    answer = json.loads(content_of(got))
    assert got.status == status
    assert answer["error_description"].startswith(code + ":")
    assert answer["error_codes"] == [int(code.removeprefix("AADSTS"))]
    assert words in answer["error_description"]
    assert answer["error"] in {
        "invalid_request", "invalid_client", "invalid_scope", "invalid_resource",
        "unauthorized_client", "unsupported_grant_type",
    }  # fmt: skip
    assert home.developer.client_secret not in json.dumps(answer)
    assert home.fingerprint() == before


def test_an_unknown_route_is_named_and_remembered(home: AzureHome) -> None:
    got = home.wire.answer("POST", f"{LOGIN}/{home.developer.tenant_id}/oauth2/v2.0/devicecode")
    assert got.status == 501
    assert "oauth2/v2.0/devicecode" in json.loads(content_of(got))["error_description"]
    assert "devicecode" in home.wire.refusals[0]


@pytest.mark.parametrize(
    ("query", "header", "status", "words"),
    [
        ("resource=https://management.azure.com", "good", 400, "api-version"),
        ("api-version=2019-08-01", "good", 400, "resource"),
        ("api-version=1999-01-01&resource=https://management.azure.com", "good", 400, "1999-01-01"),
        ("api-version=2019-08-01&resource=https://evil.example", "good", 400, "evil.example"),
        ("api-version=2019-08-01&resource=https://management.azure.com", "", 400, "not found"),
        ("api-version=2019-08-01&resource=https://management.azure.com", "x", 401, "HEADER"),
        ("api-version=2019-08-01&resource=https://management.azure.com&colour=red", "good", 400,
         "colour"),
    ],
)  # fmt: skip
def test_a_wrong_managed_identity_request_is_refused(
    home: AzureHome, query: str, header: str, status: int, words: str
) -> None:
    identity = managed_identities.create_for(home.store, f"{home.group_scope}/providers/N/t/c")
    good = managed_identities.header_for(home.store, identity.object_id)
    before = home.fingerprint()
    headers = [("X-IDENTITY-HEADER", good if header == "good" else header)] if header else []
    got = home.wire.answer("GET", f"{MSI}?{query}", headers=headers)
    text = content_of(got).decode()
    assert (got.status, words in text) == (status, True), text
    assert good not in text
    assert home.fingerprint() == before


def test_the_v1_endpoint_answers_in_its_own_shape(home: AzureHome) -> None:
    body = form(home, scope=None) | {"resource": "https://management.core.windows.net/"}
    got = home.wire.answer(
        "POST", f"{LOGIN}/{home.developer.tenant_id}/oauth2/token", body=urlencode(body).encode()
    )
    answer = json.loads(content_of(got))
    assert (got.status, answer["resource"]) == (200, "https://management.core.windows.net/")
    assert int(answer["expires_on"]) - int(answer["not_before"]) == 3600


def test_graph_reads_and_writes_the_directory(home: AzureHome) -> None:
    owner = home.bearer(users.owner(home.store), audiences.GRAPH)
    base = "https://graph.microsoft.com/v1.0"

    def call(method: str, path: str, body: object = None, auth: tuple[str, str] = owner) -> Any:
        data = json.dumps(body).encode() if body is not None else b""
        got = home.wire.answer(method, base + path, headers=[auth], body=data)
        text = content_of(got)
        return got.status, json.loads(text) if text else None

    status, app = call("POST", "/applications", {"displayName": "ci"})
    assert status == 201
    status, principal = call("POST", "/servicePrincipals", {"appId": app["appId"]})
    assert (status, principal["servicePrincipalType"]) == (201, "Application")
    status, secret = call("POST", f"/applications/{app['id']}/addPassword", {
        "passwordCredential": {"displayName": "k"}})  # fmt: skip
    assert home.credential(app["appId"], secret["secretText"]).get_token(ARM_SCOPE)
    status, shown = call("GET", f"/applications?$filter=appId eq '{app['appId']}'")
    assert shown["value"][0]["passwordCredentials"][0]["secretText"] is None
    status, _ = call("POST", f"/applications/{app['id']}/federatedIdentityCredentials", {
        "name": "ado", "issuer": federated_credentials.issuer_of(home.store), "subject": SUBJECT,
        "audiences": [audiences.TOKEN_EXCHANGE]})  # fmt: skip
    assert status == 201
    made = federated_credentials.issue_assertion(home.store, subject=SUBJECT)
    federated_credentials.check_assertion(home.store, app_id=app["appId"], assertion=made)
    status, group = call("POST", "/groups", {"displayName": "g", "mailNickname": "g"})
    reference = {"@odata.id": f"{base}/directoryObjects/{principal['id']}"}
    assert call("POST", f"/groups/{group['id']}/members/$ref", reference)[0] == 204
    assert call("GET", f"/groups/{group['id']}/members")[1]["value"][0]["id"] == principal["id"]
    robot, _ = home.robot("Reader")
    weak = home.bearer(robot, audiences.GRAPH)
    status, refused = call("POST", "/applications", {"displayName": "x"}, auth=weak)
    assert (status, refused["error"]["code"]) == (403, "Authorization_RequestDenied")
    assert call("GET", "/users", auth=weak)[0] == 200
    status, refused = call("GET", "/applications?$filter=endswith(displayName,'c')")
    assert (status, "endswith" in refused["error"]["message"]) == (400, True)
    assert call("DELETE", f"/applications/{app['id']}")[0] == 204
    assert call("GET", f"/servicePrincipals/{principal['id']}")[0] == 404
