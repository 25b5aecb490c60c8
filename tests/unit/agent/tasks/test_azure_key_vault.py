"""AzureKeyVault: which secrets of a vault are taken, and how their values become variables."""

from typing import Any

import pytest
from tests.unit.agent.tasks import steps

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import azure_key_vault
from shipway.base.errors import BadInput

NOW = 1_000.0


def secret(name: str, **attributes: Any) -> dict[str, Any]:
    return {"id": f"https://keys.vault.azure.net/secrets/{name}", "attributes": attributes}


def test_disabled_and_expired_secrets_are_left_out() -> None:
    listing = [
        secret("on", enabled=True), secret("off", enabled=False),
        secret("old", enabled=True, exp=999), secret("fresh", enabled=True, exp=1001),
    ]  # fmt: skip
    assert azure_key_vault.usable(listing, now=NOW) == ["on", "fresh"]


@pytest.mark.parametrize(
    ("value", "flat"),
    [
        ('{\n "a": [1, "ü"]\n}', '{"a":[1,"ü"]}'),
        ("-----BEGIN\nkey", "-----BEGIN\nkey"),
        ('"text\n', '"text\n'),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_json_of_several_lines_becomes_one(value: str, flat: str) -> None:
    assert azure_key_vault.single_line(value) == flat


def test_each_phase_leaves_the_other_its_work(job: JobContext) -> None:
    task = azure_key_vault.AZURE_KEY_VAULT_2
    assert task.before_job is not None
    step = steps.FakeStep(job, task, {"RunAsPreJob": "true"})
    assert task.run(step) == "succeeded"
    later = steps.FakeStep(job, task, {"RunAsPreJob": "false"})
    assert task.before_job(later) == "succeeded"
    for phase, given in ((task.before_job, step), (task.run, later)):
        with pytest.raises(BadInput, match="Input required: KeyVaultName"):
            azure_key_vault.Vault(given)
        assert phase(given) == "failed"
        assert given.errors == ["Get secrets failed. Error: Input required: KeyVaultName."]


def test_a_name_that_no_vault_has_is_refused(job: JobContext) -> None:
    step = steps.FakeStep(job, azure_key_vault.AZURE_KEY_VAULT_1, {"KeyVaultName": "a.b"})
    with pytest.raises(BadInput, match=r"a\.b is an invalid KeyVault name\."):
        azure_key_vault.Vault(step)
