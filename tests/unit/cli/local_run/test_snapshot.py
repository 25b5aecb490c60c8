"""A working tree as a commit, with git itself."""

import subprocess
from pathlib import Path

import pytest

from shipway.base.errors import BadInput
from shipway.cli.local_run import snapshot
from shipway.cli.local_run.snapshot import SnapshotFailed


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Dana", "-c", "user.email=dana@shipway.local")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone with one commit, a file that is ignored and an `origin`."""
    root = tmp_path / "flights"
    root.mkdir()
    git(root, "init", "-q", "-b", "feature/a")
    (root / "kept.txt").write_text("one")
    (root / ".gitignore").write_text("*.log\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "First words")
    (root / "noise.log").write_text("ignored")
    git(root, "remote", "add", "upstream", "https://example.com/other.git")
    git(root, "remote", "add", "origin", "https://example.com/team/delays.git")
    return root


def files(taken: snapshot.Snapshot) -> dict[str, str]:
    listed = git(taken.repository, "ls-tree", "-r", "--name-only", taken.version).split()
    return {name: git(taken.repository, "show", f"{taken.version}:{name}") for name in listed}


def test_an_unchanged_tree_is_its_own_commit(tree: Path, tmp_path: Path) -> None:
    taken = snapshot.take(tree, tmp_path / "copy")
    assert taken.version == taken.head == git(tree, "rev-parse", "HEAD")
    assert (taken.changed, taken.branch) == (0, "refs/heads/feature/a")
    assert taken.to_wire()["name"] == "delays"
    assert taken.remotes[0] == "https://example.com/team/delays.git"


def test_changes_and_new_files_are_in_it_and_ignored_ones_are_not(
    tree: Path, tmp_path: Path
) -> None:
    (tree / "kept.txt").write_text("two")
    (tree / "new.txt").write_text("new")
    before = git(tree, "status", "--porcelain"), git(tree, "count-objects")
    taken = snapshot.take(tree, tmp_path / "copy", branch="refs/heads/main")
    assert files(taken) == {".gitignore": "*.log", "kept.txt": "two", "new.txt": "new"}
    assert (taken.changed, taken.branch) == (2, "refs/heads/main")
    assert git(taken.repository, "rev-parse", f"{taken.version}^") == taken.head
    assert git(taken.repository, "log", "-1", "--format=%s", taken.version).startswith("First")
    # nothing of it is left in the user's repository
    assert (git(tree, "status", "--porcelain"), git(tree, "count-objects")) == before


def test_a_file_that_is_asked_for_is_there_although_git_ignores_it(
    tree: Path, tmp_path: Path
) -> None:
    taken = snapshot.take(tree, tmp_path / "copy", always=["noise.log"])
    assert files(taken)["noise.log"] == "ignored"


def test_a_shallow_clone_can_be_taken_and_fetched(tree: Path, tmp_path: Path) -> None:
    git(tree, "commit", "-q", "--allow-empty", "-m", "Second")
    clone = tmp_path / "a clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tree}", str(clone))
    (clone / "new.txt").write_text("new")
    taken = snapshot.take(clone, tmp_path / "copy")
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", "--bare", str(other))
    git(
        other, "fetch", "-q", "--update-shallow", str(taken.repository), f"{taken.version}:refs/x/y"
    )
    assert git(other, "show", "refs/x/y:new.txt") == "new"


def test_a_deleted_file_is_gone(tree: Path, tmp_path: Path) -> None:
    (tree / "kept.txt").unlink()
    assert files(snapshot.take(tree, tmp_path / "copy")) == {".gitignore": "*.log"}


def test_the_commit_can_be_fetched_with_what_leads_to_it(tree: Path, tmp_path: Path) -> None:
    (tree / "new.txt").write_text("new")
    taken = snapshot.take(tree, tmp_path / "copy")
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", "--bare", str(other))
    git(other, "fetch", "-q", str(taken.repository), f"{taken.version}:refs/local/x")
    assert git(other, "rev-list", "--count", "refs/local/x") == "2"


def test_a_repository_without_a_commit_and_a_folder_without_git(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.yml").write_text("steps: []")
    plain = snapshot.take(folder, tmp_path / "copy")
    assert files(plain) == {"a.yml": "steps: []"}
    assert (plain.head, plain.changed, plain.branch) == ("", 1, "refs/heads/main")
    git(folder, "init", "-q", "-b", "main")
    assert files(snapshot.take(folder, tmp_path / "again")) == {"a.yml": "steps: []"}


def test_a_hooks_variables_do_not_lead_elsewhere(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    taken = snapshot.take(tree, tmp_path / "copy")
    assert taken.version == taken.head


def test_what_git_cannot_do_is_told_with_its_words(tree: Path, tmp_path: Path) -> None:
    (tree / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(SnapshotFailed, match="not a git repository"):
        snapshot.take(tree, tmp_path / "copy")


def test_a_large_folder_without_git_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_MOST_FILES", 2)
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("x")
    with pytest.raises(BadInput, match="more than 2 files"):
        snapshot.take(tmp_path, tmp_path.parent / "copy")
