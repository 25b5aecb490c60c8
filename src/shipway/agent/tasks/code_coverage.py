"""PublishCodeCoverageResults@1/@2: the summary of Cobertura and JaCoCo files, shown with the run.

Source: publishcodecoverageresults.ts of microsoft/azure-pipelines-tasks.
"""

from pathlib import Path
from xml.etree.ElementTree import Element

from shipway.agent import file_matching
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths, test_formats
from shipway.base.errors import BadInput
from shipway.devops import artifacts, coverage
from shipway.devops.coverage import CoverageCount

_NOTHING = "No code coverage results were found to publish."
_JACOCO = {"LINE": "Lines", "BRANCH": "Branches", "METHOD": "Methods", "CLASS": "Classes"}


def counts_of(path: Path) -> tuple[str, tuple[CoverageCount, ...]]:
    """The format of a file and what it counts. Raises `BadInput` for another format."""
    root = test_formats.root_of(path)
    if root.tag == "coverage" and (root.get("line-rate") or root.get("lines-valid")):
        return "Cobertura", _cobertura(root)
    if root.tag == "report":
        return "JaCoCo", _jacoco(root)
    raise BadInput(
        f"{path} is neither a Cobertura nor a JaCoCo file", code="InvalidCoverageFile",
        where=str(path),
    )  # fmt: skip


def _number(element: Element, name: str) -> int:
    text = element.get(name, "0")
    return int(text) if text.isdecimal() else 0


def _cobertura(root: Element) -> tuple[CoverageCount, ...]:
    if root.get("lines-valid") is None:  # files of before version 2 have rates alone
        lines = [line for found in root.iter("class") for line in found.iterfind("lines/line")]
        hit = sum(1 for line in lines if _number(line, "hits"))
        return (CoverageCount(label="Lines", covered=hit, total=len(lines)),)
    found = []
    for label, name in (("Lines", "lines"), ("Branches", "branches")):
        total = _number(root, f"{name}-valid")
        if total or name == "lines":
            covered = _number(root, f"{name}-covered")
            found.append(CoverageCount(label=label, covered=covered, total=total))
    return tuple(found)


def _jacoco(root: Element) -> tuple[CoverageCount, ...]:
    found = []
    for counter in root.findall("counter"):
        label = _JACOCO.get(counter.get("type", ""))
        if label:
            covered = _number(counter, "covered")
            total = covered + _number(counter, "missed")
            found.append(CoverageCount(label=label, covered=covered, total=total))
    return tuple(sorted(found, key=lambda one: list(_JACOCO.values()).index(one.label)))


def _empty(step: StepRun) -> StepResult:
    if step.flag("failIfCoverageEmpty"):
        step.error(_NOTHING)
        return "failed"
    step.warning(_NOTHING)
    return "succeeded"


def _publish(step: StepRun, files: list[Path]) -> StepResult:
    by_tool: dict[str, list[tuple[CoverageCount, ...]]] = {}
    for path in files:
        tool, counts = counts_of(path)
        by_tool.setdefault(tool, []).append(counts)
    if not any(one.total for parts in by_tool.values() for one in coverage.summed(parts)):
        return _empty(step)
    for tool, parts in by_tool.items():
        made = coverage.publish(
            step.job.store, run_id=step.job.run.run_id, record_id=step.job.job_record_id,
            tool=tool, files=len(parts), counts=coverage.summed(parts),
        )  # fmt: skip
        for one in made.counts:
            step.log(f"{one.label}: {one.covered} of {one.total} ({one.percent():.2f}%)")
    return "succeeded"


def _run_1(step: StepRun) -> StepResult:
    tool = paths.required(step, "codeCoverageTool")
    if tool.lower() not in ("cobertura", "jacoco"):
        raise BadInput(f"'{tool}' is no code coverage tool", code="InvalidInput",
                       where="codeCoverageTool", hint="Use Cobertura or JaCoCo.")  # fmt: skip
    root = paths.path_of(step, "")
    pattern = paths.required(step, "summaryFileLocation")
    found = [Path(p) for p in file_matching.find_match(root, [pattern])]
    if not found:
        return _empty(step)
    if len(found) > 1:
        step.warning(
            f"Multiple file or directory matches were found. Using the first match: {found[0]}"
        )
    if not found[0].is_file():
        return _empty(step)
    result = _publish(step, found[:1])
    _keep_files(step, root)
    return result


def _keep_files(step: StepRun, root: Path) -> None:
    """The report and further files, as artifacts of the run."""
    run_id = step.job.run.run_id
    report = step.input("reportDirectory").rstrip("/")
    folders = file_matching.find_match(root, [report]) if report else []
    additional = step.input("additionalCodeCoverageFiles")
    files = file_matching.files_of(root, [additional]) if additional else []
    for name, sources in (
        (f"Code Coverage Report_{run_id}", [Path(p) for p in folders if Path(p).is_dir()][:1]),
        (f"Code Coverage Files_{run_id}", files),
    ):
        for source in sources:
            artifacts.publish(
                step.job.store, run_id=run_id, name=name, source=source, kind="Container",
                published_by=step.record_id,
            )  # fmt: skip


def _run_2(step: StepRun) -> StepResult:
    root = paths.path_of(step, "")
    files: dict[Path, None] = {}
    for pattern in paths.lines(paths.required(step, "summaryFileLocation")):
        found = file_matching.files_of(root, [pattern])
        step.log(f"Found {len(found)} result(s) matching pattern: {pattern}")
        files.update(dict.fromkeys(found))
    return _publish(step, list(files)) if files else _empty(step)


PUBLISH_1 = Task(name="PublishCodeCoverageResults", version=1, run=_run_1)
PUBLISH_2 = Task(name="PublishCodeCoverageResults", version=2, run=_run_2)
