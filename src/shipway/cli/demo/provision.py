"""The first act: a team's resources, by Terraform where it is, else by the seeding command."""

import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.demo.terraform import Terraform
from shipway.cli.scaffold import generate
from shipway.cli.seeding import azure_side, both_sides, flights, settings
from shipway.client.azure import AzureClient
from shipway.client.session import Session

_STEP_SECONDS = 2
_APPROVERS = ("avery", "dana")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What the other acts need of it; `terraform` None: the seeding command made it."""

    url: str
    workspace_id: str
    endpoint: str
    model: str
    terraform: Terraform | None = None


def by_seeding(home: Home, *, months: str, webhook: str) -> Provisioned:
    """Dev and prod, by the same REST calls that Terraform would make."""
    made = both_sides.seed(
        home, stack=generate.stack_folder(), project_name=both_sides.PROJECT, months=months,
        webhook=webhook, step_seconds=_STEP_SECONDS, say=output.step,
    )  # fmt: skip
    dev = made["environments"]["dev"]  # type: ignore[index]  # a dict of dicts
    return Provisioned(
        url=str(made["url"]), workspace_id=dev["workspace_id"], endpoint=dev["endpoint"],
        model=dev["model"],
    )  # fmt: skip


def by_terraform(home: Home, folder: Path, *, months: str, webhook: str) -> Provisioned:
    """Dev, from the clone's `infra/`; the flights are made ready meanwhile."""
    data = _Later(lambda: flights.make(generate.stack_folder(), home.root / "seed-data", months))
    tf = Terraform(home=home, stack=folder)
    people = {one["name"]: one["principal_name"] for one in Session(home).get("/users")}
    tf.set_values({
        "approvers": [people[name] for name in _APPROVERS], "approver_group": "",
        "step_seconds": _STEP_SECONDS, "notify_webhook": webhook,
    })  # fmt: skip
    output.step(f"{folder.name}/environments/dev.tfvars: who approves, who is notified")
    output.step("$ terraform init: an account for the states, three providers from this machine")
    tf.prepare()
    output.step(f"$ terraform plan {tf.variables}")
    planned = tf.plan()
    output.step(planned)
    with _Progress() as progress:
        applied = tf.apply(planned, progress.tell)
    output.step(applied)
    told = tf.outputs()
    dev = settings.of_stack(folder, "dev")
    with closing(AzureClient(home)) as client:
        side = azure_side.of_workspace(client, str(told["workspace_id"]))
        count = azure_side.upload(client, side, data.result())
    output.step(f"{count} files of flights, months {months}")
    return Provisioned(
        url=str(told["repository_url"]), workspace_id=side.workspace_id,
        endpoint=dev.get("endpoint_name"), model=dev.get("model_name"), terraform=tf,
    )  # fmt: skip


def destroy(home: Home, folder: Path) -> str:
    """Take down what Terraform made; Terraform's last line. The server goes on."""
    if not (folder / "infra" / ".terraform").is_dir():
        raise ShipwayError(
            "this demo was not made by Terraform", where=str(folder), code="NothingToDestroy",
            status=404, hint="`shipway down` stops its server; then its folder can be removed.",
        )  # fmt: skip
    with _Progress() as progress:
        return Terraform(home=home, stack=folder).destroy(progress.tell)


class _Progress:
    """One line that changes in place in a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()

    def __enter__(self) -> "_Progress":
        return self

    def tell(self, text: str) -> None:
        """Show it instead of what was shown before."""
        if self._is_terminal:
            print(f"\r\033[K    {output.paint(text[:90], 'grey')}", end="", flush=True)

    def __exit__(self, *_: object) -> None:
        if self._is_terminal:
            print("\r\033[K", end="", flush=True)


class _Later:
    """Something that is made in a thread while others wait for the network and for disks."""

    def __init__(self, make: Callable[[], Path]) -> None:
        self._make = make
        self._found: Path | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self) -> Path:
        """What was made. Raises what went wrong."""
        self._thread.join()
        if self._error is not None or self._found is None:
            raise self._error or RuntimeError("nothing was made")
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._make()
        except BaseException as error:  # raised where the result is asked for
            self._error = error
