"""Files of test results in each format, and what the task makes of them."""

import pytest
from tests.unit.agent.tasks.steps import run_task, write

from shipway.agent.job_context import JobContext
from shipway.agent.tasks.test_results import PUBLISH_TEST_RESULTS
from shipway.base.errors import BadInput
from shipway.devops import test_results

_FILES = {
    "JUnit": """<!DOCTYPE x><testsuites><testsuite name="S"><testcase classname="c" name="a"
        time="0.5"/><testcase name="b"><failure message="bad"/></testcase>
        <testcase name="c"><skipped/></testcase></testsuite></testsuites>""",
    "NUnit": """<test-run><test-suite name="S"><test-case fullname="c.a" result="Passed"
        duration="0.5"/><test-case name="b" result="Failed"><failure><message>bad</message>
        </failure></test-case><test-case name="c" result="Skipped"/></test-suite></test-run>""",
    "XUnit": """<assemblies><assembly name="/x/S.dll"><collection><test name="c.a" result="Pass"
        time="0.5"/><test name="b" result="Fail"><failure><message>bad</message></failure></test>
        <test name="c" result="Skip"/></collection></assembly></assemblies>""",
    "VSTest": """<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
        <UnitTestResult testId="1" testName="c.a" outcome="Passed" duration="00:00:00.5"/>
        <UnitTestResult testName="b" outcome="Failed"><Output><ErrorInfo><Message>bad</Message>
        </ErrorInfo></Output></UnitTestResult><UnitTestResult testName="c" outcome="NotExecuted"/>
        </Results><TestDefinitions><UnitTest id="1"><TestMethod className="S"/></UnitTest>
        </TestDefinitions></TestRun>""",
    "CTest": """<Site><Testing><Test Status="passed"><Name>c.a</Name><Path>S</Path><Results>
        <NamedMeasurement name="Execution Time"><Value>0.5</Value></NamedMeasurement></Results>
        </Test><Test Status="failed"><Name>b</Name><Results><Measurement><Value>bad</Value>
        </Measurement></Results></Test><Test Status="notrun"><Name>c</Name></Test></Testing>
        </Site>""",
}


@pytest.mark.parametrize("kind", list(_FILES))
def test_each_format_is_read(job: JobContext, kind: str) -> None:
    write(job.directories.sources, {"r/TEST-x.xml": _FILES[kind]})
    result, step = run_task(job, PUBLISH_TEST_RESULTS, testResultsFormat=kind.lower())
    assert (result, step.warnings) == ("succeeded", [])
    (published,) = test_results.list_of(job.store, run_id=job.run.run_id)
    assert published.title == f"{kind}_TestResults_{job.run.run_id}"
    assert [(c.name, c.outcome, c.message) for c in published.cases] == [
        ("c.a", "Passed", ""), ("b", "Failed", "bad"), ("c", "NotExecuted", ""),
    ]  # fmt: skip
    first = published.cases[0]
    assert first.seconds == 0.5
    assert "S" in first.suite


def test_nunit_2_is_read_as_well(job: JobContext) -> None:
    text = """<test-results><test-suite name="S"><results><test-case name="a" executed="True"
        success="False" time="1.0"><failure><message>m</message></failure></test-case><test-case
        name="b" executed="False"/></results></test-suite></test-results>"""
    write(job.directories.sources, {"x.xml": text})
    inputs = {"testRunner": "NUnit", "testResultsFiles": "*.xml", "failTaskOnFailedTests": "true"}
    result, step = run_task(job, PUBLISH_TEST_RESULTS, inputs)
    assert result == "failed"
    assert "test failures detected" in step.errors[0]
    (published,) = test_results.list_of(job.store, run_id=job.run.run_id)
    assert [c.outcome for c in published.cases] == ["Failed", "NotExecuted"]


def test_files_are_runs_of_their_own_unless_merged(job: JobContext) -> None:
    one = {f"TEST-{n}.xml": _FILES["JUnit"] for n in range(2)}
    write(job.directories.sources, one)
    run_task(job, PUBLISH_TEST_RESULTS, testRunTitle="T")
    titles = [t.title for t in test_results.list_of(job.store, run_id=job.run.run_id)]
    assert titles == ["T_1", "T_2"]
    run_task(job, PUBLISH_TEST_RESULTS, testRunTitle="M", mergeTestResults="true")
    merged = next(
        t for t in test_results.list_of(job.store, run_id=job.run.run_id) if t.title == "M"
    )
    assert len(merged.cases) == 6


def test_missing_and_wrong_files_warn_or_fail(job: JobContext) -> None:
    result, step = run_task(job, PUBLISH_TEST_RESULTS)
    assert result == "succeeded"
    assert step.warnings == ["No test result files matching '**/TEST-*.xml' were found."]
    assert run_task(job, PUBLISH_TEST_RESULTS, failTaskOnMissingResultsFile="true")[0] == "failed"
    for text in (_FILES["CTest"], "not xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><testsuite/>"):
        write(job.directories.sources, {"TEST-x.xml": text})
        result, step = run_task(job, PUBLISH_TEST_RESULTS)
        assert (result, len(step.warnings)) == ("succeeded", 1)
        result, _ = run_task(job, PUBLISH_TEST_RESULTS, failTaskOnFailureToPublishResults="true")
        assert result == "failed"
    with pytest.raises(BadInput, match="testResultsFormat 'x' is not supported"):
        run_task(job, PUBLISH_TEST_RESULTS, testRunner="x")
