"""`azuredevops_check_rest_api`: a service decides whether a stage may use the resource."""

from collections.abc import Iterable
from typing import Any

from shipway.terraform.resource import Problem, Values
from shipway.terraform.resources.azuredevops import check_approval, checks
from shipway.terraform.resources.azuredevops.attributes import number, text

_TASK = "9c3e8943-130d-4c78-ac63-8af81df62dfb"
_CALLBACK, _ANSWER = "Callback", "ApiResponse"
_SELECTOR = "connectedServiceNameSelector"
# attribute and the input of the task that it is
_INPUTS = (("headers", "headers"), ("body", "body"), ("url_suffix", "urlSuffix"))
_MOST_TRIES = 10


def expand(values: Values) -> dict[str, Any]:
    """The settings as the service has them."""
    selector = text(values, "connected_service_name_selector")
    waits = text(values, "completion_event") != _ANSWER
    inputs = {
        _SELECTOR: selector, selector: text(values, "connected_service_name"),
        "method": text(values, "method"), "waitForCompletion": checks.as_words(waits),
    }  # fmt: skip
    given = _INPUTS if waits else (*_INPUTS, ("success_criteria", "successCriteria"))
    inputs |= {name: text(values, own) for own, name in given if text(values, own)}
    settings = checks.of_task(_TASK, "InvokeRESTAPI", inputs, text(values, "display_name"))
    settings["definitionRef"]["version"] = "1.220.0"
    if number(values, "retry_interval"):
        settings["retryInterval"] = number(values, "retry_interval")
    if text(values, "variable_group_name"):
        settings["linkedVariableGroup"] = text(values, "variable_group_name")
    return settings


def flatten(settings: dict[str, Any]) -> Values:
    """The attributes that settings say."""
    inputs = settings.get("inputs") or {}
    selector = inputs.get(_SELECTOR)
    waits = str(inputs.get("waitForCompletion", "true")).lower() == "true"
    names = (*_INPUTS, ("success_criteria", "successCriteria"), ("method", "method"))
    return {
        "display_name": settings.get("displayName"),
        "connected_service_name_selector": selector,
        "connected_service_name": inputs.get(selector),
        "completion_event": _CALLBACK if waits else _ANSWER,
        "retry_interval": settings.get("retryInterval"),
        "variable_group_name": settings.get("linkedVariableGroup"),
        **{own: inputs.get(name) for own, name in names},
    }


def problems(config: Values) -> Iterable[Problem]:
    """The timeout fits, and a service is asked ten times at most."""
    yield from check_approval.timeout(config)
    interval, timeout = config.get("retry_interval"), config.get("timeout")
    if not isinstance(interval, int | float) or interval == 0:
        return
    event = config.get("completion_event")
    if event in (None, _CALLBACK):
        yield Problem(
            "retry_interval",
            f"Does not need to set `retry_interval` when `completion_event={_CALLBACK}`.",
        )
    minutes = timeout if isinstance(timeout, int | float) else 1440 if timeout is None else 0
    if minutes // _MOST_TRIES > interval:
        yield Problem(
            "retry_interval",
            f"We require you enter a value of 0 or at least {int(minutes // _MOST_TRIES)}, to keep "
            "the number of retries below 10.",
        )


RESOURCE = checks.resource(
    "azuredevops_check_rest_api",
    checks.CheckKind(type_id=checks.TASK_CHECK, task=_TASK, expand=expand, flatten=flatten),
    problems,
)
