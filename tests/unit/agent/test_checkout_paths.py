"""Where sources lie, for one checkout and for several."""

import json
from pathlib import Path

import pytest

from shipway.agent import checkout_paths
from shipway.agent.directories import JobDirectories
from shipway.azpipelines.plan import StepPlan, TaskReference
from shipway.base.errors import BadInput
from shipway.devops import checkout_sources

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors"
FOLDERS = JobDirectories(root=Path("/job"))
NAMES = {"self": "App", "tools": "ml/Tools"}


def checkout(alias: str = "self", **inputs: str) -> StepPlan:
    return StepPlan(
        ref_name="c", display_name="Checkout", shorthand="checkout",
        task=TaskReference(name="x", version="1"), inputs={"repository": alias, **inputs},
    )  # fmt: skip


def at_start(*steps: StepPlan) -> list[str]:
    found = checkout_paths.at_start(steps, names=NAMES, directories=FOLDERS)
    names = ("Build.Repository.LocalPath", "Build.SourcesDirectory")
    values = [found[name] for name in (*names, "System.DefaultWorkingDirectory")]
    return [value.removeprefix("/job/work/") for value in values]


def test_a_lone_checkout_has_the_sources_whatever_its_path_before_it_runs() -> None:
    assert at_start(checkout()) == ["s", "s", "s"]
    assert at_start(checkout(path="s/elsewhere")) == ["s", "s", "s"]
    assert at_start(checkout("none"), checkout("tools")) == ["s", "s", "s"]


def test_scripts_begin_in_the_checkout_that_is_the_workspace() -> None:
    assert at_start(checkout(), checkout("tools", workspaceRepo="true")) == ["s", "s", "s/Tools"]
    assert at_start(checkout(path="s/x"), checkout("tools")) == ["s/App", "s", "s"]


@pytest.mark.parametrize(
    ("path", "several", "folder"),
    [
        ("", False, "s"),
        ("", True, "s/Tools"),
        ("s/x", False, "s/x"),
        ("x", True, "x"),
        ("s/../y/", True, "y"),
    ],
)
def test_where_a_checkout_goes(path: str, several: bool, folder: str) -> None:
    found = checkout_paths.folder_of(path, "ml/Tools", several=several, directories=FOLDERS)
    assert found == FOLDERS.workspace / folder


@pytest.mark.parametrize("path", ["..", "../elsewhere", "/tmp", "."])
def test_a_checkout_stays_in_the_workspace(path: str) -> None:
    with pytest.raises(BadInput, match="should resolve to a directory under"):
        checkout_paths.folder_of(path, "App", several=False, directories=FOLDERS)


def test_the_primary_checkout_says_how_it_is_done() -> None:
    plain = checkout_paths.of_primary([checkout(), checkout("tools", clean="true")])
    assert set(plain.values()) == {"False"}
    asked = checkout_paths.of_primary([checkout("tools", clean="true", submodules="recursive")])
    assert set(asked.values()) == {"True"}


def after(path: str, *, is_self: bool, several: bool, is_workspace: bool = False) -> set[str]:
    folder = checkout_paths.folder_of(path, "App", several=several, directories=FOLDERS)
    found = checkout_paths.after_checkout(
        folder, "App", is_self=is_self, several=several, is_workspace=is_workspace,
        directories=FOLDERS,
    )  # fmt: skip
    assert set(found.values()) <= {str(folder)}
    return set(found)


def test_a_path_moves_the_variables_that_follow_it() -> None:
    every = {
        "Build.SourcesDirectory", "Build.Repository.LocalPath", "System.DefaultWorkingDirectory"
    }  # fmt: skip
    assert after("x", is_self=True, several=False) == every
    assert after("x", is_self=True, several=True) == {"Build.Repository.LocalPath"}
    assert after("x", is_self=False, several=True) == set()
    assert after("", is_self=True, several=True) == set()
    moved = after("x", is_self=False, several=True, is_workspace=True)
    assert moved == {"System.DefaultWorkingDirectory"}


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the shared vectors are not beside the checkout")
def test_the_agents_own_cases() -> None:
    names = json.loads((VECTORS / "repository_util.json").read_text())["vectors"]
    for one in (v for v in names if v["fn"] == "clone_directory"):
        assert checkout_sources.clone_directory(one["input"]) == one["expected"], one
    for one in json.loads((VECTORS / "checkout_paths.json").read_text())["vectors"]:
        inputs = {"path": one["path"]} if one["path"] else {}
        inputs |= {"workspaceRepo": "true"} if one.get("workspaceRepo") else {}
        steps = [checkout(**inputs), *([checkout("tools")] if one["multi"] else [])]
        found = checkout_paths.at_start(steps, names=NAMES, directories=FOLDERS)
        for name, value in found.items():
            assert value.replace("/job/work", "1") == one[name], (one, name)
