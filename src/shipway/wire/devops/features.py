"""Features of a project: boards, repositories, pipelines, test plans, artifacts, on or off.

Kept and told. A feature that is off hides its hub in Azure's portal and stops nothing on the
service's routes, and so it is here. Source:
https://learn.microsoft.com/azure/devops/organizations/settings/set-services
"""

from typing import Any

from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.devops import projects
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response

_KIND = "project_feature"
_FEATURES = {
    "ms.vss-work.agile": "Boards", "ms.vss-code.version-control": "Repos",
    "ms.vss-build.pipelines": "Pipelines", "ms.vss-test-web.test": "Test Plans",
    "ms.azure-artifacts.feature": "Artifacts",
}  # fmt: skip


class Features:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET featuremanagement/features."""
        del request
        return shapes.collection([{"id": i, "name": n} for i, n in _FEATURES.items()])

    def get(self, request: Request) -> Response:
        """GET featuremanagement/featurestates/host/project/{id}/{feature}."""
        project_id = self._scope(request)
        return json_response(self._state(project_id, _known(request.params["feature"])))

    def set(self, request: Request) -> Response:
        """PATCH featuremanagement/featurestates/host/project/{id}/{feature}."""
        project_id = self._scope(request)
        rights.require(self._store, request, "administer", project_id=project_id)
        feature = _known(request.params["feature"])
        state = _state_of(body_of(request))
        self._store.documents.put(_KIND, f"{project_id}/{feature}", {"state": state})
        return json_response(self._state(project_id, feature))

    def query(self, request: Request) -> Response:
        """POST featuremanagement/featurestatesquery: several features of one project."""
        body = body_of(request)
        scopes = body.child("scopeValues")
        project_id = self._project(request, scopes.text("project"))
        wanted = body.texts("featureIds") or tuple(_FEATURES)
        states = {_known(one): self._state(project_id, _known(one)) for one in wanted}
        return json_response(
            {"featureIds": list(wanted), "scopeValues": dict(scopes.values),
             "featureStates": states}
        )  # fmt: skip

    def _scope(self, request: Request) -> str:
        """The project that the path names. Raises `NotSupported` for another kind of scope."""
        said = f"{request.params['scope']}/{request.params['kind']}".lower()
        if said != "host/project":
            raise NotSupported(
                f"features of the scope '{said[:60]}' are not supported",
                code="FeatureScopeNotSupportedException", status=400, where="scopeName",
                hint="The scope is host/project.",
            )  # fmt: skip
        return self._project(request, request.params["value"])

    def _project(self, request: Request, name: str) -> str:
        project_id = projects.get(self._store, name).project_id
        rights.require(self._store, request, "read", project_id=project_id)
        return project_id

    def _state(self, project_id: str, feature: str) -> dict[str, Any]:
        found = self._store.documents.find(_KIND, f"{project_id}/{feature}")
        return {
            "featureId": feature, "state": found.body["state"] if found else "enabled",
            "overridden": False, "reason": None,
            "scope": {"settingScope": "project", "userScoped": False},
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Features; the scope is always host/project."""
    noun = Features(store)
    one = "featuremanagement/featurestates/{scope}/{kind}/{value}/{feature}"
    return (
        in_organization("GET", "featuremanagement/features", noun.list_all,
                        query=("targetContributionId",)),
        in_organization("GET", one, noun.get),
        in_organization("PATCH", one, noun.set, action="administer",
                        query=("reason", "reasonCode")),
        in_organization("POST", "featuremanagement/featurestatesquery", noun.query),
    )  # fmt: skip


def _known(feature: str) -> str:
    if feature.lower() not in _FEATURES:
        raise NotFound(
            f"the feature '{feature[:100]}' is not known", where=feature[:100],
            code="ContributedFeatureNotFoundException", hint=f"Known: {', '.join(_FEATURES)}.",
        )  # fmt: skip
    return feature.lower()


def _state_of(body: Fields) -> str:
    said = body.raw("state")
    # the service's own clients send the enumeration's number or its word
    word = {0: "disabled", 1: "enabled"}.get(said, said) if isinstance(said, int) else said
    if word not in ("enabled", "disabled"):
        raise BadInput(
            f"The value '{said}' of 'state' is not supported", where="state",
            code="InvalidArgumentValueException", hint="Known: enabled, disabled.",
        )  # fmt: skip
    return str(word)
