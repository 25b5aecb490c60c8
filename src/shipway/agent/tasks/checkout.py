"""`checkout: self`: a real clone of the run's commit over HTTPS, detached, without leftovers.

The job's token travels in a header of this one fetch and is written nowhere.
Source: https://learn.microsoft.com/azure/devops/pipelines/repos/multi-repo-checkout
"""

import base64
import shlex
from pathlib import Path

from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.tasks.script import result_of
from shipway.base.errors import NotSupported

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


def _folder(step: StepRun) -> Path:
    path = step.input("path")
    return step.job.directories.workspace / path if path else step.job.directories.sources


def _script(folder: Path, *, url: str, commit: str, depth: int) -> str:
    """The commands of a checkout; every one may be run again."""
    quoted = shlex.quote(str(folder))
    shallow = f"--depth={depth} " if depth > 0 else ""
    return "\n".join(
        [
            "set -e",
            f"git init -q {quoted}",
            f"cd {quoted}",
            f"git remote add origin {shlex.quote(url)} 2>/dev/null || true",
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
    variables = step.job.variables
    token = base64.b64encode(f":{step.job.access_token}".encode()).decode()
    depth = step.input("fetchDepth") or "1"
    text = _script(
        _folder(step),
        url=variables.get("Build.Repository.Uri"),
        commit=variables.get("Build.SourceVersion"),
        depth=int(depth) if depth.isdigit() else 1,
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
