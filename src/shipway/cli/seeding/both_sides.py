"""Everything that the stack needs, dev and prod: the Azure half and the Azure DevOps half."""

from pathlib import Path

from shipway.base.home import Home
from shipway.cli.seeding import azure_side, devops_side, flights, settings
from shipway.client.azure import AzureClient
from shipway.client.session import Session

ENVIRONMENTS = ("dev", "prod")
PROJECT = "flights"


def seed(
    home: Home,
    *,
    stack: Path,
    project_name: str,
    months: str,
    webhook: str,
    step_seconds: int | None,
    say: azure_side.Say,
) -> dict[str, object]:
    """Make the resources of every environment; what was made, by name."""
    client = AzureClient(home)
    people = {user["name"]: user["object_id"] for user in Session(home).get("/users")}
    data = flights.make(stack, home.root / "seed-data", months)
    found = {name: settings.of_stack(stack, name) for name in ENVIRONMENTS}
    sides = {}
    for name, one in found.items():
        sides[name] = azure_side.make(client, one, say)
        count = azure_side.upload(client, sides[name], data)
        say(f"{count} files of flights, months {months}")
    project = devops_side.make_project(client, project_name, say)
    for name, one in found.items():
        devops_side.make_environment(
            client,
            project,
            one,
            sides[name],
            approvers=[people["avery"], people["dana"]],
            webhook=webhook,
            step_seconds=step_seconds,
            say=say,
        )
    return {
        "project": project_name,
        "repository": devops_side.REPOSITORY,
        "url": f"https://dev.azure.com/shipway/{project_name}/_git/{devops_side.REPOSITORY}",
        "environments": {
            name: {
                "resource_group": one.resource_group,
                "workspace": one.workspace,
                "endpoint": one.get("endpoint_name"),
                "model": one.get("model_name"),
                "branch": one.get("deploy_branch"),
                "workspace_id": sides[name].workspace_id,
            }
            for name, one in found.items()
        },
    }
