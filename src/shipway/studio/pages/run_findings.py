"""What a run's steps published: summaries, test results, artifacts and their files."""

from shipway.base.errors import NotFound
from shipway.devops import artifacts, attachments, coverage, runs, test_results
from shipway.store.store import Store
from shipway.studio import markdown, wording
from shipway.studio.exchange import Answer, FileAnswer, Visit
from shipway.studio.views import (
    ArtifactFileView,
    ArtifactView,
    CoverageView,
    SummaryView,
    TestsView,
)

_FILES_SHOWN = 30
_FAILURES_SHOWN = 20
_TEXT = (".txt", ".log", ".json", ".xml", ".yml", ".yaml", ".csv", ".md", ".py", ".toml")
_SHOWN_TYPES = {".html": "text/html", ".png": "image/png", ".jpg": "image/jpeg"}


def summaries(store: Store, run_id: int) -> tuple[SummaryView, ...]:
    """The Markdown pages of `##vso[task.uploadsummary]`."""
    found = attachments.list_of(store, run_id=run_id, kind=attachments.SUMMARY)
    return tuple(
        SummaryView(
            name=one.name,
            html=markdown.to_html(attachments.content(store, one).decode(errors="replace")),
        )
        for one in sorted(found, key=lambda one: one.created_at)
    )


def tests(store: Store, run_id: int) -> tuple[TestsView, ...]:
    """Published test results."""
    return tuple(
        TestsView(
            title=one.title, passed=one.count("Passed"), failed=one.count("Failed"),
            skipped=one.count("NotExecuted"),
            failures=tuple(
                (f"{case.suite}.{case.name}", case.message)
                for case in one.cases if case.outcome == "Failed"
            )[:_FAILURES_SHOWN],
        )
        for one in test_results.list_of(store, run_id=run_id)
    )  # fmt: skip


def coverage_of(store: Store, run_id: int) -> tuple[CoverageView, ...]:
    """Published code coverage."""
    return tuple(
        CoverageView(
            tool=one.tool,
            counts=tuple(
                (c.label, f"{c.percent():.2f}%", f"{c.covered} of {c.total}") for c in one.counts
            ),
        )
        for one in coverage.list_of(store, run_id=run_id)
    )


def artifacts_of(store: Store, run_id: int) -> tuple[ArtifactView, ...]:
    """Artifacts with their first files."""
    return tuple(
        ArtifactView(
            name=one.name, size=wording.size(one.size), more=max(0, one.file_count - _FILES_SHOWN),
            files=tuple(
                ArtifactFileView(
                    path=file.path, size=wording.size(file.size),
                    url=wording.path("runs", run_id, "artifacts", one.name, *file.path.split("/")),
                )
                for file in artifacts.files_of(store, one)[:_FILES_SHOWN]
            ),
        )
        for one in artifacts.list_of(store, run_id=run_id)
    )  # fmt: skip


def file(store: Store, visit: Visit) -> Answer:
    """GET /runs/{run}/artifacts/{artifact}/{path}: one file, never trusted."""
    run = runs.get(store, visit.number("run"))
    artifact = artifacts.get(store, run_id=run.run_id, name=visit.params["artifact"])
    path = visit.params["path"]
    found = next((f for f in artifacts.files_of(store, artifact) if f.path == path), None)
    if found is None:
        raise NotFound(
            f"the artifact {artifact.name} has no file '{path[:200]}'", where=visit.path,
            hint=f"See /runs/{run.run_id}.",
        )  # fmt: skip
    ending = path[path.rfind(".") :].lower()
    kind = "text/plain" if ending in _TEXT else _SHOWN_TYPES.get(ending, "")
    return FileAnswer(
        name=path.rpartition("/")[2], content=store.files.read(found.digest),
        content_type=kind or "application/octet-stream", is_shown=bool(kind),
    )  # fmt: skip
