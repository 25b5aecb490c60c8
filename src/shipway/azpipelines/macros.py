"""$(macro) expansion and names of environment variables.

Source: the agent's VarUtil and Variables. One pass over a text, results are not looked at again;
a set of variables is expanded among itself first, down to 50 levels.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shipway.azpipelines import limits

_PREFIX = "$("
_SUFFIX = ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedVariables:
    """A set of variables after expansion among themselves."""

    values: Mapping[str, str]
    secret_names: frozenset[str]
    """Given secrets and every variable that holds one through a macro."""
    warnings: tuple[str, ...]


def expand(text: str | None, variables: Mapping[str, str | None]) -> str:
    """Each $(name) that is known replaced once; unknown ones stay as they are.

    Names ignore case. For many texts, fold the variables once with `by_folded_name`.
    """
    if not text or _PREFIX not in text:
        return text or ""
    return _expand_folded(text, by_folded_name(variables))


def by_folded_name(variables: Mapping[str, str | None]) -> "FoldedVariables":
    """Variables ready for many expansions."""
    if isinstance(variables, FoldedVariables):
        return variables
    return FoldedVariables({name.lower(): value or "" for name, value in variables.items()})


class FoldedVariables(dict[str, "str | None"]):
    """Variables under their names in lower case."""


def expand_all(
    variables: Mapping[str, str | None], *, secret_names: Collection[str] = ()
) -> ExpandedVariables:
    """Expand a set of variables among itself.

    A cycle or more than 50 levels leaves that variable's text as it was and gives a warning.
    """
    folded = {name.lower(): value or "" for name, value in variables.items() if name.strip()}
    spellings = {name.lower(): name for name in reversed(list(variables)) if name.strip()}
    named = {spellings[name]: value for name, value in folded.items()}
    given = {name.lower() for name in secret_names}
    values: dict[str, str] = {}
    secrets: set[str] = set()
    warnings: list[str] = []
    for name, text in named.items():
        walk = _Walk(folded, given)
        try:
            values[name] = walk.expanded(text, (name.lower(),))
        except _Unexpandable as error:
            values[name] = text
            warnings.append(f"Unable to expand variable '{name}'. {error}")
        if name.lower() in given or walk.met_secret:
            secrets.add(name)
    return ExpandedVariables(
        values=values, secret_names=frozenset(secrets), warnings=tuple(warnings)
    )


def variable_to_env_name(name: str | None, *, preserve_case: bool = False) -> str:
    """The environment variable of a variable: upper case, point and space become `_`."""
    text = (name or "").replace(".", "_").replace(" ", "_")
    return text if preserve_case else text.upper()


def names_in(text: str) -> tuple[str, ...]:
    """The names inside $(...) of a text, innermost first found."""
    names: list[str] = []
    at = text.find(_PREFIX)
    while at >= 0:
        end = text.find(_SUFFIX, at)
        if end < 0:
            break
        inner = text.rfind(_PREFIX, at, end)
        names.append(text[inner + len(_PREFIX) : end])
        at = text.find(_PREFIX, end)
    return tuple(names)


def _expand_folded(text: str, folded: Mapping[str, str | None]) -> str:
    parts: list[str] = []
    at = 0
    while (prefix := text.find(_PREFIX, at)) >= 0:
        end = text.find(_SUFFIX, prefix + len(_PREFIX))
        if end < 0:
            break
        value = folded.get(text[prefix + len(_PREFIX) : end].lower())
        if value is None:
            parts.append(text[at : prefix + len(_PREFIX)])
            at = prefix + len(_PREFIX)
        else:
            parts.append(text[at:prefix] + value)
            at = end + len(_SUFFIX)
    parts.append(text[at:])
    return "".join(parts)


class _Unexpandable(Exception):
    """A cycle, or too deep."""


class _Walk:
    def __init__(self, folded: Mapping[str, str], secrets: Collection[str]) -> None:
        self._folded = folded
        self._secrets = secrets
        self._length = 0
        self.met_secret = False

    def expanded(self, text: str, path: tuple[str, ...]) -> str:
        if _PREFIX not in text:
            return text
        nested = {name: self._nested(name, path) for name in self._known(text)}
        result = _expand_folded(text, nested)
        self._length += len(result)
        if self._length > limits.MAX_RESULT_BYTES:
            raise _Unexpandable("Its text grows beyond the limit.")
        return result

    def _known(self, text: str) -> list[str]:
        names = [name.lower() for name in _candidates(text)]
        return [name for name in dict.fromkeys(names) if name in self._folded]

    def _nested(self, name: str, path: tuple[str, ...]) -> str:
        if name in path:
            raise _Unexpandable("A cyclical reference was detected.")
        if len(path) >= limits.MAX_MACRO_DEPTH:
            raise _Unexpandable(f"The max expansion depth ({limits.MAX_MACRO_DEPTH}) was exceeded.")
        if name in self._secrets:
            self.met_secret = True
        return self.expanded(self._folded[name], (*path, name))


def _candidates(text: str) -> list[str]:
    names: list[str] = []
    at = text.find(_PREFIX)
    while at >= 0:
        end = text.find(_SUFFIX, at + len(_PREFIX))
        if end < 0:
            break
        names.append(text[at + len(_PREFIX) : end])
        at = text.find(_PREFIX, at + len(_PREFIX))
    return names
