"""What clients say of pull requests, read; what is not supported is refused by its name.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/pull-requests/update
"""

from shipway.base.errors import BadInput, Forbidden, NotFound, NotSupported
from shipway.devops import reviewer_identities
from shipway.devops.pull_request_states import MergeStrategy
from shipway.devops.pull_requests import CompletionOptions
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import Fields
from shipway.wire.http import Request

_STRATEGIES: tuple[MergeStrategy, ...] = ("noFastForward", "squash", "rebase", "rebaseMerge")
_TITLE, _DESCRIPTION = 400, 4000
_NEW = ("title", "description", "sourceRefName", "targetRefName", "reviewers", "isDraft",
        "supportsIterations", "status", "labels", "workItemRefs", "forkSource",
        "completionOptions", "autoCompleteSetBy")  # fmt: skip
_CHANGED = ("title", "description", "status", "targetRefName", "isDraft", "completionOptions",
            "autoCompleteSetBy", "lastMergeSourceCommit", "pullRequestId")  # fmt: skip
_OPTIONS = ("mergeStrategy", "squashMerge", "deleteSourceBranch", "mergeCommitMessage",
            "bypassPolicy", "bypassReason", "transitionWorkItems", "triggeredByAutoComplete",
            "autoCompleteIgnoreConfigIds")  # fmt: skip


def me(request: Request) -> Requester:
    """Who asks."""
    return Requester(object_id=request.principal.object_id, name=request.principal.name)


def identity_of(store: Store, object_id: str) -> tuple[Requester, bool]:
    """A person or group, and whether it is a group. Raises `NotFound`."""
    found = reviewer_identities.find(store, object_id)
    if found is not None:
        return found.who, found.is_group
    raise NotFound(
        f"TF14045: The identity '{object_id[:60]}' could not be found.", where=object_id[:60],
        code="IdentityNotFoundException", hint="Reviewers are people and groups.",
    )  # fmt: skip


def title(body: Fields) -> str:
    """The title. Raises `BadInput` when it is empty or too long."""
    text = body.text("title")
    if not text.strip() or len(text) > _TITLE:
        raise BadInput(f"the title has {len(text)} characters", where="title",
                       code="InvalidArgumentValueException",
                       hint=f"1 to {_TITLE} characters.")  # fmt: skip
    return text


def check_new(body: Fields) -> None:
    """Refuse what a new pull request cannot have here."""
    _only(body, _NEW)
    _check_description(body)
    for name in ("labels", "workItemRefs", "forkSource", "completionOptions", "autoCompleteSetBy"):
        if body.raw(name):
            raise NotSupported(
                f"'{name}' is not supported for a new pull request", where=name, status=400,
                code="NotSupportedException",
                hint="Set options once it is there; labels, work items and forks are not here.",
            )  # fmt: skip


def check_changed(body: Fields) -> None:
    """Refuse what cannot be changed."""
    _only(body, _CHANGED)
    _check_description(body)


def options(body: Fields, before: CompletionOptions) -> CompletionOptions:
    """`completionOptions`. Raises `Forbidden` for a bypass: nobody has that permission here."""
    if not body.has("completionOptions"):
        return before
    given = body.child("completionOptions")
    _only(given, _OPTIONS)
    if given.boolean("bypassPolicy"):
        raise Forbidden(
            "TF401027: You need the Git 'PullRequestBypassPolicy' permission to perform this "
            "action.",
            code="GitNeedsPermissionException", where=f"{given.path}.bypassPolicy",
            hint="Nobody has it; meet the policies, or take one back.",
        )  # fmt: skip
    squash = given.boolean("squashMerge")
    default: MergeStrategy = "squash" if squash else before.merge_strategy
    word = given.text("mergeStrategy", default)
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 3 else 0
    strategy = (
        _STRATEGIES[number - 1] if 1 <= number <= len(_STRATEGIES)
        else given.choice("mergeStrategy", _STRATEGIES, default)
    )  # fmt: skip
    return CompletionOptions(
        merge_strategy=strategy,
        delete_source_branch=given.boolean(
            "deleteSourceBranch", default=before.delete_source_branch
        ),
        merge_commit_message=given.text("mergeCommitMessage", before.merge_commit_message),
        ignored_configuration_ids=_numbers(given, "autoCompleteIgnoreConfigIds"),
    )


def auto_complete(body: Fields, request: Request) -> Requester | None:
    """Who sets auto-complete: whoever asks; the empty id takes it back. Raises `Forbidden`."""
    wanted = body.child("autoCompleteSetBy").text("id")
    if wanted == shapes.NO_GUID:
        return None
    if wanted.lower() != request.principal.object_id.lower():
        raise Forbidden("auto-complete is set by oneself", where="autoCompleteSetBy.id",
                        code="GitNeedsPermissionException", hint="Give your own id.")  # fmt: skip
    return me(request)


def _check_description(body: Fields) -> None:
    text = body.text("description", "")
    if len(text) > _DESCRIPTION:
        raise BadInput(f"the description has {len(text)} characters", where="description",
                       code="InvalidArgumentValueException",
                       hint=f"At most {_DESCRIPTION} characters.")  # fmt: skip


def _numbers(body: Fields, name: str) -> tuple[int, ...]:
    value = body.raw(name) or []
    if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
        raise BadInput(f"'{body.path}.{name}' needs a list of numbers", where=f"{body.path}.{name}",
                       code="InvalidArgumentValueException", hint="Such as [1].")  # fmt: skip
    return tuple(value)


def _only(body: Fields, known: tuple[str, ...]) -> None:
    words = {name.lower() for name in known}
    unknown = [
        n for n, value in body.values.items() if value is not None and n.lower() not in words
    ]
    if unknown:
        where = f"{body.path}.{unknown[0]}" if body.path else unknown[0]
        raise BadInput(
            f"'{where[:100]}' cannot be given here", where=where[:100],
            code="InvalidArgumentValueException", hint=f"Known: {', '.join(known)}.",
        )  # fmt: skip
