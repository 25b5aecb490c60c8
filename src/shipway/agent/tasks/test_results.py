"""PublishTestResults@2 for JUnit files."""

from pathlib import Path
from xml.etree import ElementTree

from shipway.agent.task import StepResult, StepRun, Task
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import test_results
from shipway.devops.test_results import CaseResult, Outcome

_LARGEST = 64 << 20


def _files(step: StepRun) -> list[Path]:
    default = Path(step.job.variables.get("System.DefaultWorkingDirectory"))
    folder = default / step.input("searchFolder")
    found: dict[Path, None] = {}
    for pattern in step.input("testResultsFiles", "**/TEST-*.xml").splitlines():
        text = pattern.strip()
        if text.startswith("!"):
            for path in _matching(folder, text[1:]):
                found.pop(path, None)
        elif text:
            found.update(dict.fromkeys(_matching(folder, text)))
    return list(found)


def _matching(folder: Path, pattern: str) -> list[Path]:
    if pattern.startswith("/"):
        return [Path(pattern)] if Path(pattern).is_file() else []
    try:
        return sorted(p for p in folder.glob(pattern) if p.is_file())
    except ValueError as error:
        raise BadInput(f"the pattern '{pattern}' cannot be read: {error}",
                       code="InvalidPattern", where="testResultsFiles") from None  # fmt: skip


def _cases(path: Path) -> list[CaseResult]:
    content = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    if not content or b"\0" in content or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadInput(
            f"{path} is empty, too large, not UTF-8 or declares entities", code="InvalidResultsFile"
        )
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  # entities were refused above
    except ElementTree.ParseError as error:
        raise BadInput(f"{path} is not XML: {error}", code="InvalidResultsFile") from None
    found = []
    for suite in root.iter("testsuite"):
        for case in suite.findall("testcase"):
            found.append(_case(case, suite.get("name", "")))
    return found


def _case(case: ElementTree.Element, suite: str) -> CaseResult:
    outcome: Outcome = "Passed"
    message = ""
    for kind in ("failure", "error"):
        problem = case.find(kind)
        if problem is not None:
            outcome = "Failed"
            message = problem.get("message") or (problem.text or "").strip()
    if case.find("skipped") is not None:
        outcome = "NotExecuted"
    try:
        seconds = float(case.get("time", "0"))
    except ValueError:
        seconds = 0.0
    return CaseResult(
        name=".".join(p for p in (case.get("classname"), case.get("name")) if p),
        suite=suite,
        outcome=outcome,
        seconds=seconds,
        message=message[:2000],
    )


def _run(step: StepRun) -> StepResult:
    kind = step.input("testResultsFormat", "JUnit")
    if kind.lower() != "junit":
        raise NotSupported(f"testResultsFormat '{kind}' is not supported", hint="Use JUnit.")
    files = _files(step)
    if not files:
        step.warning("No test result files matching the patterns were found.")
        return "failed" if step.flag("failTaskOnMissingResultsFile") else "succeededWithIssues"
    cases = [case for path in files for case in _cases(path)]
    published = test_results.publish(
        step.job.store,
        run_id=step.job.run.run_id,
        record_id=step.job.job_record_id,
        title=step.input("testRunTitle") or f"{kind}_TestResults_{step.job.run.run_id}",
        cases=tuple(cases),
    )
    step.log(
        f"Published {len(cases)} results: {published.count('Passed')} passed, "
        f"{published.count('Failed')} failed, {published.count('NotExecuted')} not executed."
    )
    if published.count("Failed") and step.flag("failTaskOnFailedTests"):
        step.error("There are one or more test failures detected in result files.")
        return "failed"
    return "succeeded"


PUBLISH_TEST_RESULTS = Task(name="PublishTestResults", version=2, run=_run)
