"""`checkout: self`: a real clone of the run's commit over HTTPS, detached, without leftovers.

The job's token travels in a header of this one fetch and is written nowhere.
Source: https://learn.microsoft.com/azure/devops/pipelines/repos/multi-repo-checkout
"""

import base64
import os
import shlex
from pathlib import Path

from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.tasks.script import refuse_inputs, result_of
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import github_mirrors

# the server may be away for a while (the step outlives it): Azure's agent tries again as well
_TRIES = """\
for pause in 1 2 4 8 16 30 60 60 60 60; do
    code=0; fetch 2> "$TMPDIR/fetch-error" || code=$?; cat "$TMPDIR/fetch-error"
    [ $code -ne 0 ] || break
    case $(cat "$TMPDIR/fetch-error") in
    *"Failed to connect"*|*"Could not connect"*|*"onnection reset"*|*"onnection was reset"*) ;;
    *"hung up unexpectedly"*|*"early EOF"*|*"unexpected disconnect"*|*"SSL_ERROR_SYSCALL"*) ;;
    *"transfer closed"*|*"Empty reply"*|*"SSL_read"*|*"nutls"*|*"GnuTLS"*|*"RPC failed"*) ;;
    *"returned error: 502"*|*"returned error: 503"*|*"CONNECT aborted"*) ;;
    *) exit $code ;;
    esac
    echo "##[warning]Git fetch failed with exit code: $code, back off $pause seconds before retry."
    sleep $pause
done
[ $code -eq 0 ] || exit $code"""


# what git would have to do besides; refused by name, for a script may rely on it
_NOT_DONE = (
    "lfs", "submodules", "persistCredentials", "fetchTags", "fetchFilter",
    "sparseCheckoutDirectories", "sparseCheckoutPatterns", "workspaceRepo",
)  # fmt: skip


def _folder(step: StepRun) -> Path:
    """Where the sources go; `path` moves them, and the default folder of scripts with them."""
    given = step.input("path")
    if not given:
        return step.job.directories.sources
    workspace = step.job.directories.workspace
    folder = Path(os.path.normpath(workspace / given))
    if not folder.is_relative_to(workspace):
        raise BadInput(
            f"Input path '{given}' should resolve to a directory under current working directory, "
            f"current working directory '{workspace}'.",
            code="CheckoutPathOutside", where="path",
        )  # fmt: skip
    for name in ("Build.SourcesDirectory", "Build.Repository.LocalPath"):
        step.job.variables.define(name, str(folder))
    step.job.variables.define("System.DefaultWorkingDirectory", str(folder), is_read_only=True)
    return folder


def _script(folder: Path, *, url: str, commit: str, depth: int, mirror: str = "") -> str:
    """The commands of a checkout; every one may be run again. `mirror`: where `url` really is."""
    quoted = shlex.quote(str(folder))
    shallow = f"--depth={depth} " if depth > 0 else ""
    instead = [f"git config {shlex.quote(f'url.{mirror}.insteadOf')} {shlex.quote(url)}"]
    return "\n".join(
        [
            "set -e",
            f"git init -q {quoted}",
            f"cd {quoted}",
            f"git remote add origin {shlex.quote(url)} 2>/dev/null || true",
            *(instead if mirror else ()),
            "git config gc.auto 0",
            "git config advice.detachedHead false",
            "echo '##[command]git fetch'",
            'fetch() { git -c http.extraheader="$SHIPWAY_GIT_HEADER" fetch --force --no-tags'
            f" --prune --no-recurse-submodules {shallow}origin {commit}; }}",
            _TRIES,
            f"echo '##[command]git checkout --force {commit}'",
            f"git checkout -q --force {commit}",
            f'echo "HEAD is now at $(git log -1 --format=%h\\ %s)"',  # noqa: F541
        ]
    )


def _run(step: StepRun) -> StepResult:
    repository = step.input("repository", "self").lower()
    if repository == "none":
        return "succeeded"
    if repository != "self":
        raise NotSupported(
            f"checkout of '{repository}' is not supported yet",
            code="CheckoutNotSupported",
            hint="Only `checkout: self` and `checkout: none` are.",
        )
    refuse_inputs(step, "checkout", *_NOT_DONE)
    variables = step.job.variables
    token = base64.b64encode(f":{step.job.access_token}".encode()).decode()
    depth = step.input("fetchDepth") or "1"
    if not depth.isdigit():
        raise BadInput(f"fetchDepth is '{depth}', not a number", where="fetchDepth")
    is_github = variables.get("Build.Repository.Provider") == "GitHub"
    text = _script(
        _folder(step),
        url=variables.get("Build.Repository.Uri"),
        commit=variables.get("Build.SourceVersion"),
        depth=int(depth),
        # github.com is never asked: git goes to the mirror in its stead
        mirror=github_mirrors.push_url(variables.get("Build.Repository.Name")) if is_github else "",
    )
    step.log(f"Syncing repository: {variables.get('Build.Repository.Name')} (Git)")
    code = step.run_process(
        ProcessOrder(
            command=["/bin/bash", "--noprofile", "--norc", "-c", text],
            cwd=step.job.directories.workspace,
            secret_env_vars={"SHIPWAY_GIT_HEADER": f"AUTHORIZATION: basic {token}"},
            env_vars={"GIT_TERMINAL_PROMPT": "0"},
        )
    )
    return result_of(step, code, what="Git")


CHECKOUT = Task(name="6d15af64-176c-496d-b583-fd2ae21d4df4", version=1, run=_run)
