"""What resources ask: long-running operations, errors of each service, time limits, tokens."""

import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from shipway.base.errors import Cancelled
from shipway.terraform.calls import ApiError, Calls, OperationTimedOut
from shipway.terraform.credentials import Credentials, NoCredentials
from shipway.terraform.transport import Answer

ARM = "https://management.azure.com"
GUID = "00000000-0000-0000-0000-000000000001"


class Service:
    """Answers in the order in which they were laid down; tokens always."""

    def __init__(self, *answers: tuple[int, Any] | tuple[int, Any, dict[str, str]]) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str, dict[str, str], bytes | None]] = []
        self.logins: list[dict[str, list[str]]] = []

    def send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        if url.startswith("https://login.microsoftonline.com/"):
            self.logins.append(parse_qs((content or b"").decode()))
            body = {"access_token": f"token-{len(self.logins)}", "expires_in": 3600}
            return Answer(status=200, headers={}, content=json.dumps(body).encode())
        self.sent.append((method, url, dict(headers), content))
        status, body, *fields = self.answers.pop(0)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(status=status, headers=fields[0] if fields else {}, content=text)


def _calls(service: Service, **more: Any) -> Calls:
    known = Credentials(
        **{
            "kind": "secret", "tenant_id": "t", "client_id": "c", "secret": "s",
            "organization": "https://dev.azure.com/shipway", **more,
        }
    )  # fmt: skip
    return Calls(known, service, env_vars={})  # type: ignore[arg-type]


def test_a_put_that_is_done_at_once_is_one_call() -> None:
    service = Service((201, {"id": "x", "properties": {"provisioningState": "Succeeded"}}))
    calls = _calls(service)
    made = calls.arm("PUT", "/x", api_version="2024-01-01", body={"a": 1})
    assert made == {"id": "x", "properties": {"provisioningState": "Succeeded"}}
    [(method, url, headers, content)] = service.sent
    assert (method, url) == ("PUT", f"{ARM}/x?api-version=2024-01-01")
    assert headers["Authorization"] == "Bearer token-1"
    assert content == b'{"a": 1}'
    assert service.logins[0]["scope"] == [f"{ARM}/.default"]


def test_a_put_under_way_is_waited_for_and_read() -> None:
    service = Service(
        (202, {}, {"azure-asyncoperation": f"{ARM}/op"}),
        (200, {"status": "InProgress"}),
        (200, {"status": "Succeeded"}),
        (200, {"id": "x", "properties": {"provisioningState": "Updating"}}),
        (200, {"id": "x", "properties": {"provisioningState": "Succeeded"}}),
    )
    made = _calls(service).arm("PUT", "/x", api_version="1")
    assert made is not None
    assert [one[0] for one in service.sent] == ["PUT", "GET", "GET", "GET", "GET"]


def test_a_state_that_settles_without_an_operation_is_waited_for() -> None:
    service = Service(
        (201, {"properties": {"provisioningState": "Creating"}}),
        (200, {"properties": {"provisioningState": "Succeeded"}, "done": True}),
    )
    assert (_calls(service).arm("PUT", "/x", api_version="1") or {})["done"] is True


def test_an_operation_that_fails_is_an_error_in_its_words() -> None:
    service = Service(
        (202, {}, {"azure-asyncoperation": "/op"}),
        (200, {"status": "Failed", "error": {"code": "QuotaExceeded", "message": "no more"}}),
    )
    with pytest.raises(ApiError, match="no more") as caught:
        _calls(service).arm("PUT", "/x", api_version="1")
    assert caught.value.code == "QuotaExceeded"
    assert service.sent[1][1] == f"{ARM}/op"


@pytest.mark.parametrize("last", [(404, {}), (204, b""), (200, {"status": "Succeeded"})])
def test_a_delete_ends_when_the_operation_does(last: tuple[int, Any]) -> None:
    service = Service((202, b"", {"location": f"{ARM}/op"}), (202, b""), last)
    _calls(service).arm("DELETE", "/x", api_version="1")
    assert service.answers == []


def test_what_is_not_there_is_none_when_that_is_fine() -> None:
    missing = (404, {"error": {"code": "ResourceNotFound", "message": "m"}})
    service = Service(missing, missing, missing, missing)
    calls = _calls(service)
    assert calls.arm("GET", "/x", api_version="1", missing_ok=True) is None
    assert calls.graph("GET", "/x", missing_ok=True) is None
    assert calls.devops("GET", "/x", missing_ok=True) is None
    with pytest.raises(ApiError) as caught:
        calls.arm("GET", "/x", api_version="1")
    assert (caught.value.status, caught.value.code) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": "A", "message": "m"}}, "A", "m"),
        ({"message": "TF1: m", "typeKey": "ProjectExists"}, "ProjectExists", "TF1: m"),
        (b"<?xml?><Error><Code>B</Code><Message>m</Message></Error>", "B", "m"),
        (b"rubbish", "409", "rubbish"),
        (b"", "409", "HTTP 409"),
    ],
)
def test_the_error_of_every_service_is_read(body: Any, code: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        _calls(Service((409, body))).graph("POST", "/groups", body={})
    assert (caught.value.code, caught.value.message) == (code, message)


def test_azure_devops_lies_below_its_organization() -> None:
    service = Service((200, {"a": 1}), (200, [1]), (200, b"null"), (204, b""))
    calls = _calls(service, kind="pat", secret="p")
    assert calls.devops("GET", "/_apis/projects?x=1") == {"a": 1}
    patch = [{"op": "replace"}]
    assert calls.devops("PATCH", "/_apis/x", host="vsaex.dev.azure.com", body=patch) == [1]
    assert calls.devops("GET", "/x", api_version="7.1-preview.1") is None
    assert calls.devops("DELETE", "/x") is None
    first, second, third, _ = service.sent
    assert first[1] == "https://dev.azure.com/shipway/_apis/projects?x=1&api-version=7.1"
    assert first[2]["Authorization"] == "Basic OnA="
    assert second[1].startswith("https://vsaex.dev.azure.com/shipway/_apis/x?")
    assert second[2]["Content-Type"] == "application/json-patch+json"
    assert third[1].endswith("api-version=7.1-preview.1")


def test_a_token_is_asked_for_once_per_resource() -> None:
    service = Service(*[(200, {})] * 3)
    calls = _calls(service)
    calls.graph("GET", "/a")
    calls.graph("GET", "/b", beta=True)
    calls.data("GET", "https://v.vault.azure.net/x", resource="https://vault.azure.net")
    scopes = [login["scope"][0] for login in service.logins]
    assert scopes == ["https://graph.microsoft.com/.default", "https://vault.azure.net/.default"]
    assert service.sent[1][1] == "https://graph.microsoft.com/beta/b"


def test_an_oidc_token_is_handed_over_as_an_assertion() -> None:
    service = Service((200, {}))
    _calls(service, kind="token", secret="jwt").graph("GET", "/me")
    [login] = service.logins
    assert login["client_assertion"] == ["jwt"]
    assert login["client_assertion_type"][0].endswith(":jwt-bearer")
    assert "client_secret" not in login


@pytest.mark.parametrize(
    ("connection", "answer", "method", "query"),
    [
        ("sc", {"oidcToken": "jwt"}, "POST", "api-version=7.1&serviceConnectionId=sc"),
        ("", {"value": "jwt"}, "GET", "audience=api%3A%2F%2FAzureADTokenExchange"),
    ],
)
def test_an_oidc_token_is_asked_for_as_pipeline_and_workflow_do(
    connection: str, answer: dict[str, str], method: str, query: str
) -> None:
    service = Service((200, answer), (200, {}))
    calls = _calls(
        service, kind="request", request_url="https://x/oidc", request_token="bearer",
        service_connection_id=connection,
    )  # fmt: skip
    calls.graph("GET", "/me")
    sent = service.sent[0]
    assert (sent[0], sent[1]) == (method, f"https://x/oidc?{query}")
    assert sent[2]["Authorization"] == "Bearer bearer"
    assert service.logins[0]["client_assertion"] == ["jwt"]


def test_a_pipeline_that_gives_no_token_is_said_with_what_to_check() -> None:
    calls = _calls(Service((403, {"message": "no"})), kind="request", request_url="https://x")
    with pytest.raises(NoCredentials, match="authorized for the pipeline"):
        calls.graph("GET", "/me")


def test_past_its_time_an_operation_is_ended() -> None:
    service = Service((202, {}, {"azure-asyncoperation": "/op"}), *[(200, {"status": "x"})] * 50)
    calls = _calls(service)
    with pytest.raises(OperationTimedOut, match="deadline"), calls.limited_to(0.1):
        calls.arm("PUT", "/x", api_version="1")
    service.answers = [(200, {})]
    assert calls.arm("GET", "/x", api_version="1") == {}, "the limit was of that block only"


def test_a_wait_ends_when_terraform_wants_to_stop() -> None:
    stopping = threading.Event()
    known = Credentials(kind="secret")
    calls = Calls(known, Service(), env_vars={}, stopping=stopping)  # type: ignore[arg-type]
    calls.wait(0.0)
    stopping.set()
    with pytest.raises(Cancelled):
        calls.wait(60)
