"""The repositories that a document names, found before its templates are opened.

Their `ref` takes template expressions, their name does not.
Source: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/resources-repositories
"""

from collections.abc import Iterator
from typing import Protocol

from shipway.azpipelines.diagnostics import Problems
from shipway.azpipelines.expand import interpolation
from shipway.azpipelines.expand.includes import SELF, Library
from shipway.azpipelines.expand.scope import Scope
from shipway.azpipelines.plan_resources import RepositoryResource
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token


class Expanding(Protocol):
    """What expands variables (`Expander`)."""

    def variables(self, token: Token, *, scope: Scope) -> tuple[Token, Scope]:
        """A `variables:` block expanded, and the scope in which its values are visible."""


def declare(
    root: Token, *, scope: Scope, library: Library, problems: Problems, expander: Expanding
) -> None:
    """Make every repository of `resources:` known by its alias; the first of an alias counts.

    One whose `ref` is an expression sees the variables of the document, whose templates may come
    from the others.
    """
    if not isinstance(root, Mapping):
        return
    later = []
    for item in _listed(root.get("resources")):
        if interpolation.OPEN in _text(item, "ref") + _text(item, "endpoint"):
            later.append(item)
        else:
            _declare(item, scope, library, problems)
    block = root.get("variables")
    if later and block is not None:
        scope = expander.variables(block, scope=scope)[1]
    for item in later:
        _declare(item, scope, library, problems)


def declare_plain(root: Mapping, *, scope: Scope, library: Library, problems: Problems) -> None:
    """Make those known whose `ref` is no expression, before the parameters of `root` are bound.

    A template that is extended may take templates from them in the parameters that it is given.
    """
    for item in _listed(root.get("resources")):
        if interpolation.OPEN not in _text(item, "ref") + _text(item, "endpoint"):
            _declare(item, scope, library, problems)


def _listed(resources: Token | None) -> Iterator[Mapping]:
    listed = resources.get("repositories") if isinstance(resources, Mapping) else None
    for item in listed.items if isinstance(listed, Sequence) else ():
        if isinstance(item, Mapping) and interpolation.OPEN not in _text(item, "name"):
            yield item


def _declare(item: Mapping, scope: Scope, library: Library, problems: Problems) -> None:
    alias = _text(item, "repository")
    if not alias or alias.lower() == SELF or library.declared(alias) is not None:
        return
    named = item.get("name") or item.get("repository")
    where = named.position if named is not None else item.position
    library.declare(_resource(item, alias, scope, problems), position=where)


def _resource(item: Mapping, alias: str, scope: Scope, problems: Problems) -> RepositoryResource:
    return RepositoryResource(
        alias=alias,
        name=_text(item, "name") or alias,
        type=_text(item, "type") or "git",
        ref=_evaluated(item, "ref", scope, problems),
        endpoint=_evaluated(item, "endpoint", scope, problems),
    )


def _text(item: Mapping, key: str) -> str:
    token = item.get(key)
    return token.text if isinstance(token, Scalar) else ""


def _evaluated(item: Mapping, key: str, scope: Scope, problems: Problems) -> str | None:
    token = item.get(key)
    if not isinstance(token, Scalar) or not token.text:
        return None
    if interpolation.OPEN not in token.text:
        return token.text
    value = interpolation.interpolated(token, scope=scope, problems=problems)
    return value.text if isinstance(value, Scalar) else None
