"""`shipway jobs submit`: a job from its YAML to the server, and if wanted to its end."""

import argparse
import json
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from azure.ai.ml import load_job
from azure.ai.ml.exceptions import MlException
from azure.core.exceptions import AzureError, HttpResponseError
from marshmallow.exceptions import ValidationError

from shipway.az import submit_arguments
from shipway.az.developer import Developer, Place
from shipway.az.failure import CommandFailed
from shipway.az.job_progress import JobEnd, JobProgress
from shipway.az.workspace_client import make, overrides
from shipway.base import config
from shipway.base.clock import SystemClock, timestamp
from shipway.base.errors import NotFound, ShipwayError
from shipway.base.home import Home


def main(arguments: Sequence[str]) -> int:
    """Submit; 0 fine, 1 known error or a job that failed, 2 usage, 3 unexpected."""
    parser = argparse.ArgumentParser(prog="shipway jobs submit", description="submit a job")
    submit_arguments.add_to(parser)
    given = parser.parse_args(list(arguments))
    home = Home(config.default_home())
    try:
        return _submit(Developer(home), given)
    except ShipwayError as error:
        _say_error(error.message, error.where, error.hint)
    except CommandFailed as failure:
        _say_error(failure.message, "--set", "")
        return failure.code
    except (AzureError, MlException, ValidationError) as error:
        _say_error(_text(error), given.file, _hint(error))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _unexpected(home, error)
    return 1


def _submit(developer: Developer, given: argparse.Namespace) -> int:
    place, is_new = developer.place(workspace=given.workspace, group=given.resource_group)
    if is_new:
        _say(given, f"this home had no workspace: made {place.group}/{place.workspace}")
    made, is_command = _send(developer, place, given)
    studio = f"{developer.session.state.studio_url}/jobs/{place.group}/{place.workspace}/{made}"
    _say(given, f"submitted {made}")
    _say(given, f"  see it: {studio}")
    if not given.stream:
        _say(given, f"  follow it: shipway jobs stream {made}")
        return _done(developer, made, place, given)
    progress = JobProgress(
        developer.session, name=made, workspace=place.workspace, is_command=is_command
    )
    end = progress.follow(lambda line: _say(given, line))
    _done(developer, made, place, given)
    return _ended(made, end, given)


def _send(developer: Developer, place: Place, given: argparse.Namespace) -> tuple[str, bool]:
    changes = overrides(given.set)
    if given.name:
        changes.append({"name": given.name})
    client = make(
        developer.credential, given.subscription or developer.subscription_id, place.group,
        place.workspace, transport=developer.transport(),
    )  # fmt: skip
    job = _load(given.file, changes)
    made: Any = client.jobs.create_or_update(job)
    return str(made.name), made.type == "command"


def _load(file: str, changes: list[dict[str, Any]]) -> Any:  # noqa: ANN401  # the SDK's Job
    try:
        return load_job(source=file, params_override=changes)
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}", where=file) from None


def _done(developer: Developer, name: str, place: Place, given: argparse.Namespace) -> int:
    if given.json:
        told = developer.session.get(f"/jobs/{name}?workspace={place.workspace}")
        print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0


def _ended(name: str, end: JobEnd, given: argparse.Namespace) -> int:
    if end.exit_code:
        looks = [f"shipway logs {child}" for child in end.failed[:3]]
        hint = f"Look at {', '.join(looks)}." if looks else f"Look at `shipway logs {name}`."
        _say_error(end.error.get("message") or f"the job ended {end.status}", name, hint)
    else:
        _say(given, f"{name} {end.status}")
    return end.exit_code


def _say(given: argparse.Namespace, text: str) -> None:
    print(text, file=sys.stderr if given.json else sys.stdout, flush=True)


def _say_error(message: str, where: str, hint: str) -> None:
    lines = [f"error: {message}"]
    lines += [f"  where: {where}"] if where else []
    lines += [f"  to do: {hint}"] if hint else []
    print("\n".join(lines), file=sys.stderr, flush=True)


def _text(error: Exception) -> str:
    if isinstance(error, HttpResponseError) and error.error is not None:
        return f"{error.error.message} ({error.error.code})"
    text = str(error).strip()
    found = _findings(text)
    return "; ".join(f"{one.get('message', '')} ({one.get('path', '')})" for one in found) or text


def _findings(text: str) -> list[dict[str, str]]:
    """The errors in the JSON that the SDK puts between words about a file that is not valid."""
    begin = text.find('{\n  "result"')
    if begin < 0:
        begin = text.find('{\n "result"')
    try:
        told, _ = json.JSONDecoder().raw_decode(text[begin:]) if begin >= 0 else ({}, 0)
    except ValueError:
        return []
    return list(told.get("errors", []))


def _hint(error: Exception) -> str:
    link = re.search(r"https://aka\.ms/ml-cli-v2-\S+", str(error))
    return f"The words that it may have: {link[0].rstrip('.')}" if link else ""


def _unexpected(home: Home, error: Exception) -> int:
    path = home.logs / "command.log"
    with path.open("a") as log:
        log.write(f"{timestamp(SystemClock().now())} shipway jobs submit\n")
        log.write("".join(traceback.format_exception(error)))
    what = f"shipway failed unexpectedly: {type(error).__name__}: {error}"
    _say_error(what, str(path), "look there; the end of it tells the story")
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
