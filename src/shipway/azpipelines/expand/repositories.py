"""The repositories that a document names, found before its templates are opened.

Their `ref` takes template expressions, their name does not.
Source: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/resources-repositories
"""

from shipway.azpipelines.diagnostics import Problems
from shipway.azpipelines.expand import interpolation
from shipway.azpipelines.expand.includes import SELF, Library
from shipway.azpipelines.expand.scope import Scope
from shipway.azpipelines.plan_resources import RepositoryResource
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token


def declare(resources: Token | None, *, scope: Scope, library: Library, problems: Problems) -> None:
    """Make every repository of `resources:` known by its alias; the first of an alias counts."""
    listed = resources.get("repositories") if isinstance(resources, Mapping) else None
    for item in listed.items if isinstance(listed, Sequence) else ():
        alias = item.get("repository") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or not isinstance(alias, Scalar) or not alias.text:
            continue
        if alias.text.lower() == SELF or library.declared(alias.text) is not None:
            continue
        name = item.get("name")
        where = name.position if name is not None else alias.position
        library.declare(_resource(item, alias.text, scope, problems), position=where)


def _resource(item: Mapping, alias: str, scope: Scope, problems: Problems) -> RepositoryResource:
    return RepositoryResource(
        alias=alias,
        name=_text(item, "name") or alias,
        type=_text(item, "type") or "git",
        ref=_ref(item, scope, problems),
        endpoint=_text(item, "endpoint") or None,
    )


def _text(item: Mapping, key: str) -> str:
    token = item.get(key)
    return token.text if isinstance(token, Scalar) else ""


def _ref(item: Mapping, scope: Scope, problems: Problems) -> str | None:
    token = item.get("ref")
    if not isinstance(token, Scalar) or not token.text:
        return None
    if interpolation.OPEN not in token.text:
        return token.text
    value = interpolation.interpolated(token, scope=scope, problems=problems)
    return value.text if isinstance(value, Scalar) else None
