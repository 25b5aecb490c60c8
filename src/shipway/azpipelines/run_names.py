"""The number of a run (`Build.BuildNumber`) from the pipeline's `name:`.

Source: "Configure run or build numbers" of the docs.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from shipway.azpipelines import macros
from shipway.azpipelines.expr.dates import date_text

_DATE = re.compile(r"\$\(date:([^)]*)\)", re.IGNORECASE)
_REVISION = re.compile(r"\$\(rev:([^)]*)\)", re.IGNORECASE)
_LONGEST = 255
_FORBIDDEN = '"/:<>\\|?@*'
RULES = (
    "contains invalid character(s), is too long, or ends with '.'. The maximum length of a build "
    "number is 255 characters. Characters which are not allowed include '\"', '/', ':', '<', '>', "
    "'\\', '|', '?', '@', and '*'."
)
"""What the service says of a name that `is_valid` refuses, after the name."""

_REVISION_PIECE = re.compile(r"r+")
# older names of the same values, without their prefix
_SHORT = {
    "BuildDefinitionName": "Build.DefinitionName", "DefinitionName": "Build.DefinitionName",
    "BuildID": "Build.BuildId", "SourceBranchName": "Build.SourceBranchName",
    "TeamProject": "System.TeamProject",
}  # fmt: skip


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


def is_valid(name: str) -> bool:
    """Whether a run may have this name."""
    return len(name) <= _LONGEST and not name.endswith(".") and not set(name) & set(_FORBIDDEN)


def _counted(layout: str, revision: int) -> str:
    """`.rr` with 3 is `.03`: other characters stay."""
    return _REVISION_PIECE.sub(lambda match: str(revision).zfill(len(match.group(0))), layout)


def _dated(name_format: str, started: datetime, variables: Mapping[str, str]) -> str:
    known = {name.lower(): value for name, value in variables.items()}
    text = _DATE.sub(lambda match: date_text(match.group(1), started), name_format)
    own = {
        "DayOfMonth": str(started.day),
        "DayOfYear": str(started.timetuple().tm_yday),
        "Hours": str(started.hour),
        "Minutes": str(started.minute),
        "Month": str(started.month),
        "Seconds": str(started.second),
        "Year:yy": f"{started.year % 100:02}",
        "Year:yyyy": str(started.year),
        **{short: known[full.lower()] for short, full in _SHORT.items() if full.lower() in known},
    }
    branch = known.get("build.sourcebranch")
    if branch is not None:  # a slash cannot stand in the name of a run
        known["build.sourcebranch"] = branch.replace("/", "_")
    return macros.expand(text, {**own, **known})
