"""The contract of the templates: documented fields, used fields and nothing else."""

import dataclasses
import re

import jinja2.meta
import pytest
from jinja2 import nodes

from shipway.azure.entra.principals import Principal
from shipway.azure.entra.sign_ins import BrowserSession
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.store.store import open_store
from shipway.studio import contexts, rendering, table
from shipway.studio.contexts import FrameContext
from shipway.studio.exchange import Page, Visit
from shipway.studio.pages import patterns

CONTEXTS = [
    value
    for value in vars(contexts).values()
    if isinstance(value, type) and value.__module__ == contexts.__name__
]
PAGES = [context for context in CONTEXTS if context is not FrameContext]
SESSION = BrowserSession(
    principal=Principal(kind="User", object_id="1", name="avery", tenant_id="t"),
    display_name="Avery <b>", csrf_token="word", expires_at=SystemClock().now(),
)  # fmt: skip


def template_of(context: type) -> str:
    """The template that the docstring of a context names first."""
    found = re.match(r"([a-z_]+\.html): ", context.__doc__ or "")
    assert found, f"{context.__name__} says which template it is for"
    return found[1]


def fields_of(context: type) -> set[str]:
    return {field.name for field in dataclasses.fields(context)}


def used_by(template: str) -> set[str]:
    templates = rendering.environment()
    tree = templates.parse((rendering.TEMPLATES / template).read_text())
    # blocks are looked at alone, so what the template imports counts as unknown in them
    imported = {str(name) for node in tree.find_all(nodes.FromImport) for name in node.names}
    return jinja2.meta.find_undeclared_variables(tree) - imported


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda c: c.__name__)
def test_every_field_is_explained(context: type) -> None:
    explained = set(re.findall(r"`([a-z_]+)`", context.__doc__ or ""))
    assert fields_of(context) <= explained


@pytest.mark.parametrize("context", PAGES, ids=lambda c: c.__name__)
def test_a_template_uses_exactly_the_fields_of_its_context(context: type) -> None:
    assert used_by(template_of(context)) - {rendering.FRAME} == fields_of(context)


def test_the_frame_uses_exactly_its_fields() -> None:
    assert used_by("frame.html") == {rendering.FRAME}
    text = "".join(f.read_text() for f in rendering.TEMPLATES.glob("*.html"))
    used = set(re.findall(r"frame\.([a-z_]+)", text)) - {"html"}
    assert used == fields_of(FrameContext)


def test_every_template_belongs_to_a_context() -> None:
    there = {file.name for file in rendering.TEMPLATES.glob("*.html")}
    assert there == {template_of(c) for c in PAGES} | {"frame.html", "parts.html"}


def test_nothing_is_inline_that_the_policy_forbids() -> None:
    for file in rendering.TEMPLATES.glob("*.html"):
        text = file.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), file.name
        assert all('src="/static/' in tag for tag in re.findall(r"<script[^>]*>", text)), file.name
        assert "|safe" not in text.replace(" ", ""), file.name


def test_an_unknown_name_is_an_error_and_not_an_empty_place() -> None:
    template = rendering.environment().from_string("{{ run.nothing }}")
    with pytest.raises(jinja2.UndefinedError):
        template.render(run=object())


def test_the_patterns_page_shows_every_part(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = open_store(Home(tmp_path_factory.mktemp("home")), SystemClock())
    page = patterns.show(store, Visit(session=SESSION, path="/patterns"))
    store.database.close()
    assert isinstance(page, Page)
    frame = FrameContext(
        title="<x>", section="patterns", sections=table.SECTIONS, user=SESSION.display_name,
        csrf_token=SESSION.csrf_token,
    )  # fmt: skip
    text = rendering.render(
        rendering.environment(), page.template, frame=frame, context=page.context
    )
    assert "Avery &lt;b&gt;" in text
    assert "<title>&lt;x&gt;" in text
    parts = (rendering.TEMPLATES / "parts.html").read_text()
    shown_elsewhere = {"moment", "issues", "facts", "job_row"}
    macros = set(re.findall(r"macro ([a-z_]+)\(", parts)) - shown_elsewhere
    source = (rendering.TEMPLATES / "patterns.html").read_text()
    assert not [name for name in macros if f"{name}(" not in source]
