"""The commands of a checkout, as a script for bash; every one may be run again.

The sequence is the agent's (`GitSourceProvider`): init, remote, sparse set, fetch, checkout of a
detached commit, submodules. The token stands in `$SHIPWAY_GIT_HEADER` and is written nowhere, but
for `persistCredentials`, and then into a file of the job's own that git includes.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# the server may be away for a while (the step outlives it): Azure's agent tries again as well
_TRIES = """\
try_fetch() { for pause in 1 2 4 8 16 30 60 60 60 60; do
    code=0; "$@" 2> "$TMPDIR/fetch-error" || code=$?; cat "$TMPDIR/fetch-error"
    [ $code -ne 0 ] || return 0
    case $(cat "$TMPDIR/fetch-error") in
    *"Failed to connect"*|*"Could not connect"*|*"onnection reset"*|*"onnection was reset"*) ;;
    *"hung up unexpectedly"*|*"early EOF"*|*"unexpected disconnect"*|*"SSL_ERROR_SYSCALL"*) ;;
    *"transfer closed"*|*"Empty reply"*|*"SSL_read"*|*"nutls"*|*"GnuTLS"*|*"RPC failed"*) ;;
    *"returned error: 502"*|*"returned error: 503"*|*"CONNECT aborted"*) ;;
    *) exit $code ;;
    esac
    echo "##[warning]Git fetch failed with exit code: $code, back off $pause seconds before retry."
    sleep $pause
done; exit $code; }"""
_HEADER = "http.https://dev.azure.com/.extraheader"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutOrder:
    """What a checkout asks of git. `depth` 0 is the whole history, with every branch.

    `mirror` is where `url` really is; `credentials` the file that keeps the token for the job.
    """

    folder: Path
    url: str
    commit: str
    depth: int = 1
    mirror: str = ""
    tags: bool = False
    filters: tuple[str, ...] = ()
    cone: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    submodules: bool = False
    nested_submodules: bool = False
    clean: bool = False
    credentials: Path | None = None


def script_of(order: CheckoutOrder) -> str:
    """The whole script."""
    return "\n".join(
        [
            "set -e",
            f'git_() {{ git -c {_HEADER}="$SHIPWAY_GIT_HEADER" "$@"; }}',
            _TRIES,
            *_prepare(order),
            *_sparse(order),
            *_fetch(order),
            f"echo '##[command]git checkout --force {order.commit}'",
            f"git_ checkout -q --force {order.commit}",
            'echo "HEAD is now at $(git log -1 --format=%h\\ %s)"',
            *(_submodules(order) if order.submodules else ()),
            *(_persist(order.credentials) if order.credentials else ()),
        ]
    )


def _prepare(order: CheckoutOrder) -> Iterator[str]:
    folder, url = shlex.quote(str(order.folder)), shlex.quote(order.url)
    yield f"mkdir -p {folder}"
    yield f"git init -q {folder}"
    yield f"cd {folder}"
    yield f"git remote add origin {url} 2>/dev/null || git remote set-url origin {url}"
    if order.mirror:
        # github.com is never asked: git goes to the mirror in its stead
        yield f"git config {shlex.quote(f'url.{order.mirror}.insteadOf')} {url}"
    # what an earlier job kept for itself went with that job
    yield "git config --unset-all include.path '/git-credentials$' || :"
    yield "git config gc.auto 0"
    yield "git config advice.detachedHead false"
    if order.clean:
        yield "if git rev-parse -q --verify HEAD >/dev/null; then"
        yield "    echo '##[command]git clean -ffdx'; git clean -ffdx"
        yield "    echo '##[command]git reset --hard HEAD'; git reset --hard HEAD"
        yield "fi"


def _sparse(order: CheckoutOrder) -> Iterator[str]:
    chosen = order.cone or order.patterns
    if not chosen:
        yield "git config --get core.sparseCheckout >/dev/null && git sparse-checkout disable || :"
        return
    yield f"git sparse-checkout init {'--cone' if order.cone else '--no-cone'}"
    words = " ".join(shlex.quote(one) for one in chosen)
    yield f"echo {shlex.quote('##[command]git sparse-checkout set ' + ' '.join(chosen))}"
    yield f"git sparse-checkout set {words}"


def _fetch(order: CheckoutOrder) -> Iterator[str]:
    words = ["fetch", "--force", "--tags" if order.tags else "--no-tags", "--prune"]
    words += ["--no-recurse-submodules", *(f"--filter={one}" for one in order.filters)]
    if order.depth > 0:
        words += [f"--depth={order.depth}", "origin"]
        yield _traced([*words, f"+{order.commit}:refs/remotes/origin/{order.commit}"])
        return
    yield "deep=; [ ! -f .git/shallow ] || deep=--unshallow"
    yield _traced([*words, "origin"], more=" $deep")
    yield _traced([*words, "origin", f"+{order.commit}"])


def _traced(words: list[str], *, more: str = "") -> str:
    text = " ".join(shlex.quote(word) for word in words)
    return f"echo {shlex.quote('##[command]git ' + text)}\ntry_fetch git_ {text}{more}"


def _submodules(order: CheckoutOrder) -> Iterator[str]:
    nested = " --recursive" if order.nested_submodules else ""
    shallow = f" --depth={order.depth}" if order.depth > 0 else ""
    yield f"echo '##[command]git submodule sync{nested}'"
    yield f"git submodule sync{nested}"
    yield f"echo '##[command]git submodule update --init --force{shallow}{nested}'"
    yield f"try_fetch git_ submodule update --init --force{shallow}{nested}"


def _persist(credentials: Path) -> Iterator[str]:
    file = shlex.quote(str(credentials))
    yield "umask 077"
    yield f'git config --file {file} {_HEADER} "$SHIPWAY_GIT_HEADER"'
    yield f"git config --add include.path {file}"
