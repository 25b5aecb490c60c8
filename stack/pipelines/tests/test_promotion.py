from __future__ import annotations

from pathlib import Path

import pytest

import arm
import collect_result
import promotion_rules
import release_rules

SOURCE = "/subscriptions/s/resourceGroups/rg/providers/p/workspaces/dev/models/m/versions/3"


def model(version: str = "3", **tags: str) -> arm.ModelVersion:
    return arm.ModelVersion("flight-delay", version, {"gate": "passed", **tags}, {})


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    (folder / "data" / "weights").write_bytes(b"w")
    return folder


def test_the_same_files_have_the_same_digest_and_any_change_another(files: Path) -> None:
    before = promotion_rules.digest_of(files)
    assert promotion_rules.digest_of(files) == before
    (files / "data" / "weights").rename(files / "data" / "other")
    renamed = promotion_rules.digest_of(files)
    (files / "data" / "other").write_bytes(b"x")
    assert len({before, renamed, promotion_rules.digest_of(files)}) == 3


def test_a_copy_says_where_it_comes_from_and_carries_no_decision() -> None:
    approved = model(
        job="j",
        commit="c",
        run="12",
        approval="approved",
        approval_by="Avery",
        approval_run="12",
        deployed_to="flight-delay-dev",
        promoted_from="elsewhere",
    )
    tags = promotion_rules.tags_of(approved, source=SOURCE, digest="d", evaluation="promotions/m/3")
    assert tags == {
        "gate": "passed",
        "job": "j",
        "commit": "c",
        "run": "12",
        "promoted_from": SOURCE,
        "promoted_digest": "d",
        "promoted_approval": "Avery",
        "promoted_run": "12",
        "evaluation": "promotions/m/3",
    }


def test_a_second_promotion_finds_the_first() -> None:
    copy = model(promoted_from=SOURCE, promoted_digest="d")
    assert promotion_rules.earlier([model("1"), copy], SOURCE, "d") is copy
    assert promotion_rules.earlier([model("1")], SOURCE, "d") is None
    with pytest.raises(release_rules.Refused, match="other content"):
        promotion_rules.earlier([copy], SOURCE, "e")


@pytest.mark.parametrize(
    ("taken", "version"), [([], "3"), (["1", "2"], "3"), (["3"], "4"), (["3", "9", "beta"], "10")]
)
def test_a_copy_keeps_its_number_where_it_is_free(taken: list[str], version: str) -> None:
    assert promotion_rules.free_version([model(one) for one in taken], "3") == version


def test_only_an_approved_version_is_promoted() -> None:
    release_rules.check_approval(model(approval="approved", approval_by="Avery"), None)
    with pytest.raises(release_rules.Refused, match="no approval"):
        release_rules.check_approval(model(), None)


def test_the_job_of_a_copy_has_stayed_where_it_ran() -> None:
    assert collect_result.promoted_job(model(promoted_from=SOURCE)) == {"status": "Completed"}
    assert collect_result.promoted_job(model()) is None
    assert collect_result.promoted_job(None) is None
