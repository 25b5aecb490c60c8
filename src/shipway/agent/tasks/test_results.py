"""PublishTestResults@2: finds files of results and shows them with the run.

Source: publishtestresults.ts of microsoft/azure-pipelines-tasks.
"""

from pathlib import Path

from shipway.agent import file_matching
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths, test_formats
from shipway.base.errors import BadInput, ShipwayError
from shipway.devops import test_results
from shipway.devops.test_results import CaseResult, PublishedTests


def _read(step: StepRun, kind: str, files: list[Path]) -> tuple[list[list[CaseResult]], bool]:
    """The cases by file, and whether each file could be read."""
    found: list[list[CaseResult]] = []
    all_read = True
    must = step.flag("failTaskOnFailureToPublishResults")
    for path in files:
        try:
            found.append(test_formats.read(path, kind))
        except ShipwayError as error:
            all_read = False
            (step.error if must else step.warning)(error.message)
    return found, all_read


def _publish(step: StepRun, kind: str, found: list[list[CaseResult]]) -> list[PublishedTests]:
    title = step.input("testRunTitle") or f"{kind}_TestResults_{step.job.run.run_id}"
    if step.flag("mergeTestResults"):
        found = [[case for cases in found for case in cases]] if found else []
    return [
        test_results.publish(
            step.job.store, run_id=step.job.run.run_id, record_id=step.job.job_record_id,
            title=f"{title}_{number}" if len(found) > 1 else title, cases=tuple(cases),
        )
        for number, cases in enumerate(found, 1)
    ]  # fmt: skip


def _run(step: StepRun) -> StepResult:
    given = paths.required(step, "testRunner")
    kind = next((k for k in test_formats.KINDS if k.lower() == given.lower()), None)
    if kind is None:
        raise BadInput(
            f"testResultsFormat '{given}' is not supported", code="InvalidInput",
            where="testResultsFormat", hint=f"Use one of {', '.join(test_formats.KINDS)}.",
        )  # fmt: skip
    patterns = paths.required(step, "testResultsFiles")
    folder = paths.path_of(step, step.input("searchFolder"))
    files = file_matching.files_of(folder, paths.lines(patterns))
    if not files:
        shown = ",".join(paths.lines(patterns))
        message = f"No test result files matching '{shown}' were found."
        if step.flag("failTaskOnMissingResultsFile"):
            step.error(message)
            return "failed"
        step.warning(message)
        return "succeeded"
    found, all_read = _read(step, kind, files)
    published = _publish(step, kind, found)
    _tell(step, published)
    if any(p.count("Failed") for p in published) and step.flag("failTaskOnFailedTests"):
        step.error(
            "There are one or more test failures detected in result files. Detailed summary of "
            "published test results can be viewed in the Tests tab."
        )
        return "failed"
    if not all_read and step.flag("failTaskOnFailureToPublishResults"):
        return "failed"
    return "succeeded"


def _tell(step: StepRun, published: list[PublishedTests]) -> None:
    passed, failed, skipped = (
        sum(p.count(outcome) for p in published) for outcome in ("Passed", "Failed", "NotExecuted")
    )  # fmt: skip
    step.log(
        f"Published {passed + failed + skipped} results: {passed} passed, {failed} failed, "
        f"{skipped} not executed."
    )


PUBLISH_TEST_RESULTS = Task(name="PublishTestResults", version=2, run=_run)
