"""`resources:`: repositories, pipelines, containers, builds, packages, web hooks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from shipway.azpipelines import triggers
from shipway.azpipelines.context import CompileContext, Feature
from shipway.azpipelines.convert import containers
from shipway.azpipelines.plan_resources import (
    BuildResource,
    CheckoutOptions,
    ContainerPlan,
    PackageResource,
    PipelineResource,
    RepositoryResource,
    WebhookResource,
)
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token, is_empty

_KINDS = ("repositories", "pipelines", "containers", "builds", "packages", "webhooks")
_PIPELINE_KEYS = ("pipeline", "project", "source", "version", "branch", "tags", "trigger")
_BUILD_KEYS = ("build", "type", "connection", "source", "version", "branch", "trigger")
_PACKAGE_KEYS = ("package", "type", "connection", "name", "version", "tag", "trigger")
_CHECKOUT_KEYS = ("clean", "fetchDepth", "fetchTags", "lfs", "submodules", "persistCredentials")
_REFUSED: dict[str, Feature] = {
    "builds": "builds",
    "packages": "packages",
    "webhooks": "webhooks",
}

Resource = TypeVar("Resource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything that a document names besides its own repository."""

    repositories: tuple[RepositoryResource, ...] = ()
    pipelines: tuple[PipelineResource, ...] = ()
    containers: tuple[ContainerPlan, ...] = ()
    builds: tuple[BuildResource, ...] = ()
    packages: tuple[PackageResource, ...] = ()
    webhooks: tuple[WebhookResource, ...] = ()
    self_checkout: CheckoutOptions = field(default_factory=CheckoutOptions)


def convert(token: Token | None, reader: Reader, context: CompileContext) -> Resources:
    """Read `resources:`, also in the old list form that only names `self`."""
    if isinstance(token, Sequence):
        return Resources(self_checkout=_legacy(token, reader))
    body = reader.mapping(token, allowed=_KINDS)
    if body is None:
        return Resources()
    for kind, feature in _REFUSED.items():
        key = body.key(kind)
        if key is not None and feature in context.refuse:
            reader.problems.error(
                "unsupported",
                f"resources: {kind} cannot be used here yet",
                key.position,
                hint="The pipeline is valid for Azure Pipelines.",
            )
    return Resources(
        self_checkout=_self_checkout(body, reader),
        repositories=_all(body, "repositories", reader, _repository),
        pipelines=_all(body, "pipelines", reader, _pipeline),
        containers=_all(body, "containers", reader, containers.resource),
        builds=_all(body, "builds", reader, _build),
        packages=_all(body, "packages", reader, _package),
        webhooks=_all(body, "webhooks", reader, _webhook),
    )


def _all(
    body: Mapping, kind: str, reader: Reader, read: Callable[[Token, Reader], Resource | None]
) -> tuple[Resource, ...]:
    """The resources of one kind; an alias stands for one of them only."""
    word = kind.removesuffix("ies") + "y" if kind.endswith("ies") else kind.removesuffix("s")
    found: list[Resource] = []
    taken: set[str] = set()
    for item in reader.items(body.get(kind)):
        one = read(item, reader) if reader.begins_with(item, (word,)) else None
        if one is None:
            continue
        key = item.get(word) if isinstance(item, Mapping) else None
        alias = key.text if isinstance(key, Scalar) else ""
        if alias.lower() in taken:
            reader.problems.error(
                "duplicate-name",
                f"The {word} {alias} appears more than once.",
                key.position if key is not None else item.position,
            )
        taken.add(alias.lower())
        found.append(one)
    return tuple(found)


def _repository(item: Token, reader: Reader) -> RepositoryResource | None:
    body = reader.mapping(item, allowed=None)  # the service takes further keys
    if body is None:
        return None
    alias = reader.needed(body.get("repository"), item.position, "repository")
    if not alias or alias == "self":
        return None
    return RepositoryResource(
        alias=alias,
        name=reader.text(body.get("name")) or alias,
        type=reader.text(body.get("type")) or "git",
        ref=reader.text(body.get("ref")) or None,
        endpoint=reader.text(body.get("endpoint")) or None,
        checkout=_checkout(body, reader),
    )


def _self_checkout(body: Mapping, reader: Reader) -> CheckoutOptions:
    listed = body.get("repositories")
    for item in listed.items if isinstance(listed, Sequence) else ():
        name = item.get("repository") if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and isinstance(name, Scalar) and name.text == "self":
            return _checkout(item, reader)
    return CheckoutOptions()


def _checkout(resource: Mapping, reader: Reader) -> CheckoutOptions:
    """`checkoutOptions:`, or its keys beside the others as in the old form."""
    options = reader.mapping(resource.get("checkoutOptions"), allowed=_CHECKOUT_KEYS)
    body = options or resource
    return CheckoutOptions(
        clean=reader.text(body.get("clean")),
        fetch_depth=reader.text(body.get("fetchDepth")),
        fetch_tags=reader.text(body.get("fetchTags")),
        lfs=reader.text(body.get("lfs")),
        submodules=reader.text(body.get("submodules")),
        persist_credentials=reader.text(body.get("persistCredentials")),
    )


def _pipeline(item: Token, reader: Reader) -> PipelineResource | None:
    body = reader.mapping(item, allowed=_PIPELINE_KEYS)
    if body is None:
        return None
    named = body.get("pipeline")
    alias = reader.needed(named, item.position, "pipeline")
    return PipelineResource(
        alias=alias,
        position=named.position if named is not None else item.position,
        source=reader.text(body.get("source")) or alias,
        project=reader.text(body.get("project")) or None,
        version=reader.text(body.get("version")) or None,
        branch=reader.text(body.get("branch")) or None,
        tags=reader.texts(body.get("tags")),
    )


def _build(item: Token, reader: Reader) -> BuildResource | None:
    body = reader.mapping(item, allowed=_BUILD_KEYS)
    if body is None:
        return None
    return BuildResource(
        alias=reader.needed(body.get("build"), item.position, "build"),
        type=reader.needed(body.get("type"), item.position, "type"),
        connection=reader.needed(body.get("connection"), item.position, "connection"),
        source=reader.needed(body.get("source"), item.position, "source"),
        version=reader.text(body.get("version")) or None,
        branch=reader.text(body.get("branch")) or None,
        starts_on_new_build=_is_started(body, reader),
    )


def _package(item: Token, reader: Reader) -> PackageResource | None:
    body = reader.mapping(item, allowed=_PACKAGE_KEYS)
    if body is None:
        return None
    return PackageResource(
        alias=reader.needed(body.get("package"), item.position, "package"),
        type=reader.needed(body.get("type"), item.position, "type"),
        connection=reader.needed(body.get("connection"), item.position, "connection"),
        name=reader.needed(body.get("name"), item.position, "name"),
        version=reader.text(body.get("version")) or None,
        tag=reader.text(body.get("tag")) or None,
        starts_on_new_version=_is_started(body, reader),
    )


def _webhook(item: Token, reader: Reader) -> WebhookResource | None:
    body = reader.mapping(item, allowed=("webhook", "connection", "type", "filters"))
    if body is None:
        return None
    filters: dict[str, str] = {}
    for one in reader.items(body.get("filters")):
        pair = reader.mapping(one, allowed=("path", "value"))
        if pair is not None:
            path = reader.needed(pair.get("path"), one.position, "path")
            filters[path] = reader.needed(pair.get("value"), one.position, "value")
    return WebhookResource(
        alias=reader.needed(body.get("webhook"), item.position, "webhook"),
        connection=reader.needed(body.get("connection"), item.position, "connection"),
        type=reader.text(body.get("type")) or None,
        filters=filters,
    )


def _is_started(body: Mapping, reader: Reader) -> bool:
    word = body.get("trigger")
    if isinstance(word, Scalar) and not is_empty(word):
        return triggers.is_started(word, reader)
    reader.text(word)  # records what is no text
    return False


def _legacy(token: Sequence, reader: Reader) -> CheckoutOptions:
    options = CheckoutOptions()
    for item in token.items:
        if not reader.begins_with(item, ("repo",)):
            continue
        body = reader.mapping(item, allowed=("repo", "clean", "fetchDepth", "lfs"))
        repo = body.get("repo") if body else None
        if isinstance(repo, Scalar) and repo.text != "self":
            reader.problems.error(
                "unexpected-value", f"Unexpected value '{repo.text}'", repo.position
            )
        elif body is not None and (repo is None or is_empty(repo)):
            reader.problems.error("unexpected-value", "Unexpected value ''", item.position)
        elif body is not None:
            options = _checkout(body, reader)
    return options
