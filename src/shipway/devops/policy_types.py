"""The kinds of branch policies: their ids on every organization, and what may be set on each.

A kind stands in TYPES only if it is enforced here; the others are known by name, to be refused.
Source: https://learn.microsoft.com/rest/api/azure/devops/policy/types
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shipway.base.errors import BadInput, NotSupported
from shipway.base.messages import Json

SettingKind = Literal["boolean", "number", "text", "texts"]

MIN_REVIEWERS = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"
BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
REQUIRED_REVIEWERS = "fd2167ab-b0be-447a-8ec8-39368250530e"
MERGE_STRATEGY = "fa4e907d-c16b-4a4c-9dfa-4916e5d171ab"
COMMENTS = "c6a1889d-b943-4856-b76f-9e46bb6b0df2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a policy. `default` None: left out when it is not given."""

    name: str
    kind: SettingKind = "boolean"
    default: Json = False
    is_needed: bool = False
    at_least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyType:
    """A kind of policy."""

    type_id: str
    name: str
    description: str
    settings: tuple[Setting, ...]


def _flag(name: str) -> Setting:
    return Setting(name=name)


_PATTERNS = Setting(name="filenamePatterns", kind="texts", default=None)

TYPES: tuple[PolicyType, ...] = (
    PolicyType(
        type_id=MIN_REVIEWERS, name="Minimum number of reviewers",
        description="This policy will ensure that a minimum number of reviewers have approved a "
        "pull request before completion.",
        settings=(
            Setting(name="minimumApproverCount", kind="number", is_needed=True, at_least=1),
            _flag("creatorVoteCounts"), _flag("allowDownvotes"), _flag("resetOnSourcePush"),
            _flag("resetRejectionsOnSourcePush"), _flag("requireVoteOnLastIteration"),
            _flag("requireVoteOnEachIteration"), _flag("blockLastPusherVote"),
        ),
    ),
    PolicyType(
        type_id=BUILD, name="Build",
        description="This policy will require a successful build has been performed before "
        "updating protected refs.",
        settings=(
            Setting(name="buildDefinitionId", kind="number", is_needed=True, at_least=1),
            _flag("queueOnSourceUpdateOnly"), _flag("manualQueueOnly"),
            Setting(name="displayName", kind="text", default=None),
            Setting(name="validDuration", kind="number", default=0),
            _PATTERNS,
        ),
    ),
    PolicyType(
        type_id=REQUIRED_REVIEWERS, name="Required reviewers",
        description="This policy will ensure that required reviewers are added for modified "
        "files matching specified patterns.",
        settings=(
            Setting(name="requiredReviewerIds", kind="texts", is_needed=True),
            Setting(name="minimumApproverCount", kind="number", default=1, at_least=1),
            _flag("creatorVoteCounts"), Setting(name="message", kind="text", default=None),
            _PATTERNS,
        ),
    ),
    PolicyType(
        type_id=MERGE_STRATEGY, name="Require a merge strategy",
        description="This policy ensures that pull requests use a consistent merge strategy.",
        settings=(
            _flag("allowSquash"), _flag("allowNoFastForward"), _flag("allowRebase"),
            _flag("allowRebaseMerge"), Setting(name="useSquashMerge", default=None),
        ),
    ),
    PolicyType(
        type_id=COMMENTS, name="Comment requirements",
        description="Check if the pull request has any active comments",
        settings=(),
    ),
)  # fmt: skip

# of the service, not enforced here
_REFUSED: Mapping[str, str] = {
    "40e92b44-2fe1-4dd6-b3d8-74a9c21d0c6e": "Work item linking",
    "cbdc66da-9728-4af8-aada-9a5a32e4a226": "Status",
    "7ed39669-655c-494e-b4a0-a08b4da0fcce": "Git repository settings",
    "2e26e725-8201-4edd-8bf5-978563c34a80": "File size restriction",
    "51c78909-e838-41a2-9496-c647091e3c61": "File name restriction",
    "77ed4bd3-b063-4689-934a-175e4d0a78d7": "Commit author email validation",
    "001a79cf-fda1-4c4e-9e7c-bac40ee5ead8": "Path Length restriction",
    "db2b9b4c-180d-4529-9701-01541d19f36b": "Reserved names restriction",
}


def get(type_id: str) -> PolicyType:
    """The kind of that id. Raises `NotSupported` for one that is not enforced, by its name,
    `BadInput` for one that the service does not have either."""
    wanted = type_id.lower()
    for one in TYPES:
        if one.type_id == wanted:
            return one
    known = ", ".join(t.name for t in TYPES)
    if wanted in _REFUSED:
        raise NotSupported(
            f"branch policies of the type '{_REFUSED[wanted]}' are not enforced here, so none "
            "can be made",
            code="PolicyNotSupportedException", where="type.id", hint=f"Enforced: {known}.",
        )  # fmt: skip
    raise BadInput(
        f"TF402463: The policy type {type_id[:60]} does not exist",
        code="PolicyTypeNotFoundException", where="type.id", hint=f"Known: {known}.",
    )  # fmt: skip


def check(kind: PolicyType, given: Mapping[str, Json]) -> dict[str, Json]:
    """The settings in full, under their own names. Raises `BadInput` that names the setting."""
    known = {s.name.lower(): s for s in kind.settings}
    unknown = sorted(name for name in given if name.lower() not in known)
    if unknown:
        raise _wrong(unknown[0], f"the policy type '{kind.name}' has no setting '{unknown[0]}'",
                     f"It has: {', '.join(s.name for s in kind.settings) or 'none'}.")  # fmt: skip
    values = {known[name.lower()].name: value for name, value in given.items()}
    found: dict[str, Json] = {}
    for setting in kind.settings:
        value = values.get(setting.name)
        if value is None:
            if setting.is_needed:
                raise _wrong(setting.name, f"the setting '{setting.name}' is needed", "Give it.")
            if setting.default is not None:
                found[setting.name] = setting.default
            continue
        found[setting.name] = _checked(setting, value)
    return found


def _checked(setting: Setting, value: Json) -> Json:
    name = setting.name
    if setting.kind == "boolean" and isinstance(value, bool):
        return value
    if setting.kind == "text" and isinstance(value, str):
        return value
    if setting.kind == "texts" and isinstance(value, Sequence) and not isinstance(value, str):
        if not all(isinstance(item, str) for item in value):
            raise _wrong(name, f"the setting '{name}' is a list of texts", "Give texts.")
        return list(value)
    # some clients write whole numbers as 1.0
    is_whole = isinstance(value, float) and value.is_integer()
    if setting.kind == "number" and not isinstance(value, bool) and (
        isinstance(value, int) or is_whole
    ):  # fmt: skip
        whole = int(value)
        if whole < setting.at_least:
            raise _wrong(name, f"the setting '{name}' is {whole}",
                         f"It is at least {setting.at_least}.")  # fmt: skip
        return whole
    raise _wrong(name, f"the setting '{name}' needs a {setting.kind}", "See the policy's type.")


def _wrong(name: str, message: str, hint: str) -> BadInput:
    return BadInput(
        message, code="InvalidPolicySettingsException", where=f"settings.{name}", hint=hint
    )
