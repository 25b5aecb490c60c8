"""`az ml online-endpoint` and `az ml online-deployment`."""

import argparse
from typing import Any

from azure.ai.ml import load_online_deployment, load_online_endpoint

from shipway.az.command import Command, CommandParser, workspace_arguments
from shipway.az.failure import usage
from shipway.az.workspace_client import change, client_of, overrides, shown


def _file_arguments(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--file", "-f", default="")
    parser.add_argument("--name", "-n", default="")
    parser.add_argument("--set", nargs="+", action="extend", default=[])
    parser.add_argument("--no-wait", action="store_true")
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--web", "-e", action="store_true")


def _refuse_local(arguments: argparse.Namespace) -> None:
    if arguments.local:
        raise usage("--local needs Docker and is not supported: deploy without it, it runs here.")


def _endpoint_create_arguments(parser: CommandParser) -> None:
    _file_arguments(parser)
    parser.add_argument("--auth-mode", default="")


def _endpoint_create(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    _refuse_local(arguments)
    changes = overrides(arguments.set)
    for name in ("name", "auth_mode"):
        if getattr(arguments, name):
            changes.append({name: getattr(arguments, name)})
    endpoint = load_online_endpoint(source=arguments.file or None, params_override=changes)
    poller = client_of(arguments).online_endpoints.begin_create_or_update(endpoint)
    return None if arguments.no_wait else shown(poller.result())


def _endpoint_update_arguments(parser: CommandParser) -> None:
    _file_arguments(parser)
    parser.add_argument("--traffic", "-r", default="")
    parser.add_argument("--mirror-traffic", default="")


def _endpoint_update(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    client = client_of(arguments)
    if arguments.file:
        return _endpoint_create(arguments)
    endpoint = client.online_endpoints.get(arguments.name)
    if arguments.traffic:
        endpoint.traffic = {**(endpoint.traffic or {}), **_shares(arguments.traffic)}
    change(endpoint, arguments.set)
    if arguments.mirror_traffic:
        endpoint.mirror_traffic = _shares(arguments.mirror_traffic)
    poller = client.online_endpoints.begin_create_or_update(endpoint)
    return None if arguments.no_wait else shown(poller.result())


def _shares(text: str) -> dict[str, int]:
    found = {}
    for pair in text.replace(",", " ").split():
        name, equals, share = pair.partition("=")
        if not equals or not share.isdigit():
            raise usage(f"invalid traffic '{pair}': DEPLOYMENT=PERCENT is needed")
        found[name] = int(share)
    return found


def _one(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--name", "-n", required=True)
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--yes", "-y", action="store_true")
    parser.add_argument("--no-wait", action="store_true")


def _endpoint_show(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    _refuse_local(arguments)
    return shown(client_of(arguments).online_endpoints.get(arguments.name))


def _endpoint_list_arguments(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--local", action="store_true")


def _endpoint_list(arguments: argparse.Namespace) -> list[Any]:
    _refuse_local(arguments)
    return [shown(one) for one in client_of(arguments).online_endpoints.list()]


def _endpoint_delete(arguments: argparse.Namespace) -> None:
    poller = client_of(arguments).online_endpoints.begin_delete(name=arguments.name)
    if not arguments.no_wait:
        poller.result()


def _credentials(arguments: argparse.Namespace) -> dict[str, Any]:
    keys = client_of(arguments).online_endpoints.get_keys(arguments.name)
    if hasattr(keys, "primary_key"):
        return {"primaryKey": keys.primary_key, "secondaryKey": keys.secondary_key}
    return {"accessToken": keys.access_token, "expiryTimeUtc": keys.expiry_time_utc}


def _invoke_arguments(parser: CommandParser) -> None:
    _one(parser)
    parser.add_argument("--request-file", "-r", required=True)
    parser.add_argument("--deployment-name", "-d", default=None)


def _invoke(arguments: argparse.Namespace) -> str:
    _refuse_local(arguments)
    return str(
        client_of(arguments).online_endpoints.invoke(
            endpoint_name=arguments.name,
            request_file=arguments.request_file,
            deployment_name=arguments.deployment_name,
        )
    )


def _deployment_create_arguments(parser: CommandParser) -> None:
    _file_arguments(parser)
    parser.add_argument("--endpoint-name", default="")
    parser.add_argument("--all-traffic", action="store_true")
    parser.add_argument("--skip-script-validation", action="store_true")


def _deployment_create(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    _refuse_local(arguments)
    client = client_of(arguments)
    changes = overrides(arguments.set)
    if arguments.name:
        changes.append({"name": arguments.name})
    if arguments.endpoint_name:
        changes.append({"endpoint_name": arguments.endpoint_name})
    deployment = load_online_deployment(source=arguments.file or None, params_override=changes)
    poller = client.online_deployments.begin_create_or_update(
        deployment, skip_script_validation=arguments.skip_script_validation
    )
    if arguments.no_wait and not arguments.all_traffic:
        return None
    made = poller.result()
    if arguments.all_traffic:
        endpoint = client.online_endpoints.get(made.endpoint_name)
        endpoint.traffic = {made.name: 100}
        client.online_endpoints.begin_create_or_update(endpoint).result()
    return shown(made)


def _deployment_update(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    if arguments.file:
        return _deployment_create(arguments)
    _refuse_local(arguments)
    for flag, value in (
        ("--name/-n", arguments.name),
        ("--endpoint-name", arguments.endpoint_name),
    ):
        if not value:
            raise usage(f"the following arguments are required: {flag}")
    operations = client_of(arguments).online_deployments
    deployment = operations.get(arguments.name, arguments.endpoint_name)
    change(deployment, arguments.set)
    poller = operations.begin_create_or_update(deployment, skip_script_validation=True)
    return None if arguments.no_wait else shown(poller.result())


def _deployment_one(parser: CommandParser) -> None:
    _one(parser)
    parser.add_argument("--endpoint-name", "-e", required=True)


def _deployment_show(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    operations = client_of(arguments).online_deployments
    return shown(operations.get(arguments.name, arguments.endpoint_name))


def _deployment_list_arguments(parser: CommandParser) -> None:
    workspace_arguments(parser)
    parser.add_argument("--endpoint-name", "-e", required=True)


def _deployment_list(arguments: argparse.Namespace) -> list[Any]:
    operations = client_of(arguments).online_deployments
    return [shown(one) for one in operations.list(arguments.endpoint_name)]


def _deployment_delete(arguments: argparse.Namespace) -> None:
    operations = client_of(arguments).online_deployments
    poller = operations.begin_delete(name=arguments.name, endpoint_name=arguments.endpoint_name)
    if not arguments.no_wait:
        poller.result()


def _logs_arguments(parser: CommandParser) -> None:
    _deployment_one(parser)
    parser.add_argument("--lines", "-l", type=int, default=50)
    parser.add_argument("--container", "-c", default=None)


def _logs(arguments: argparse.Namespace) -> str:
    return str(
        client_of(arguments).online_deployments.get_logs(
            name=arguments.name,
            endpoint_name=arguments.endpoint_name,
            lines=arguments.lines,
            container_type=arguments.container,
        )
    )


_E, _D = "ml online-endpoint", "ml online-deployment"
COMMANDS = (
    Command(words=f"{_E} create", summary="Create an endpoint.", run=_endpoint_create,
            arguments=_endpoint_create_arguments),
    Command(words=f"{_E} update", summary="Change an endpoint or its traffic.",
            run=_endpoint_update, arguments=_endpoint_update_arguments),
    Command(words=f"{_E} show", summary="Show an endpoint.", run=_endpoint_show, arguments=_one),
    Command(words=f"{_E} list", summary="List endpoints.", run=_endpoint_list,
            arguments=_endpoint_list_arguments),
    Command(words=f"{_E} delete", summary="Delete an endpoint.", run=_endpoint_delete,
            arguments=_one),
    Command(words=f"{_E} get-credentials", summary="Keys or a token of an endpoint.",
            run=_credentials, arguments=_one),
    Command(words=f"{_E} invoke", summary="Score a request.", run=_invoke,
            arguments=_invoke_arguments),
    Command(words=f"{_D} create", summary="Create a deployment.", run=_deployment_create,
            arguments=_deployment_create_arguments),
    Command(words=f"{_D} update", summary="Change a deployment.", run=_deployment_update,
            arguments=_deployment_create_arguments),
    Command(words=f"{_D} show", summary="Show a deployment.", run=_deployment_show,
            arguments=_deployment_one),
    Command(words=f"{_D} list", summary="List deployments.", run=_deployment_list,
            arguments=_deployment_list_arguments),
    Command(words=f"{_D} delete", summary="Delete a deployment.", run=_deployment_delete,
            arguments=_deployment_one),
    Command(words=f"{_D} get-logs", summary="What a deployment printed.", run=_logs,
            arguments=_logs_arguments),
)  # fmt: skip
