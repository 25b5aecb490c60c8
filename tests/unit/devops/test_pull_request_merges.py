"""Merges in the bare repository: both ways of git, and what each strategy leaves."""

from collections.abc import Callable, Iterator

import pytest
from tests.devops_door import commit, git, new_store

from shipway.base.errors import Conflict
from shipway.devops import projects, pull_request_merges, repositories
from shipway.devops.pull_request_merges import MergedTree
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester
from shipway.store.store import Store

pytestmark = pytest.mark.git
DANA = Requester(object_id="1", name="dana")
Merge = Callable[..., MergedTree]
WAYS = [pull_request_merges.merge_trees, pull_request_merges.merge_by_index]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = new_store(tmp_path_factory.mktemp("merges"))
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def branches(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Repository, dict[str, str]]:
    """`main` and branches beside it, with the commit of each."""
    project = projects.create(store, name="p")
    repository = repositories.create(store, project_id=project.project_id, name="r")
    folder = tmp_path_factory.mktemp("clone")
    git("init", "-q", "-b", "base", cwd=folder)
    commit(folder, "a.txt", "one\ntwo\nthree\nfour\nfive\nsix\n")
    found = {"base": commit(folder, "gone.txt", "gone")}
    changes = {
        "main": ("a.txt", "ONE\ntwo\nthree\nfour\nfive\nsix\n"),
        "clean": ("a.txt", "one\ntwo\nthree\nfour\nfive\nSIX\n"),
        "clash": ("a.txt", "uno\ntwo\nthree\nfour\nfive\nsix\n"),
        "added": ("deep/b.txt", "b"),
    }
    for branch, (name, content) in changes.items():
        git("checkout", "-q", "-b", branch, "base", cwd=folder)
        found[branch] = commit(folder, name, content, f"on {branch}")
    git("checkout", "-q", "-b", "removed", "base", cwd=folder)
    git("rm", "-q", "gone.txt", cwd=folder)
    git("commit", "-qm", "on removed", cwd=folder)
    found["removed"] = git("rev-parse", "HEAD", cwd=folder).strip()
    git("checkout", "-q", "--orphan", "alone", cwd=folder)
    git("commit", "-qm", "alone", cwd=folder)
    found["alone"] = git("rev-parse", "HEAD", cwd=folder).strip()
    git("push", "-q", str(repositories.path_of(store, repository)), "--all", cwd=folder)
    return repository, found


def files(store: Store, repository: Repository, tree: str) -> dict[str, str]:
    names = repositories.git(store, repository, ["ls-tree", "-r", "--name-only", tree])
    return {
        name: repositories.git(store, repository, ["cat-file", "blob", f"{tree}:{name}"]).decode()
        for name in names.decode().split()
    }


@pytest.mark.parametrize("merge", WAYS)
def test_changes_of_both_sides_come_together(
    store: Store, branches: tuple[Repository, dict[str, str]], merge: Merge
) -> None:
    repository, at = branches
    for source, expected in (
        ("clean", {"a.txt": "ONE\ntwo\nthree\nfour\nfive\nSIX\n", "gone.txt": "gone"}),
        ("added", {"a.txt": "ONE\ntwo\nthree\nfour\nfive\nsix\n", "gone.txt": "gone",
                   "deep/b.txt": "b"}),
        ("removed", {"a.txt": "ONE\ntwo\nthree\nfour\nfive\nsix\n"}),
    ):  # fmt: skip
        merged = merge(store, repository, target=at["main"], source=at[source])
        assert (merged.conflicts, merged.failure) == ((), "")
        assert files(store, repository, merged.tree) == expected


@pytest.mark.parametrize("merge", WAYS)
def test_conflicts_are_named_and_other_pasts_refused(
    store: Store, branches: tuple[Repository, dict[str, str]], merge: Merge
) -> None:
    repository, at = branches
    clash = merge(store, repository, target=at["main"], source=at["clash"])
    assert (clash.tree, clash.conflicts) == ("", ("a.txt",))
    alone = merge(store, repository, target=at["main"], source=at["alone"])
    assert (alone.tree, alone.conflicts) == ("", ())
    assert "unrelated histories" in alone.failure
    assert not list(store.home.temporary.iterdir())


def test_a_rebase_leaves_out_what_the_target_has_and_names_conflicts(
    store: Store, branches: tuple[Repository, dict[str, str]]
) -> None:
    repository, at = branches

    def rebased(target: str, source: str) -> str:
        return pull_request_merges.make(
            store, repository, "rebase", target=target, source=source, message="m", by=DANA,
            author=DANA,
        )  # fmt: skip

    tip = rebased(at["main"], at["clean"])
    made = repositories.commit(store, repository, tip)
    assert made is not None
    assert (made.parents, made.comment, made.author_name, made.committer_name) == (
        (at["main"],), "on clean", "Dana", "dana",
    )  # fmt: skip
    assert rebased(tip, at["clean"]) == tip, "it has all of it"
    with pytest.raises(Conflict, match=r"a\.txt"):
        rebased(at["main"], at["clash"])


def test_the_paths_of_a_branch_are_counted_from_where_it_left(
    store: Store, branches: tuple[Repository, dict[str, str]]
) -> None:
    repository, at = branches
    paths = pull_request_merges.changed_paths(
        store, repository, target=at["main"], source=at["added"]
    )
    assert paths == ("deep/b.txt",)
    assert pull_request_merges.changed_paths(
        store, repository, target=at["main"], source=at["alone"]
    ) == ()  # fmt: skip
