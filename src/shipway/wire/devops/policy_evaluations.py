"""What the policies of its target branch say of a pull request.

Source: https://learn.microsoft.com/rest/api/azure/devops/policy/evaluations
"""

from shipway.base.errors import BadInput, NotFound
from shipway.devops import policy_evaluations, pull_requests
from shipway.devops.policy_evaluations import Evaluation
from shipway.devops.pull_requests import PullRequest
from shipway.loop import pull_request, pull_request_completion
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.pull_request_bodies import me
from shipway.wire.devops.pull_request_shapes import ARTIFACT, evaluation_shape
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response


class Evaluations:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET policy/evaluations?artifactId=vstfs:///CodeReview/CodeReviewId/{project}/{id}."""
        project = shapes.project_of(self._store, request)
        asked = request.arg("artifactId")
        project_id, _, number = asked.removeprefix(ARTIFACT).partition("/")
        if not asked.startswith(ARTIFACT) or project_id.lower() != project.project_id:
            raise BadInput(
                f"'{asked[:120]}' is not the artifact id of a pull request of this project",
                code="InvalidArgumentValueException", where="artifactId",
                hint=f"{ARTIFACT}{{project's id}}/{{pull request's id}}",
            )  # fmt: skip
        one = pull_requests.get(
            self._store, shapes.number(number, "artifactId"), project_id=project.project_id
        )
        every = shapes.is_true(request, "includeNotApplicable")
        listed = [e for e in self._of(one) if every or e.verdict.status != "notApplicable"]
        page, following = shapes.paged(request, listed)
        values = [evaluation_shape(self._store, request, one, e) for e in page]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET policy/evaluations/{id}."""
        one, found = self._one(request)
        return json_response(evaluation_shape(self._store, request, one, found))

    def requeue(self, request: Request) -> Response:
        """PATCH policy/evaluations/{id}: queue a build policy's run."""
        one, found = self._one(request)
        pull_request_completion.requeue(self._store, one, found, me(request))
        one, found = self._one(request)
        return json_response(evaluation_shape(self._store, request, one, found))

    def _of(self, one: PullRequest) -> list[Evaluation]:
        return policy_evaluations.of(self._store, pull_request.repository_of(self._store, one), one)

    def _one(self, request: Request) -> tuple[PullRequest, Evaluation]:
        project = shapes.project_of(self._store, request)
        wanted = request.params["evaluation"].lower()
        for one in pull_requests.list_of(self._store, project_id=project.project_id):
            for found in self._of(one):
                if found.evaluation_id == wanted:
                    return one, found
        raise NotFound(
            f"TF402476: The policy evaluation {wanted[:60]} does not exist",
            code="PolicyEvaluationNotFoundException", where="evaluationId",
            hint="GET policy/evaluations?artifactId= lists those of a pull request.",
        )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Policy evaluations."""
    noun = Evaluations(store)
    one = "policy/evaluations/{evaluation}"
    listed = ("artifactId", "includeNotApplicable", "$top", "$skip")
    return (
        in_project("GET", "policy/evaluations", noun.list_all, query=listed),
        in_project("GET", one, noun.get),
        in_project("PATCH", one, noun.requeue, action="contribute"),
    )
