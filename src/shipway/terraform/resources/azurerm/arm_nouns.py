"""What most resources of azurerm share: an id, one PUT, one GET, one DELETE.

Knows the order of the calls that the real provider makes: look whether the id is taken, put, read.
What is particular to a type stands in its own module as rows, rules and a few functions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from shipway.base.errors import Conflict, ShipwayError
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    AtAttribute,
    Change,
    PartlyCreated,
    Problem,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azurerm import identities
from shipway.terraform.resources.azurerm import rules as rules_of
from shipway.terraform.resources.azurerm.arm_ids import IdShape
from shipway.terraform.resources.azurerm.mapping import (
    Mapped,
    Twins,
    expand,
    flatten,
    normal_location,
)
from shipway.terraform.resources.azurerm.rules import Rule

Body = dict[str, Any]
Validate = Callable[[Values], Iterable[Problem]]
GROUP_PARTS = {"name": "name", "resource_group_name": "group"}


def _as_it_is(calls: Calls, values: Values, body: Body) -> None:
    """Leave the body."""


def _no_more(calls: Calls, answer: Body, state: Values, values: Values) -> None:
    """Add nothing."""


def _nothing_after(calls: Calls, values: Values) -> None:
    """Do nothing more."""


def _no_query(calls: Calls) -> str:
    return ""


def _no_change(change: Change) -> None:
    """Leave the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmNoun:
    """A resource type of ARM.

    `parts` names the attributes that are parts of the id; `parent` names the one that holds the id
    of what it lies in. Rows that are `beside` are sent and read by calls of their own. `rules` hold
    values; `warnings` tell of what has no effect. `complete` finishes a body before it is sent,
    `enrich` adds what one GET does not say; `before_...` and `after_...` are further calls of those
    verbs. `change` adds to the rules of a plan. `title` is what messages call it.
    """

    type_name: str
    title: str = ""
    shape: IdShape
    api_version: str
    rows: tuple[Mapped, ...]
    rules: Mapping[str, Rule] = field(default_factory=dict)
    warnings: Mapping[str, Rule] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=lambda: GROUP_PARTS)
    parent: tuple[str, IdShape] | None = None
    beside: tuple[Mapped, ...] = ()
    complete: Callable[[Calls, Values, Body], None] = _as_it_is
    enrich: Callable[[Calls, Body, Values, Values], None] = _no_more
    after_put: Callable[[Calls, Values], None] = _nothing_after
    before_delete: Callable[[Calls, Values], None] = _nothing_after
    after_delete: Callable[[Calls, Values], None] = _nothing_after
    change: Callable[[Change], None] = _no_change
    suppress: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict)
    updates_by: Literal["PUT", "PATCH", "nothing"] = "PUT"
    query: str = ""
    delete_query: Callable[[Calls], str] = _no_query

    @property
    def all_rules(self) -> Mapping[str, Rule]:
        """Its own rules, and that of identities where it has one."""
        has_one = any("identity" in row.names for row in self.rows)
        return {**self.rules, **({"identity": identities.rule} if has_one else {})}


def resource_of(noun: ArmNoun, *, checks: Validate | None = None) -> TerraformResource:
    """The verbs of this noun; its rules, or `checks` that know more, hold its values."""
    names = {name for row in noun.rows for name in row.names}
    return TerraformResource(
        type_name=noun.type_name,
        create=partial(_create, noun),
        read=partial(read, noun),
        update=None if noun.updates_by == "nothing" else partial(_update, noun),
        delete=partial(_delete, noun),
        import_state=partial(_import_state, noun),
        state_funcs={"location": normal_location} if "location" in names else {},
        suppress=noun.suppress,
        validate=checks or partial(validate, noun),
        customize=partial(_customize, noun),
    )


def _create(noun: ArmNoun, calls: Calls, values: Values) -> Values:
    rules_of.enforce(noun.all_rules, values)
    resource_id = id_in(noun, calls, values)
    refuse_taken(calls, noun.type_name, resource_id, noun.api_version)
    body = expand(noun.rows, values)
    noun.complete(calls, values, body)
    calls.arm("PUT", resource_id + noun.query, api_version=noun.api_version, body=body)
    try:
        noun.after_put(calls, {**values, "id": resource_id})
    except ShipwayError as error:
        raise PartlyCreated({"id": resource_id}, error) from error
    return {"id": resource_id}


def read(noun: ArmNoun, calls: Calls, state: Values) -> Values | None:
    """What there is at a state's id, or None."""
    parts = noun.shape.parse(state["id"])
    answer = calls.arm("GET", state["id"], api_version=noun.api_version, missing_ok=True)
    if answer is None:
        return None
    values: Values = {name: parts[part] for name, part in noun.parts.items()}
    if noun.parent is not None:
        name, shape = noun.parent
        values[name] = shape.fill(**parts)
    values |= flatten(noun.rows, answer)
    noun.enrich(calls, answer, state, values)
    return values


def _update(noun: ArmNoun, calls: Calls, prior: Values, planned: Values) -> Values | None:
    rules_of.enforce(noun.all_rules, planned)
    body = expand(noun.rows, planned)
    noun.complete(calls, planned, body)
    if prior.get("identity") and "identity" not in body:
        body["identity"] = {"type": "None"}
    if noun.updates_by == "PATCH":
        before = expand(noun.rows, prior)
        noun.complete(calls, prior, before)
        calls.arm("PATCH", prior["id"], api_version=noun.api_version, body=merge_of(body, before))
    else:
        calls.arm("PUT", prior["id"] + noun.query, api_version=noun.api_version, body=body)
    noun.after_put(calls, {**planned, "id": prior["id"]})
    return None


def _delete(noun: ArmNoun, calls: Calls, state: Values) -> None:
    noun.before_delete(calls, state)
    path = state["id"] + noun.delete_query(calls)
    calls.arm("DELETE", path, api_version=noun.api_version, missing_ok=True)
    noun.after_delete(calls, state)


def _import_state(noun: ArmNoun, calls: Calls, text: str) -> Values:
    del calls
    if noun.shape.parts_of(text, exact=True) is None:
        raise AtAttribute("id", *noun.shape.complaint(text))
    return {"id": text}


def validate(noun: ArmNoun, config: Values) -> Iterable[Problem]:
    """What is wrong with a configuration, and what of it has no effect."""
    yield from rules_of.problems(noun.all_rules, config)
    for one in rules_of.problems(noun.warnings, config):
        yield replace(one, is_warning=True)


def _customize(noun: ArmNoun, change: Change) -> None:
    for row in (*noun.rows, *noun.beside):
        if isinstance(row, Twins):
            row.settle(change)
    noun.change(change)


def id_in(noun: ArmNoun, calls: Calls, values: Values) -> str:
    """The id that these values are to have."""
    parts = {"subscription": calls.subscription_id}
    parts |= {part: str(values[name]) for name, part in noun.parts.items()}
    if noun.parent is not None:
        name, shape = noun.parent
        parts |= shape.parse(str(values[name]), name)
    return noun.shape.fill(**parts)


def refuse_taken(calls: Calls, type_name: str, resource_id: str, api_version: str) -> None:
    """Raise `Conflict` when there is such a resource: it would have to be imported first."""
    word = "skip_import_check_on_create_and_allow_overwriting_existing_resources"
    if (calls.features or {}).get(word):
        return
    if calls.arm("GET", resource_id, api_version=api_version, missing_ok=True) is not None:
        raise taken(type_name, resource_id)


def taken(type_name: str, resource_id: str) -> Conflict:
    """The error for an id that is taken."""
    return Conflict(
        f'A resource with the ID "{resource_id}" already exists - to be managed via Terraform '
        "this resource needs to be imported into the State. Please see the resource "
        f'documentation for "{type_name}" for more information.',
        code="ImportAsExists",
    )


def permitted(calls: Calls, path: str, api_version: str) -> Body | None:
    """The answer to a POST for keys; None for who may not have them, or while a lock holds.

    What is known of keys then stays as it is, so that a reader can refresh and plan.
    """
    try:
        return calls.arm("POST", path, api_version=api_version) or {}
    except ApiError as error:
        if error.status in (401, 403, 409):
            return None
        raise


def feature(calls: Calls, block: str, name: str, *, default: bool) -> bool:
    """A setting of the provider's `features` block."""
    given = (calls.features or {}).get(block)
    if isinstance(given, list):
        given = given[0] if given else None
    value = given.get(name) if isinstance(given, Mapping) else None
    return default if value is None else bool(value)


def merge_of(new: Body, old: Body) -> Body:
    """A PATCH, which keeps what it is not told: what differs, and what is set no more as empty."""
    merged = {key: value for key, value in new.items() if key not in old or value != old[key]}
    for key, value in old.items():
        if key not in new:
            merged[key] = _empty(value)
        elif key == "properties" and key in merged:
            merged[key] = merge_of(new[key], value)
    return merged


def _empty(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """What the real provider's zero values are of a kind; a number has none."""
    return type(value)() if isinstance(value, bool | str | list | dict) else None
