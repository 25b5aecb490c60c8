"""Annotated tags: objects of a repository that name a commit, with a message and who wrote it.

Knows: repositories. Must not know: HTTP, who may push.
"""

from dataclasses import dataclass
from datetime import datetime

from shipway.base.errors import NotFound
from shipway.devops import repositories
from shipway.devops.repositories import Repository
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedTag:
    """A tag object; `object_id` is its own, `commit_id` what it names."""

    object_id: str
    commit_id: str
    name: str
    message: str
    tagger_name: str
    tagger_email: str
    tagged_at: datetime


def write(
    store: Store, repository: Repository, *, name: str, commit_id: str, message: str,
    tagger_name: str, tagger_email: str,
) -> AnnotatedTag:  # fmt: skip
    """Write a tag object; no ref names it yet."""
    at = store.clock.now()
    text = (
        f"object {commit_id}\ntype commit\ntag {name}\n"
        f"tagger {tagger_name} <{tagger_email}> {int(at.timestamp())} +0000\n\n{message}\n"
    )
    made = repositories.git(store, repository, ["mktag"], input_bytes=text.encode())
    return read(store, repository, made.decode().strip())


def read(store: Store, repository: Repository, object_id: str) -> AnnotatedTag:
    """The tag object. Raises `NotFound`."""
    known = object_id.isalnum() and repositories.existing(store, repository, [object_id])
    kind = (
        repositories.git(store, repository, ["cat-file", "-t", object_id], accept=(0, 128))
        if known
        else b""
    )
    if kind.strip() != b"tag":
        raise NotFound(
            f"TF401177: The Git annotated tag {object_id[:60]} could not be found.",
            code="GitObjectDoesNotExistException", where=object_id[:60],
            hint="Give the id of the tag object, not of its commit.",
        )  # fmt: skip
    text = repositories.git(store, repository, ["cat-file", "tag", object_id]).decode(
        errors="replace"
    )
    head, _, message = text.partition("\n\n")
    fields = dict(line.split(" ", 1) for line in head.splitlines())
    who, _, when = fields["tagger"].rpartition("> ")
    tagger_name, _, tagger_email = who.rpartition(" <")
    seconds = int(when.split()[0])
    return AnnotatedTag(
        object_id=object_id, commit_id=fields["object"], name=fields["tag"],
        message=message.rstrip("\n"), tagger_name=tagger_name, tagger_email=tagger_email,
        tagged_at=datetime.fromtimestamp(seconds, tz=store.clock.now().tzinfo),
    )  # fmt: skip
