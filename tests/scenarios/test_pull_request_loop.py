"""A pull request in the whole loop: made on the command line, validated by an agent, approved and
completed in the studio or by itself."""

import json
from collections.abc import Iterator

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_until
from tests.studio_visitor import signed_in

from shipway.devops import (
    definitions,
    logs,
    policies,
    policy_types,
    pull_requests,
    repositories,
    runs,
)
from shipway.devops.policies import PolicyContent, Scope
from shipway.devops.runs import Requester

pytestmark = pytest.mark.git
YAML = """\
trigger: [main]
steps:
- script: |
    echo "of $(System.PullRequest.PullRequestId) $(System.PullRequest.SourceBranch)"
    echo "is $(Build.Reason) $(Build.SourceBranch) $(cat *.txt)"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("prs")) as made:
        yield made


@pytest.fixture(scope="module")
def project(server: ShipwayServer) -> ProjectRepository:
    """A repository whose main wants a vote and a build."""
    made = server.project()
    server.finished(made.push(YAML))
    (definition,) = definitions.list_of(server.store, project_id=made.project_id)
    asked: dict[str, dict[str, object]] = {
        policy_types.MIN_REVIEWERS: {"minimumApproverCount": 1},
        policy_types.BUILD: {"buildDefinitionId": definition.definition_id,
                             "displayName": "tests"},
    }  # fmt: skip
    for type_id, settings in asked.items():
        content = PolicyContent(
            type_id=type_id, is_enabled=True, is_blocking=True, settings=settings,
            scopes=(Scope(match_kind="DefaultBranch"),),
        )  # fmt: skip
        by = Requester(object_id="", name="owner")
        policies.create(server.store, project_id=made.project_id, content=content, by=by)
    return made


def push(project: ProjectRepository, branch: str, text: str) -> str:
    """A commit on a branch of its own; its id."""
    server, folder = project.server, project.folder
    server.git(folder, "checkout", "-q", "-B", branch)
    (folder / f"{branch}.txt").write_text(text)
    server.git(folder, "add", "-A")
    server.git(folder, "commit", "-q", "-m", f"say {text}")
    url = f"https://any:{server.token()}@dev.azure.com/shipway/{project.name}/_git/stack"
    server.git(folder, "push", "-q", url, branch)
    return server.git(folder, "rev-parse", "HEAD").strip()


def tip(project: ProjectRepository) -> str:
    store = project.server.store
    (repository,) = repositories.list_of(store, project_id=project.project_id)
    return repositories.refs_of(store, repository)["refs/heads/main"]


def said(server: ShipwayServer, run_id: int) -> str:
    """Everything that a run has logged."""
    records = [r for r in runs.records_of(server.store, run_id) if r.log_id]
    found = [logs.get(server.store, run_id=run_id, log_id=r.log_id or 0) for r in records]
    lines = [logs.read(server.store, one, start=1, end=500, with_times=False) for one in found]
    return "\n".join(line for part in lines for line in part)


def test_a_pull_request_completes_itself_when_it_is_approved_and_built(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    push(project, "topic", "hello")
    made = json.loads(
        server.command("prs", "create", "--source", "topic", "--as", "dana", "--json").stdout
    )
    number = made["number"]
    assert (made["title"], made["merge"], made["status"]) == ("say hello", "succeeded", "active")
    (build,) = [p for p in made["policies"] if p["type"] == "Build"]
    run_id = int(build["run_id"])
    assert server.finished(run_id).result == "succeeded"
    told = said(server, run_id)
    assert f"of {number} refs/heads/topic" in told
    assert f"is PullRequest refs/pull/{number}/merge hello" in told
    refused = server.command("prs", "complete", str(number), check=False)
    assert refused.returncode == 1
    assert "Minimum number of reviewers (0 of 1 approvals)" in refused.stderr
    later = server.command("prs", "complete", str(number), "--auto", "--delete-source").stdout
    assert "is completed as soon as its policies are met" in later
    server.command("prs", "approve", str(number), "--as", "avery")
    wait_until(lambda: pull_requests.get(server.store, number).status == "completed")
    shown = server.command("prs", "show", str(number)).stdout
    assert "policy tests: approved" in shown
    assert "reviewer avery: approved" in shown
    listed = server.command("prs", "list", "--state", "completed").stdout
    assert "say hello" in listed
    newest = runs.list_of(server.store)[0]
    assert (newest.source_branch, newest.source_version) == ("refs/heads/main", tip(project))


def test_a_pull_request_is_approved_and_completed_in_the_studio(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    main = server.git(project.folder, "rev-parse", "main").strip()
    server.git(project.folder, "checkout", "-q", "main")
    source = push(project, "second", "again <b>")
    number = int(
        json.loads(server.command("prs", "create", "--source", "second", "--json").stdout)["number"]
    )
    visitor = signed_in(server, "avery")
    page = f"/prs/{number}"
    seen = visitor.get(page)
    assert (seen.status, "say again &lt;b&gt;" in seen.text) == (200, True)
    assert "It waits for Minimum number of reviewers" in seen.text
    assert 'value="now"' not in seen.text
    assert "say again" in visitor.get("/prs").text
    form = {"answer": "approve"}
    assert visitor.ask("POST", f"{page}/vote", form=form).status == 403
    assert pull_requests.get(server.store, number).votes == ()
    form["csrf_token"] = visitor.csrf_token()
    assert visitor.ask("POST", f"{page}/vote", form=form).status == 303
    (run,) = [
        r for r in runs.list_of(server.store) if r.source_branch == f"refs/pull/{number}/merge"
    ]
    server.finished(run.run_id)
    seen = visitor.get(page)
    assert 'value="now"' in seen.text
    form |= {"when": "now", "strategy": "squash", "source_commit": main}
    assert visitor.ask("POST", f"{page}/complete", form=form).status == 409
    form["source_commit"] = source
    assert visitor.ask("POST", f"{page}/complete", form=form).status == 303
    done = pull_requests.get(server.store, number)
    assert done.closed_by is not None
    assert (done.status, done.closed_by.name, done.merge.commit) == (
        "completed", "avery", tip(project),
    )  # fmt: skip


def test_an_abandoned_one_is_no_longer_listed(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    server.git(project.folder, "checkout", "-q", "main")
    push(project, "third", "nothing")
    made = json.loads(server.command("prs", "create", "--source", "third", "--json").stdout)
    dropped = server.command("prs", "abandon", str(made["number"])).stdout
    assert "is abandoned" in dropped
    listed = json.loads(server.command("prs", "list", "--json").stdout)
    assert made["number"] not in [one["number"] for one in listed]
    wrong = server.command("prs", "create", "--source", "nowhere", check=False)
    assert (wrong.returncode, "refs/heads/nowhere" in wrong.stderr) == (1, True)
