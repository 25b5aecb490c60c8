"""The page of Terraform's types says what the tables of azurerm say."""

from pathlib import Path

from tools import terraform_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "terraform-types.md"


def _of_azurerm(text: str) -> str:
    """Its lists of types, and what is refused and kept."""
    types = text.partition("## azurerm")[2].partition("## azuread")[0]
    return types + text.partition("## What azurerm refuses")[2]


def test_the_page_is_current() -> None:
    wanted = terraform_page.page()
    assert _of_azurerm(PAGE.read_text()) == _of_azurerm(wanted), terraform_page.COMMAND


def test_refusals_stand_with_their_reason() -> None:
    lines = terraform_page.page().splitlines()
    assert (
        '| `storage_blob` | `type` but `"Block"` | Append and page blobs are not served. |' in lines
    )
    assert any(line.startswith("| `monitor_action_group` | `email_receiver` |") for line in lines)
