"""What starts a pipeline."""

import pytest

from shipway.azpipelines import triggers
from shipway.azpipelines.triggers import FilterSet, Trigger


def _push(text: str) -> Trigger:
    found, diagnostics = triggers.triggers_of(text)
    assert diagnostics == ()
    return found.push


@pytest.mark.parametrize(
    ("yaml", "branch", "starts"),
    [
        ("steps: []", "refs/heads/anything", True),
        ("trigger: none", "refs/heads/main", False),
        ("trigger: [main, rel/*]", "refs/heads/main", True),
        ("trigger: [main, rel/*]", "rel/1/2", True),
        ("trigger: [main, rel/*]", "refs/heads/mainly", False),
        ("trigger: [main]", "refs/heads/Main", False),
        ("trigger: {branches: {exclude: [x/*]}}", "refs/heads/y", True),
        ("trigger: {branches: {exclude: [x/*]}}", "refs/heads/x/1", False),
        ("trigger: {branches: {include: ['*'], exclude: [old]}}", "refs/heads/old", False),
        ("trigger: [refs/heads/v?]", "refs/heads/v1", True),
        ("trigger: [main]", "refs/tags/v1", False),
        ("steps: []", "refs/tags/v1", False),
        ("trigger: {tags: {include: [v*], exclude: [v1]}}", "refs/tags/v2", True),
        ("trigger: {tags: {include: [v*], exclude: [v1]}}", "refs/tags/v1", False),
        ("trigger: [refs/tags/v*]", "refs/tags/v3", True),
        ("trigger: [refs/tags/v*]", "refs/heads/v3", False),
    ],
)
def test_branches_and_tags(yaml: str, branch: str, starts: bool) -> None:
    assert triggers.matches_push(_push(yaml), branch=branch, changed_paths=["a"]) is starts


@pytest.mark.parametrize(
    ("include", "exclude", "paths", "starts"),
    [
        ([], ["docs"], ["docs/a.md"], False),
        ([], ["docs"], ["docs/a.md", "src/b.py"], True),
        (["src"], [], ["src/a/b.py"], True),
        (["src"], [], ["srcs/a.py"], False),
        (["/src/"], [], ["src/a.py"], True),
        (["docs/api"], ["docs"], ["docs/api/x.md"], True),
        (["docs"], ["docs/api"], ["docs/api/x.md"], False),
        (["*"], ["README.md"], ["README.md"], False),
        (["src/**/test_*.py"], [], ["src/a/b/test_c.py"], True),
        (["src/*.py"], [], ["src/a/b.py"], False),
        (["src"], [], [], False),
    ],
)
def test_paths(include: list[str], exclude: list[str], paths: list[str], starts: bool) -> None:
    trigger = Trigger(paths=FilterSet(include=tuple(include), exclude=tuple(exclude)))
    assert triggers.matches_push(trigger, branch="main", changed_paths=paths) is starts


def test_unknown_paths_let_a_push_through() -> None:
    trigger = Trigger(paths=FilterSet(include=("src",)))
    assert triggers.matches_push(trigger, branch="main", changed_paths=None)


def test_an_override_replaces_the_yaml_trigger() -> None:
    trigger = triggers.override(["+refs/heads/release/*", "-refs/heads/release/old"], ["+src"])
    assert triggers.why_not(trigger, ref="refs/heads/release/1", changed_paths=["src/a"]) is None
    assert triggers.why_not(trigger, ref="refs/heads/release/old") == "branch"
    assert triggers.why_not(trigger, ref="refs/heads/release/1", changed_paths=["b"]) == "paths"


def test_a_branch_filter_keeps_the_paths_of_the_yaml() -> None:
    yaml = _push("trigger: {branches: [main, develop], paths: {exclude: [docs]}}")
    trigger = triggers.with_branches(yaml, ["+develop"])
    assert triggers.why_not(trigger, ref="refs/heads/main", changed_paths=["a"]) == "branch"
    assert triggers.why_not(trigger, ref="refs/heads/develop", changed_paths=["docs/a"]) == "paths"
    assert triggers.why_not(trigger, ref="refs/heads/develop", changed_paths=["a"]) is None


def test_a_disabled_trigger_stays_disabled_under_a_branch_filter() -> None:
    trigger = triggers.with_branches(_push("trigger: none"), ["+main"])
    assert triggers.why_not(trigger, ref="refs/heads/main") == "disabled"


def test_broken_text_has_default_triggers_and_a_diagnostic() -> None:
    found, diagnostics = triggers.triggers_of("trigger: [main\nsteps: []", file="p.yml")
    assert found.push == Trigger()
    assert [(one.file, one.line) for one in diagnostics] == [("p.yml", 2)]


def test_schedules_and_pull_requests_are_read() -> None:
    found, diagnostics = triggers.triggers_of(
        "pr: {branches: [main], drafts: false}\n"
        "schedules:\n- cron: '*/5 0-6,12 1 JAN SUN'\n  always: true\n  batch: true\n"
    )
    assert diagnostics == ()
    assert found.pull_request.branches.include == ("main",)
    assert not found.pull_request.drafts
    assert (found.schedules[0].cron, found.schedules[0].always) == ("*/5 0-6,12 1 JAN SUN", True)
