"""A provider that cannot be loaded says so to whoever asks."""

import pytest

from shipway.terraform.launch import LoadingServicer


def test_what_stood_in_the_way_of_loading_is_said_to_each_call() -> None:
    servicer = LoadingServicer("nonsense")
    for method in ("GetProviderSchema", "PlanResourceChange"):
        with pytest.raises(
            RuntimeError, match=r"nonsense provider could not start.*nonsense\.json"
        ):
            servicer.call(method, {})
    servicer.close()
    servicer.finish()


def test_the_schema_is_told_before_the_rest_is_loaded() -> None:
    servicer = LoadingServicer("azuread")
    assert isinstance(servicer.call("GetProviderSchema", {}), bytes)
    answer = servicer.call("GetMetadata", {})
    assert isinstance(answer, dict)
    assert {"type_name": "azuread_application"} in answer["resources"]
    servicer.close()
