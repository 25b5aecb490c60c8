"""Each job has a folder of its own, whatever it is called and wherever it belongs."""

from pathlib import Path

import pytest

from shipway.base.errors import BadInput
from shipway.base.home import Home
from shipway.compute.job_folders import folder_of


def test_jobs_of_one_name_in_two_workspaces_share_no_folder(tmp_path: Path) -> None:
    home = Home(tmp_path)
    dev, prod = (folder_of(home, f"s/g/{name}", "train") for name in ("dev", "prod"))
    assert dev.root != prod.root
    assert folder_of(home, "S/G/DEV", "train") == dev


def test_long_names_have_folders_that_differ(tmp_path: Path) -> None:
    home = Home(tmp_path)
    one, two = (folder_of(home, "s/g/w", "a" * 254 + end) for end in "xy")
    assert one.root != two.root
    one.root.mkdir(parents=True)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\x00b"])
def test_a_name_that_names_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        folder_of(Home(tmp_path), "s/g/w", name)
