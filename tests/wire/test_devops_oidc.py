"""The assertion of a service connection: for the running job of an authorized pipeline only."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from tests.devops_door import Door, open_door

from shipway.azure.entra import federated_credentials, personal_access_tokens, service_principals
from shipway.devops import (
    definitions,
    pipeline_permissions,
    projects,
    repositories,
    runs,
    service_connections,
)
from shipway.devops.runs import Record, Run
from shipway.devops.service_connections import ServiceConnection

JOB = "5f0d5b5e-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Scene:
    door: Door
    run: Run
    connection: ServiceConnection
    app_id: str

    def ask(self, *, token: str = "", job: str = JOB, plan: str = "") -> Any:
        secret = token or personal_access_tokens.issue_job_token(
            self.door.store, run_id=self.run.run_id
        )
        return requests.post(
            f"{self.door.url}/flights/_apis/distributedtask/hubs/build/plans/"
            f"{plan or self.run.plan_id}/jobs/{job}/oidctoken"
            f"?serviceConnectionId={self.connection.connection_id}&api-version=7.1-preview.1",
            headers={"Authorization": f"Bearer {secret}"} if "." in secret else {},
            auth=None if "." in secret else ("", secret), timeout=30,
        )  # fmt: skip


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with open_door(tmp_path) as door:
        store = door.store
        project = projects.create(store, name="flights")
        repository = repositories.create(store, project_id=project.project_id, name="r")
        definition = definitions.create(
            store, project_id=project.project_id, name="ml",
            repository_id=repository.repository_id,
        )  # fmt: skip
        app = service_principals.create_with_application(store, display_name="deployer")
        connection = service_connections.create(
            store, project_id=project.project_id, name="azure",
            parameters={"tenantid": app.tenant_id, "serviceprincipalid": app.app_id},
        )  # fmt: skip
        pipeline_permissions.authorize(
            store, resource_type="endpoint", resource_id=connection.connection_id,
            by="owner", definition_id=definition.definition_id,
        )  # fmt: skip
        run = runs.queue_run(
            store, definition=definition, branch="refs/heads/main", version="0" * 40,
            reason="manual", requested_by=door.user,
        )  # fmt: skip
        runs.set_record(
            store,
            Record(record_id=JOB, run_id=run.run_id, kind="Job", name="J", state="inProgress"),
        )
        yield Scene(door=door, run=run, connection=connection, app_id=app.app_id)


def test_the_assertion_signs_in_the_application_that_trusts_it(scene: Scene) -> None:
    store = scene.door.store
    assertion = scene.ask().json()["oidcToken"]
    claims = jwt.decode(assertion, options={"verify_signature": False})
    assert claims["sub"] == "sc://shipway/flights/azure"
    assert claims["aud"] == "api://AzureADTokenExchange"
    federated_credentials.create(
        store, app_id=scene.app_id, name="ado", subject=str(claims["sub"]),
        issuer=service_connections.issuer(store),
    )  # fmt: skip
    who = federated_credentials.check_assertion(store, app_id=scene.app_id, assertion=assertion)
    assert who.app_id == scene.app_id


def test_people_and_other_runs_get_none(scene: Scene) -> None:
    store = scene.door.store
    other = personal_access_tokens.issue_job_token(store, run_id=scene.run.run_id + 1)
    for token in (scene.door.owner_token, scene.door.user_token):
        assert scene.ask(token=token).status_code == 403
    assert scene.ask(token=other).status_code in (403, 404)
    assert scene.ask(plan="no-plan").status_code == 404
    assert scene.ask(job="no-job").status_code == 404


def test_none_is_given_before_or_after_the_job_or_without_authorization(scene: Scene) -> None:
    store, connection = scene.door.store, scene.connection
    runs.change_record(store, scene.run.run_id, JOB, state="completed")
    said = scene.ask()
    assert (said.status_code, "is completed" in said.json()["message"]) == (409, True)
    runs.change_record(store, scene.run.run_id, JOB, state="inProgress")
    pipeline_permissions.revoke(
        store, resource_type="endpoint", resource_id=connection.connection_id,
        by="owner", definition_id=scene.run.definition_id,
    )  # fmt: skip
    said = scene.ask()
    assert said.status_code == 403
    assert "'azure'" in said.json()["message"]
    assert connection.connection_id in said.json()["message"]
