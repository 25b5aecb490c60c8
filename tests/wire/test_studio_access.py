"""Who may come into the studio, and what a forged request achieves: nothing."""

import json
import re
from collections.abc import Iterator

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_for
from tests.studio_visitor import Visitor, link_for, signed_in
from tests.support import permissions

from shipway.azure.entra import sign_ins, users
from shipway.base.errors import BadInput
from shipway.devops import approvals, checks, environments, runs
from shipway.devops.approval_entities import Approval

GATED = """
stages:
- stage: Build
  jobs:
  - job: B
    steps:
    - script: |
        echo '<script>document.title = "taken"</script>'
        printf '# Result\\n<img src=x onerror=alert(1)>\\n' > s.md
        echo "##vso[task.uploadsummary]$PWD/s.md"
        mkdir -p a && echo '<script>alert(1)</script>' > a/report.html && echo '{}' > a/x.json
    - publish: a
      artifact: things
- stage: Release
  jobs:
  - deployment: Ship
    environment: prod
    strategy: {runOnce: {deploy: {steps: [{script: echo shipped}]}}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("studio")) as made:
        yield made


@pytest.fixture(scope="module")
def project(server: ShipwayServer) -> ProjectRepository:
    """A project whose environment `prod` asks avery or dana, who may not approve her own."""
    made = server.project()
    users.create(server.store, name="sam", display_name="Sam Stranger")
    target = environments.create(server.store, project_id=made.project_id, name="prod")
    permissions.open_to_all(server.store, "environment", target.environment_id)
    people = [users.get(server.store, name) for name in ("avery", "dana")]
    checks.create(
        server.store, project_id=made.project_id, kind="Approval",
        resource_type="environment", resource_id=str(target.environment_id), resource_name="prod",
        settings={"approvers": [{"id": p.object_id} for p in people],
                  "requesterCannotBeApprover": True, "minRequiredApprovers": 1},
        timeout_minutes=60,
    )  # fmt: skip
    return made


@pytest.fixture
def waiting(server: ShipwayServer, project: ProjectRepository) -> Approval:
    """The approval of a run that dana asked for and that waits."""
    run_id = project.push(GATED)

    def find() -> Approval | None:
        found = approvals.list_of(server.store, run_id=run_id, status="pending")
        return found[0] if found else None

    return wait_for(find)


def still_waits(server: ShipwayServer, approval: Approval) -> bool:
    now = approvals.get(server.store, approval.approval_id)
    run = runs.get(server.store, approval.run_id)
    return (now.status, now.steps, run.state) == ("pending", approval.steps, "inProgress")


def port_of(server: ShipwayServer) -> int:
    told = json.loads((server.home / "run" / "server.json").read_text())
    return int(told["studio_port"])


# -- the way in ------------------------------------------------------------------------------


def test_without_a_session_every_page_says_how_to_sign_in(server: ShipwayServer) -> None:
    stranger = Visitor(port=port_of(server))
    for path in ("/", "/runs", "/approvals", "/events", "/nothing", "/runs/1/logs/1/stream"):
        seen = stranger.get(path)
        assert seen.status == 401, path
        assert "shipway open --as USER" in seen.text
    stranger.cookie = f"shipway-{stranger.port}=made-up"
    assert stranger.get("/runs").status == 401


def test_a_link_works_once_and_its_token_is_nowhere_in_clear(server: ShipwayServer) -> None:
    users.ensure_demo_users(server.store)
    link = link_for(server, "avery", "/approvals")
    path = "/" + link.split("/", 3)[3]
    visitor = Visitor(port=port_of(server))
    first = visitor.get(path)
    assert first.status == 200
    assert 'content="0;url=/approvals"' in first.text
    field = first.headers["set-cookie"]
    assert re.match(rf"shipway-{visitor.port}=[\w-]{{40,}}; ", field)
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(field.split("; "))
    again = visitor.get(path)
    assert (again.status, "set-cookie" in again.headers) == (401, False)
    token, session = path.rpartition("/")[2], field.partition(";")[0].partition("=")[2]
    server.store.database.read().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for file in server.home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert token.encode() not in content, file
            assert session.encode() not in content, file


def test_a_link_is_of_no_use_after_its_time(server: ShipwayServer) -> None:
    old = sign_ins.create_link(server.store, user="owner", seconds=-1)
    assert Visitor(port=port_of(server)).get(f"/sign-in/{old.token}").status == 401


@pytest.mark.parametrize("page", ["//evil.example", "/\\evil", "/runs\n", "/runs\x00"])
def test_a_link_never_leads_elsewhere(server: ShipwayServer, page: str) -> None:
    with pytest.raises(BadInput, match="is not a page of the studio"):
        sign_ins.create_link(server.store, user="owner", page=page)
    done = server.command("open", "--json", "//evil.example", check=False)
    assert done.returncode == 1
    assert "is not a page of the studio" in done.stderr
    assert "to do:" in done.stderr


def test_signing_out_ends_the_session_for_good(server: ShipwayServer) -> None:
    users.ensure_demo_users(server.store)
    visitor = signed_in(server, "avery")
    forged = visitor.ask("POST", "/sign-out", form={})
    assert forged.status == 403
    assert visitor.get("/runs").status == 200
    left = visitor.ask("POST", "/sign-out", form={"csrf_token": visitor.csrf_token()})
    assert left.status == 303
    assert visitor.get("/runs").status == 401


# -- where a request comes from --------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": "evil.example:{port}"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "null"},
    ],
)
def test_a_foreign_host_or_origin_is_refused(
    server: ShipwayServer, headers: dict[str, str]
) -> None:
    users.ensure_demo_users(server.store)
    visitor = signed_in(server, "avery")
    sent = {name: value.format(port=visitor.port) for name, value in headers.items()}
    seen = visitor.ask("GET", "/runs", headers=sent)
    assert seen.status in (403, 421)
    assert "ml-pipeline" not in seen.text


def test_the_studio_answers_to_its_own_names(server: ShipwayServer) -> None:
    users.ensure_demo_users(server.store)
    visitor = signed_in(server, "avery")
    for host in (f"127.0.0.1:{visitor.port}", f"localhost:{visitor.port}"):
        sent = {"Host": host, "Origin": f"http://{host}"}
        assert visitor.ask("GET", "/runs", headers=sent).status == 200


def test_every_answer_forbids_frames_scripts_and_keeping(server: ShipwayServer) -> None:
    users.ensure_demo_users(server.store)
    visitor = signed_in(server, "avery")
    for seen in (
        visitor.get("/runs"),
        visitor.get("/nothing"),
        Visitor(port=visitor.port).get("/"),
    ):
        policy = seen.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert seen.headers["x-frame-options"] == "DENY"
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert seen.headers["cache-control"] == "no-store"


# -- who may answer --------------------------------------------------------------------------


@pytest.mark.parametrize(("user", "says"), [("dana", "requested run"), ("sam", "not an approver")])
def test_requester_and_stranger_are_refused_and_the_run_keeps_waiting(
    server: ShipwayServer, waiting: Approval, user: str, says: str
) -> None:
    visitor = signed_in(server, user)
    place = f"/approvals/{waiting.approval_id}"
    page = visitor.get(f"/runs/{waiting.run_id}").text
    assert f'action="{place}/approve"' not in page
    avery = users.get(server.store, "avery")
    form = {
        "csrf_token": visitor.csrf_token(), "comment": "let me",
        # who acts is the session's person, whatever a form says
        "as": "avery", "user": avery.object_id, "principal": avery.object_id,
    }  # fmt: skip
    for verb in ("approve", "reject"):
        seen = visitor.ask("POST", f"{place}/{verb}", form=form)
        assert seen.status == 403
        assert says in seen.text
    assert still_waits(server, waiting)


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"csrf_token": ""}, {}),
        ({"csrf_token": "wrong"}, {}),
        ({"csrf_token": "of another session"}, {}),
        ({"csrf_token": "own"}, {"Origin": "http://evil.example"}),
        ({"csrf_token": "own"}, {"Origin": "null"}),
        ({"csrf_token": "own"}, {"Host": "evil.example"}),
        ({"csrf_token": "own"}, {"Content-Type": "text/plain"}),
        ({"csrf_token": "own"}, {"Cookie": "shipway-1=x"}),
    ],
)
def test_a_forged_form_is_refused_and_the_run_keeps_waiting(
    server: ShipwayServer, waiting: Approval, form: dict[str, str], headers: dict[str, str]
) -> None:
    visitor = signed_in(server, "avery")
    words = {"own": visitor.csrf_token()}
    if form.get("csrf_token") == "of another session":
        words["of another session"] = signed_in(server, "avery").csrf_token()
    sent = {name: words.get(value, value) for name, value in form.items()}
    for verb in ("approve", "reject"):
        path = f"/approvals/{waiting.approval_id}/{verb}"
        assert visitor.ask("POST", path, form=sent, headers=headers).status in (401, 403, 415, 421)
    # no link and no image approves anything
    assert visitor.get(f"/approvals/{waiting.approval_id}/approve").status == 405
    assert still_waits(server, waiting)


def test_an_approver_approves_and_the_run_goes_on(server: ShipwayServer, waiting: Approval) -> None:
    visitor = signed_in(server, "avery")
    page = visitor.get(f"/runs/{waiting.run_id}").text
    place = f"/approvals/{waiting.approval_id}/approve"
    assert f'action="{place}"' in page
    form = {
        "csrf_token": visitor.csrf_token(), "comment": "fine & <good>",
        "back": f"/runs/{waiting.run_id}",
    }  # fmt: skip
    seen = visitor.ask("POST", place, form=form)
    assert (seen.status, seen.headers["location"]) == (303, f"/runs/{waiting.run_id}")
    assert server.finished(waiting.run_id).result == "succeeded"
    shown = visitor.get(f"/runs/{waiting.run_id}").text
    assert "<q>fine &amp; &lt;good&gt;</q>" in shown
    (step,) = [s for s in approvals.get(server.store, waiting.approval_id).steps if s.comment]
    assert step.actual_approver_name == "avery"
    late = visitor.ask("POST", place, form=form)
    assert late.status == 409


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_a_form_leads_back_to_the_studio_only(
    server: ShipwayServer, waiting: Approval, back: str
) -> None:
    visitor = signed_in(server, "avery")
    form = {"csrf_token": visitor.csrf_token(), "back": back}
    seen = visitor.ask("POST", f"/approvals/{waiting.approval_id}/approve", form=form)
    assert seen.status == 400
    assert "location" not in seen.headers
    assert still_waits(server, waiting)


# -- what a run wrote ------------------------------------------------------------------------


def test_what_a_run_wrote_is_shown_as_text(server: ShipwayServer, waiting: Approval) -> None:
    visitor = signed_in(server, "avery")
    records = server.records(waiting.run_id, "Task")
    step = next(r for r in records if r.task_name != "Checkout" and r.log_id)
    page = visitor.get(f"/runs/{waiting.run_id}?step={step.record_id}").text
    assert "<script>document.title" not in page
    assert "&lt;script&gt;document.title" in page
    assert "<h1>Result</h1>" in page
    assert "<img src=x" not in page


def test_a_report_opens_without_scripts_and_as_nobodys_origin(
    server: ShipwayServer, waiting: Approval
) -> None:
    visitor = signed_in(server, "avery")
    place = f"/runs/{waiting.run_id}/artifacts/things"
    report = visitor.get(f"{place}/report.html")
    assert report.status == 200
    assert report.headers["content-security-policy"].startswith("sandbox;")
    assert "script-src" not in report.headers["content-security-policy"]
    assert visitor.get(f"{place}/x.json").headers["content-type"].startswith("text/plain")
    for path in ("../../secrets.key", "..%2f..%2fsecrets.key", "%2e%2e/x", "nothing.txt"):
        assert visitor.get(f"{place}/{path}").status == 404


@pytest.mark.parametrize(
    "path",
    ["/runs/abc", "/runs/99999", "/runs/1/logs/99999/stream", "/jobs/rg/ws/none",
     "/models/rg/ws/none", "/endpoints/rg/ws/none", "/lineage/x", "/static/../guard.py",
     "/static/none.js", "/runs/" + "9" * 30],
)  # fmt: skip
def test_what_is_not_there_is_said_in_three_parts(
    server: ShipwayServer, project: ProjectRepository, path: str
) -> None:
    del project
    seen = signed_in(server, "avery").get(path)
    assert seen.status in (400, 404)
    assert "To do:" in seen.text or "Where:" in seen.text
    assert "Traceback" not in seen.text
