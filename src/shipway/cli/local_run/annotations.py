"""Failures in the form that the CI around us shows beside the code, where there is one.

Sources: https://docs.github.com/actions/reference/workflow-commands-for-github-actions and
https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#logissue
"""

from collections.abc import Iterator, Mapping, Sequence

from shipway.cli.local_run.failures import Failure


def lines(failures: Sequence[Failure], env_vars: Mapping[str, str]) -> Iterator[str]:
    """One for each failure with a place; none where no CI is known by its variables."""
    for one in failures:
        if not one.file:
            continue
        message = f"{one.path}: {one.errors[0] if one.errors else 'failed'}"
        if env_vars.get("GITHUB_ACTIONS", "").lower() == "true":
            place = f"file={_github_value(one.file)},line={one.line},col={one.column}"
            yield f"::error {place}::{_github(message)}"
        elif env_vars.get("TF_BUILD", "").lower() == "true":
            place = f"sourcepath={_azure(one.file)};linenumber={one.line};columnnumber={one.column}"
            yield f"##vso[task.logissue type=error;{place}]{_azure(message)}"


def _github(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_value(text: str) -> str:
    return _github(text).replace(":", "%3A").replace(",", "%2C")


def _azure(text: str) -> str:
    escaped = text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(";", "%3B").replace("]", "%5D")
