"""Sizes of computes as bounds, and the states of instances."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.ml_world import make_world

from shipway.base.errors import BadInput
from shipway.ml import computes
from shipway.ml.computes import Compute
from shipway.store.store import Store


@pytest.fixture
def place(tmp_path: Path) -> tuple[Store, str]:
    store, workspace = make_world(tmp_path / "home")
    return store, workspace.key


def make(place: tuple[Store, str], kind: str = "AmlCompute", **settings: Any) -> Compute:
    store, workspace = place
    return computes.create(
        store, workspace=workspace, name="c", compute_type=kind, location="westeurope",
        settings=settings,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        ({"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 3}}, 3),
        ({"scaleSettings": {"maxNodeCount": 0}}, 0),
        ({"scaleSettings": {}}, None),
        ({}, None),
        ({"scaleSettings": {"maxNodeCount": True}}, None),
    ],
)
def test_a_clusters_size_is_its_bound(
    place: tuple[Store, str], settings: dict[str, Any], most: int | None
) -> None:
    assert computes.most_at_once(make(place, **settings)) == most


def test_an_instance_has_room_for_one_while_it_runs(place: tuple[Store, str]) -> None:
    store, workspace = place
    assert computes.most_at_once(make(place, "ComputeInstance")) == 1
    stopped = computes.set_instance_state(store, workspace=workspace, name="c", state="Stopped")
    assert computes.most_at_once(stopped) == 0
    # changed otherwise it stays as it is
    assert make(place, "ComputeInstance", vmSize="X").instance_state == "Stopped"


def test_a_cluster_is_not_stopped(place: tuple[Store, str]) -> None:
    store, workspace = place
    make(place)
    with pytest.raises(BadInput, match="only a compute instance"):
        computes.set_instance_state(store, workspace=workspace, name="c", state="Stopped")
