"""Station 1b: what moved in a mapped GitHub repository's source moves its mirror, as a push does.

The source is only read, by `git ls-remote` and `git fetch` with the settings of whoever started
the server. What the source has moved since the last time wins over what was pushed to the mirror
itself; what it has not moved is left alone. Everything may be repeated: refs that were fetched
but not accepted are accepted the next time.
"""

import logging
import re
import subprocess  # noqa: TID251  # an exception's type; starting is process.run
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shipway.azure.entra.principals import Principal
from shipway.base import clock, config, process
from shipway.base.errors import BadInput, ShipwayError
from shipway.devops import definitions, github_mirrors, pushes, repositories
from shipway.devops.github_mirrors import GithubMirror
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester
from shipway.loop import pipeline_schedule, push
from shipway.loop.push import Accepted
from shipway.store.store import Store

_LOG = logging.getLogger(__name__)
_SECONDS = 300.0
_PATH_PAUSE, _URL_PAUSE = 2.0, 60.0
_LINE = re.compile(r"^([0-9a-f]{40})\t(refs/(?:heads|tags)/\S+)$")
_HEAD = re.compile(r"^ref: (refs/heads/\S+)\tHEAD$")
_URL = re.compile(r"^(?:https?|ssh|git|file)://[^\s]+$|^[\w.-]+@[\w.-]+:[^\s]+$")
# a token may stand where a user's name does; ssh's user is no secret
_WITH_USER = re.compile(r"^https?:/*[^/]*@|^[\w+.-]+:/*[^/]*:[^/]*@", re.IGNORECASE)


class SourceUnreadable(ShipwayError):
    """git could not read a mapped source; the message has git's words."""

    default_code, default_status = "GitHubSourceUnreadable", 409


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refs:
    """The branches and tags of a source."""

    values: Mapping[str, str]
    default_branch: str


def map_repository(store: Store, *, name: str, source: str, by: Principal) -> GithubMirror:
    """Bind `OWNER/NAME` to a path or URL and take over its branches; starts no run.

    Raises `BadInput`, `Conflict` when it is mapped, `SourceUnreadable`.
    """
    clean, place = github_mirrors.clean_name(name), _clean_source(source)
    refs = _list(place)
    who = Requester(object_id=by.object_id, name=by.name)
    mirror = github_mirrors.create(store, name=clean, source=place, mapped_by=who)
    repository = github_mirrors.repository_of(store, mirror)
    if refs.default_branch:
        repository = repositories.update(store, repository, default_branch=refs.default_branch)
    try:
        with push.one_at_a_time(store, repository):
            _fetch(store, repository, place, refs.values)
            return _take_over_quietly(store, repository, mirror)
    except ShipwayError:
        github_mirrors.delete(store, mirror)
        raise


def sync(store: Store, mirror: GithubMirror) -> Accepted:
    """Take over what moved at the source; runs are queued as for a push.

    Raises `SourceUnreadable`, also written down at the mirror.
    """
    try:
        refs = _list(mirror.source)
        if refs.values == mirror.source_refs:
            github_mirrors.note_error(store, mirror, "")
            return Accepted(moves=(), runs=())
        return _follow(store, mirror, refs)
    except SourceUnreadable as error:
        github_mirrors.note_error(store, mirror, error.message)
        raise


def _follow(store: Store, mirror: GithubMirror, refs: _Refs) -> Accepted:
    repository = github_mirrors.repository_of(store, mirror)
    moved = {n: v for n, v in refs.values.items() if mirror.source_refs.get(n) != v}
    gone = [n for n in mirror.source_refs if n not in refs.values]
    with push.one_at_a_time(store, repository):
        pushes.intend(store, repository, mirror.mapped_by)
        try:
            present = _fetch(store, repository, mirror.source, moved)
            for name in gone:
                repositories.git(store, repository, ["update-ref", "-d", name])
        finally:
            accepted = push.accept(store, repository)
        kept = {n: present.get(n, v) if n in moved else v for n, v in refs.values.items()}
        now = store.clock.now()
        github_mirrors.keep(store, replace(mirror, source_refs=kept, last_error="", synced_at=now))
    return accepted


def _take_over_quietly(store: Store, repository: Repository, mirror: GithubMirror) -> GithubMirror:
    """The first branches are history: connecting a repository starts nothing, as on Azure."""
    present = repositories.refs_of(store, repository)
    moves = pushes.moves_between(pushes.known_refs(store, repository), present)
    with store.database.transaction():
        if moves:
            pushes.accept(store, repository, pusher=mirror.mapped_by, moves=moves)
        for definition in definitions.of_repository(store, repository.repository_id):
            pipeline_schedule.arm_definition(store, definition)
        now = store.clock.now()
        return github_mirrors.save(store, replace(mirror, source_refs=present, synced_at=now))


def _fetch(
    store: Store, repository: Repository, source: str, wanted: Mapping[str, str]
) -> dict[str, str]:
    """Bring refs of the source into the mirror; all refs of the mirror after that."""
    if wanted:
        specs = "".join(f"+{name}:{name}\n" for name in wanted)
        _git(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--stdin", "--", source],
             cwd=repositories.path_of(store, repository), given=specs, source=source)  # fmt: skip
    return repositories.refs_of(store, repository)


def _list(source: str) -> _Refs:
    said = _git(["ls-remote", "--symref", "--", source], cwd=Path("/"), source=source)
    lines = said.splitlines()
    heads = [found[1] for line in lines if (found := _HEAD.match(line))]
    refs = {
        found[2]: found[1]
        for line in lines
        if (found := _LINE.match(line)) and not line.endswith("^{}")
    }
    return _Refs(values=refs, default_branch=heads[0] if heads else "")


def _git(arguments: list[str], *, cwd: Path, source: str, given: str = "") -> str:
    # the user's own git settings: the source may need their keys or their proxy
    env_vars = {
        name: value
        for name, value in config.environment().items()
        if not name.startswith("GIT_") or name.startswith(("GIT_SSH", "GIT_SSL", "GIT_CONFIG"))
    } | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = process.run(
            ["git", *arguments], cwd=cwd, env_vars=env_vars, input_bytes=given.encode(),
            seconds=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _unreadable(source, f"no answer within {_SECONDS:.0f} s") from None
    if done.returncode != 0:
        raise _unreadable(source, done.stderr.decode(errors="replace").strip())
    return done.stdout.decode(errors="replace")


def _unreadable(source: str, reason: str) -> SourceUnreadable:
    return SourceUnreadable(
        f"git cannot read {source}: {reason}", where=source,
        hint="`git ls-remote` with it has to work in the shell that started the server.",
    )  # fmt: skip


def _clean_source(source: str) -> str:
    given = source.strip()
    if _WITH_USER.match(given):
        raise BadInput(
            "the URL holds a user, a password or a token before its '@', which would be stored",
            where="source", code="GitHubSourceInvalid",
            hint="Give the URL without it, and the token to git's credential helper: "
            "`git config --global credential.helper store`, then `git ls-remote URL` once.",
        )  # fmt: skip
    if _URL.match(given):
        return given
    if given.startswith("/") and Path(given).is_dir():
        return str(Path(given).resolve())
    # what stands before an '@' may be a secret, however the rest is misspelled
    shown = (
        f"what ends in '{given.rpartition('@')[2][:200]}'" if "@" in given else f"'{given[:200]}'"
    )
    raise BadInput(
        f"{shown} is neither a folder nor a git URL", where="source",
        code="GitHubSourceInvalid", hint="Give the path of a git repository, or its URL.",
    )  # fmt: skip


class MirrorWatch:
    """Follows every mirror's source in a thread: a path every 2 s, a URL every minute."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._due: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="github mirrors", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the mirror at hand; a fetch under way is finished or dies with the process."""
        self._stopping.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._stopping.wait(_PATH_PAUSE):
            try:
                self.look()
            except Exception:
                _LOG.exception("following the GitHub mirrors failed; trying again")

    def look(self) -> None:
        """Follow those that are due."""
        for mirror in github_mirrors.list_all(self._store):
            if self._stopping.is_set() or self._due.get(mirror.name, 0.0) > clock.monotonic():
                continue
            try:
                sync(self._store, mirror)
            except ShipwayError as error:
                _LOG.info("mirror %s: %s", mirror.name, error.message)
            pause = _PATH_PAUSE if mirror.source.startswith("/") else _URL_PAUSE
            self._due[mirror.name] = clock.monotonic() + pause
