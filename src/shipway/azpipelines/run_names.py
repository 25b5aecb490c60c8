"""The number of a run (`Build.BuildNumber`) from the pipeline's `name:`.

Source: "Configure run or build numbers" of the docs.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from shipway.azpipelines import macros

_DATE = re.compile(r"\$\(date:([^)]*)\)", re.IGNORECASE)
_REVISION = re.compile(r"\$\(rev:([^)]*)\)", re.IGNORECASE)
_PIECE = re.compile(r"yyyy|yy|MM|M|dd|d|HH|H|hh|mm|ss|r+")


def needs_revision(name_format: str) -> bool:
    """Whether the format counts runs of the same name with `$(Rev:r)`."""
    return _REVISION.search(name_format) is not None


def without_revision(name_format: str, *, started: datetime, variables: Mapping[str, str]) -> str:
    """The name up to and without its counter: runs that share it are counted together."""
    return _REVISION.sub("", _dated(name_format, started, variables))


def run_name(
    name_format: str, *, started: datetime, revision: int, variables: Mapping[str, str]
) -> str:
    """The name of a run; `revision` counts from 1 among runs that share the rest of the name."""
    dated = _dated(name_format, started, variables)
    return _REVISION.sub(lambda match: _counted(match.group(1), revision), dated)


def _counted(layout: str, revision: int) -> str:
    """`.rr` with 3 is `.03`: other characters stay."""
    return re.sub("r+", lambda match: str(revision).zfill(len(match.group(0))), layout)


def _dated(name_format: str, started: datetime, variables: Mapping[str, str]) -> str:
    text = _DATE.sub(lambda match: _date(match.group(1), started), name_format)
    own = {
        "DayOfMonth": str(started.day),
        "DayOfYear": str(started.timetuple().tm_yday),
        "Hours": str(started.hour),
        "Minutes": str(started.minute),
        "Month": str(started.month),
        "Seconds": str(started.second),
        "Year:yy": f"{started.year % 100:02}",
        "Year:yyyy": str(started.year),
    }
    return macros.expand(text, {**own, **variables})


def _date(layout: str, started: datetime) -> str:
    pieces = {
        "yyyy": f"{started.year:04}",
        "yy": f"{started.year % 100:02}",
        "MM": f"{started.month:02}",
        "M": str(started.month),
        "dd": f"{started.day:02}",
        "d": str(started.day),
        "HH": f"{started.hour:02}",
        "H": str(started.hour),
        "hh": f"{(started.hour - 1) % 12 + 1:02}",
        "mm": f"{started.minute:02}",
        "ss": f"{started.second:02}",
    }
    return _PIECE.sub(lambda match: pieces.get(match.group(0), match.group(0)), layout)
