"""`azuredevops_project_features`: which services a project has switched on.

Calls: PATCH `_apis/FeatureManagement/FeatureStates/host/project/{id}/{feature}`, POST
`_apis/FeatureManagement/FeatureStatesQuery`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shipway.terraform.calls import Calls
from shipway.terraform.resource import UNKNOWN, Problem, TerraformResource, Values
from shipway.terraform.resources.azuredevops.attributes import doing, joined, path, text

IDS: Final[Mapping[str, str]] = {
    "boards": "ms.vss-work.agile",
    "repositories": "ms.vss-code.version-control",
    "pipelines": "ms.vss-build.pipelines",
    "testplans": "ms.vss-test-web.test",
    "artifacts": "ms.azure-artifacts.feature",
}
_VERSION = "7.1-preview.1"
_PLACE = "/_apis/FeatureManagement"
_STATES = ("enabled", "disabled")


def wanted(values: Values) -> dict[str, Any]:
    """The features that a configuration or state names, with their states."""
    found = values.get("features")
    return dict(found) if isinstance(found, dict) else {}


def set_states(calls: Calls, project: str, states_by_feature: Mapping[str, str]) -> None:
    """Switch features on and off."""
    for feature, state in sorted(states_by_feature.items()):
        feature_id = IDS[feature.lower()]
        with doing(f"Failed to update project features. Feature type: {feature_id}"):
            calls.devops(
                "PATCH",
                f"{_PLACE}{path('FeatureStates', 'host', 'project', project, feature_id)}",
                api_version=_VERSION,
                body={
                    "featureId": feature_id,
                    "state": state,
                    "scope": {"settingScope": "project", "userScoped": False},
                },
            )


def states(calls: Calls, project: str, of: Mapping[str, str]) -> dict[str, str]:
    """The present states of the features in `of`."""
    with doing(f"Get project features error, project: {project}"):
        answer = calls.devops(
            "POST",
            f"{_PLACE}/FeatureStatesQuery",
            api_version=_VERSION,
            body={"featureIds": list(IDS.values()), "scopeValues": {"project": project}},
        )
    found = answer["featureStates"]
    return {
        name: found[IDS[name.lower()]]["state"] for name in of if IDS.get(name.lower()) in found
    }


def problems(config: Values) -> Iterable[Problem]:
    """Names that are no features, states that are none."""
    for name, state in wanted(config).items():
        if name.lower() not in IDS:
            yield Problem(
                "features", f"unknown feature: {name}, available features are: {joined(list(IDS))}"
            )
        elif state is not UNKNOWN and state not in _STATES:
            yield Problem("features", f"invalid state: {state}", f"Use {joined(_STATES)}.")
    if config.get("features") == {}:
        yield Problem("features", "Feature map must contain at least on entry")


def create(calls: Calls, values: Values) -> Values:
    """Switch the named ones."""
    project = text(values, "project_id")
    set_states(calls, project, wanted(values))
    return {"id": project}


def read(calls: Calls, values: Values) -> Values | None:
    """The states of those that the state names; None when the project is gone."""
    project = text(values, "project_id") or text(values, "id")
    if calls.devops("GET", f"/_apis{path('projects', project)}", missing_ok=True) is None:
        return None
    return {"project_id": project, "features": states(calls, project, wanted(values))}


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Switch the named ones."""
    set_states(calls, text(prior, "project_id"), wanted(planned))


def delete(calls: Calls, values: Values) -> None:
    """Switch all that were named on again: that is how a project begins."""
    project = text(values, "project_id")
    if calls.devops("GET", f"/_apis{path('projects', project)}", missing_ok=True) is not None:
        set_states(calls, project, dict.fromkeys(wanted(values), "enabled"))


RESOURCE = TerraformResource(
    type_name="azuredevops_project_features",
    create=create,
    read=read,
    update=update,
    delete=delete,
    validate=problems,
)
