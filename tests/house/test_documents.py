"""Documents: docstrings, pages, decisions, news fragments."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import yaml
from tests.house import tree

from shipway.cli.main import VERBS

DOCS = tree.ROOT / "docs"
NEWS_KINDS = {"feature", "change", "fix", "removal", "doc"}
LONGEST_DECISION = 60


def test_every_module_says_what_it_is() -> None:
    silent = [file.name for file in tree.source_files() if not ast.get_docstring(file.tree)]
    assert not silent, "a module begins with a docstring: what it knows and must not know"


class _MkdocsLoader(yaml.SafeLoader):
    """mkdocs.yml may name Python objects, which are of no interest here."""


_MkdocsLoader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def _pages(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        for value in entry.values():
            yield from _pages(value)
    else:
        for item in entry:
            yield from _pages(item)


def test_every_page_is_in_the_navigation() -> None:
    settings = yaml.load((tree.ROOT / "mkdocs.yml").read_text(), Loader=_MkdocsLoader)
    named = set(_pages(settings["nav"]))
    there = {
        path.relative_to(DOCS).as_posix()
        for path in tree.all_files()
        if path.suffix == ".md" and path.is_relative_to(DOCS)
    }
    assert named == there, "mkdocs.yml's nav and docs/ differ"


def _decisions() -> list[str]:
    return sorted(path.name for path in (DOCS / "adr").glob("[0-9]*.md"))


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(name[:4]) for name in _decisions()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_decision_is_one_page_of_three_parts() -> None:
    for name in _decisions():
        text = (DOCS / "adr" / name).read_text()
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], name
        assert text.startswith(f"# {name[:4]}: "), name
        assert len(text.splitlines()) <= LONGEST_DECISION, f"{name} is longer than one page"


def test_every_decision_is_on_the_list() -> None:
    listed = re.findall(r"\]\((\d{4}-[^)]+\.md)\)", (DOCS / "adr" / "index.md").read_text())
    assert sorted(listed) == _decisions()


def test_news_fragments_have_a_topic_and_a_kind() -> None:
    for path in (tree.ROOT / "newsfragments").iterdir():
        if path.name in {"README.md", "template.md.jinja"}:
            continue
        match = re.fullmatch(r"[a-z0-9-]+\.([a-z]+)\.md", path.name)
        assert match, f"{path.name}: <topic>.<kind>.md"
        assert match[1] in NEWS_KINDS, f"{path.name}: the kind is one of {sorted(NEWS_KINDS)}"
        assert path.read_text().strip(), f"{path.name} is empty"


def test_every_runtime_dependency_has_its_reason() -> None:
    text = (tree.ROOT / "pyproject.toml").read_text()
    block = text.partition("dependencies = [")[2].partition("\n]")[0]
    names = re.findall(r'"([A-Za-z0-9._-]+)', block)
    reasons = (DOCS / "adr" / "0009-choose-runtime-dependencies.md").read_text()
    assert names
    assert not [name for name in names if name not in reasons]


def test_every_command_is_on_the_page_of_commands() -> None:
    page = (DOCS / "reference" / "commands.md").read_text()
    assert not [verb.name for verb in VERBS if f"`{verb.name}" not in page]
