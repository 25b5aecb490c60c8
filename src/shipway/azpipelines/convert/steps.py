"""Steps and their shorthands, desugared as the service does it."""

import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace
from typing import cast

from shipway.azpipelines import limits
from shipway.azpipelines.context import Feature
from shipway.azpipelines.convert import task_references
from shipway.azpipelines.convert.forms import FORMS
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.diagnostics import Position, did_you_mean
from shipway.azpipelines.plan import (
    CHECKOUT_TASK,
    DOWNLOAD_TASK,
    PUBLISH_TASK,
    Shorthand,
    StepPlan,
    StepTarget,
    TaskReference,
)
from shipway.azpipelines.tokens import Mapping, Scalar, Token, is_empty

_COMMON = (
    "condition",
    "continueOnError",
    "displayName",
    "target",
    "enabled",
    "env",
    "name",
    "timeoutInMinutes",
    "retryCountOnTaskFailure",
)
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_INTERNAL: MappingOf[str, Shorthand] = {
    CHECKOUT_TASK: "checkout",
    PUBLISH_TASK: "publish",
    DOWNLOAD_TASK: "download",
}
"""Tasks that are written by their id where a pipeline is expanded already."""
# names of some extensions' tasks have blanks in them
_TASK = re.compile(r"^(?P<name>[^@\s](?:[^@\r\n]*[^@\s])?)@(?P<version>[0-9]+(?:\.[0-9]+){0,2})$")


_REFUSED: MappingOf[str, Feature] = {
    "downloadBuild": "downloadBuild",
    "getPackage": "getPackage",
    "reviewApp": "reviewApp",
}
_KINDS = ("task", *FORMS, "template")


@dataclass(slots=True)
class _Names:
    """Names of the steps of one job: given ones are unique, the others are numbered."""

    setting: Setting
    job_name: str
    taken: set[str] = field(default_factory=set)
    _last: dict[str, int] = field(default_factory=dict)

    def given(self, token: Token | None) -> str | None:
        name = self.setting.reader.text(token)
        if token is None or not name:
            return None
        if not _NAME.match(name) or len(name) > limits.MAX_NAME_LENGTH:
            self.setting.problems.error(
                "invalid-name",
                f"Job {self.job_name}: Step {name} has an invalid name. Valid names may only "
                "contain alphanumeric characters and '_' and may not start with a number.",
                token.position,
                shown="message",
            )
        elif name.lower() in self.taken:
            self.setting.problems.error(
                "duplicate-name",
                f"Job {self.job_name}: The step name {name} appears more than once. Step names "
                "must be unique within a job.",
                token.position,
                shown="message",
            )
        self.taken.add(name.lower())
        return name

    def numbered(self, title: str) -> str:
        base = re.sub(r"[^A-Za-z0-9_]", "_", title.rpartition(".")[2]) or "Step"
        number = self._last.get(base, -1) + 1
        name = f"{base}{number}" if number else base
        while name.lower() in self.taken:
            number += 1
            name = f"{base}{number}"
        self._last[base] = number
        self.taken.add(name.lower())
        return name


def convert(
    token: Token | None, setting: Setting, *, job_name: str, implicit: StepPlan | None = None
) -> tuple[StepPlan, ...]:
    """The steps of one job or hook.

    `implicit` stands first unless a step of its shorthand is written; `checkout: none` and
    `download: none` take it away and leave no step.
    """
    names = _Names(setting, job_name)
    found = (_step(item, setting, names, job_name) for item in setting.reader.items(token))
    steps = [one for one in found if one is not None]
    named = {one.shorthand for one in steps}
    if implicit is not None and implicit.shorthand not in named:
        steps.insert(0, replace(implicit, ref_name=names.numbered(implicit.ref_name)))
    return tuple(one for one in steps if not _is_none_checkout(one))


def implicit_checkout(position: Position) -> StepPlan:
    """The `checkout: self` that a job has when it names no repository."""
    return StepPlan(
        ref_name="Checkout",
        display_name="Checkout",
        shorthand="checkout",
        task=TaskReference(name=CHECKOUT_TASK, version="1"),
        inputs={"repository": "self"},
        implicit=True,
        position=position,
    )


def implicit_download(position: Position) -> StepPlan:
    """The download of all artifacts of the run with which a deploy hook begins."""
    return StepPlan(
        ref_name="DownloadPipelineArtifact",
        display_name="Download",
        shorthand="download",
        task=TaskReference(name=DOWNLOAD_TASK, version="1"),
        inputs={"alias": "current"},
        implicit=True,
        position=position,
    )


def _is_none_checkout(step: StepPlan) -> bool:
    return step.shorthand == "checkout" and step.inputs.get("repository") == "none"


def _step(token: Token, setting: Setting, names: _Names, job_name: str) -> StepPlan | None:
    body = setting.reader.item(token)
    if body is None:
        return None
    first = body.entries[0].key
    if first.text not in _KINDS or first.text == "template":
        _refuse_first(first, body, setting)
        return None
    if first.text in _REFUSED:
        setting.refuse(_REFUSED[first.text], f"The step '{first.text}'", first.position)
    if first.text == "task":
        return _task(body, setting, names, job_name)
    return _shorthand(body, first.text, setting, names)


def _refuse_first(first: Scalar, body: Mapping, setting: Setting) -> None:
    kind = next((entry.key.text for entry in body.entries if entry.key.text in _KINDS), "")
    hint = f"'{kind}' must be the first key of the step." if kind else ""
    setting.problems.error(
        "unexpected-value",
        f"Unexpected value '{first.text}'",
        first.position,
        hint=hint or did_you_mean(first.text, _KINDS),
    )


def _task(body: Mapping, setting: Setting, names: _Names, job_name: str) -> StepPlan | None:
    reader = setting.reader
    reader.check_keys(body, ("task", "inputs", *_COMMON))
    token = body.get("task")
    reference = reader.needed(token, body.position, "task")
    match = _TASK.match(reference)
    where = token.position if token else body.position
    if match is None:
        if reference:
            setting.problems.error(
                "task-reference",
                f"Unable to parse the task reference '{reference}'",
                where,
                hint="A task is written <NAME>@<VERSION>, as in AzureCLI@2.",
            )
        return None
    task = TaskReference(name=match["name"], version=match["version"])
    if task.name.lower() in _INTERNAL:
        return _internal(body, task, setting, names)
    known = setting.context.task_names.get(task.name.lower())
    task = replace(task, name=known) if known else task
    task_references.check_known(
        task,
        setting.context,
        setting.problems,
        where,
        job_name=job_name,
        step_name=_written_name(body),
    )
    title = task.name.rpartition(".")[2]
    return _common(
        StepPlan(
            ref_name=title,
            display_name=title,
            shorthand="task",
            task=task,
            inputs=reader.text_map(body.get("inputs")),
            position=body.position,
        ),
        body,
        setting,
        names,
    )


def _internal(
    body: Mapping, task: TaskReference, setting: Setting, names: _Names
) -> StepPlan | None:
    """A checkout, publish or download in its long form."""
    kind = _INTERNAL[task.name.lower()]
    inputs = setting.reader.text_map(body.get("inputs"))
    form = FORMS[kind]
    if kind == "checkout":
        _check_repository(inputs.get("repository", "self"), body.position, setting)
    made = StepPlan(
        ref_name=form.title, display_name=form.title, shorthand=kind, task=form.task,
        inputs=inputs, position=body.position,
    )  # fmt: skip
    return _common(made, body, setting, names)


def _written_name(body: Mapping) -> str:
    token = body.get("name")
    return token.text if isinstance(token, Scalar) else ""


def _shorthand(body: Mapping, kind: str, setting: Setting, names: _Names) -> StepPlan | None:
    reader = setting.reader
    form = FORMS[kind]
    more = ("inputs",) if kind == "downloadBuild" else ()
    reader.check_keys(body, (kind, *form.moved, *more, *_COMMON))
    token = body.get(kind)
    text = reader.text(token) or ""
    inputs = {**form.fixed, form.text_input: text, **reader.text_map(body.get("inputs"))}
    for key, name in form.moved.items():
        value = reader.text(body.get(key))
        if value is not None:
            inputs[name] = value
    if kind == "checkout" and token is not None:
        _check_repository(text, token.position, setting)
    step = _common(
        StepPlan(
            ref_name=form.title,
            display_name=form.title,
            shorthand=cast(Shorthand, "publish" if kind == "upload" else kind),
            task=form.task,
            inputs=inputs,
            position=body.position,
        ),
        body,
        setting,
        names,
    )
    return replace(step, condition="false") if (kind, text) == ("download", "none") else step


def _check_repository(alias: str, position: Position, setting: Setting) -> None:
    known = {"self", "none", *(one.lower() for one in setting.repositories)}
    # git://project/name and its like name a repository in place
    if alias.lower() in known or "://" in alias or "$(" in alias:
        return
    setting.problems.error(
        "unknown-repository",
        f"Checkout of repository '{alias}' is not supported. Only 'self', 'none', or a repository "
        "alias are supported.",
        position,
        shown="message",
        hint=did_you_mean(alias, known) or "Declare it under resources: repositories.",
    )


def _common(step: StepPlan, body: Mapping, setting: Setting, names: _Names) -> StepPlan:
    reader = setting.reader
    reader.take_late()
    display = reader.text(body.get("displayName"))
    given = names.given(body.get("name"))
    return replace(
        step,
        ref_name=given or names.numbered(step.ref_name),
        display_name=display or step.display_name,
        env=reader.text_map(body.get("env")),
        condition=setting.step_condition(body, job_name=names.job_name, step_name=given or ""),
        enabled=reader.boolean(body, "enabled", default=True),
        continue_on_error=reader.boolean(body, "continueOnError", default=False),
        timeout_in_minutes=reader.whole(body, "timeoutInMinutes", default=0),
        retry_count=reader.whole(body, "retryCountOnTaskFailure", default=0),
        target=_target(body.get("target"), setting),
        runtime_values=reader.take_late(),
    )


def _target(token: Token | None, setting: Setting) -> StepTarget | None:
    if token is None or is_empty(token):
        return None
    reader = setting.reader
    if isinstance(token, Scalar):
        container = token.text
        target = StepTarget(container=container)
    else:
        body = reader.mapping(token, allowed=("container", "commands", "settableVariables"))
        if body is None:
            return None
        container = reader.text(body.get("container")) or ""
        commands = reader.choice(body, "commands", ("any", "restricted"))
        target = StepTarget(
            container=container,
            commands="restricted" if commands == "restricted" else "any",
            settable_variables=_settable(body.get("settableVariables"), setting),
        )
    return target


def _settable(token: Token | None, setting: Setting) -> tuple[str, ...] | None:
    if token is None or is_empty(token):
        return None
    if isinstance(token, Scalar) and token.text == "none":
        return ()
    return setting.reader.texts(token)
