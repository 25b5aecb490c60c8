"""Errors as Terraform shows them: at an attribute where one is to blame."""

import http.client
import re
from collections.abc import Iterable
from typing import Any

from shipway.base.errors import ShipwayError, Unavailable
from shipway.terraform.calls import ApiError
from shipway.terraform.protocol.messages import ERROR, WARNING
from shipway.terraform.resource import AtAttribute, PartlyCreated, Problem
from shipway.terraform.schema import Block

Diagnostic = dict[str, Any]
_ACTION = re.compile(
    r"perform action '([^']+)'(?: or the scope is invalid)?(?: over scope '([^']+)')?"
)


def error(summary: str, detail: str = "", *, at: list[dict[str, Any]] | None = None) -> Diagnostic:
    """An error; `at` are the steps of an attribute path."""
    found: Diagnostic = {"severity": ERROR, "summary": summary, "detail": detail}
    if at:
        found["attribute"] = {"steps": at}
    return found


def of_problems(block: Block, problems: Iterable[Problem]) -> list[Diagnostic]:
    """Diagnostics for what a validator has found."""
    told = []
    for problem in problems:
        one = error(problem.summary, problem.detail, at=steps(block, problem.path))
        told.append({**one, "severity": WARNING} if problem.is_warning else one)
    return told


def of_failure(block: Block, failure: Exception, doing: str) -> list[Diagnostic]:
    """Diagnostics for a verb that failed. `doing`: "creating azurerm_key_vault"."""
    if isinstance(failure, PartlyCreated):
        return of_failure(block, failure.cause, doing)
    if isinstance(failure, AtAttribute):
        return [error(failure.summary, failure.detail, at=steps(block, failure.path))]
    if isinstance(failure, Unavailable):
        return [down(failure)]
    if isinstance(failure, ApiError):
        return [error(f"{doing}: {_said(failure)}", _missing_action(failure))]
    if isinstance(failure, ShipwayError):
        return [error(failure.message, failure.hint)]
    return [
        error(
            f"{doing}: {failure or type(failure).__name__}",
            f"This is a bug in shipway's provider ({type(failure).__name__}). The provider's log "
            "tells more: run again with TF_LOG_PROVIDER=debug.",
        )
    ]


def down(failure: Unavailable) -> Diagnostic:
    """Nobody answers: says how to start somebody."""
    hint = failure.hint or "Start the server with `shipway up`, then run the command again."
    return error(f"shipway's server does not answer: {failure.message}", hint)


def steps(block: Block, path: str) -> list[dict[str, Any]]:
    """A dotted path as Terraform's steps; it ends at a set, whose elements have no address."""
    found: list[dict[str, Any]] = []
    parts = [part for part in path.split(".") if part]
    while parts:
        name = parts.pop(0)
        if name not in block.attributes and name not in block.blocks:
            return found
        found.append({"attribute_name": name})
        if name in block.attributes:
            return found + _inside(block.attributes[name].type, parts)
        nested = block.blocks[name]
        if nested.nesting == "set":
            return found
        if nested.nesting == "list":
            if not parts or not parts[0].isdecimal():
                return found
            found.append({"element_key_int": int(parts.pop(0))})
        block = nested.block
    return found


def _inside(kind: Any, parts: list[str]) -> list[dict[str, Any]]:  # noqa: ANN401  # a type
    """The rest of a path within an attribute's value."""
    found: list[dict[str, Any]] = []
    while parts and isinstance(kind, list):
        part, word = parts.pop(0), kind[0]
        if word == "list" and part.isdecimal():
            found.append({"element_key_int": int(part)})
        elif word == "map":
            # a key may hold dots
            return [*found, {"element_key_string": ".".join([part, *parts])}]
        elif word == "object" and part in kind[1]:
            found.append({"attribute_name": part})
        else:
            return found
        kind = kind[1][part] if word == "object" else kind[1]
    return found


def _said(failure: ApiError) -> str:
    """As the Go clients print an answer that they did not expect."""
    phrase = http.client.responses.get(failure.status, "")
    code = f"{failure.code}: " if failure.code and failure.code != str(failure.status) else ""
    status = f"{failure.status} ({failure.status} {phrase})" if phrase else str(failure.status)
    return f"unexpected status {status} with error: {code}{failure.message}"


def _missing_action(failure: ApiError) -> str:
    if failure.status not in (401, 403):
        return failure.hint
    found = _ACTION.search(failure.message)
    if found is None:
        return failure.hint or "The identity of the provider lacks the permission for this."
    scope = f" on {found[2]}" if found[2] else ""
    return (
        f"The provider's identity lacks the action {found[1]}{scope}. Give it a role that has "
        "this action there (azurerm_role_assignment), or configure the provider with an identity "
        "that has one."
    )
