"""Template files: where they are and how they are read.

Paths are relative to the including file, a leading `/` is the repository's root, `\\` is a
separator too; the first `@` splits off the repository's alias.
"""

from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from shipway.azpipelines import limits, source
from shipway.azpipelines.budget import Budget
from shipway.azpipelines.diagnostics import Position, Problems, Shown
from shipway.azpipelines.plan_resources import RepositoryResource
from shipway.azpipelines.tokens import Token

SELF = "self"


class FileMissing(Exception):
    """The file is not in the repository; the message says where it was looked for."""


class RepositoryMissing(Exception):
    """The repository behind an alias cannot be read."""


class FileProvider(Protocol):
    """Gives the text of files at the commit that is compiled."""

    def read(self, repository_alias: str, path: str) -> str | bytes:
        """The file's content; `path` has no leading slash, `self` is the entry repository.

        Raises `FileMissing` or `RepositoryMissing`.
        """


@runtime_checkable
class RepositoryProvider(Protocol):
    """A `FileProvider` that finds the repositories behind the aliases."""

    def locate(self, repository: RepositoryResource) -> RepositoryResource:
        """The repository with its id, full ref and commit, as far as they are known.

        Called once for each one that a document names, before a file of it is read. Raises
        `RepositoryMissing`; its text is an error of the pipeline, used or not.
        """


@dataclass(frozen=True, slots=True)
class Location:
    """A file in a repository."""

    alias: str
    path: str

    @property
    def shown(self) -> str:
        """The path as diagnostics print it."""
        return self.path if self.alias == SELF else f"{self.path}@{self.alias}"


@dataclass(slots=True)
class Library:
    """Reads and parses files of one compilation, each once."""

    files: FileProvider
    problems: Problems
    budget: Budget
    read: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    _parsed: dict[Location, Token | None] = field(default_factory=dict)
    _declared: dict[str, RepositoryResource] = field(default_factory=dict)

    def declare(self, repository: RepositoryResource, *, position: Position) -> None:
        """Make a repository known by its alias; one that is not there is recorded."""
        if isinstance(self.files, RepositoryProvider):
            try:
                repository = self.files.locate(repository)
            except RepositoryMissing as error:
                self.problems.error(
                    "repository-missing", str(error), position, shown="message",
                    hint="A repository of this organization is named PROJECT/REPOSITORY.",
                )  # fmt: skip
        self._declared[repository.alias.lower()] = repository

    def declared(self, alias: str) -> RepositoryResource | None:
        """The repository behind an alias, whatever its case."""
        return self._declared.get(alias.lower())

    def located(self, repository: RepositoryResource) -> RepositoryResource:
        """A repository of the plan with what was found when it was declared."""
        found = self.declared(repository.alias)
        if found is None:
            return repository
        return replace(
            repository, repository_id=found.repository_id, branch=found.branch, commit=found.commit
        )

    def resolve(self, reference: str, *, base: Location, position: Position) -> Location | None:
        """The file that a `template:` names, or None with an error recorded."""
        path, separator, alias = reference.partition("@")
        if not separator:
            path, alias = reference, base.alias
        elif not alias:
            alias = base.alias
        known = self._alias(alias)
        if known is None:
            self.problems.error(
                "unknown-repository",
                f"No repository found by name {alias}",
                position,
                hint="Declare it under resources: repositories.",
                shown="file",
            )
            return None
        directory = base.path.rpartition("/")[0] if known == base.alias else ""
        joined = _joined(directory, path)
        if joined is None:
            folder = f"/{directory}" if known == base.alias else ""
            message = f"The file path {_spelled(folder, path)} is invalid"
            self.problems.error(
                "path-escapes", message, position, shown="file",
                hint="It leaves the repository. A path that begins with / starts at its root.",
            )  # fmt: skip
            return None
        return Location(known, joined)

    def load(self, location: Location, *, position: Position | None = None) -> Token | None:
        """The file's root token, or None with an error recorded at `position`."""
        if location not in self._parsed:
            self._parsed[location] = self._load(location, position)
        return self._parsed[location]

    def _load(self, location: Location, position: Position | None) -> Token | None:
        where = position or Position(file=location.shown, line=0, column=0)
        if len(self.read) >= limits.MAX_FILES:
            self.problems.error(
                "too-many-files", f"Maximum file count of {limits.MAX_FILES} exceeded", where
            )
            return None
        try:
            text = self.files.read(location.alias, location.path)
        except FileMissing as error:
            detail = str(error) or f"File /{location.path} not found in repository {location.alias}"
            shown: Shown = "file" if position else "message"
            self.problems.error("file-missing", detail, where, shown=shown)
            return None
        except RepositoryMissing as error:
            self.problems.error("unknown-repository", str(error), where, shown="file")
            return None
        self.read.append(location.shown)
        return source.parse(text, file=location.shown, problems=self.problems, budget=self.budget)

    def _alias(self, alias: str) -> str | None:
        if alias.lower() == SELF:
            return SELF
        found = self.declared(alias)
        return found.alias if found else None


def _spelled(directory: str, path: str) -> str:
    """A path as the service puts it together: base, slash, reference."""
    path = path.replace("\\", "/")
    return path if path.startswith("/") else f"{directory}/{path}"


def _joined(directory: str, path: str) -> str | None:
    """A normal path below the root, or None when it climbs out."""
    path = path.replace("\\", "/")
    parts = [] if path.startswith("/") else [one for one in directory.split("/") if one]
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts) if parts else None
