"""JSONPath as the success criteria of REST calls use it: `jsonpath('$.value[?(@.price<50)]')`.

Members, items (also from the end), slices, wildcards, descent and filters that compare one member
with a constant or ask whether it is there. The leading `$` may be left out, as on Azure.
Source: https://github.com/microsoft/azure-pipelines-tasks/blob/master/docs/authoring/servertaskauthoring.md
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeGuard

from shipway.azpipelines.expr.values import Value

_LONGEST = 1000
_MEMBER = re.compile(r"[^\s.\[\]()'\"]+")
_QUOTED = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")\s*\]")
_INDEX = re.compile(r"\s*(-?\d{1,9})\s*\]")
_SLICE = re.compile(r"\s*(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*\]")
_FILTER = re.compile(
    r"\s*\?\s*\(\s*@((?:\.[^\s.\[\]()'\"=!<>]+)+)\s*"
    r"(?:(==|!=|<=|>=|<|>)\s*('[^']*'|\"[^\"]*\"|true|false|null|-?\d+(?:\.\d+)?)\s*)?\)\s*\]"
)

_Step = Callable[[Value], Iterator[Value]]
_MISSING = object()


class PathError(Exception):
    """A path that is not understood; the text says where."""


def select(path: str, root: Value) -> list[Value]:
    """Everything in `root` that the path names, in order. Raises `PathError`."""
    found = [root]
    for step in _steps(path):
        found = [inner for one in found for inner in step(one)]
    return found


def _steps(path: str) -> list[_Step]:
    text = path.strip()
    if len(text) > _LONGEST:
        raise PathError(f"a path has at most {_LONGEST} characters")
    place, steps = (1 if text.startswith("$") else 0), list[_Step]()
    while place < len(text):
        step, place = _step(text, place, is_first=not steps)
        steps.append(step)
    return steps


def _step(text: str, place: int, *, is_first: bool) -> tuple[_Step, int]:
    if text.startswith("..", place):
        inner, end = _named(text, place + 2)
        return _descending(inner), end
    if text[place] == "[":
        return _bracket(text, place + 1)
    if text[place] == ".":
        return _named(text, place + 1)
    if is_first and place == 0:  # `value[0]` for `$.value[0]`
        return _named(text, 0)
    raise _stray(text, place)


def _named(text: str, place: int) -> tuple[_Step, int]:
    if text.startswith("[", place):
        return _bracket(text, place + 1)
    found = _MEMBER.match(text, place)
    if found is None:
        raise _stray(text, place)
    name = found[0]
    return (_everything if name == "*" else _member(name)), found.end()


def _bracket(text: str, place: int) -> tuple[_Step, int]:
    if text.startswith("*]", place):
        return _everything, place + 2
    if found := _QUOTED.match(text, place):
        raw = found[1] if found[1] is not None else found[2]
        return _member(re.sub(r"\\(.)", r"\1", raw)), found.end()
    if found := _INDEX.match(text, place):
        return _item(int(found[1])), found.end()
    if found := _SLICE.match(text, place):
        first, last = (int(part) if part else None for part in found.groups())
        return _slice(first, last), found.end()
    if found := _FILTER.match(text, place):
        return _filter(found[1][1:].split("."), found[2] or "", found[3] or ""), found.end()
    raise _stray(text, place)


def _member(name: str) -> _Step:
    def step(value: Value) -> Iterator[Value]:
        if isinstance(value, Mapping) and name in value:
            yield value[name]

    return step


def _item(index: int) -> _Step:
    def step(value: Value) -> Iterator[Value]:
        if _is_list(value) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _slice(first: int | None, last: int | None) -> _Step:
    def step(value: Value) -> Iterator[Value]:
        if _is_list(value):
            yield from value[first:last]

    return step


def _everything(value: Value) -> Iterator[Value]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif _is_list(value):
        yield from value


def _descending(inner: _Step) -> _Step:
    def step(value: Value) -> Iterator[Value]:
        open_ones = [value]
        while open_ones:  # no recursion: an answer may be nested as deep as it likes
            one = open_ones.pop()
            yield from inner(one)
            open_ones.extend(reversed(list(_everything(one))))

    return step


def _filter(names: Sequence[str], operator: str, constant: str) -> _Step:
    wanted = _constant(constant) if operator else None

    def step(value: Value) -> Iterator[Value]:
        for one in _everything(value):
            seen = _inside(one, names)
            if seen is not _MISSING and (not operator or _holds(seen, operator, wanted)):
                yield one

    return step


def _inside(value: object, names: Sequence[str]) -> object:
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _constant(text: str) -> Value:
    words: Mapping[str, Value] = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    return text[1:-1] if text[0] in "'\"" else Decimal(text)


def _holds(seen: object, operator: str, wanted: Value) -> bool:
    if operator in ("==", "!="):
        is_same = type(seen) is type(wanted) and seen == wanted
        return is_same == (operator == "==")
    if isinstance(seen, str) and isinstance(wanted, str):
        return _order(operator, (seen > wanted) - (seen < wanted))
    if isinstance(seen, Decimal) and isinstance(wanted, Decimal):
        return _order(operator, (seen > wanted) - (seen < wanted))
    return False


def _order(operator: str, sign: int) -> bool:
    return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator]


def _is_list(value: object) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _stray(text: str, place: int) -> PathError:
    return PathError(f"unexpected '{text[place : place + 20]}' at position {place + 1} of '{text}'")
