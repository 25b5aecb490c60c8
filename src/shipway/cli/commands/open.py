"""`shipway open`: a link into the studio that signs a person in, once."""

import argparse
import webbrowser

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--as`, PAGE, `--no-browser`, `--json`."""
    parser.add_argument("page", nargs="?", default="/", help="where to go: /runs/12 (default: /)")
    parser.add_argument(
        "--as", dest="user", default="", help="who signs in (default: the owner of this machine)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the link, open nothing")
    parser.add_argument("--json", action="store_true", help="print the link as JSON, open nothing")


def run(arguments: argparse.Namespace) -> int:
    """Make the link, print it and open it where there is a browser to open it in."""
    page = arguments.page if arguments.page.startswith("/") else f"/{arguments.page}"
    link = Session(Home(config.default_home())).post("/links", {"as": arguments.user, "page": page})
    if arguments.json:
        output.show_json(link)
        return 0
    print(f"{link['url']}")
    print(output.paint(f"works once, within five minutes, as {link['user']}", "grey"))
    if not arguments.no_browser and _has_display():
        webbrowser.open(link["url"])
    return 0


def _has_display() -> bool:
    env_vars = config.environment()
    return any(env_vars.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
