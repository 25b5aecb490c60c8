"""ISO 8601 durations, as Azure ML writes time-outs and probes (`PT10S`, `PT1M30S`)."""

import re

from shipway.base.errors import BadInput

_TEXT = re.compile(
    r"P(?:(?P<d>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<h>\d+(?:\.\d+)?)H)?(?:(?P<m>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}


def seconds(text: str, path: str) -> float:
    """The seconds of a duration. Raises `BadInput` naming `path`."""
    found = _TEXT.fullmatch(text)
    parts = {n: v for n, v in found.groupdict().items() if v is not None} if found else {}
    if not parts:
        raise BadInput(
            f"'{text}' in {path} is no ISO 8601 duration.", code="ValidationError", where=path,
            hint="For example PT10S, or PT1M30S.",
        )  # fmt: skip
    return sum(float(value) * _SECONDS[name] for name, value in parts.items())


def text_of(value: float) -> str:
    """A duration in Azure's spelling: 90 -> `PT1M30S`, 0.5 -> `PT0.5S`."""
    minutes, rest = divmod(value, 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{hours}H" if hours else ""
    text += f"{minutes}M" if minutes else ""
    if rest or not text:
        text += f"{rest:g}S"
    return f"PT{text}"
