"""A protected repository behind a door, and REST for its pull requests, as several people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from shipway.azure.entra import personal_access_tokens
from shipway.devops import definitions, policies, projects, repositories, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.policies import Policy, PolicyContent, Scope
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester, Run
from shipway.loop import push
from shipway.store.store import Store
from tests.devops_door import Door, commit, git

MAIN = "refs/heads/main"
YAML = "trigger: [main]\npr: [nothing]\nsteps:\n- script: echo hello\n"


@dataclass(kw_only=True)
class Lab:
    """The door, its repository `flights` with a protected `main`, and a clone of it."""

    door: Door
    name: str
    repository: Repository
    definition: PipelineDefinition
    clone: Path
    tokens: dict[str, str]

    @property
    def store(self) -> Store:
        return self.door.store

    def call(
        self, method: str, path: str, body: Any = None, *, by: str = "owner", status: int = 200
    ) -> Any:
        """REST below the project; the answer's JSON, after checking its status."""
        answer = requests.request(
            method, f"{self.door.url}/{self.name}/_apis/{path}", json=body,
            params={"api-version": "7.1"}, auth=("", self.tokens[by]), timeout=30,
        )  # fmt: skip
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def protect(self, type_id: str, *, blocking: bool = True, **settings: Any) -> Policy:
        content = PolicyContent(
            type_id=type_id, is_enabled=True, is_blocking=blocking, settings=settings,
            scopes=(Scope(repository_id=self.repository.repository_id, ref=MAIN),),
        )  # fmt: skip
        by = Requester(object_id="", name="owner")
        project_id = self.repository.project_id
        return policies.create(self.store, project_id=project_id, content=content, by=by)

    def push(self, branch: str, files: dict[str, str], *, of: str = "origin/main") -> str:
        """Commit files on a branch of the clone, begun at `of`, and push it; the commit."""
        known = git("branch", "--list", branch, cwd=self.clone).strip()
        git("checkout", "-q", *([branch] if known else ["-b", branch, of]), cwd=self.clone)
        made = [commit(self.clone, n, text, f"change {n}") for n, text in files.items()]
        git("push", "-q", "origin", branch, cwd=self.clone)
        return made[-1]

    def open(self, branch: str = "topic", *, by: str = "owner", **more: Any) -> int:
        """Create a pull request into main; its number."""
        body = {"sourceRefName": f"refs/heads/{branch}", "targetRefName": MAIN, "title": "change"}
        made = self.call(
            "POST", "git/repositories/flights/pullrequests", {**body, **more}, by=by, status=201
        )
        return int(made["pullRequestId"])

    def show(self, number: int) -> Any:
        return self.call("GET", f"git/repositories/flights/pullrequests/{number}")

    def vote(self, number: int, value: int, *, by: str) -> None:
        me = self.call_connection(by)
        path = f"git/repositories/flights/pullrequests/{number}/reviewers/{me}"
        self.call("PUT", path, {"vote": value}, by=by)

    def call_connection(self, by: str) -> str:
        answer = requests.get(
            f"{self.door.url}/_apis/connectiondata", auth=("", self.tokens[by]), timeout=30
        )
        return str(answer.json()["authenticatedUser"]["id"])

    def complete(self, number: int, *, by: str = "owner", status: int = 200, **options: Any) -> Any:
        seen = self.show(number)["lastMergeSourceCommit"]
        body = {"status": "completed", "lastMergeSourceCommit": seen}
        if options:
            body["completionOptions"] = options
        path = f"git/repositories/flights/pullrequests/{number}"
        return self.call("PATCH", path, body, by=by, status=status)

    def evaluations(self, number: int) -> dict[str, str]:
        """Name of the policy's type -> status."""
        place = f"vstfs:///CodeReview/CodeReviewId/{self.repository.project_id}/{number}"
        answer = self.call("GET", f"policy/evaluations?artifactId={place}")
        return {e["configuration"]["type"]["displayName"]: e["status"] for e in answer["value"]}

    def validations(self) -> list[Run]:
        """Runs of pull requests, oldest first."""
        found = runs.list_of(self.store, project_id=self.repository.project_id)
        return [r for r in reversed(found) if r.reason == "pullRequest"]

    def tip(self, branch: str = "main") -> str:
        return repositories.refs_of(self.store, self.repository)[f"refs/heads/{branch}"]


def make_lab(door: Door, folder: Path) -> Lab:
    """A project of its own. `dana` and `avery` are people, `owner` administers."""
    name = f"flights{len(projects.list_all(door.store))}"
    project = projects.create(door.store, name=name)
    repository = repositories.create(door.store, project_id=project.project_id, name="flights")
    definition = definitions.create(
        door.store, project_id=project.project_id, name="ml",
        repository_id=repository.repository_id,
    )  # fmt: skip
    clone = folder / "clone"
    clone.mkdir()
    git("init", "-q", "-b", "main", cwd=clone)
    (clone / "azure-pipelines.yml").write_text(YAML)
    commit(clone, "a.txt", "one\ntwo\nthree\n")
    bare = str(repositories.path_of(door.store, repository))
    git("push", "-q", bare, "main", cwd=clone)
    push.reconcile(door.store)
    git("remote", "add", "origin", door.git_url(f"{name}/_git/flights"), cwd=clone)
    git("update-ref", "refs/remotes/origin/main", "main", cwd=clone)
    tokens = {"owner": door.owner_token} | {
        person: personal_access_tokens.create(door.store, user=person).text
        for person in ("dana", "avery")
    }
    return Lab(
        door=door, name=name, repository=repository, definition=definition, clone=clone,
        tokens=tokens,
    )  # fmt: skip
