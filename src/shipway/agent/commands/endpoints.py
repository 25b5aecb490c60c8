"""task.setendpoint: what the steps after this one see of a service connection.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#setendpoint-modify-a-service-connection-field
"""

import uuid
from urllib.parse import urlsplit

from shipway.agent.commands.target import CommandFailed, CommandTarget, missing
from shipway.agent.logging_commands import LoggingCommand
from shipway.devops import service_connections

_FIELDS = ("url", "dataparameter", "authparameter")


def set_endpoint(step: CommandTarget, command: LoggingCommand) -> None:
    """Change a connection for the rest of this job."""
    value, field = command.data, command.get("field").lower()
    if not value:
        raise missing("Enter a valid value for setendpoint.")
    if not field:
        raise _lacks("field")
    if field == "authparameter":  # before anything else is looked at, so that nothing shows it
        step.job.masker.add(value)
    connection_id = _known(step, command)
    if not connection_id:
        return
    if field == "url":
        if not urlsplit(value).scheme or not urlsplit(value).netloc:
            raise missing("Invalid endpoint Url.")
        step.job.endpoint_changes[connection_id, "url", ""] = value
        return
    key = command.get("key")
    if not key:
        raise _lacks("key")
    if field not in _FIELDS:
        raise CommandFailed(
            "Invalid endpoint field. Valid values are url, dataParameter and authParameter"
        )
    step.job.endpoint_changes[connection_id, field, key.lower()] = value


def _known(step: CommandTarget, command: LoggingCommand) -> str:
    """The id of a connection that the pipeline may use; empty for the system's own, with a warning.

    Raises `CommandFailed` for any other.
    """
    text = command.get("id")
    if not text:
        raise _lacks("id")
    try:
        wanted = uuid.UUID(text)
    except ValueError:
        raise missing("Invalid endpoint id.") from None
    if not wanted.int:
        step.warning(
            "Modification of system endpoint 'SystemVssConnection' is not allowed via setendpoint "
            "command."
        )
        return ""
    run, store = step.job.run, step.job.store
    found = service_connections.find(store, project_id=run.project_id, name_or_id=str(wanted))
    if found is None or not service_connections.is_authorized(
        store, connection=found, definition_id=run.definition_id
    ):
        raise missing(
            f"Service connection with id '{wanted}' is not declared in the pipeline job and "
            "therefore can't be referenced in task.setendpoint commands."
        )
    return str(wanted)


def _lacks(name: str) -> CommandFailed:
    return missing(f"Required field '{name}' is missing in ##vso[task.setendpoint] command.")
