"""results.publish and codecoverage.publish: reports of tests and coverage without a task."""

from pathlib import Path

from shipway.agent.commands.target import CommandFailed, CommandTarget, path_of
from shipway.agent.logging_commands import LoggingCommand
from shipway.agent.tasks import code_coverage, test_formats
from shipway.base.errors import ShipwayError
from shipway.devops import coverage, test_results


def publish_results(step: CommandTarget, command: LoggingCommand) -> None:
    """Test results of files that are named, separated by commas."""
    listed = command.data.strip() or command.get("resultfiles")
    if not listed:
        raise CommandFailed("No test result files were found.")
    given = command.get("type")
    if not given:
        raise CommandFailed("Test Runner is missing.")
    kind = next((k for k in test_formats.KINDS if k.lower() == given.lower()), None)
    if kind is None:
        raise CommandFailed(f"Unknown Test Runner. '{given}'")
    found = [
        test_formats.read(path_of(step, one.strip()), kind) for one in listed.split(",") if one
    ]
    if command.flag("mergeresults"):
        found = [[case for cases in found for case in cases]]
    run_id = step.job.run.run_id
    title = command.get("runtitle") or f"{kind}_TestResults_{run_id}"
    made = [
        test_results.publish(
            step.job.store, run_id=run_id, record_id=step.job.job_record_id,
            title=f"{title}_{number}" if len(found) > 1 else title, cases=tuple(cases),
        )
        for number, cases in enumerate(found, 1)
    ]  # fmt: skip
    if command.flag("failtaskonfailedtests") and any(one.count("Failed") for one in made):
        raise CommandFailed(
            "There are one or more test failures detected in result files. Detailed summary of "
            "published test results can be viewed in the Tests tab."
        )


def publish_coverage(step: CommandTarget, command: LoggingCommand) -> None:
    """The sums of one file of code coverage."""
    summary = command.get("summaryfile")
    if not command.get("codecoveragetool"):
        raise CommandFailed("Property 'codecoveragetool' cannot be null or empty.")
    path: Path = path_of(step, summary) if summary else Path()
    if not summary or not path.is_file():
        raise CommandFailed(f"Code coverage summary file '{summary}' does not exist.")
    try:
        tool, counts = code_coverage.counts_of(path)
    except ShipwayError as error:
        raise CommandFailed(error.message) from None
    coverage.publish(
        step.job.store, run_id=step.job.run.run_id, record_id=step.job.job_record_id, tool=tool,
        files=1, counts=counts,
    )  # fmt: skip
