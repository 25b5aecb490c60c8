"""The demo's clone of the stack: a real repository that pushes through the front door."""

import shlex
import sys
from pathlib import Path

from shipway.base import config, front_door, process
from shipway.base.errors import ShipwayError
from shipway.base.home import Home

BRANCH = "develop"
_WHO = ("-c", "user.name=Dana Requester", "-c", "user.email=dana@shipway.local")


class GitFailed(ShipwayError):
    """git ended with an error; the message has its words."""

    default_code = "GitFailed"


def make(home: Home, folder: Path, url: str) -> None:
    """A repository of the stack's copy in `folder`: one commit on `develop`, remote `origin`.

    Proxy and certificates stand in the clone's own config, so that git works there in any shell;
    the password does not: a credential helper asks the running server for it.
    """
    git(folder, "init", "--quiet", "--initial-branch", BRANCH)
    for name, value in front_door.git_settings(home):
        git(folder, "config", "--local", name, value)
    ask = f"SHIPWAY_HOME={shlex.quote(str(home.root))} {shlex.quote(sys.executable)} -m shipway"
    git(folder, "config", "--local", "credential.https://dev.azure.com.helper",
        f"!{ask} git-credential")  # fmt: skip
    git(folder, "config", "--local", "user.name", "Dana Requester")
    git(folder, "config", "--local", "user.email", "dana@shipway.local")
    git(folder, "remote", "add", "origin", url)
    commit(folder, "Predict which flights arrive late")


def commit(folder: Path, message: str) -> str:
    """Commit everything; the commit's id."""
    git(folder, "add", "--all")
    git(folder, *_WHO, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD").strip()


def push(folder: Path) -> str:
    """Push the branch; what git printed for people."""
    return git(folder, "push", "origin", BRANCH, both=True)


def git(folder: Path, *arguments: str, both: bool = False) -> str:
    """git in `folder`. Raises `GitFailed`."""
    # a CA variable of the shell would win over what stands in the clone's own config
    shell = {n: v for n, v in config.environment().items() if not n.startswith("GIT_SSL_")}
    env_vars = {**shell, "GIT_TERMINAL_PROMPT": "0"}
    done = process.run(["git", *arguments], cwd=folder, env_vars=env_vars, seconds=300)
    said = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        raise GitFailed(
            f"git {arguments[0]} ended with {done.returncode}: {said.strip()}", where=str(folder)
        )
    return done.stdout.decode(errors="replace") + (said if both else "")
