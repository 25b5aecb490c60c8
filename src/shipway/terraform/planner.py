"""From configuration and prior state to a plan, by the rules of Terraform's older provider SDK.

The real providers are written on that SDK, so plans agree attribute by attribute: a default fills
what is not configured, a computed attribute is unknown on create and keeps its value on update, an
empty value and no value are the same, elements of sets are matched with prior ones.
Source: terraform-plugin-sdk/v2, helper/schema: schema.go, grpc_provider.go.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shipway.terraform.protocol.cty import Type, holds_unknown
from shipway.terraform.resource import Change, TerraformResource, Value, Values
from shipway.terraform.schema import Attribute, Block, Nested, TypeSchema
from shipway.terraform.unknown import UNKNOWN


@dataclass(slots=True, kw_only=True)
class Plan:
    """Planned values and the dotted paths whose change forces a replacement."""

    values: Values
    requires_replace: set[str] = field(default_factory=set)


def plan(
    resource: TerraformResource, schema: TypeSchema, *, prior: Values | None, config: Values
) -> Plan:
    """What the resource will be. Raises what the type's own `customize` raises."""
    planner = _Planner(resource, is_create=prior is None)
    values = planner.block(schema.block, config, prior, "")
    replaced = planner.replaced
    if resource.customize is not None:
        change = Change(prior=prior, config=config, planned=values, requires_replace=replaced)
        resource.customize(change)
        values, replaced = change.planned, change.requires_replace
    return Plan(values=values, requires_replace=set() if prior is None else replaced)


def with_defaults(block: Block, config: Mapping[str, Value]) -> Values:
    """A configuration with what its schema fills in; for data sources and providers."""
    filled: Values = {}
    for name, one in block.attributes.items():
        value = config.get(name)
        filled[name] = one.default if value is None else value
    for name, nested in block.blocks.items():
        value = config.get(name)
        if isinstance(value, list):
            value = [with_defaults(nested.block, item) for item in value]
        elif isinstance(value, dict):
            value = with_defaults(nested.block, value)
        filled[name] = value
    return filled


def without_unknowns(block: Block, values: Mapping[str, Value]) -> Values:
    """Planned values as a resource gets them: what is not known yet is None, or no blocks."""
    known: Values = {}
    for name in block.attributes:
        known[name] = _known(values.get(name))
    for name, nested in block.blocks.items():
        value = values.get(name)
        if nested.nesting == "single":
            known[name] = without_unknowns(nested.block, value) if isinstance(value, dict) else None
        else:
            items = value if isinstance(value, list) else []
            known[name] = [without_unknowns(nested.block, item) for item in items]
    return known


def complete(block: Block, values: Mapping[str, Value]) -> Values:
    """Values with every name of the schema: absent attributes None, absent blocks none."""
    full: Values = {name: values.get(name) for name in block.attributes}
    for name, nested in block.blocks.items():
        value = values.get(name)
        if nested.nesting == "single":
            full[name] = complete(nested.block, value) if isinstance(value, dict) else None
        elif value is UNKNOWN:
            full[name] = UNKNOWN
        else:
            full[name] = [complete(nested.block, item) for item in value or []]
    return full


def settle(kind: Type, new: Value, wanted: Value, *, is_apply: bool) -> Value:
    """What is saved when a provider says `new` where `wanted` was planned (or stood before).

    No value and an empty one are the same to a service; the state keeps the form that it had.
    """
    if wanted is None:
        return None if is_apply and _is_collection(kind) and new in ([], {}) else new
    if wanted is UNKNOWN:
        return new
    word = kind if isinstance(kind, str) else kind[0]
    if new is None:
        is_kept = wanted in ("", [], {}) or (is_apply and isinstance(kind, str))
        return wanted if is_kept and not holds_unknown(wanted) else None
    if word == "set":
        return wanted if is_apply and not holds_unknown(wanted) else new
    if word == "list" and len(new) == len(wanted):
        pairs = zip(new, wanted, strict=True)
        return [settle(kind[1], one, other, is_apply=is_apply) for one, other in pairs]
    if word == "object":
        return {
            name: settle(one, new.get(name), wanted.get(name), is_apply=is_apply)
            for name, one in kind[1].items()
        }
    return new


def same(kind: Type, one: Value, other: Value) -> bool:
    """Whether two values mean the same: none and empty do, and sets in another order."""
    if one is UNKNOWN or other is UNKNOWN:
        return one is other
    if one is None or other is None:
        return one is other or (one or other) in ("", [], {}) or _is_hollow(one or other)
    word = kind if isinstance(kind, str) else kind[0]
    if word == "list":
        return len(one) == len(other) and all(
            same(kind[1], *pair) for pair in zip(one, other, strict=True)
        )
    if word == "set":
        return _same_set(kind[1], one, other)
    if word == "map":
        return one.keys() == other.keys() and all(same(kind[1], one[k], other[k]) for k in one)
    if word == "object":
        return all(same(inner, one.get(k), other.get(k)) for k, inner in kind[1].items())
    return bool(one == other)


class _Planner:
    """One walk through a resource's schema. `replaced` gathers paths as it goes."""

    def __init__(self, resource: TerraformResource, *, is_create: bool) -> None:
        self._resource = resource
        self._is_create = is_create
        self.replaced: set[str] = set()

    def block(
        self,
        block: Block,
        config: Mapping[str, Value],
        prior: Mapping[str, Value] | None,
        path: str,
    ) -> Values:
        """The planned values of a block."""
        planned: Values = {}
        for name, one in block.attributes.items():
            where = f"{path}{name}"
            before = None if prior is None else prior.get(name)
            value = self._attribute(one, config.get(name), before, where, is_new=prior is None)
            planned[name] = value
            is_changed = value is UNKNOWN or not same(one.type, value, before)
            if one.force_new and not self._is_create and is_changed:
                self.replaced.add(where)
        for name, nested in block.blocks.items():
            before = None if prior is None else prior.get(name)
            planned[name] = self._blocks(
                nested, config.get(name), before, f"{path}{name}", is_new=prior is None
            )
        return planned

    def _attribute(
        self,
        one: Attribute,
        value: Value,
        before: Value,
        where: str,
        *,
        is_new: bool,
    ) -> Value:
        if one.write_only:
            return None
        if value is UNKNOWN or (one.is_set and holds_unknown(value)):
            return UNKNOWN
        plain = _plain(where)
        if value is None:
            value = one.default
            if value is None and one.computed:
                return UNKNOWN if is_new else before
        rewrite = self._resource.state_funcs.get(plain)
        if rewrite is not None and isinstance(value, str):
            value = rewrite(value)
        if is_new:
            return value
        if self._is_suppressed(plain, before, value):
            return before
        if value is None:
            return before if before in (False, 0, "", [], {}) else None
        if value == "" and before is None:
            return value
        return before if same(one.type, value, before) else value

    def _blocks(
        self,
        nested: Nested,
        value: Value,
        before: Value,
        where: str,
        *,
        is_new: bool,
    ) -> Value:
        if value is UNKNOWN:
            return UNKNOWN
        if nested.nesting == "single":
            return value
        if not value and nested.computed:
            return UNKNOWN if is_new else before
        if not is_new and not self._is_create:
            if self._is_suppressed(_plain(where), before, value):
                return before
            if nested.force_new and len(value or []) != len(before or []):
                self.replaced.add(where)
        if nested.nesting == "set":
            return self._set(nested, value or [], before or [], where)
        return self._list(nested, value or [], before or [], where)

    def _list(
        self, nested: Nested, value: list[Values], before: list[Values], where: str
    ) -> list[Values]:
        planned = [
            self.block(
                nested.block, item, before[n] if n < len(before) else None, f"{where}.{n}."
            )
            for n, item in enumerate(value)
        ]  # fmt: skip
        self._note_forced(nested.block, before[len(value) :], where)
        return planned

    def _set(
        self, nested: Nested, value: list[Values], before: list[Values], where: str
    ) -> list[Values]:
        left, planned, fresh = list(before), [], []
        for item in value:
            match = next((one for one in left if self._fits(nested.block, item, one, where)), None)
            if match is not None:
                left.remove(match)
                planned.append(match)
            else:
                fresh.append(item)
        for item in fresh:
            quiet = _Planner(self._resource, is_create=True)
            made = quiet.block(nested.block, item, None, f"{where}.0.")
            planned.append(made)
            if not self._is_create:
                self._note_forced(nested.block, [made], where)
        self._note_forced(nested.block, left, where)
        return planned

    def _fits(self, block: Block, item: Values, before: Values, where: str) -> bool:
        quiet = _Planner(self._resource, is_create=True)
        return same(block.type, quiet.block(block, item, before, f"{where}.0."), before)

    def _note_forced(self, block: Block, items: Iterable[Values], where: str) -> None:
        """Elements that come or go: replaced when one of their attributes forces it."""
        for item in items:
            for name, one in block.attributes.items():
                if one.force_new and item.get(name) not in (None, "", [], {}):
                    self.replaced.add(where)
            for name, nested in block.blocks.items():
                inner = item.get(name)
                if isinstance(inner, list):
                    self._note_forced(nested.block, inner, where)

    def _is_suppressed(self, plain: str, before: Value, value: Value) -> bool:
        if self._is_create and before is None:
            return False
        rule = self._resource.suppress.get(plain)
        return rule is not None and rule(before, value)


def _known(value: Value) -> Value:
    if value is UNKNOWN:
        return None
    if isinstance(value, list):
        return [_known(item) for item in value if item is not UNKNOWN]
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    return value


def _is_collection(kind: Type) -> bool:
    return isinstance(kind, list) and kind[0] != "object"


def _is_hollow(value: Value) -> bool:
    """An object in which nothing is set."""
    return isinstance(value, dict) and all(
        item in (None, "", [], {}) or item is False or item == 0 for item in value.values()
    )


def _same_set(kind: Type, one: list[Value], other: list[Value]) -> bool:
    if len(one) != len(other):
        return False
    left = list(other)
    for item in one:
        match = next((n for n, against in enumerate(left) if same(kind, item, against)), None)
        if match is None:
            return False
        del left[match]
    return True


def _plain(path: str) -> str:
    """A dotted path without indexes."""
    return ".".join(part for part in path.split(".") if not part.isdecimal())
