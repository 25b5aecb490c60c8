"""Files of test results: JUnit, NUnit 2 and 3, xUnit, TRX (VSTest) and CTest.

Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/publish-test-results-v2
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from shipway.base.errors import BadInput
from shipway.devops.test_results import CaseResult, Outcome

_LARGEST = 64 << 20
_LONGEST_MESSAGE = 2000
_NAMESPACE = re.compile(r"^\{[^}]*\}")


def root_of(path: Path) -> Element:
    """The document without its namespaces. Raises `BadInput` for what is none or declares more."""
    content = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    if not content or b"\0" in content or b"<!ENTITY" in content:
        raise BadInput(
            f"{path} is empty, too large, not UTF-8 or declares entities", code="InvalidResultsFile"
        )
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  # entities were refused above
    except ElementTree.ParseError as error:
        raise BadInput(f"{path} is not XML: {error}", code="InvalidResultsFile") from None
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = _NAMESPACE.sub("", element.tag)
    return root


def read(path: Path, kind: str) -> list[CaseResult]:
    """The cases of a file. Raises `BadInput` when it is not in that format."""
    tags, reader = _FORMATS[kind.lower()]
    root = root_of(path)
    if root.tag not in tags:
        raise BadInput(
            f"Invalid results file. Make sure the result format of the file '{path}' matches "
            f"'{kind}' test results format.", code="InvalidResultsFile", where=str(path),
        )  # fmt: skip
    return list(reader(root))


def _case(
    *, name: str, suite: str, outcome: Outcome, seconds: str | None, message: str = ""
) -> CaseResult:
    try:
        taken = float(seconds or 0)
    except ValueError:
        taken = 0.0
    return CaseResult(
        name=name, suite=suite, outcome=outcome, seconds=taken,
        message=message.strip()[:_LONGEST_MESSAGE],
    )  # fmt: skip


def _text(element: Element | None, path: str) -> str:
    found = None if element is None else element.find(path)
    return "" if found is None else (found.text or "")


def _junit(root: Element) -> Iterator[CaseResult]:
    for suite in root.iter("testsuite"):
        for case in suite.findall("testcase"):
            outcome: Outcome = "Passed"
            message = ""
            for kind in ("failure", "error"):
                problem = case.find(kind)
                if problem is not None:
                    outcome = "Failed"
                    message = problem.get("message") or problem.text or ""
            if case.find("skipped") is not None:
                outcome = "NotExecuted"
            yield _case(
                name=".".join(p for p in (case.get("classname"), case.get("name")) if p),
                suite=suite.get("name", ""), outcome=outcome, seconds=case.get("time"),
                message=message,
            )  # fmt: skip


_NUNIT: Mapping[str, Outcome] = {
    "passed": "Passed", "success": "Passed", "warning": "Passed",
    "failed": "Failed", "failure": "Failed", "error": "Failed",
}  # fmt: skip


def _nunit(root: Element) -> Iterator[CaseResult]:
    parents = {child: parent for parent in root.iter() for child in parent}
    for case in root.iter("test-case"):
        suite: Element | None = parents.get(case)
        while suite is not None and suite.tag != "test-suite":
            suite = parents.get(suite)
        result = case.get("result")
        if result is None:  # NUnit 2.4 says it in two words
            result = "success" if case.get("success", "").lower() == "true" else "failure"
        if case.get("executed", "true").lower() == "false":
            result = "ignored"
        yield _case(
            name=case.get("fullname") or case.get("name") or "",
            suite="" if suite is None else suite.get("fullname") or suite.get("name") or "",
            outcome=_NUNIT.get(result.lower(), "NotExecuted"),
            seconds=case.get("duration") or case.get("time"),
            message=_text(case, "failure/message") or _text(case, "reason/message"),
        )


_XUNIT: Mapping[str, Outcome] = {"pass": "Passed", "fail": "Failed"}


def _xunit(root: Element) -> Iterator[CaseResult]:
    assemblies = [root] if root.tag == "assembly" else root.iter("assembly")
    for assembly in assemblies:
        for test in assembly.iter("test"):
            yield _case(
                name=test.get("name", ""),
                suite=test.get("type") or Path(assembly.get("name", "")).name,
                outcome=_XUNIT.get(test.get("result", "").lower(), "NotExecuted"),
                seconds=test.get("time"),
                message=_text(test, "failure/message") or _text(test, "reason"),
            )


_TRX: Mapping[str, Outcome] = {
    "passed": "Passed", "failed": "Failed", "error": "Failed", "timeout": "Failed",
    "aborted": "Failed", "warning": "Passed",
}  # fmt: skip


def _trx(root: Element) -> Iterator[CaseResult]:
    classes = {
        unit.get("id", ""): method.get("className", "")
        for unit in root.iter("UnitTest")
        for method in unit.findall("TestMethod")
    }
    for result in root.iter("UnitTestResult"):
        if result.find("InnerResults") is not None:
            continue  # its rows are listed by themselves
        yield _case(
            name=result.get("testName", ""),
            suite=classes.get(result.get("testId", ""), "").split(",")[0],
            outcome=_TRX.get(result.get("outcome", "").lower(), "NotExecuted"),
            seconds=str(_clock_seconds(result.get("duration", ""))),
            message=_text(result, "Output/ErrorInfo/Message"),
        )


def _clock_seconds(text: str) -> float:
    """`hh:mm:ss.fff` in seconds; 0 for anything else."""
    try:
        hours, minutes, seconds = (float(part) for part in text.split(":"))
    except ValueError:
        return 0.0
    return hours * 3600 + minutes * 60 + seconds


_CTEST: Mapping[str, Outcome] = {"passed": "Passed", "failed": "Failed"}


def _ctest(root: Element) -> Iterator[CaseResult]:
    for test in root.iterfind("Testing/Test"):
        measured = {m.get("name", ""): _text(m, "Value") for m in test.iter("NamedMeasurement")}
        yield _case(
            name=_text(test, "Name"), suite=_text(test, "Path"),
            outcome=_CTEST.get(test.get("Status", "").lower(), "NotExecuted"),
            seconds=measured.get("Execution Time"),
            message=_text(test, "Results/Measurement/Value")
            if test.get("Status", "").lower() == "failed" else "",
        )  # fmt: skip


_Reader = Callable[[Element], Iterator[CaseResult]]
_FORMATS: Mapping[str, tuple[tuple[str, ...], _Reader]] = {
    "junit": (("testsuites", "testsuite"), _junit),
    "nunit": (("test-run", "test-results"), _nunit),
    "xunit": (("assemblies", "assembly"), _xunit),
    "vstest": (("TestRun",), _trx),
    "ctest": (("Site",), _ctest),
}
KINDS = ("JUnit", "NUnit", "VSTest", "XUnit", "CTest")
