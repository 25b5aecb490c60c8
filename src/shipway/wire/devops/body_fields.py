"""Which fields a body may have where silence about the others would mislead.

A field that is heeded passes; one that clients always send passes with the values that change
nothing here; whatever else is refused by its name. Decided field by field below. Source:
https://learn.microsoft.com/rest/api/azure/devops
"""

from collections.abc import Iterable, Mapping
from typing import Any

from shipway.base.errors import NotSupported
from shipway.wire.devops.fields import Fields

# a field that may have any value: it is the service's own, sent back as it was read
ANY = object()
Neutral = Mapping[str, object]
_READ_BACK = ("id", "url", "uri", "_links", "project", "createdBy", "createdOn", "modifiedBy",
              "modifiedOn", "createdDate", "lastModifiedBy", "lastModifiedOn")  # fmt: skip
_OWN: Neutral = dict.fromkeys(_READ_BACK, ANY)

DEFINITION = (
    "name", "path", "revision", "repository", "process", "queue", "queueStatus", "triggers",
    "variables", "variableGroups", "jobAuthorizationScope",
)  # fmt: skip
DEFINITION_NEUTRAL: Neutral = {
    **_OWN, "authoredBy": ANY, "comment": ANY, "latestBuild": ANY, "latestCompletedBuild": ANY,
    "metrics": ANY, "drafts": (), "type": ("build", 2), "quality": ("definition", 1),
    "jobTimeoutInMinutes": (60, 0), "jobCancelTimeoutInMinutes": (5, 0), "badgeEnabled": (False,),
    "buildNumberFormat": ("", "$(date:yyyyMMdd)$(rev:.r)"), "description": ("",),
    "dropLocation": ("",), "demands": (), "options": (), "tags": (), "properties": (),
    "retentionRules": (), "processParameters": (), "draftOf": (),
}  # fmt: skip
BUILD = ("definition", "sourceBranch", "sourceVersion", "parameters", "templateParameters",
         "reason", "queue", "requestedFor")  # fmt: skip
BUILD_NEUTRAL: Neutral = {
    **_OWN, "priority": ("normal", 3), "demands": (), "tags": (), "properties": (),
    "retainedByRelease": (False,), "keepForever": (False,), "queueOptions": ("none", 0),
    "agentSpecification": (), "triggerInfo": (), "status": ("notStarted", "none"),
    "repository": (),
}  # fmt: skip
RUN = ("previewRun", "yamlOverride", "resources", "stagesToSkip", "templateParameters",
       "variables")  # fmt: skip
RUN_RESOURCES = ("repositories", "pipelines")
RUN_REPOSITORY = ("refName", "version")
CHECK = ("type", "resource", "settings", "timeout", "isDisabled")
CHECK_NEUTRAL: Neutral = {**_OWN, "version": ANY, "issue": ANY, "retryInterval": (0,)}
ENVIRONMENT = ("name", "description")
ENVIRONMENT_NEUTRAL: Neutral = {**_OWN, "resources": (), "referencedResources": (), "tags": ()}


def check(body: Fields, heeded: Iterable[str], neutral: Neutral | None = None) -> None:
    """Raises `NotSupported` naming the first field that would be passed over in silence."""
    known = {name.lower() for name in heeded}
    harmless = {name.lower(): value for name, value in (neutral or {}).items()}
    for name, value in body.values.items():
        if value is None or name.lower() in known:
            continue
        allowed = harmless.get(name.lower())
        if name.lower() in harmless and (allowed is ANY or _is_neutral(value, allowed)):
            continue
        where = f"{body.path}.{name}" if body.path else name
        raise NotSupported(
            f"the field '{where[:100]}' is not supported" if name.lower() not in harmless
            else f"the value of '{where}' is not supported: {str(value)[:100]}",
            code="FieldNotSupportedException", status=400, where=where[:100],
            hint=f"Supported here: {', '.join(sorted(heeded))}.",
        )  # fmt: skip


def check_pipeline(body: Fields) -> None:
    """The same for the body of a pipeline, with its configuration."""
    check(body, ("name", "folder", "configuration"), {**_OWN, "revision": ANY})
    nothing: Neutral = {"variables": (), "_links": ANY}
    check(body.child("configuration"), ("type", "path", "repository"), nothing)


def check_run(body: Fields) -> None:
    """The same for the body of a run, with the resources inside it."""
    check(body, RUN)
    resources = body.child("resources")
    nothing: Neutral = dict.fromkeys(("builds", "containers", "packages"), ())
    check(resources, RUN_RESOURCES, nothing)
    for pipeline in resources.named("pipelines").values():
        check(pipeline, ("version",))
    for repository in resources.named("repositories").values():
        check(repository, RUN_REPOSITORY)


def _is_neutral(value: Any, allowed: object) -> bool:  # noqa: ANN401  # any JSON value
    """Empty ones always are; else one of the values, words in any letter case."""
    if value in ("", [], {}):
        return True
    words = allowed if isinstance(allowed, tuple) else ()
    said = value.lower() if isinstance(value, str) else value
    return any(
        said == (word.lower() if isinstance(word, str) else word)
        and isinstance(value, bool) == isinstance(word, bool)
        for word in words
    )
