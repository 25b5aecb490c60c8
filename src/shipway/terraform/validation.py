"""What is wrong with a configuration, by the rules in the schema's table.

The words are those of the older provider SDK (helper/schema/schema.go, helper/validation).
Values that are not known yet break no rule.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shipway.terraform.protocol.cty import holds_unknown
from shipway.terraform.resource import Problem, Value, Values
from shipway.terraform.schema import Attribute, Block, Nested, Rules


def problems(block: Block, config: Values) -> Iterator[Problem]:
    """Everything that the table forbids."""
    yield from _block(block, config, config, "")


def _block(block: Block, config: Mapping[str, Value], root: Values, path: str) -> Iterator[Problem]:
    for name, one in block.attributes.items():
        value, where = config.get(name), f"{path}{name}"
        yield from _combinations(one.rules, value, root, where)
        if value is not None:
            yield from _value(one, value, where)
    for name, nested in block.blocks.items():
        value, where = config.get(name), f"{path}{name}"
        present = value if value not in ([], None) else None
        yield from _combinations(nested.rules, present, root, where)
        yield from _nested(nested, value, root, where)


def _nested(nested: Nested, value: Value, root: Values, where: str) -> Iterator[Problem]:
    if nested.nesting == "single":
        if isinstance(value, dict):
            yield from _block(nested.block, value, root, f"{where}.")
        return
    if not value and nested.required and not nested.min_items:  # else Terraform says it itself
        name = where.rpartition(".")[2]
        yield Problem(
            where, "Missing required argument",
            f'The argument "{name}" is required, but no definition was found.',
        )  # fmt: skip
    if not isinstance(value, list) or not value:
        return
    yield from _deprecated(nested.rules, where)
    if not holds_unknown(value):
        yield from _counted(nested.rules, value, where)
    for n, item in enumerate(value):
        if isinstance(item, dict):
            yield from _block(nested.block, item, root, f"{where}.{n}.")


def _value(one: Attribute, value: Value, where: str) -> Iterator[Problem]:
    yield from _deprecated(one.rules, where)
    if holds_unknown(value):
        return
    rules, name = one.rules, where.rpartition(".")[2]
    if rules.allowed_values:
        yield from _allowed(rules.allowed_values, value, where, name)
    if isinstance(value, list):
        yield from _counted(rules, value, where)
        for n, item in enumerate(value):
            if rules.element_allowed_values:
                place = where if one.is_set else f"{where}.{n}"
                yield from _allowed(rules.element_allowed_values, item, place, f"{name}.{n}")


def _allowed(allowed: Iterable[Any], value: Value, where: str, name: str) -> Iterator[Problem]:
    words = list(allowed)
    if value in words:
        return
    if all(isinstance(word, str) for word in words):
        shown = " ".join(f'"{word}"' for word in words)
    else:
        shown = " ".join(str(word) for word in words)
    yield Problem(where, f"expected {name} to be one of [{shown}], got {value}")


def _counted(rules: Rules, value: list[Value], where: str) -> Iterator[Problem]:
    count = len(value)
    if rules.max_items and count > rules.max_items:
        yield Problem(
            where, "Too many list items",
            f"Attribute {where} supports {rules.max_items} item maximum, but config has {count} "
            "declared.",
        )  # fmt: skip
    if rules.min_items and count < rules.min_items:
        yield Problem(
            where, "Not enough list items",
            f"Attribute {where} requires {rules.min_items} item minimum, but config has only "
            f"{count} declared.",
        )  # fmt: skip


def _deprecated(rules: Rules, where: str) -> Iterator[Problem]:
    if rules.deprecation:
        yield Problem(where, "Argument is deprecated", rules.deprecation, is_warning=True)


def _combinations(rules: Rules, value: Value, root: Values, where: str) -> Iterator[Problem]:
    """Rules over several attributes.

    Those that ask for something to be there stand at each member of a group; one speaks for all.
    """
    if value is not None:
        yield from _conflicting(rules, root, where)
        yield from _lacking(rules, root, where)
    if _speaks_for(where, rules.exactly_one_of):
        yield from _exactly_one(rules.exactly_one_of, root, where)
    group = rules.at_least_one_of
    if _speaks_for(where, group) and not any(_is_set(root, one) for one in group):
        yield Problem(
            where, "Missing required argument",
            f'"{where}": one of `{_listed(group)}` must be specified',
        )  # fmt: skip


def _speaks_for(where: str, group: tuple[str, ...]) -> bool:
    return bool(group) and (where == group[0] or where not in group)


def _conflicting(rules: Rules, root: Values, where: str) -> Iterator[Problem]:
    for other in rules.conflicts_with:
        if other != where and _is_set(root, other) and not _is_unknown(root, other):
            yield Problem(
                where, "Conflicting configuration arguments", f'"{where}": conflicts with {other}'
            )


def _lacking(rules: Rules, root: Values, where: str) -> Iterator[Problem]:
    if rules.required_with and not all(_is_set(root, one) for one in rules.required_with):
        yield Problem(
            where, "Missing required argument",
            f'"{where}": all of `{_listed(rules.required_with)}` must be specified',
        )  # fmt: skip


def _exactly_one(group: tuple[str, ...], root: Values, where: str) -> Iterator[Problem]:
    given = [one for one in group if _is_set(root, one)]
    if any(_is_unknown(root, one) for one in given):
        return
    if len(given) > 1:
        yield Problem(
            where, "Invalid combination of arguments",
            f'"{where}": only one of `{_listed(group)}` can be specified, but '
            f"`{_listed(given)}` were specified.",
        )  # fmt: skip
    elif not given:
        yield Problem(
            where, "Invalid combination of arguments",
            f'"{where}": one of `{_listed(group)}` must be specified',
        )  # fmt: skip


def _listed(paths: Iterable[str]) -> str:
    return ",".join(sorted(paths))


def _is_set(root: Values, path: str) -> bool:
    return _at(root, path) not in (None, [])


def _is_unknown(root: Values, path: str) -> bool:
    return holds_unknown(_at(root, path))


def _at(root: Values, path: str) -> Value:
    value: Value = root
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            return value if holds_unknown(value) else None
    return value
