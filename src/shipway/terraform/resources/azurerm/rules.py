"""Rules for attributes beyond what the schema's table says, in the real provider's words.

Source of the words: terraform-plugin-sdk's helper/validation and azurerm's validate packages.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from shipway.base import ids
from shipway.terraform.resource import AtAttribute, Problem, Values
from shipway.terraform.resources.azurerm.arm_ids import IdShape
from shipway.terraform.unknown import UNKNOWN

Complaint = tuple[str, str]
Rule = Callable[[str, Any], Complaint | None]
"""Path and value to summary and detail, or None when the value is right."""

_DURATION = re.compile(
    r"P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?"
)
_NOTHING: tuple[object, ...] = (None, "", False)


def problems(rules: Mapping[str, Rule], values: Values) -> Iterator[Problem]:
    """What is wrong with these values. Paths are dotted without indexes; UNKNOWN is passed."""
    for path, rule in rules.items():
        for where, value in _found(path.split("."), values, ""):
            complaint = None if value is None or value is UNKNOWN else rule(where, value)
            if complaint:
                yield Problem(where, *complaint)


def enforce(rules: Mapping[str, Rule], values: Values) -> None:
    """Raise `AtAttribute` for the first problem: a value may have been unknown until now."""
    for problem in problems(rules, values):
        raise AtAttribute(problem.path, problem.summary, problem.detail)


def _found(way: list[str], value: Any, where: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    if isinstance(value, list) and way:
        for number, one in enumerate(value):
            yield from _found(way, one, f"{where}.{number}")
    elif not way:
        yield where.lstrip("."), value
    elif isinstance(value, Mapping):
        yield from _found(way[1:], value.get(way[0]), f"{where}.{way[0]}")


def matches(pattern: str, words: str) -> Rule:
    """A text of this form; `words` may name {path}, {name} and {value}."""
    form = re.compile(pattern)

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
        if form.fullmatch(str(value)):
            return None
        name = path.rpartition(".")[2]
        return words.format(path=path, name=name, value=value), ""

    return rule


def every(*rules: Rule) -> Rule:
    """All of them; the first complaint counts."""

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # handed on
        return next((found for one in rules if (found := one(path, value))), None)

    return rule


def between(low: float, high: float, *, form: str = "d") -> Rule:
    """A number from `low` to `high`."""

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a number, by its schema
        if low <= value <= high:
            return None
        shown = tuple(_number(one, form) for one in (low, high, value))
        return "expected {} to be in the range ({} - {}), got {}".format(path, *shown), ""

    return rule


def at_least(low: float, *, form: str = "d") -> Rule:
    """A number not below `low`."""

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a number, by its schema
        if value >= low:
            return None
        return (
            f"expected {path} to be at least ({_number(low, form)}), got {_number(value, form)}",
            "",
        )

    return rule


def length(low: int, high: int) -> Rule:
    """A text of so many characters."""

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
        if low <= len(value) <= high:
            return None
        return f"expected length of {path} to be in the range ({low} - {high}), got {value}", ""

    return rule


@dataclass(frozen=True, slots=True)
class Only:
    """A value that has to be one of few, because shipway cannot honour others."""

    allowed: tuple[object, ...]
    why: str

    def __call__(self, path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # any value
        """Summary and detail, or None."""
        if value in self.allowed:
            return None
        return f"{path.rpartition('.')[2]} = {_hcl(value)} is not supported by shipway", self.why


def only(*allowed: object, why: str) -> Only:
    """A value that has to be one of few, because shipway cannot honour others."""
    return Only(allowed, why)


def _number(value: float, form: str) -> str:
    return f"{value:f}" if form == "f" else f"{value:g}"


def uuid(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
    """A guid."""
    return (
        None if ids.is_guid(value) else (f'expected "{path}" to be a valid UUID, got {value}', "")
    )


def not_empty(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
    """A text that is more than blanks."""
    if str(value).strip():
        return None
    return f'expected "{path}" to not be an empty string or whitespace', ""


def rfc3339(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
    """A time with its zone."""
    try:
        given = datetime.fromisoformat(value)
    except ValueError:
        given = None
    if given is None or given.tzinfo is None or "T" not in value:
        return f'expected "{path}" to be a valid RFC3339 date, got "{value}"', ""
    return None


def duration(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
    """A length of time as ISO 8601 writes it."""
    if _DURATION.fullmatch(value):
        return None
    return f'expected "{path}" to be an ISO8601 duration, got "{value}"', ""


def month_start(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text
    """The first moment of a month, of one that a budget can begin in."""
    wrong = rfc3339(path, value)
    if wrong:
        return wrong
    given = datetime.fromisoformat(value)
    if (given.day, given.hour, given.minute, given.second) != (1, 0, 0, 0):
        return f'"{path}" must be the first of the month, got {value}', ""
    early = (given.year, given.month) < (2017, 6)
    return (f'"{path}" must be on or after June 1, 2017, got {value}', "") if early else None


def web_address(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
    """A URL of http or https."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https"):
        return f'expected "{path}" to have a url with schema of: "http,https", got {value}', ""
    return None if parts.netloc else (f'expected "{path}" to have a host, got {value}', "")


def email(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
    """An address of mail."""
    if re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        return None
    return f'expected "{path}" to be an email address, got {value}', ""


def id_of(shape: IdShape) -> Rule:
    """An id of this shape."""

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a text, by its schema
        del path
        return None if shape.parts_of(str(value)) else shape.complaint(str(value))

    return rule


def each(one_rule: Rule) -> Rule:
    """A list whose every element follows a rule."""

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a list, by its schema
        known = (one for one in value if one is not None and one is not UNKNOWN)
        return next((found for one in known if (found := one_rule(path, one))), None)

    return rule


def keys(pattern: str, words: str) -> Rule:
    """A map whose every key has this form."""
    one_rule = matches(pattern, words)

    def rule(path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # a map, by its schema
        return next((found for key in value if (found := one_rule(path, key))), None)

    return rule


@dataclass(frozen=True, slots=True)
class Kept:
    """An attribute (or one of a block) that is taken but has no effect; for warnings.

    With `when`, only that value has none.
    """

    why: str
    when: object = None

    def __call__(self, path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # any value
        """Summary and detail, or None."""
        if self.when is None:
            return f"{path.partition('.')[0]} has no effect on shipway", self.why
        if value != self.when:
            return None
        return f"{path} = {_hcl(value)} is not fully in effect on shipway", self.why


@dataclass(frozen=True, slots=True)
class Refused:
    """An attribute that shipway cannot honour, but for its default and these values."""

    why: str
    but: tuple[object, ...] = ()

    def __call__(self, path: str, value: Any) -> Complaint | None:  # noqa: ANN401  # any value
        """Summary and detail, or None."""
        if value in ([], {}) or value in (*_NOTHING, *self.but):
            return None
        name = path.rpartition(".")[2]
        given = "" if isinstance(value, list | dict) else f" = {_hcl(value)}"
        return f"{name}{given} is not supported by shipway", self.why


def refused(why: str, *, but: Iterable[object] = ()) -> Refused:
    """An attribute that shipway cannot honour, but for its default and these values."""
    return Refused(why, tuple(but))


def _hcl(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


GROUP_NAME = every(
    matches(
        r"[-\w._()]*",
        '"{path}" may only contain alphanumeric characters, dash, underscores, parentheses and '
        "periods",
    ),
    matches(r".{0,90}", '"{path}" may not exceed 90 characters in length'),
    matches(r"|.*[^.]", '"{path}" may not end with a period'),
    matches(r".+", '"{path}" cannot be blank'),
)
