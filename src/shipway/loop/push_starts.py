"""Which pipelines a push starts, and their runs.

Pipelines of the repository itself by the YAML of the pushed commit; pipelines of other ones that
name it under `resources: repositories` with a trigger, by the YAML of their default branch, of
which they run the tip then. A word such as `[skip ci]` in any commit of the push keeps all from
starting. Source: https://learn.microsoft.com/azure/devops/pipelines/repos/azure-repos-git and
https://learn.microsoft.com/azure/devops/pipelines/repos/multi-repo-checkout#triggers
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shipway.azpipelines import triggers
from shipway.azpipelines.triggers import Trigger
from shipway.devops import definitions, projects, pushes, repositories, runs, trigger_index
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.pushes import RefMove
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester, Run
from shipway.loop import push_batch
from shipway.store.store import Store

_NEW_COMMITS = 1000
_SKIP_WORDS = (
    "[skip ci]", "[ci skip]", "skip-checks: true", "skip-checks:true", "[skip azurepipelines]",
    "[azurepipelines skip]", "[skip azpipelines]", "[azpipelines skip]", "[skip azp]",
    "[azp skip]", "***no_ci***",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A pipeline that a move of a ref starts; `tip` is the commit of its own that runs then.

    `tip` is empty for a pipeline of the very repository: it runs the pushed commit.
    """

    definition: PipelineDefinition
    repository: Repository
    move: RefMove
    trigger: Trigger
    message: str = ""
    tip: str = ""


def find(store: Store, repository: Repository, move: RefMove) -> Iterator[Start]:
    """What a move of a ref starts. Hold the lock of pushes."""
    if move.is_deletion or not move.ref.startswith(("refs/heads/", "refs/tags/")):
        return
    own = [
        d
        for d in definitions.of_repository(store, repository.repository_id)
        if d.queue_status == "enabled"
    ]
    others = list(_listeners(store, repository))
    if not own and not others:
        return
    version = repositories.resolve(store, repository, move.new)
    if version is None or _says_skip(store, repository, move):
        return
    changed = _changed_paths(store, repository, move)
    told = repositories.commit(store, repository, version)
    pushed = RefMove(ref=move.ref, old=move.old, new=version)
    message = told.comment.split("\n")[0] if told else ""
    for definition, trigger in [
        *((d, _trigger_of(store, repository, d, version)) for d in own),
        *others,
    ]:
        if trigger and triggers.matches_push(trigger, branch=move.ref, changed_paths=changed):
            is_own = definition.repository_id == repository.repository_id
            yield Start(
                definition=definition, repository=repository, move=pushed, trigger=trigger,
                message=message, tip="" if is_own else trigger_index.tip_of(store, definition),
            )  # fmt: skip


def _listeners(
    store: Store, repository: Repository
) -> Iterator[tuple[PipelineDefinition, Trigger]]:
    """Pipelines of other repositories that a push to this one may start."""
    for definition, known in trigger_index.listening(store):
        if definition.repository_id == repository.repository_id:
            continue
        for one in known.repositories:
            place, _, name = one.name.rpartition("/")
            project = projects.find(store, place) if place else None
            if place and project is None:
                continue
            found = repositories.find(
                store, project_id=project.project_id if project else definition.project_id,
                name_or_id=name,
            )  # fmt: skip
            if found is not None and found.repository_id == repository.repository_id:
                yield definition, one.trigger
                break


def _trigger_of(
    store: Store, repository: Repository, definition: PipelineDefinition, version: str
) -> Trigger | None:
    """The trigger that counts for a push to `version`; None when the commit has no such file."""
    content = repositories.read_file(store, repository, version=version, path=definition.yaml_path)
    if content is None:
        return None
    override = definition.trigger_override
    if override is None:
        found, _ = triggers.triggers_of(content, file=definition.yaml_path)
        return found.push
    if not override.enabled:
        return None
    return triggers.override(
        override.branch_filters, override.path_filters, batch=override.batch_changes
    )


def _changed_paths(store: Store, repository: Repository, move: RefMove) -> Sequence[str]:
    old = move.old
    if move.is_creation:
        base = ["merge-base", move.new, repository.default_branch]
        found = repositories.git(store, repository, base, accept=(0, 1, 128)).decode().strip()
        # the default branch itself, or one without a common past, brings all its files
        is_default = move.ref == repository.default_branch
        old = found if found and not is_default else repositories.ZERO
    return repositories.changed_paths(store, repository, old=old, new=move.new)


def _says_skip(store: Store, repository: Repository, move: RefMove) -> bool:
    """Whether a commit of the push carries one of the words that keep pipelines from starting."""
    others = [
        commit
        for ref, commit in pushes.known_refs(store, repository).items()
        if ref.startswith("refs/heads/")
    ]
    known = repositories.existing(store, repository, others)
    out = repositories.git(
        store, repository,
        ["log", f"--max-count={_NEW_COMMITS}", "--format=%B%x00", move.new, "--not", *known],
    )  # fmt: skip
    messages = out.decode(errors="replace").casefold()
    return any(word in messages for word in _SKIP_WORDS)


def queue(store: Store, start: Start, pusher: Requester) -> Run | None:
    """Queue the run, or let it wait for the one that is under way (`batch: true`)."""
    definition, move = start.definition, start.move
    facts = {
        "ci.sourceBranch": move.ref, "ci.sourceSha": move.new, "ci.message": start.message,
        "ci.triggerRepository": start.repository.repository_id,
    }  # fmt: skip
    if start.trigger.batch and not start.tip:
        if push_batch.must_wait(store, definition, move.ref):
            push_batch.hold(store, definition, move, pusher, facts)
            return None
        return push_batch.queue(store, definition, move.ref, move.new, pusher, facts)
    return runs.queue_run(
        store,
        definition=definition,
        branch=definition.default_branch if start.tip else move.ref,
        version=start.tip or move.new,
        reason="individualCI",
        requested_by=runs.SERVICE,
        requested_for=pusher,
        trigger_info=facts,
    )
