"""Reading a resource's values: an absent attribute is the zero of its type, as in the provider.

Also the comparisons that make two spellings one, and the words in which the service's refusals
are told at the attribute that caused them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from shipway.terraform.calls import ApiError
from shipway.terraform.resource import UNKNOWN, AtAttribute, Change, Problem, Values


def text(values: Values, name: str) -> str:
    """A string; empty when absent."""
    found = values.get(name)
    return found if isinstance(found, str) else ""


def number(values: Values, name: str) -> int:
    """A whole number; 0 when absent."""
    found = values.get(name)
    return int(found) if isinstance(found, int | float) else 0


def flag(values: Values, name: str) -> bool:
    """A boolean; False when absent."""
    return values.get(name) is True


def texts(values: Values, name: str) -> list[str]:
    """A list or set of strings; empty when absent."""
    found = values.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def blocks(values: Values, name: str) -> list[Values]:
    """Nested blocks; empty when absent. An empty block in the list is a block without values."""
    found = values.get(name)
    if not isinstance(found, list):
        return []
    return [one if isinstance(one, dict) else {} for one in found]


def block(values: Values, name: str) -> Values:
    """The only nested block of its name; empty when absent."""
    return next(iter(blocks(values, name)), {})


def is_known(values: Values, name: str) -> bool:
    """Whether an attribute has a value that is known already."""
    return values.get(name) not in (None, UNKNOWN)


def same_letters(old: object, new: object) -> bool:
    """Whether two texts differ at most in upper and lower case."""
    return isinstance(old, str) and isinstance(new, str) and old.casefold() == new.casefold()


def listed(answer: object) -> list[dict[str, Any]]:
    """The items of a collection that the service answered with."""
    found = answer.get("value") if isinstance(answer, dict) else answer
    return list(found) if isinstance(found, list) else []


def path(*parts: object) -> str:
    """`/a/b` of its parts, percent-encoded."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def query(arguments: Mapping[str, object]) -> str:
    """`?a=b` of those that are not empty."""
    kept = {key: value for key, value in arguments.items() if value not in ("", None)}
    return f"?{urlencode(kept)}" if kept else ""


@contextmanager
def doing(what: str, blame: Mapping[str | int, str] | None = None) -> Iterator[None]:
    """Put what was tried before a refusal of the service.

    `blame` names the attribute that a refusal is about: by the service's type key, by status, or by
    a dotted field that its message names. Such a refusal is raised as `AtAttribute` there.
    """
    try:
        yield
    except ApiError as error:
        message = f"{what}: {error.message}"
        about = _blamed(error, blame or {})
        if about:
            raise AtAttribute(about, message) from error
        raise ApiError(error.status, error.code, message, target=error.target) from error


@contextmanager
def unless_there(type_name: str, attribute: str, find: Callable[[], str | None]) -> Iterator[None]:
    """Add to a refusal at `attribute` by which id the thing that is there could be imported.

    An apply that goes on after one that was killed takes it up by this id.
    """
    try:
        yield
    except AtAttribute as error:
        known = find() if error.path == attribute else None
        if known is None:
            raise
        summary = f"{error.summary}. {there_already(type_name, known)}"
        raise AtAttribute(attribute, summary, error.detail) from error


def there_already(type_name: str, known: str) -> str:
    """The sentence by which users, and an apply that goes on, learn what to import."""
    return (
        f'A resource with the ID "{known}" already exists - to be managed via Terraform this '
        "resource needs to be imported into the State. Please see the resource documentation for "
        f'"{type_name}" for more information'
    )


def named(items: Iterable[dict[str, Any]], name: str, *, key: str = "name") -> str | None:
    """The id of the item of a name, if there is one."""
    found = (one["id"] for one in items if same_letters(one.get(key), name))
    return next((str(one) for one in found), None)


def follow(change: Change, name: str, *computed: str) -> None:
    """Let what is made of an attribute be known after the apply that changes it."""
    if change.prior is not None and change.planned.get(name) != change.prior.get(name):
        change.planned.update(dict.fromkeys(computed, UNKNOWN))


def _blamed(error: ApiError, blame: Mapping[str | int, str]) -> str:
    known = blame.get(error.code) or blame.get(error.status)
    named = (path for key, path in blame.items() if f"'{key}'" in error.message)
    return known or next(named, "")


def not_one_of(
    value: object, words: Sequence[str], where: str, *, name: str = ""
) -> Iterator[Problem]:
    """A configured word that is none of `words`, whatever its letter case."""
    if isinstance(value, str) and value.casefold() not in [word.casefold() for word in words]:
        shown = " ".join(f'"{word}"' for word in words)
        yield Problem(where, f"expected {name or where} to be one of [{shown}], got {value}")


def joined(words: Sequence[str]) -> str:
    """Names in a sentence."""
    return ", ".join(f"`{word}`" for word in words)
