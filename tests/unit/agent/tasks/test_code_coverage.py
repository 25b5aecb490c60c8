"""Coverage files, what is kept of them, and where it is shown."""

import pytest
from tests.unit.agent.tasks.steps import run_task, write

from shipway.agent.job_context import JobContext
from shipway.agent.task import Task
from shipway.agent.tasks import code_coverage
from shipway.base.errors import BadInput
from shipway.cli import run_tree
from shipway.devops import artifacts, coverage
from shipway.studio.pages import run_findings

_COBERTURA = """<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://x/coverage-04.dtd">
<coverage line-rate="0.75" lines-covered="3" lines-valid="4" branches-covered="1"
 branches-valid="2"/>"""
_OLD = """<coverage line-rate="0.5"><packages><package><classes><class><lines>
<line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package>
</packages></coverage>"""
_JACOCO = """<report name="x"><package name="p"><counter type="LINE" missed="9" covered="9"/>
</package><counter type="INSTRUCTION" missed="5" covered="5"/><counter type="BRANCH" missed="1"
 covered="3"/><counter type="LINE" missed="2" covered="8"/></report>"""


def _shown(job: JobContext) -> list[str]:
    return [
        f"{one.tool} {label} {share} {numbers}"
        for one in run_findings.coverage_of(job.store, job.run.run_id)
        for label, share, numbers in one.counts
    ]


def test_files_are_summed_by_their_format(job: JobContext) -> None:
    write(job.directories.sources, {"a/cobertura.xml": _COBERTURA, "b/cobertura.xml": _OLD})
    write(job.directories.sources, {"c/jacoco.xml": _JACOCO})
    result, step = run_task(
        job, code_coverage.PUBLISH_2, summaryFileLocation="**/cobertura.xml\n**/jacoco.xml"
    )
    assert result == "succeeded"
    assert "Found 2 result(s) matching pattern: **/cobertura.xml" in step.logged
    assert _shown(job) == [
        "Cobertura Lines 66.67% 4 of 6", "Cobertura Branches 50.00% 1 of 2",
        "JaCoCo Lines 80.00% 8 of 10", "JaCoCo Branches 75.00% 3 of 4",
    ]  # fmt: skip


def test_version_1_takes_one_file_and_keeps_the_report(job: JobContext) -> None:
    files = {"a.xml": _COBERTURA, "b.xml": _OLD, "html/index.html": "x", "more/x.dat": "y"}
    write(job.directories.sources, files)
    _, step = run_task(
        job, code_coverage.PUBLISH_1, codeCoverageTool="Cobertura", summaryFileLocation="*.xml",
        reportDirectory="html/", additionalCodeCoverageFiles="**/*.dat",
    )  # fmt: skip
    assert step.warnings[0].startswith("Multiple file or directory matches")
    assert _shown(job)[0] == "Cobertura Lines 75.00% 3 of 4"
    names = [a.name for a in artifacts.list_of(job.store, run_id=job.run.run_id)]
    assert sorted(names) == [
        f"Code Coverage Files_{job.run.run_id}", f"Code Coverage Report_{job.run.run_id}"
    ]  # fmt: skip


@pytest.mark.parametrize("task", [code_coverage.PUBLISH_1, code_coverage.PUBLISH_2])
def test_nothing_to_publish_warns_or_fails(job: JobContext, task: Task) -> None:
    result, step = run_task(job, task, summaryFileLocation="none.xml")
    assert (result, len(step.warnings)) == ("succeeded", 1)
    result, step = run_task(job, task, summaryFileLocation="none.xml", failIfCoverageEmpty="true")
    assert result == "failed"
    assert step.errors == ["No code coverage results were found to publish."]
    write(job.directories.sources, {"x.xml": "<other/>"})
    with pytest.raises(BadInput, match="neither a Cobertura nor a JaCoCo file"):
        run_task(job, task, summaryFileLocation="x.xml")
    assert coverage.list_of(job.store, run_id=job.run.run_id) == []


def test_a_run_shows_its_coverage_in_the_terminal() -> None:
    counts = [{"label": "Lines", "covered": 3, "total": 4, "percent": 75.0}]
    run = {
        "run_id": 1, "tests": [], "artifacts": [], "approvals": [], "page": "/runs/1",
        "coverage": [{"tool": "Cobertura", "counts": counts}],
    }  # fmt: skip
    assert "  coverage: Cobertura: lines 75.00% (3 of 4)" in list(run_tree.foot(run, 1))
