"""What a Terraform resource or data source has to offer: its verbs as plain functions.

Attributes, their types and flags stand in `schemas/<provider>.json`; the planner works from
those. What is written by hand per type is what the service is asked, and the few rules that a
table cannot say.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shipway.terraform.calls import Calls
from shipway.terraform.failures import AtAttribute, PartlyCreated, Values
from shipway.terraform.unknown import UNKNOWN as _UNKNOWN
from shipway.terraform.unknown import Unknown

__all__ = [
    "UNKNOWN",
    "AtAttribute",
    "Calls",
    "Change",
    "PartlyCreated",
    "Problem",
    "TerraformDataSource",
    "TerraformResource",
    "Unknown",
    "Value",
    "Values",
    "by_id",
    "nothing",
]

UNKNOWN: Final[Unknown] = _UNKNOWN
"""A value that is known after apply; only in plans and configurations."""

Value = Any
"""None, bool, int, float, str, list or dict of such, or UNKNOWN."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a configuration, found before anything is asked of a service."""

    path: str
    summary: str
    detail: str = ""
    is_warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A plan in the making. `planned` may be changed in place; so may `requires_replace`.

    `prior` is None for a create. `requires_replace` holds dotted paths.
    """

    prior: Values | None
    config: Values
    planned: Values
    requires_replace: set[str]


def by_id(calls: Calls, text: str) -> Values:  # the shape of an importer
    """The plain importer: what was given is the id."""
    return {"id": text}


def nothing(config: Values) -> Iterable[Problem]:  # the shape of a validator
    """The plain validator: the schema's table says it all."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformResource:
    """A resource type. The functions get no UNKNOWN and give none.

    `create` gets the planned values (computed ones that are not known yet: None) and returns at
    least the id; the frame then calls `read` with plan and answer together and saves what that
    says. `read` gets the state and returns the attributes to lay over it (those left out stay), or
    None when the thing is gone. `update` gets prior and planned values; None: every attribute
    forces replacement. `delete` treats what is gone already as success. `import_state` gets the
    text of `terraform import` and returns the beginning of a state, which is then read.

    `state_funcs` (dotted names without indexes) rewrite a configured value as the provider stores
    it; `suppress` says that old and new value mean the same. `validate` adds to the table's rules
    (its values may be UNKNOWN); `customize` may change the plan.
    """

    type_name: str
    create: Callable[[Calls, Values], Values]
    read: Callable[[Calls, Values], Values | None]
    delete: Callable[[Calls, Values], None]
    update: Callable[[Calls, Values, Values], Values | None] | None = None
    import_state: Callable[[Calls, str], Values] = by_id
    state_funcs: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    suppress: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict)
    validate: Callable[[Values], Iterable[Problem]] = nothing
    customize: Callable[[Change], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformDataSource:
    """A data source: configuration to all attributes, with the id; raises when nothing is found."""

    type_name: str
    read: Callable[[Calls, Values], Values]
    validate: Callable[[Values], Iterable[Problem]] = nothing
