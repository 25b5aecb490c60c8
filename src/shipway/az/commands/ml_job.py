"""`az ml job`."""

import argparse
import webbrowser
from typing import Any

from azure.ai.ml import load_job

from shipway.az import account
from shipway.az.command import Command, CommandParser, workspace_arguments
from shipway.az.failure import CommandFailed
from shipway.az.job_stream import JobStream
from shipway.az.workspace_client import client_of, overrides, shown


def _create_arguments(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--file", "-f", required=True)
    parser.add_argument("--name", "-n", default="")
    parser.add_argument("--set", nargs="+", action="extend", default=[])
    parser.add_argument("--stream", "-s", action="store_true")
    parser.add_argument("--web", "-e", action="store_true")
    parser.add_argument("--save-as", "-a", default="")
    parser.add_argument("--skip-validation", action="store_true")


def _create(arguments: argparse.Namespace) -> Any:  # noqa: ANN401  # what is printed
    client = client_of(arguments)
    changes = overrides(arguments.set)
    if arguments.name:
        changes.append({"name": arguments.name})
    job = load_job(source=arguments.file, params_override=changes)
    made = client.jobs.create_or_update(job, skip_validation=arguments.skip_validation)
    if arguments.web:
        webbrowser.open(made.studio_url)
    if not arguments.stream:
        return shown(made)
    follow(client, made.name, made.studio_url)
    return shown(client.jobs.get(made.name))


def follow(client: Any, name: str, web_view: str) -> None:  # noqa: ANN401  # MLClient is untyped
    """Stream a job; raises `CommandFailed` when it does not end well."""
    bearer, _ = account.token(account.ARM)
    status = JobStream(client, bearer).follow(name, web_view)
    if status != "Completed":
        raise CommandFailed(f"The job {name} ended {status}.")


def _one(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--name", "-n", required=True)
    parser.add_argument("--web", "-e", action="store_true")


def _show(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    return shown(client_of(arguments).jobs.get(arguments.name))


def _stream(arguments: argparse.Namespace) -> None:
    client = client_of(arguments)
    follow(client, arguments.name, client.jobs.get(arguments.name).studio_url)


def _cancel(arguments: argparse.Namespace) -> None:
    client_of(arguments).jobs.begin_cancel(arguments.name).result()


def _list_arguments(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--parent-job-name", "-p", default=None)
    parser.add_argument("--max-results", "-r", type=int, default=None)
    parser.add_argument("--all-results", action="store_true")


def _list(arguments: argparse.Namespace) -> list[Any]:
    found = client_of(arguments).jobs.list(parent_job_name=arguments.parent_job_name)
    rows = [shown(job) for job in found]
    return rows if arguments.max_results is None else rows[: arguments.max_results]


def _download_arguments(parser: CommandParser) -> None:
    _one(parser)
    parser.add_argument("--output-name", default=None)
    parser.add_argument("--download-path", "-p", default=".")
    parser.add_argument("--all", action="store_true")


def _download(arguments: argparse.Namespace) -> None:
    client_of(arguments).jobs.download(
        arguments.name,
        download_path=arguments.download_path,
        output_name=arguments.output_name,
        all=arguments.all,
    )


def _archive(arguments: argparse.Namespace) -> None:
    client_of(arguments).jobs.archive(arguments.name)


COMMANDS = (
    Command(words="ml job create", summary="Create a job.", run=_create,
            arguments=_create_arguments),
    Command(words="ml job show", summary="Show a job.", run=_show, arguments=_one),
    Command(words="ml job stream", summary="Follow a job's logs.", run=_stream, arguments=_one),
    Command(words="ml job cancel", summary="Cancel a job.", run=_cancel, arguments=_one),
    Command(words="ml job archive", summary="Hide a job.", run=_archive, arguments=_one),
    Command(words="ml job list", summary="List jobs.", run=_list, arguments=_list_arguments),
    Command(words="ml job download", summary="Download outputs.", run=_download,
            arguments=_download_arguments),
)  # fmt: skip
