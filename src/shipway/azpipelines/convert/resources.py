"""`resources:`: repositories, pipelines, containers and what is not run here yet."""

from dataclasses import dataclass

from shipway.azpipelines.context import CompileContext, Feature
from shipway.azpipelines.diagnostics import Problems
from shipway.azpipelines.plan import PipelineResource, RepositoryResource
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token, is_empty

_KINDS = ("repositories", "pipelines", "containers", "builds", "packages", "webhooks")
_PIPELINE_KEYS = ("pipeline", "project", "source", "version", "branch", "tags", "trigger")
_REFUSED: dict[str, Feature] = {
    "builds": "builds",
    "packages": "packages",
    "webhooks": "webhooks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything that a document names besides its own repository."""

    repositories: tuple[RepositoryResource, ...] = ()
    pipelines: tuple[PipelineResource, ...] = ()
    containers: tuple[str, ...] = ()


def convert(token: Token | None, reader: Reader, context: CompileContext) -> Resources:
    """Read `resources:`, also in the old list form that only names `self`."""
    if isinstance(token, Sequence):
        _legacy(token, reader)
        return Resources()
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
        repositories=tuple(_repositories(body, reader)),
        pipelines=tuple(_pipelines(body, reader)),
        containers=tuple(_containers(body, reader)),
    )


def aliases(root: Mapping) -> tuple[str, ...]:
    """Aliases of repositories, before anything is expanded: templates need them."""
    token = root.get("resources")
    listed = token.get("repositories") if isinstance(token, Mapping) else None
    items = listed.items if isinstance(listed, Sequence) else ()
    names = (one.get("repository") for one in items if isinstance(one, Mapping))
    return tuple(one.text for one in names if isinstance(one, Scalar) and one.text)


def _repositories(body: Mapping, reader: Reader) -> list[RepositoryResource]:
    found: list[RepositoryResource] = []
    for item in reader.items(body.get("repositories")):
        one = reader.mapping(item, allowed=None)  # the service takes further keys
        if one is None:
            continue
        alias = reader.needed(one.get("repository"), item.position, "repository")
        if not alias or alias == "self":
            continue
        found.append(
            RepositoryResource(
                alias=alias,
                name=reader.text(one.get("name")) or alias,
                type=reader.text(one.get("type")) or "git",
                ref=reader.text(one.get("ref")) or None,
                endpoint=reader.text(one.get("endpoint")) or None,
            )
        )
    _refuse_duplicates([one.alias for one in found], body, "repositories", reader.problems)
    return found


def _pipelines(body: Mapping, reader: Reader) -> list[PipelineResource]:
    found: list[PipelineResource] = []
    for item in reader.items(body.get("pipelines")):
        one = reader.mapping(item, allowed=_PIPELINE_KEYS)
        if one is None:
            continue
        alias = reader.needed(one.get("pipeline"), item.position, "pipeline")
        found.append(
            PipelineResource(
                alias=alias,
                source=reader.text(one.get("source")) or alias,
                project=reader.text(one.get("project")) or None,
                version=reader.text(one.get("version")) or None,
                branch=reader.text(one.get("branch")) or None,
            )
        )
    return found


def _containers(body: Mapping, reader: Reader) -> list[str]:
    found: list[str] = []
    for item in reader.items(body.get("containers")):
        one = reader.mapping(item, allowed=None)
        if one is not None:
            found.append(reader.needed(one.get("container"), item.position, "container"))
    return found


def _refuse_duplicates(names: list[str], body: Mapping, key: str, problems: Problems) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            where = body.get(key)
            problems.error(
                "duplicate-name",
                f"The repository {name} appears more than once.",
                where.position if where else body.position,
            )
        seen.add(name.lower())


def _legacy(token: Sequence, reader: Reader) -> None:
    for item in token.items:
        body = reader.mapping(item, allowed=("repo", "clean", "fetchDepth", "lfs"))
        repo = body.get("repo") if body else None
        if isinstance(repo, Scalar) and repo.text != "self":
            reader.problems.error(
                "unexpected-value", f"Unexpected value '{repo.text}'", repo.position
            )
        elif body is not None and (repo is None or is_empty(repo)):
            reader.problems.error("unexpected-value", "Unexpected value ''", item.position)
