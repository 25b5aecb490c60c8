"""Dates in a layout of .NET, as in `$(Date:yyyyMMdd)` and `format('{0:yyyyMMdd}', ...)`."""

import re
from datetime import datetime

_PIECE = re.compile(r"'[^']*'|y+|M+|d+|H+|h+|m+|s+|f+|t+")
_NOON = 12
_NAMED = 3


def date_text(layout: str, moment: datetime) -> str:
    """A date in a layout of .NET: `yyyyMMdd`, `HH:mm`; texts in single quotes stay."""
    return _PIECE.sub(lambda match: _piece(match.group(0), moment), layout)


def _piece(mark: str, moment: datetime) -> str:
    if mark.startswith("'"):
        return mark[1:-1]
    letter, size = mark[0], len(mark)
    if letter == "f":
        return f"{moment.microsecond:06}0"[:size]
    if letter == "t":
        return ("AM" if moment.hour < _NOON else "PM")[:size]
    if letter in "Md" and size >= _NAMED:
        name = moment.strftime("%B" if letter == "M" else "%A")
        return name if size > _NAMED else name[:3]
    if letter == "y":
        return f"{moment.year % 100:0{size}}" if size <= 2 else f"{moment.year:0{size}}"
    numbers = {
        "M": moment.month, "d": moment.day, "H": moment.hour,
        "h": (moment.hour - 1) % _NOON + 1, "m": moment.minute, "s": moment.second,
    }  # fmt: skip
    return f"{numbers[letter]:0{min(size, 2)}}"
