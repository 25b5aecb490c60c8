"""Endpoints and deployments: states, splits, what is refused; without any process."""

from pathlib import Path

import pytest
from tests.support.ml_world import environment, make_world, register, scoring_code

from shipway.azure.arm import operations
from shipway.azure.entra import managed_identities
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.base.messages import Event
from shipway.loop import deployment
from shipway.loop.reactor import Reactor
from shipway.ml import online_deployments, online_endpoints
from shipway.ml.online_deployments import OnlineDeployment
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store


def endpoint(workspace: Workspace, **more: object) -> OnlineEndpoint:
    return OnlineEndpoint(
        workspace=workspace.key,
        name="flights",
        location="westeurope",
        **more,  # type: ignore[arg-type]
    )


def wanted(store: Store, workspace: Workspace, name: str, **more: object) -> OnlineDeployment:
    fields = {
        "model": "azureml:m:1", "environment_id": "azureml:e:1", "code_id": "azureml:c:1",
        "scoring_script": "score.py", **more,
    }  # fmt: skip
    return OnlineDeployment(
        workspace=workspace.key,
        endpoint="flights",
        name=name,
        location="westeurope",
        **fields,  # type: ignore[arg-type]
    )


def report(store: Store, kind: str, made: OnlineDeployment, **data: object) -> None:
    facts = {"key": made.key, "generation": made.generation, **data}
    store.journal.append(
        Event(kind=kind, subject=made.lineage_key, at=store.clock.now(), data=facts)
    )
    settle(store)


def settle(store: Store) -> None:
    reactor = Reactor(store)
    reactor.settle()
    reactor.stop()


@pytest.fixture
def world(tmp_path: Path) -> tuple[Store, Workspace]:
    store, workspace = make_world(tmp_path / "h")
    register(store, workspace, "m")
    scoring_code(store, workspace, "c", "def init(): pass\ndef run(data): return data\n")
    environment(store, workspace, "e")
    deployment.put_endpoint(store, endpoint(workspace))
    settle(store)
    return store, workspace


def test_an_endpoint_passes_creating_and_gets_keys_identity_and_a_host(
    tmp_path: Path,
) -> None:
    store, workspace = make_world(tmp_path)
    made, is_new = deployment.put_endpoint(store, endpoint(workspace))
    assert (made.provisioning_state, is_new) == ("Creating", True)
    assert operations.get(store, made.operation_id).status == "InProgress"
    settle(store)
    found = online_endpoints.find_by_host(store, "FLIGHTS.westeurope.inference.ml.azure.com")
    assert found is not None
    assert found.provisioning_state == "Succeeded"
    assert operations.get(store, made.operation_id).status == "Succeeded"
    keys = online_endpoints.keys(store, found)
    assert len(set(keys.values())) == 2
    own_id = online_endpoints.resource_id(workspace.key, "flights")
    assert managed_identities.find_for(store, own_id)


def test_a_deployment_succeeds_when_its_process_is_ready(
    world: tuple[Store, Workspace],
) -> None:
    store, workspace = world
    made, _ = deployment.put_deployment(store, wanted(store, workspace, "blue"))
    assert made.provisioning_state == "Creating"
    report(store, "ServingReady", made)
    found = online_deployments.get(store, workspace=workspace.key, endpoint="flights", name="blue")
    assert (found.provisioning_state, found.serving_generation) == ("Succeeded", 1)
    assert operations.get(store, made.operation_id).status == "Succeeded"
    (edge,) = store.growing.edges_to(made.lineage_key)
    assert (edge.source, edge.relation) == (f"model/{workspace.key}/m/1", "deployed")


def test_a_failed_update_leaves_the_older_form_serving(world: tuple[Store, Workspace]) -> None:
    store, workspace = world
    made, _ = deployment.put_deployment(store, wanted(store, workspace, "blue"))
    report(store, "ServingReady", made)
    changed = wanted(store, workspace, "blue", env_vars={"A": "b"})
    update, is_new = deployment.put_deployment(store, changed)
    assert (update.provisioning_state, update.generation, is_new) == ("Updating", 2, False)
    with pytest.raises(Conflict, match="ongoing operation"):
        deployment.put_deployment(store, changed)
    report(store, "ServingFailed", update, code="ResourceNotReady", message="Traceback ...")
    found = online_deployments.get(store, workspace=workspace.key, endpoint="flights", name="blue")
    assert (found.provisioning_state, found.serving_generation) == ("Failed", 1)
    operation = operations.get(store, update.operation_id)
    assert (operation.status, operation.error_message) == ("Failed", "Traceback ...")


def test_tags_alone_make_no_new_process(world: tuple[Store, Workspace]) -> None:
    store, workspace = world
    made, _ = deployment.put_deployment(store, wanted(store, workspace, "blue"))
    report(store, "ServingReady", made)
    update, _ = deployment.put_deployment(store, wanted(store, workspace, "blue", tags={"a": "b"}))
    assert update.generation == 1


@pytest.mark.parametrize(
    ("traffic", "mirror", "message"),
    [
        ({"blue": 50}, {}, "sums to 50"),
        ({"blue": 110}, {}, "between 0 and 100"),
        ({"green": 100}, {}, "'green', which does not exist"),
        ({"blue": 100}, {"blue": 60}, "at most 50"),
        ({"blue": 100}, {"nope": 10}, "'nope', which does not exist"),
    ],
)
def test_a_wrong_split_is_refused_and_nothing_changes(
    world: tuple[Store, Workspace], traffic: dict[str, int], mirror: dict[str, int], message: str
) -> None:
    store, workspace = world
    made, _ = deployment.put_deployment(store, wanted(store, workspace, "blue"))
    report(store, "ServingReady", made)
    before = online_endpoints.get(store, workspace=workspace.key, name="flights")
    with pytest.raises(BadInput, match=message):
        deployment.put_endpoint(store, endpoint(workspace, traffic=traffic, mirror_traffic=mirror))
    assert online_endpoints.get(store, workspace=workspace.key, name="flights") == before


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model": "azureml:nope:1"}, NotFound, "nope"),
        ({"environment_id": "azureml:gone:1"}, NotFound, "gone"),
        ({"code_id": "azureml:lost:1"}, NotFound, "lost"),
        ({"scoring_script": ""}, BadInput, "no scoring script"),
        ({"environment_id": ""}, BadInput, "needs an environment"),
    ],
)
def test_a_deployment_of_things_that_are_not_there_is_refused(
    world: tuple[Store, Workspace], changes: dict[str, str], error: type[Exception], message: str
) -> None:
    store, workspace = world
    with pytest.raises(error, match=message):
        deployment.put_deployment(store, wanted(store, workspace, "blue", **changes))
    assert online_deployments.list_everywhere(store) == []


def test_a_deployment_with_traffic_is_not_deleted(world: tuple[Store, Workspace]) -> None:
    store, workspace = world
    made, _ = deployment.put_deployment(store, wanted(store, workspace, "blue"))
    report(store, "ServingReady", made)
    deployment.put_endpoint(store, endpoint(workspace, traffic={"blue": 100}))
    settle(store)
    with pytest.raises(BadInput, match="100 percent of the traffic"):
        deployment.delete_deployment(
            store, workspace=workspace.key, endpoint="flights", name="blue"
        )
    deployment.delete_endpoint(store, workspace=workspace.key, name="flights")
    deleting = online_deployments.list_everywhere(store)[0]
    assert deleting.provisioning_state == "Deleting"
    report(store, "ServingStopped", deleting)
    assert online_endpoints.find(store, workspace=workspace.key, name="flights") is None
    assert online_deployments.list_everywhere(store) == []


def test_a_host_name_is_taken_once(world: tuple[Store, Workspace]) -> None:
    store, workspace = world
    from shipway.ml import workspaces

    other = workspaces.create(
        store, subscription=workspace.subscription, resource_group="rg", name="other"
    )
    with pytest.raises(Conflict, match="taken in westeurope"):
        deployment.put_endpoint(store, endpoint(other))


def test_the_first_cause_is_what_an_error_shows(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text(
        "noise\nTraceback (most recent call last):\n  File 'score.py', line 1\nValueError: mine\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        "Traceback (most recent call last):\n  File 'server.py', line 9\nServerError: theirs\n"
        "more noise\n"
    )
    shown = online_deployments.tail(path, 15, only_traceback=True)
    assert shown.endswith("ValueError: mine")
    assert "theirs" not in shown
