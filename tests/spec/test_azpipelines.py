"""The pipeline language by data: `azpipelines/*.yml`.

A file has parts, each under a line `--- name`:

- `--- options` (YAML, may be missing): fields of `CompileContext`.
- `--- file: path`: one file; the first is the pipeline. `path@alias` is in another repository.
- `--- plan` (YAML): must be contained in the plan's JSON; lists must have the same length.
- or `--- diagnostics`: one `file:line:column: message` per error, whole and in order.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shipway.azpipelines import compiler
from shipway.azpipelines.compiler import CompileContext, FileMissing
from shipway.azpipelines.plan import RunPlan

FOLDER = Path(__file__).parent / "azpipelines"
_PART = re.compile(r"^--- (options|plan|diagnostics|file: .*)$", re.MULTILINE)


class Files:
    """Files of a case; raises as a repository would."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def read(self, repository_alias: str, path: str) -> str:
        key = path if repository_alias == "self" else f"{path}@{repository_alias}"
        if key not in self._texts:
            raise FileMissing(f"File /{path} not found in repository {repository_alias}.")
        return self._texts[key]


def _parts(text: str) -> list[tuple[str, str]]:
    pieces = _PART.split(text)
    assert not pieces[0].strip(), "text before the first part"
    return [
        (name, body.removeprefix("\n"))
        for name, body in zip(pieces[1::2], pieces[2::2], strict=True)
    ]


def _context(text: str) -> CompileContext:
    options: dict[str, Any] = yaml.safe_load(text) or {}
    for name in ("refuse", "secret_names"):
        if name in options:
            options[name] = frozenset(options[name])
    return CompileContext(**options)


def _contained(expected: object, actual: object, where: str = "plan") -> None:
    if isinstance(expected, dict):
        assert isinstance(actual, dict), where
        for key, value in expected.items():
            if value is None:
                assert key not in actual, f"{where}.{key} is {actual[key]!r}"
                continue
            assert key in actual, f"{where} has no {key}: {actual}"
            _contained(value, actual[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(actual, list), where
        assert len(actual) == len(expected), f"{where}: {actual}"
        for index, value in enumerate(expected):
            _contained(value, actual[index], f"{where}[{index}]")
    else:
        assert actual == expected, where


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yml")), ids=lambda file: file.stem)
def test_pipeline(file: Path) -> None:
    parts = _parts(file.read_text("utf-8"))
    named = dict(parts)
    texts = {name.removeprefix("file: "): body for name, body in parts if name.startswith("file")}
    result = compiler.compile(
        files=Files(texts), path=next(iter(texts)), context=_context(named.get("options", ""))
    )
    errors = [one for one in result.diagnostics if one.severity == "error"]
    shown = [f"{one.file}:{one.line}:{one.column}: {one.message}" for one in errors]
    if "diagnostics" in named:
        assert shown == named["diagnostics"].strip().splitlines()
        assert result.plan is None
        return
    assert shown == []
    assert result.plan is not None
    body = result.plan.to_json()
    _contained(yaml.safe_load(named["plan"]), body)
    assert RunPlan.from_json(body) == result.plan


def test_a_third_of_the_cases_are_errors() -> None:
    texts = [file.read_text("utf-8") for file in FOLDER.glob("*.yml")]
    errors = [text for text in texts if "\n--- diagnostics\n" in text]
    assert len(errors) * 3 >= len(texts)
