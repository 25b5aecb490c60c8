"""The page of Terraform's types says what the tables of the providers say."""

from pathlib import Path

from tools import terraform_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "terraform-types.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == terraform_page.page(), terraform_page.COMMAND


def test_refusals_stand_with_their_reason() -> None:
    lines = terraform_page.page().splitlines()
    assert (
        '| `storage_blob` | `type` but `"Block"` | Append and page blobs are not served. |' in lines
    )
    assert any(line.startswith("| `monitor_action_group` | `email_receiver` |") for line in lines)
