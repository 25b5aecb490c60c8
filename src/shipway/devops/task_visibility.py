"""Visibility rules of task inputs: `command = init && provider != aws`.

Pure. Source: https://learn.microsoft.com/azure/devops/extend/develop/integrate-build-task
"""

import re
from collections.abc import Callable, Mapping

_TERM = re.compile(
    r"\s*(?P<name>[\w.]+)\s*(?P<operator>==?|!=|(?:not)?(?:In|Contains|StartsWith|EndsWith)\b)"
    r"\s*(?P<value>.*?)\s*",
    re.IGNORECASE,
)
_UNKNOWN = ("$(", "$[", "${{")


def is_visible(rule: str, values: Mapping[str, str]) -> bool | None:
    """Whether a rule holds for these values, by input's name in lower case; letter case is alike.

    None when it depends on a value that is only known at run time. Raises `ValueError` for a rule
    that cannot be read: rules are part of the definitions, not of anybody's pipeline.
    """
    unsure = False
    for alternative in rule.split("||"):
        verdicts = [_term(term, values) for term in alternative.split("&&")]
        if all(verdict is True for verdict in verdicts):
            return True
        unsure = unsure or (None in verdicts and False not in verdicts)
    return None if unsure else False


def _term(text: str, values: Mapping[str, str]) -> bool | None:
    found = _TERM.fullmatch(text)
    if found is None:
        raise ValueError(f"the visibility rule '{text}' cannot be read")
    actual = values.get(found["name"].lower(), "").strip()
    if any(mark in actual for mark in _UNKNOWN):
        return None
    return _holds(found["operator"].lower(), actual.lower(), found["value"].lower())


def _holds(operator: str, actual: str, wanted: str) -> bool:
    tests: Mapping[str, Callable[[], bool]] = {
        "in": lambda: actual in [one.strip() for one in wanted.split(",")],
        "contains": lambda: wanted in actual,
        "startswith": lambda: actual.startswith(wanted),
        "endswith": lambda: actual.endswith(wanted),
    }
    if operator in ("=", "=="):
        return actual == wanted
    if operator == "!=":
        return actual != wanted
    if operator.startswith("not"):
        return not tests[operator.removeprefix("not")]()
    return tests[operator]()
