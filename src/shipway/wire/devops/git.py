"""Smart HTTP: git's own `http-backend` behind our identities. A push enters the loop here.

A fetch streams straight from git. A push is answered when it was accepted: git's answer is held
back until `loop/push.py` has written refs and runs, and then tells the user which runs it queued.
Source: https://git-scm.com/docs/git-http-backend and https://git-scm.com/docs/http-protocol
"""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path
from subprocess import PIPE, Popen  # noqa: TID251  # the type and a constant; starting is process.spawn
from typing import IO

from shipway.azure.entra.principals import Principal
from shipway.base import process
from shipway.base.errors import Forbidden, NotFound, ShipwayError, Unavailable
from shipway.devops import checkout_sources, members, projects, repositories
from shipway.devops.projects import Project
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.loop import push
from shipway.store.store import Store
from shipway.wire.devops import push_report, rights
from shipway.wire.http import Request, Response, Route

_DOC = "https://git-scm.com/docs/http-protocol"
_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_SERVICES = ("git-upload-pack", "git-receive-pack")
_PACKET_LIMIT = 65_515
_ATOMIC = "atomic push failed"
_USE_PULL_REQUEST = "push to another branch, then: shipway prs create --source BRANCH\n"


class GitHttp:
    """Handlers of the four routes that git speaks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def advertise(self, request: Request) -> Response:
        """`info/refs?service=`: what there is."""
        service = request.arg("service")
        if service not in _SERVICES:
            raise Forbidden(
                "dumb HTTP is not served here", code="GitProtocolNotSupported",
                where=f"service={service}", hint="Use a git with smart HTTP (1.6.6 or later).",
            )  # fmt: skip
        _, repository = self._repository(request)
        if service == "git-receive-pack":
            self._may_push(request.principal, repository)
        return self._stream(request, repository, "info/refs")

    def fetch(self, request: Request) -> Response:
        """`git-upload-pack`: clone and fetch."""
        _, repository = self._repository(request)
        return self._stream(request, repository, "git-upload-pack")

    def receive(self, request: Request) -> Response:
        """`git-receive-pack`: a push, answered once it was accepted."""
        project, repository = self._repository(request)
        self._may_push(request.principal, repository)
        with (
            _body_file(request, self._store.home.temporary) as body,
            push.one_at_a_time(self._store, repository) as lock,
        ):
            commands, rest = push_report.commands_of(body)
            refs = [move.ref for move in commands.moves]
            refused = push.refusals(self._store, repository, refs)
            if refused and commands.can("atomic"):
                refused = {ref: refused.get(ref, _ATOMIC) for ref in refs}
            if refused and len(refused) == len(refs):
                return push_report.refused(commands, refused, _USE_PULL_REQUEST)
            source = body
            if refused:
                taken = [ref for ref in refs if ref not in refused]
                source = push_report.kept(commands, rest, taken, self._store.home.temporary)
            source.seek(0)
            push.begin(self._store, repository, request.principal)
            try:
                answer = self._whole(request, repository, source, lock)
            finally:
                # also when git failed half-way: some refs may have moved
                accepted = push.accept(self._store, repository)
        if refused:
            answer = push_report.with_refusals(answer, commands, refused, _USE_PULL_REQUEST)
        return _with_notes(answer, [_note(project, run) for run in accepted.runs])

    def _may_push(self, principal: Principal, repository: Repository) -> None:
        # as on Azure, where the build service and readers have no GenericContribute
        if not members.may(
            self._store, principal, "contribute", project_id=repository.project_id
        ):  # fmt: skip
            raise Forbidden(
                "TF401027: You need the Git 'GenericContribute' permission to perform this action. "
                f"Details: identity '{principal.name}', scope 'repository'.",
                code="GitNeedsPermissionException",
                hint="A pipeline job's token and readers may read code only.",
            )  # fmt: skip

    def _repository(self, request: Request) -> tuple[Project, Repository]:
        name = request.params["repository"].removesuffix(".git")
        # `/{organization}/_git/{repository}` is short for the project's repository of that name
        project_name = request.params.get("project") or name
        project = projects.find(self._store, project_name)
        if project is None:
            seen = [
                p.name for p in projects.list_all(self._store)
                if rights.sees(self._store, request, p.project_id)
            ]  # fmt: skip
            raise NotFound(
                f"TF200016: The following project does not exist: {project_name}",
                code="ProjectDoesNotExistWithNameException", where=project_name,
                hint=f"Projects here: {', '.join(seen) or 'none'}.",
            )  # fmt: skip
        # the short address names no project that could have been asked about before
        lent = repositories.find(self._store, project_id=project.project_id, name_or_id=name)
        if lent is None or not (is_fetch(request) and self._is_lent(request, lent)):
            rights.require(self._store, request, "read", project_id=project.project_id)
        found = repositories.get(self._store, project_id=project.project_id, name_or_id=name)
        return project, found

    def _is_lent(self, request: Request, repository: Repository) -> bool:
        """Whether the token of a job of another project may read it, for a checkout."""
        number = request.principal.run_id
        return bool(number) and checkout_sources.is_lent(
            self._store, number, repository.repository_id
        )

    def _stream(self, request: Request, repository: Repository, service: str) -> Response:
        source = _body_file(request, self._store.home.temporary)
        child = self._start(request, repository, service, source)
        output = child.stdout
        if output is None:
            raise Unavailable("git's output could not be opened")
        # 64 KiB where the system has no such call (not Linux) or the user is past the limit
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(output.fileno(), fcntl.F_SETPIPE_SZ, _CHUNK)
        status, headers = _cgi_headers(output)

        def close() -> None:
            source.close()
            output.close()
            child.kill()
            child.wait()

        return Response(status=status, headers=headers, body=_chunks(output), cleanup=close)

    def _whole(
        self, request: Request, repository: Repository, source: IO[bytes], lock: int
    ) -> Response:
        child = self._start(request, repository, "git-receive-pack", source, lock)
        with source, child:
            output = child.stdout
            if output is None:
                raise Unavailable("git's output could not be opened")
            status, headers = _cgi_headers(output)
            return Response(status=status, headers=headers, body=output.read())

    def _start(
        self, request: Request, repository: Repository, service: str, source: IO[bytes],
        *kept_open: int,
    ) -> Popen[bytes]:  # fmt: skip
        if not repositories.path_of(self._store, repository).exists():
            raise Unavailable(f"the repository '{repository.name}' is missing on disk",
                              where=str(repositories.path_of(self._store, repository)))  # fmt: skip
        env_vars = repositories.env_for_git() | {
            "GIT_PROJECT_ROOT": str(self._store.home.repositories),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repository.repository_id}.git/{service}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.raw_query or f"service={request.arg('service')}",
            "CONTENT_TYPE": request.headers.get("Content-Type"),
            "CONTENT_LENGTH": str(os.fstat(source.fileno()).st_size),
            "REMOTE_USER": request.principal.name,
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_PROTOCOL": _protocol(request.headers.get("Git-Protocol")),
            "GIT_COMMITTER_NAME": request.principal.name,
            "GIT_COMMITTER_EMAIL": f"{request.principal.object_id}@shipway.local",
        }
        # the body itself tells whether it is compressed: a front door may have unpacked it
        if source.read(2) == _GZIP:
            env_vars["HTTP_CONTENT_ENCODING"] = "gzip"
        source.seek(0)
        child = process.spawn(["git", "http-backend"], env_vars=env_vars,
                              stdin=source, stdout=PIPE, bufsize=_CHUNK,
                              pass_fds=kept_open)  # fmt: skip
        return child


def routes(store: Store) -> tuple[Route, ...]:
    """What git asks for, with and without the project in the path."""
    handlers = GitHttp(store)
    found: list[Route] = []
    for base in (
        "/{organization}/{project}/_git/{repository}",
        "/{organization}/_git/{repository}",
    ):
        found += [
            Route(method="GET", pattern=f"{base}/info/refs", handler=handlers.advertise,
                  action="read", query=("service",), doc=_DOC),
            Route(method="POST", pattern=f"{base}/git-upload-pack", handler=handlers.fetch,
                  action="read", query=(), doc=_DOC),
            Route(method="POST", pattern=f"{base}/git-receive-pack", handler=handlers.receive,
                  action="read", query=(), doc=_DOC),
        ]  # fmt: skip
    return tuple(found)


def is_fetch(request: Request) -> bool:
    """Whether git asks to read: `info/refs` of the upload service, or the pack itself."""
    if request.path.endswith("/info/refs"):
        return is_git(request) and request.arg("service") == "git-upload-pack"
    return is_git(request) and request.path.endswith("/git-upload-pack")


def is_git(request: Request) -> bool:
    """Whether a request is git's own, which shows only plain text to its user."""
    return (
        re.search(r"/_git/[^/]+/(info/refs|git-(upload|receive)-pack)$", request.path) is not None
    )


def plain_error(error: ShipwayError, request: Request) -> Response:
    """An error as git prints it: each line of the body behind `remote:`."""
    del request
    place = f" ({error.where})" if error.where and error.where not in error.message else ""
    lines = [f"{error.code}: {error.message}{place}", *([error.hint] if error.hint else [])]
    return Response(
        status=error.status,
        headers=(("Content-Type", "text/plain; charset=utf-8"), *error.headers.items()),
        body="".join(f"{line}\n" for line in lines).encode(),
    )


def _note(project: Project, run: Run) -> str:
    name = project.name.replace(" ", "%20")
    link = (
        f"https://dev.azure.com/{projects.ORGANIZATION}/{name}/_build/results?buildId={run.run_id}"
    )
    return f"run {run.run_id} of '{run.definition_name}' is queued: {link}\n"


def _with_notes(answer: Response, notes: list[str]) -> Response:
    """Add lines for the user (side band 2) before the final flush of git's answer."""
    body = answer.body
    if not notes or not isinstance(body, bytes) or not _is_side_band(body):
        return answer
    packets = b"".join(_packet(b"\x02" + note.encode()[:_PACKET_LIMIT]) for note in notes)
    return Response(
        status=answer.status,
        headers=tuple(h for h in answer.headers if h[0].lower() != "content-length"),
        body=body[:-4] + packets + body[-4:],
    )


def _is_side_band(body: bytes) -> bool:
    """Whether the answer is packets on side bands, which the client has to have asked for."""
    if not body.endswith(b"0000"):
        return False
    position = 0
    while position < len(body) - 4:
        try:
            length = int(body[position : position + 4], 16)
        except ValueError:
            return False
        if length < 5 or body[position + 4] not in (1, 2):
            return False
        position += length
    return position == len(body) - 4


def _packet(content: bytes) -> bytes:
    return f"{len(content) + 4:04x}".encode() + content


def _protocol(value: str) -> str:
    return value if re.fullmatch(r"[A-Za-z0-9=:._-]{0,64}", value) else ""


def _body_file(request: Request, folder: Path) -> IO[bytes]:
    if request.body.file is not None:
        return request.body.file.open("rb", buffering=0)
    file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # closed by the caller
    file.write(request.body.content)
    file.seek(0)
    return file


def _cgi_headers(output: IO[bytes]) -> tuple[int, tuple[tuple[str, str], ...]]:
    status, headers = 200, list[tuple[str, str]]()
    while line := output.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name, value.strip()))
    if not headers:
        raise Unavailable("git http-backend ended without an answer", code="GitBackendFailed",
                          hint="Is git complete here? `shipway doctor` looks.")  # fmt: skip
    return status, tuple(headers)


def _chunks(output: IO[bytes]) -> Iterable[bytes]:
    """What git has written so far, piece by piece, so that its progress shows as it is made."""
    if isinstance(output, BufferedReader):
        while chunk := output.read1(_CHUNK):
            yield chunk
