"""One glob pattern as `minimatch` reads it: braces, `**`, extended globs, classes, dots.

Pure text. Paths are split at `/`, and every part of a pattern is matched against one of a path.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

_SEQUENCE = re.compile(r"^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$")
_SLASHES = re.compile(r"/+")
_MOST_ITEMS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobOptions:
    """What a task asks of its matcher; the defaults are those of `tl.match`."""

    dot: bool = True
    match_base: bool = False
    brace: bool = True


class _Globstar:
    """`**`: any number of folders."""


_GLOBSTAR = _Globstar()
_Part = str | re.Pattern[str] | _Globstar


class GlobPattern:
    """A pattern without `!` and `#`, its braces expanded already."""

    def __init__(self, text: str, options: GlobOptions) -> None:
        self._options = options
        self._is_empty = not text
        self._parts = [_part(p, options) for p in _SLASHES.split(text)]

    def matches(self, path: str) -> bool:
        """Whether the whole path is meant."""
        if self._is_empty:
            return path == ""
        parts = _SLASHES.split(path)
        if self._options.match_base and len(self._parts) == 1:
            parts = [next((p for p in reversed(parts) if p), "")]
        return _matches(parts, self._parts, dot=self._options.dot)


def _matches(path: Sequence[str], pattern: Sequence[_Part], *, dot: bool) -> bool:
    # by rows of reachable places instead of recursion: `**/**/**` must not take for ever
    reachable = {0}
    for part in pattern[:-1]:
        reachable = _step(path, part, reachable, dot=dot)
        if not reachable:
            return False
    last = pattern[-1]
    if isinstance(last, _Globstar):
        return any(
            at < len(path) and all(_is_swallowed(p, dot=dot) for p in path[at:]) for at in reachable
        )
    ends = _step(path, last, reachable, dot=dot)
    return len(path) in ends or (len(path) - 1 in ends and path[-1] == "")


def _step(path: Sequence[str], part: _Part, places: set[int], *, dot: bool) -> set[int]:
    if not isinstance(part, _Globstar):
        return {at + 1 for at in places if at < len(path) and _is_hit(part, path[at])}
    found: set[int] = set()
    for place in sorted(places):
        at = place
        while at < len(path) and at not in found:
            found.add(at)
            if not _is_swallowed(path[at], dot=dot):
                break
            at += 1
    return found


def _is_swallowed(part: str, *, dot: bool) -> bool:
    return part not in (".", "..") and (dot or not part.startswith("."))


def _is_hit(part: str | re.Pattern[str], name: str) -> bool:
    return part == name if isinstance(part, str) else part.fullmatch(name) is not None


def _part(text: str, options: GlobOptions) -> _Part:
    if text == "**":
        return _GLOBSTAR
    body, magic = _Reader(text).read()
    if not magic:
        return re.sub(r"\\(.)", r"\1", text)
    guard = ""
    if not text.startswith("."):
        guard = r"(?!\.{1,2}$)" if options.dot else r"(?!\.)"
    try:
        return re.compile(f"{guard}(?=.)(?:{body})", re.DOTALL)
    except re.error:
        return text


class _Reader:
    """Turns one part of a pattern into a regular expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._magic = False

    def read(self) -> tuple[str, bool]:
        """The expression, and whether there is anything in it but letters."""
        return self._sequence(closing=""), self._magic

    def _sequence(self, *, closing: str) -> str:
        made: list[str] = []
        while self._at < len(self._text) and self._text[self._at] not in (closing or "\0"):
            made.append(self._one(rest_closing=closing))
        return "".join(made)

    def _one(self, *, rest_closing: str) -> str:
        char = self._text[self._at]
        if char in "?*+@!" and self._text[self._at + 1 : self._at + 2] == "(":
            group = self._group(char, rest_closing)
            if group is not None:
                return group
        self._at += 1
        if char == "\\" and self._at < len(self._text):
            self._at += 1
            return re.escape(self._text[self._at - 1])
        if char == "*":
            self._magic = True
            while self._text[self._at : self._at + 1] == "*":
                self._at += 1
            return "[^/]*?"
        if char == "?":
            self._magic = True
            return "[^/]"
        if char == "[":
            return self._class()
        return re.escape(char)

    def _group(self, kind: str, rest_closing: str) -> str | None:
        start = self._at
        self._at += 2
        choices: list[str] = [self._sequence(closing="|)")]
        while self._text[self._at : self._at + 1] == "|":
            self._at += 1
            choices.append(self._sequence(closing="|)"))
        if self._text[self._at : self._at + 1] != ")":
            self._at = start
            return None
        self._at += 1
        self._magic = True
        inner = "|".join(choices)
        if kind == "!":
            rest = self._sequence(closing=rest_closing)
            return f"(?:(?!(?:{inner}){rest}$)[^/]*?){rest}"
        return f"(?:{inner})" + {"?": "?", "*": "*", "+": "+", "@": ""}[kind]

    def _class(self) -> str:
        end = self._at
        if self._text[end : end + 1] in ("!", "^"):
            end += 1
        if self._text[end : end + 1] == "]":
            end += 1
        while end < len(self._text) and self._text[end] != "]":
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            return r"\["
        body = self._text[self._at : end]
        negated = body[:1] in ("!", "^")
        body = re.sub(r"([\[&~|^])", r"\\\1", body[1:] if negated else body)
        found = f"[{'^' if negated else ''}{body}]"
        try:
            re.compile(found)
        except re.error:
            return r"\["
        self._at = end + 1
        self._magic = True
        return found


def expand_braces(text: str) -> list[str]:
    """`a{b,c}{1..3}` as the shell expands it; what is no list stays as it is."""
    start, end, items = _first_list(text)
    if items is None:
        return [text]
    head, tails = text[:start], expand_braces(text[end + 1 :])
    middles = [one for item in items for one in expand_braces(item)]
    return [head + m + t for m, t in product(middles, tails)][:_MOST_ITEMS]


def _first_list(text: str) -> tuple[int, int, list[str] | None]:
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == "{" and text[at - 1 : at] != "$":
            end, items = _list_at(text, at)
            if items is not None:
                return at, end, items
        at += 1
    return 0, 0, None


def _list_at(text: str, start: int) -> tuple[int, list[str] | None]:
    depth, at, last = 0, start, start + 1
    items: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
            continue
        if char == "{":
            depth += 1
        elif char == "," and depth == 1:
            items.append(text[last:at])
            last = at + 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                items.append(text[last:at])
                return at, items if len(items) > 1 else _sequence_of(items[0])
        at += 1
    return start, None


def _sequence_of(text: str) -> list[str] | None:
    found = _SEQUENCE.match(text)
    if found is None:
        return None
    first, last, step = found.groups()
    if first.lstrip("-").isdigit() != last.lstrip("-").isdigit():
        return None
    is_number = first.lstrip("-").isdigit()
    low, high = (int(first), int(last)) if is_number else (ord(first), ord(last))
    width = abs(int(step or 1)) or 1
    numbers = range(low, high + 1, width) if low <= high else range(low, high - 1, -width)
    return [str(n) if is_number else chr(n) for n in numbers[:_MOST_ITEMS]]
