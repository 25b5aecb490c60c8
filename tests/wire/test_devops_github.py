"""Definitions of GitHub repositories: unmapped, mapped, pushed to; over REST and with real git."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.devops_door import Door, commit, git, open_door

from shipway.azure.entra import personal_access_tokens
from shipway.base.errors import BadInput, Conflict
from shipway.devops import (
    definitions,
    github_mirrors,
    projects,
    run_variables,
    runs,
    security_groups,
    service_connections,
)
from shipway.devops.runs import Run
from shipway.loop import github_mirror
from shipway.loop.github_mirror import MirrorWatch, SourceUnreadable

pytestmark = pytest.mark.git
YAML = "trigger:\n  branches:\n    include: [main]\npr: none\nsteps:\n- script: echo hello\n"
NAME = "contoso/flights"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as running:
        projects.create(running.store, name="ml")
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "flights"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    commit(folder, "azure-pipelines.yml", YAML)
    return folder


def call(door: Door, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = requests.request(
        method, f"{door.url}{path}?api-version=7.1", json=body, auth=("", door.owner_token),
        timeout=60,
    )  # fmt: skip
    return answer.status_code, answer.json()


def connection(door: Door) -> str:
    project = projects.get(door.store, "ml")
    made = service_connections.create(
        door.store, project_id=project.project_id, name="github", kind="github", scheme="None",
        url="https://github.com",
    )  # fmt: skip
    return made.connection_id


def definition(door: Door, *, connection_id: str = "") -> Any:
    return call(door, "POST", "/ml/_apis/build/definitions", {
        "name": "ml", "type": "build",
        "process": {"type": 2, "yamlFilename": "azure-pipelines.yml"},
        "repository": {
            "id": NAME, "name": NAME, "type": "GitHub", "defaultBranch": "refs/heads/main",
            "url": f"https://github.com/{NAME}.git",
            "properties": {"connectedServiceId": connection_id or connection(door),
                           "reportBuildStatus": "true"},
        },
        "triggers": [{"triggerType": "continuousIntegration", "settingsSourceType": 2}],
    })  # fmt: skip


def mapped(door: Door, source: Path) -> github_mirrors.GithubMirror:
    return github_mirror.map_repository(door.store, name=NAME, source=str(source), by=door.user)


def queued(door: Door) -> list[Run]:
    return list(reversed(runs.list_of(door.store)))


def test_pull_requests_by_the_yaml_are_kept_and_other_ways_refused(door: Door) -> None:
    _, made = definition(door)
    asked = {
        "triggerType": "pullRequest", "settingsSourceType": 2, "branchFilters": ["+main"],
        "pathFilters": [], "forks": {"enabled": True, "allowSecrets": False},
        "isCommentRequiredForPullRequest": True, "requireCommentsForNonTeamMembersOnly": True,
    }  # fmt: skip
    path = f"/ml/_apis/build/definitions/{made['id']}"
    status, changed = call(door, "PUT", path, {**made, "triggers": [asked, *made["triggers"]]})
    assert status == 200, changed
    _, read = call(door, "GET", path)
    assert read["triggers"] == [*made["triggers"], asked]
    own = {**asked, "settingsSourceType": 1}
    status, said = call(door, "PUT", path, {**read, "triggers": [own]})
    assert status == 400
    assert "'pullRequest' trigger is not supported" in said["message"]


def test_an_unmapped_definition_is_kept_as_it_was_sent_and_its_run_is_refused_by_name(
    door: Door,
) -> None:
    status, made = definition(door)
    assert status == 200, made
    _, read = call(door, "GET", f"/ml/_apis/build/definitions/{made['id']}")
    assert read["repository"] == made["repository"]
    assert (read["repository"]["id"], read["repository"]["type"]) == (NAME, "GitHub")
    assert read["repository"]["properties"]["reportBuildStatus"] == "true"
    status, said = call(door, "POST", "/ml/_apis/build/builds", {"definition": {"id": made["id"]}})
    assert (status, said["typeKey"]) == (409, "GitHubRepositoryNotMapped")
    assert f"shipway repos map {NAME}" in said["message"]
    assert queued(door) == []


def test_a_definition_without_a_github_connection_is_refused(door: Door) -> None:
    status, said = definition(door, connection_id="6a2b1f0c-0000-0000-0000-000000000000")
    assert (status, said["typeKey"]) == (400, "RepositoryInformationInvalidException")


def test_mapping_starts_nothing_and_a_push_into_the_folder_starts_what_matches(
    door: Door, source: Path
) -> None:
    definition(door)
    mirror = mapped(door, source)
    assert queued(door) == [], "what was there before is history"
    version = commit(source, "a.txt", "a")
    accepted = github_mirror.sync(door.store, mirror)
    (run,) = queued(door)
    assert [r.run_id for r in accepted.runs] == [run.run_id]
    assert (run.source_version, run.source_branch) == (version, "refs/heads/main")
    assert (run.reason, run.requested_for.name) == ("individualCI", door.user.name)
    again = github_mirrors.get(door.store, NAME)
    assert github_mirror.sync(door.store, again).moves == ()
    said = {v.name: v.value for v in run_variables.predefined(door.store, run)}
    assert {k: v for k, v in said.items() if k.startswith("Build.Repository.")} == {
        "Build.Repository.Clean": "False", "Build.Repository.Git.SubmoduleCheckout": "False",
        "Build.Repository.ID": NAME,
        "Build.Repository.Name": NAME, "Build.Repository.Provider": "GitHub",
        "Build.Repository.Uri": f"https://github.com/{NAME}",
    }  # fmt: skip


def test_a_push_to_the_mirror_itself_starts_and_is_left_alone_by_a_source_that_rests(
    door: Door, source: Path
) -> None:
    definition(door)
    mapped(door, source)
    version = commit(source, "a.txt", "a")
    git("reset", "-q", "--hard", "HEAD~1", cwd=source)
    url = door.git_url("github.com/contoso/_git/flights")
    said = git("push", "-q", url, f"{version}:refs/heads/main", cwd=source)
    assert "run 1 of 'ml' is queued" in said
    MirrorWatch(door.store).look()
    (run,) = queued(door)
    assert run.source_version == version
    assert version in git("ls-remote", url, "refs/heads/main", cwd=source)


def test_a_job_s_token_reads_the_repository_of_its_own_run_alone(door: Door, source: Path) -> None:
    definition(door)
    mirror = mapped(door, source)
    commit(source, "a.txt", "a")
    github_mirror.sync(door.store, mirror)
    (run,) = queued(door)
    github_mirror.map_repository(door.store, name="contoso/other", source=str(source), by=door.user)
    token = personal_access_tokens.issue_job_token(door.store, run_id=run.run_id)
    own = door.git_url("github.com/contoso/_git/flights", token)
    assert run.source_version in git("ls-remote", own, cwd=source)
    other = door.git_url("github.com/contoso/_git/other", token)
    assert "limited to its own repository" in git("ls-remote", other, cwd=source, accept=(128,))
    said = git("push", "-q", own, "HEAD:refs/heads/x", cwd=source, accept=(128,))
    assert "GenericContribute" in said


def test_a_branch_that_is_gone_at_the_source_is_gone_in_the_mirror(
    door: Door, source: Path
) -> None:
    git("branch", "topic", cwd=source)
    mirror = mapped(door, source)
    git("branch", "-D", "topic", cwd=source)
    (move,) = github_mirror.sync(door.store, mirror).moves
    assert (move.ref, move.is_deletion) == ("refs/heads/topic", True)


def test_a_source_that_is_away_is_noted_and_followed_again_when_it_is_back(
    door: Door, source: Path, tmp_path: Path
) -> None:
    definition(door)
    mirror = mapped(door, source)
    source.rename(tmp_path / "elsewhere")
    with pytest.raises(SourceUnreadable):
        github_mirror.sync(door.store, mirror)
    noted = github_mirrors.get(door.store, NAME)
    assert "git cannot read" in noted.last_error
    (tmp_path / "elsewhere").rename(source)
    commit(source, "a.txt", "a")
    github_mirror.sync(door.store, noted)
    assert len(queued(door)) == 1
    assert github_mirrors.get(door.store, NAME).last_error == ""


def test_a_mirror_can_be_unmapped_and_mapped_to_another_source(
    door: Door, source: Path, tmp_path: Path
) -> None:
    git("branch", "old", cwd=source)
    mirror = mapped(door, source)
    with pytest.raises(Conflict, match="mapped to"):
        mapped(door, source)
    github_mirrors.delete(door.store, mirror)
    other = tmp_path / "other"
    other.mkdir()
    git("init", "-q", "-b", "trunk", cwd=other)
    commit(other, "b.txt", "b")
    again = mapped(door, other)
    assert list(again.source_refs) == ["refs/heads/trunk"]
    assert github_mirrors.repository_of(door.store, again).default_branch == "refs/heads/trunk"


def test_following_a_source_brings_no_mirror_back_that_was_unmapped_meanwhile(
    door: Door, source: Path
) -> None:
    mirror = mapped(door, source)
    github_mirrors.delete(door.store, mirror)
    github_mirrors.keep(door.store, mirror)
    github_mirrors.note_error(door.store, mirror, "away")
    assert github_mirrors.list_all(door.store) == []


@pytest.mark.parametrize(
    ("name", "place", "error"),
    [
        ("flights", "/tmp", BadInput),
        ("contoso/flights", "nowhere/at/all", BadInput),
        ("contoso/..", "/tmp", BadInput),
        ("contoso/.", "/tmp", BadInput),
        ("contoso/..git", "/tmp", BadInput),
        ("contoso/flights.wiki", "/tmp", BadInput),
        ("contoso/flights.git.git", "/tmp", BadInput),
        ("contoso/flights.GIT", "/tmp", BadInput),
        ("contoso/flights", "/", SourceUnreadable),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_and_leaves_nothing(
    door: Door, name: str, place: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        github_mirror.map_repository(door.store, name=name, source=place, by=door.user)
    assert github_mirrors.list_all(door.store) == []


@pytest.mark.parametrize(
    "place",
    [
        "http://ghp_TOKEN@127.0.0.1:1/a.git", "https://me:ghp_TOKEN@127.0.0.1:1/a.git",
        "HTTPS://ghp_TOKEN@127.0.0.1:1/a.git", "https://ghp_TOKEN:@127.0.0.1:1/a.git",
        "https:/ghp_TOKEN@127.0.0.1:1/a.git", "https://ghp_ TOKEN ghp_TOKEN@127.0.0.1:1/a.git",
        "ssh://git:ghp_TOKEN@127.0.0.1:1/a.git", "htps://ghp_TOKEN@127.0.0.1:1/a.git",
    ],
)  # fmt: skip
def test_a_token_in_the_url_is_refused_not_repeated_and_lies_nowhere(
    door: Door, place: str
) -> None:
    with pytest.raises(BadInput) as refused:
        github_mirror.map_repository(door.store, name=NAME, source=place, by=door.user)
    error = refused.value
    assert "TOKEN" not in f"{error.message} {error.hint} {error.where}"
    if place[:4].lower() == "http":
        assert "credential helper" in error.hint
    for folder, _, names in os.walk(door.store.home.root):
        for name in names:
            assert b"ghp_TOKEN" not in (Path(folder) / name).read_bytes()


@pytest.mark.parametrize("place", ["ssh://git@127.0.0.1:1/a.git", "git@127.0.0.1:a.git"])
def test_the_user_of_ssh_is_no_secret(
    door: Door, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    with pytest.raises(SourceUnreadable, match="git@127"):
        github_mirror.map_repository(door.store, name=NAME, source=place, by=door.user)


def test_a_mirror_is_read_by_who_reads_a_project_that_names_it(door: Door, source: Path) -> None:
    mapped(door, source)
    url = door.git_url("github.com/contoso/_git/flights", door.user_token)
    owners = door.git_url("github.com/contoso/_git/flights")

    def refused() -> bool:
        said = git("ls-remote", url, cwd=source, accept=(0, 128))
        absent = git("ls-remote", url.replace("_git/flights", "_git/none"), cwd=source,
                     accept=(128,))  # fmt: skip
        assert "refs/heads/main" in git("ls-remote", owners, cwd=source)
        return "not mapped" in said and said.replace("flights", "none") == absent

    assert refused(), "no definition names it yet"
    definition(door)
    assert not refused()
    project_id = projects.get(door.store, "ml").project_id
    group = security_groups.well_known(door.store, "Contributors", project_id=project_id)
    security_groups.remove_member(
        door.store, group_id=group.group_id, member_id=door.user.object_id
    )
    projects.create(door.store, name="own")
    assert refused(), "a member of another project"
    fetch = requests.post(
        f"{door.url}/github.com/contoso/_git/flights/git-upload-pack", data=b"0000",
        auth=("", door.user_token), timeout=30,
    )  # fmt: skip
    assert fetch.status_code == 404


def test_mirrors_are_repositories_of_no_project(door: Door, source: Path) -> None:
    mirror = mapped(door, source)
    status, found = call(door, "GET", "/_apis/git/repositories")
    assert (status, [r["name"] for r in found["value"]]) == (200, [])
    status, _ = call(door, "GET", f"/_apis/git/repositories/{mirror.repository_id}")
    assert status == 404


def test_a_pipeline_of_the_newer_interface_names_its_github_repository(
    door: Door, source: Path
) -> None:
    mapped(door, source)
    status, made = call(door, "POST", "/ml/_apis/pipelines", {
        "name": "ml", "configuration": {
            "type": "yaml", "path": "azure-pipelines.yml",
            "repository": {"fullName": NAME, "type": "gitHub",
                           "connection": {"id": connection(door)}},
        },
    })  # fmt: skip
    assert status == 200, made
    assert made["configuration"]["repository"]["fullName"] == NAME
    status, run = call(door, "POST", f"/ml/_apis/pipelines/{made['id']}/runs", {})
    assert status == 200, run
    assert run["resources"]["repositories"]["self"]["repository"]["type"] == "gitHub"
    assert definitions.of_repository(door.store, github_mirrors.repository_id(NAME))
