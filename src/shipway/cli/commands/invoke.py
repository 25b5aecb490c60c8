"""`shipway invoke`: call an online endpoint with a file or with standard input."""

import argparse
import json
import sys
from pathlib import Path
from urllib.parse import quote

from shipway.base import clock, config
from shipway.base.errors import BadInput, ShipwayError
from shipway.base.home import Home
from shipway.cli import output
from shipway.client import scoring
from shipway.client.azure import AzureClient
from shipway.client.session import Session

_API_VERSION = "2024-10-01"


class EndpointSaid(ShipwayError):
    """The endpoint answered with an error; the message is its body."""

    default_code = "EndpointError"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """ENDPOINT, `--file`, `--deployment`, `--times`, `--json`."""
    parser.add_argument("endpoint", metavar="ENDPOINT", help="its name")
    parser.add_argument("--file", type=Path, help="the request's body (default: standard input)")
    parser.add_argument("--deployment", default="", help="ask this deployment, whatever its share")
    parser.add_argument("--times", type=int, default=1, help="ask that many times (default: 1)")
    parser.add_argument("--json", action="store_true", help="print answers with their facts")


def run(arguments: argparse.Namespace) -> int:
    """Print the answer. Raises `EndpointSaid` when it is an error, `BadInput` for the file."""
    home = Home(config.default_home())
    found = Session(home).get(f"/endpoints/{quote(arguments.endpoint, safe='')}")
    content = _body(arguments.file)
    path = f"{found['resource_id']}/listKeys"
    key = AzureClient(home).arm("POST", path, api_version=_API_VERSION)["primaryKey"]
    answers = []
    for _ in range(max(arguments.times, 1)):
        began = clock.monotonic()
        answer = scoring.score(
            home, url=found["scoring_uri"], key=key, content=content,
            deployment=arguments.deployment,
        )  # fmt: skip
        text = answer.content.decode(errors="replace")
        if answer.status >= 400:
            raise EndpointSaid(
                text[:2000] or f"HTTP {answer.status}", where=found["scoring_uri"],
                hint=f"shipway logs {found['name']}/{answer.deployment or 'DEPLOYMENT'}",
            )  # fmt: skip
        answers.append(
            {
                "status": answer.status, "deployment": answer.deployment,
                "milliseconds": round((clock.monotonic() - began) * 1000, 1),
                "answer": _value(text),
            }
        )  # fmt: skip
        if not arguments.json:
            print(text)
    if arguments.json:
        output.show_json(answers if arguments.times > 1 else answers[0])
    return 0


def _body(file: Path | None) -> bytes:
    if file is None:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(
            f"the request cannot be read: {error.strerror}", where=str(file),
            hint="Give a file with --file, or the body on standard input.",
        ) from None  # fmt: skip


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
