"""Reviewers of a pull request and their votes.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/pull-request-reviewers
"""

from shipway.base.errors import BadInput, Forbidden, NotFound
from shipway.devops import pull_requests
from shipway.devops.pull_request_states import NO_VOTE
from shipway.devops.pull_requests import PullRequest, Reviewer
from shipway.loop import pull_request
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.pull_request_bodies import identity_of, me
from shipway.wire.devops.pull_request_shapes import address, reviewer_shape
from shipway.wire.devops.repositories import both, repository_of
from shipway.wire.http import Request, Response, Route, json_response


class Reviewers:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET reviewers."""
        return self._all(request, self._pull_request(request))

    def get(self, request: Request) -> Response:
        """GET reviewers/{id}."""
        return self._answer(request, self._pull_request(request), request.params["reviewer"])

    def put(self, request: Request) -> Response:
        """PUT reviewers/{id}: ask somebody, or vote oneself."""
        one, body = self._pull_request(request), body_of(request)
        wanted = request.params["reviewer"].lower()
        is_me = wanted == request.principal.object_id.lower()
        known = pull_requests.find_reviewer(one, wanted)
        if not is_me and body.number("vote", NO_VOTE) != (known.vote if known else NO_VOTE):
            raise Forbidden(
                "TF401186: a reviewer votes only for themselves", where="vote",
                code="GitPullRequestCannotVoteForOthersException",
                hint="Let them vote, with a token of their own.",
            )  # fmt: skip
        if not is_me or known or body.has("isRequired") or not body.has("vote"):
            who, is_group = (me(request), False) if is_me else identity_of(self._store, wanted)
            before = known or Reviewer(reviewer=who)
            asked = Reviewer(
                reviewer=who, is_group=is_group,
                is_required=body.boolean("isRequired", default=before.is_required),
                has_declined=body.boolean("hasDeclined", default=before.has_declined),
            )  # fmt: skip
            one = pull_request.set_reviewer(self._store, one, asked)
        if is_me and body.has("vote"):
            value = body.raw("vote")
            if isinstance(value, bool) or not isinstance(value, int):
                raise BadInput("'vote' needs a whole number", where="vote",
                               code="InvalidArgumentValueException")  # fmt: skip
            one = pull_request.vote(self._store, one.pull_request_id, me(request), value)
        return self._answer(request, one, wanted)

    def add(self, request: Request) -> Response:
        """POST reviewers: ask several."""
        one = self._pull_request(request)
        listed = Fields(values={"reviewers": request.json_value()}).children("reviewers")
        for item in listed:
            who, is_group = identity_of(self._store, item.text("id").lower())
            asked = Reviewer(
                reviewer=who, is_group=is_group, is_required=item.boolean("isRequired")
            )
            one = pull_request.set_reviewer(self._store, one, asked)
        return self._all(request, one)

    def remove(self, request: Request) -> Response:
        """DELETE reviewers/{id}."""
        one, wanted = self._pull_request(request), request.params["reviewer"].lower()
        known = pull_requests.find_reviewer(one, wanted)
        if known and known.is_required and not one.is_draft:
            repository = repository_of(self._store, request)
            asked = pull_request.required_reviewers(self._store, repository, one.target_ref)
            if asked.get(wanted):
                raise Forbidden(
                    "a policy of the target branch requires this reviewer", where="reviewerId",
                    code="GitPullRequestRequiredReviewerException", hint="Change the policy.",
                )  # fmt: skip
        pull_request.remove_reviewer(self._store, one, wanted)
        return shapes.no_content()

    def _pull_request(self, request: Request) -> PullRequest:
        repository = repository_of(self._store, request)
        number = shapes.number(request.params["pull_request"], "pullRequestId")
        return pull_requests.get(self._store, number, repository_id=repository.repository_id)

    def _all(self, request: Request, one: PullRequest) -> Response:
        url = address(request, repository_of(self._store, request), one)
        return shapes.collection(
            [reviewer_shape(self._store, request, url, r) for r in one.reviewers]
        )

    def _answer(self, request: Request, one: PullRequest, wanted: str) -> Response:
        found = pull_requests.find_reviewer(one, wanted.lower())
        if found is None:
            raise NotFound(
                f"{wanted[:60]} is no reviewer of the pull request {one.pull_request_id}",
                code="GitPullRequestReviewerNotFoundException", where="reviewerId",
                hint="PUT adds one.",
            )  # fmt: skip
        url = address(request, repository_of(self._store, request), one)
        return json_response(reviewer_shape(self._store, request, url, found))


def routes(store: Store) -> tuple[Route, ...]:
    """Reviewers."""
    noun = Reviewers(store)
    listed = "git/repositories/{repository}/pullrequests/{pull_request}/reviewers"
    one = f"{listed}/{{reviewer}}"
    return (
        *both("GET", listed, noun.list_all),
        *both("POST", listed, noun.add, action="contribute"),
        *both("GET", one, noun.get),
        *both("PUT", one, noun.put, action="contribute"),
        *both("DELETE", one, noun.remove, action="contribute"),
    )
