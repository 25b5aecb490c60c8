"""Version ranges as npm writes them: `20.x`, `>=18 <21`, `^20.2.1`, `18.x || 20.x`.

Pure. Source: https://docs.npmjs.com/cli/using-npm/semver
"""

import re
from dataclasses import dataclass

Version = tuple[int, int, int]

_PARTIAL = r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][\w.+-]+)?"
_TERM = re.compile(rf"(?P<operator>\^|~>?|>=|<=|>|<|=)?\s*(?P<version>{_PARTIAL})")
_HYPHEN = re.compile(rf"(?P<low>{_PARTIAL})\s+-\s+(?P<high>{_PARTIAL})")
_NUMBERS = re.compile(_PARTIAL)
_ENDLESS: Version = (10**6, 0, 0)
_ANY = ("", "*", "x", "X", "latest", "node", "current")


@dataclass(frozen=True, slots=True)
class Interval:
    """Versions from `low` on, below `high`."""

    low: Version
    high: Version

    def __contains__(self, version: Version) -> bool:
        return self.low <= version < self.high

    def __and__(self, other: "Interval") -> "Interval":
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def as_requirement(self) -> str:
        """The interval as Python's package indexes write it."""
        low = ">=" + ".".join(str(number) for number in self.low)
        if self.high == _ENDLESS:
            return low
        return f"{low},<" + ".".join(str(number) for number in self.high)


def parse(spec: str) -> list[Interval]:
    """The alternatives of a range, in their order. Raises `ValueError` for what is no range."""
    return [_alternative(part.strip()) for part in spec.strip().split("||")]


def version_of(text: str) -> Version | None:
    """A full version like `v20.2.1`, or None."""
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _alternative(text: str) -> Interval:
    if text in _ANY:
        return Interval((0, 0, 0), _ENDLESS)
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        return Interval(_exactly(hyphen["low"]).low, _exactly(hyphen["high"]).high)
    made, place = Interval((0, 0, 0), _ENDLESS), 0
    for found in _TERM.finditer(text):
        if text[place : found.start()].strip():
            break
        made, place = made & _term(found["operator"] or "", found["version"]), found.end()
    if place == 0 or text[place:].strip():
        raise ValueError(f"'{text}' is no version range")
    return made


def _term(operator: str, text: str) -> Interval:
    exact = _exactly(text)
    if operator in ("", "="):
        return exact
    if operator == "^":
        major, minor, patch = exact.low
        if major or len(_numbers(text)) == 1:
            return Interval(exact.low, (major + 1, 0, 0))
        return Interval(exact.low, (0, minor + 1, 0) if minor else (0, 0, patch + 1))
    if operator.startswith("~"):
        major, minor, _ = exact.low
        named = len(_numbers(text)) > 1
        return Interval(exact.low, (major, minor + 1, 0) if named else (major + 1, 0, 0))
    if operator == ">=":
        return Interval(exact.low, _ENDLESS)
    if operator == ">":
        return Interval(exact.high, _ENDLESS)
    return Interval((0, 0, 0), exact.low if operator == "<" else exact.high)


def _exactly(text: str) -> Interval:
    """What a version with parts left out or `x` stands for."""
    numbers = _numbers(text)
    if not numbers:
        return Interval((0, 0, 0), _ENDLESS)
    above = [*numbers[:-1], numbers[-1] + 1]
    return Interval(_filled(numbers), _filled(above))


def _numbers(text: str) -> list[int]:
    found = _NUMBERS.fullmatch(text)
    numbers: list[int] = []
    for part in found.groups() if found else ():
        if part is None or not part.isdigit():
            break
        numbers.append(int(part))
    return numbers


def _filled(numbers: list[int]) -> Version:
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return major, minor, patch
