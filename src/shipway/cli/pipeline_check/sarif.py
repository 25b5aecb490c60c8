"""Findings as SARIF 2.1.0, for editors and code scanning.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shipway.azpipelines.diagnostics import Diagnostic
from shipway.cli.pipeline_check import working_tree
from shipway.cli.pipeline_check.compiling import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/"
_ROOT = "%SRCROOT%"


def log(findings: Sequence[Finding], *, version: str) -> dict[str, Any]:
    """A log with one run; paths are relative to the repository in which each file lies."""
    rules = sorted({one.diagnostic.code for one in findings})
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "shipway", "version": version, "informationUri": _HOME,
                        "rules": [_rule(one) for one in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, rules) for one in _once(findings)],
            }
        ],
    }  # fmt: skip


def _rule(code: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": code.replace("-", " ").capitalize()},
        "helpUri": _HOME,
    }


def _result(finding: Finding, rules: Sequence[str]) -> dict[str, Any]:
    one = finding.diagnostic
    return {
        "ruleId": one.code,
        "ruleIndex": rules.index(one.code),
        "level": one.severity,
        "message": {"text": _text(one)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(finding.path),
                    "region": {"startLine": max(one.line, 1), "startColumn": max(one.column, 1)},
                }
            }
        ],
    }


def _text(one: Diagnostic) -> str:
    stop = "" if one.message.endswith((".", "!", "?")) else "."
    return f"{one.message}{stop} {one.hint}" if one.hint else one.message


def _artifact(path: Path) -> dict[str, str]:
    place = path.relative_to(working_tree.root_of(path)).as_posix()
    return {"uri": quote(place), "uriBaseId": _ROOT}


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """What several pipelines say about one template is told once."""
    found: dict[tuple[Path, Diagnostic], Finding] = {}
    for one in findings:
        found.setdefault((one.path, one.diagnostic), one)
    return list(found.values())
