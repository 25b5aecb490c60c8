"""`##vso[area.event k=v;...]data` lines: how a step talks to its agent.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands and the
agent's own tests (the prefix may stand anywhere in a line, empty values are dropped).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SEALED = "##sealed["
"""Before a command that holds a secret, as it lies in the output file of a step."""

_PREFIX = "##vso["
_WORD = re.compile("##vso", re.IGNORECASE)
# the order matters: the percent sign itself is decoded last and encoded first
_ESCAPES = ((";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingCommand:
    """A parsed command; `area` and `event` in lower case, property names as written."""

    area: str
    event: str
    properties: Mapping[str, str]
    data: str

    @property
    def name(self) -> str:
        """`task.setvariable`."""
        return f"{self.area}.{self.event}"

    def get(self, name: str, default: str = "") -> str:
        """A property, its name in any letter case."""
        wanted = name.lower()
        return next((v for k, v in self.properties.items() if k.lower() == wanted), default)

    def flag(self, name: str) -> bool:
        """Whether a property says true."""
        return self.get(name).strip().lower() == "true"


def parse(line: str) -> LoggingCommand | None:
    """The command of a line, or None when there is none that parses."""
    start = line.lower().find(_PREFIX)
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    head, _, rest = line[start + len(_PREFIX) : end].partition(" ")
    area, dot, event = head.partition(".")
    if not dot or not area or not event or "." in event:
        return None
    properties: dict[str, str] = {}
    for pair in rest.split(";"):
        name, equals, value = pair.partition("=")
        if equals and name and value:
            properties[name] = unescape(value)
    return LoggingCommand(
        area=area.lower(),
        event=event.lower(),
        properties=properties,
        data=unescape(line[end + 1 :].rstrip("\r\n")),
    )


def deactivated(text: str) -> str:
    """A text from elsewhere that can hold no command any more."""
    return _WORD.sub("**vso", text)


def unescape(text: str) -> str:
    """Undo the escapes of a property or of the data."""
    for plain, escaped in _ESCAPES:
        text = text.replace(escaped, plain)
    return text.replace("%AZP25", "%")


def escape(text: str) -> str:
    """Write a value so that `parse` gives it back."""
    text = text.replace("%", "%AZP25")
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text
