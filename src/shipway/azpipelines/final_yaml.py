"""An expanded document in the one shape that the service returns as `finalYaml`.

Rooted at `stages`, shorthands written out as tasks, lists and mappings in their long form. What is
decided later stays as it was written: precedence of variables, strategies, `enabled: false`.
Source: https://learn.microsoft.com/rest/api/azure/devops/pipelines/preview/preview
"""

from collections.abc import Callable

from shipway.azpipelines import yaml_text
from shipway.azpipelines.convert.forms import FORMS
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token

_MOVED_TO_JOB = (
    "pool", "strategy", "continueOnError", "timeoutInMinutes", "cancelTimeoutInMinutes",
    "container", "services", "workspace", "steps",
)  # fmt: skip
_HOOKS = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic")

Form = Callable[[Token], Token]


def render(root: Mapping) -> str:
    """The text of an expanded document without errors."""
    return yaml_text.render(normal(root))


def normal(root: Mapping) -> Mapping:
    """The document in its long form."""
    entries: list[Entry] = []
    has_steps = root.get("steps") is not None
    for entry in root.entries:
        name = entry.key.text
        if name == "steps":
            entries.append(_entry("stages", _default_stage(_implied_job(root), entry), entry))
        elif name in ("jobs", "phases"):
            entries.append(_entry("stages", _default_stage(_jobs(entry.value), entry), entry))
        elif not (has_steps and name in _MOVED_TO_JOB):
            entries.append(Entry(entry.key, _value(_ROOT, name, entry.value)))
    return Mapping(tuple(entries), root.position)


def _text(text: str, near: Token) -> Scalar:
    return Scalar(text, near.position)


def _entry(name: str, value: Token, near: Entry) -> Entry:
    return Entry(Scalar(name, near.key.position), value)


def _value(forms: dict[str, Form], name: str, value: Token) -> Token:
    form = forms.get(name)
    return form(value) if form is not None else value


def _keyed(forms: dict[str, Form]) -> Form:
    """A mapping whose values have forms by their key."""

    def change(token: Token) -> Token:
        if not isinstance(token, Mapping):
            return token
        entries = (Entry(e.key, _value(forms, e.key.text, e.value)) for e in token.entries)
        return Mapping(tuple(entries), token.position)

    return change


def _listed(form: Form) -> Form:
    """A list of things of one form."""

    def change(token: Token) -> Token:
        if not isinstance(token, Sequence):
            return token
        return Sequence(tuple(form(item) for item in token.items), token.position)

    return change


def _named(key: str) -> Form:
    """A text that stands for a mapping of one key."""

    def change(token: Token) -> Token:
        if not isinstance(token, Scalar) or not token.text:
            return token
        return Mapping((Entry(_text(key, token), token),), token.position)

    return change


def _as_list(token: Token) -> Token:
    return Sequence((token,), token.position) if isinstance(token, Scalar) and token.text else token


def _trigger(token: Token) -> Token:
    """`none` is a switch, a list the branches to include."""
    if isinstance(token, Scalar):
        if token.text.lower() != "none":
            return token
        return Mapping((Entry(_text("enabled", token), _text("false", token)),), token.position)
    if isinstance(token, Sequence):
        include = Mapping((Entry(_text("include", token), token),), token.position)
        return Mapping((Entry(_text("branches", token), include),), token.position)
    return _keyed({"branches": _filter, "paths": _filter, "tags": _filter})(token)


def _filter(token: Token) -> Token:
    if isinstance(token, Sequence):
        return Mapping((Entry(_text("include", token), token),), token.position)
    return token


def _variables(token: Token) -> Token:
    """A mapping of names becomes a list of names and values."""
    if not isinstance(token, Mapping):
        return token
    items = (
        Mapping(
            (
                Entry(_text("name", e.key), e.key),
                Entry(_text("value", e.key), e.value),
            ),
            e.key.position,
        )
        for e in token.entries
    )
    return Sequence(tuple(items), token.position)


def step(token: Token) -> Token:
    """A shorthand as its task; its text and the keys that belong to it are inputs, at the end."""
    if not isinstance(token, Mapping) or not token.entries:
        return token
    first = token.entries[0]
    form = FORMS.get(first.key.text)
    if form is None:
        return _keyed(_STEP)(token)
    kept = [_entry("task", _text(str(form.task), first.key), first)]
    inputs = [_entry(name, _text(value, first.key), first) for name, value in form.fixed.items()]
    is_none = isinstance(first.value, Scalar) and first.value.text == "none"
    if first.key.text in ("checkout", "download") and is_none:
        kept.append(_entry("condition", _text("false", first.key), first))
    before = [one for one in inputs if one.key.text == "targetType"]
    after = [one for one in inputs if one.key.text != "targetType"]
    inputs = [*before, Entry(_text(form.text_input, first.key), first.value)]
    for entry in token.entries[1:]:
        name = entry.key.text
        if name in form.moved:
            inputs.append(Entry(_text(form.moved[name], entry.key), entry.value))
        else:
            kept.append(Entry(entry.key, _value(_STEP, name, entry.value)))
    body = Mapping((*inputs, *after), token.position)
    return Mapping((*kept, _entry("inputs", body, first)), token.position)


def _strategy(token: Token) -> Token:
    hook = _keyed({"steps": _listed(step), "pool": _named("name")})
    hooks = _keyed(
        {**dict.fromkeys(_HOOKS, hook), "on": _keyed({"success": hook, "failure": hook})}
    )
    return _keyed({"runOnce": hooks, "rolling": hooks, "canary": hooks})(token)


def _services(token: Token) -> Token:
    if not isinstance(token, Mapping):
        return token
    entries = (Entry(e.key, _named("alias")(e.value)) for e in token.entries)
    return Mapping(tuple(entries), token.position)


def _jobs(token: Token) -> Token:
    return _listed(job)(token)


def job(token: Token) -> Token:
    """One job or deployment in its long form."""
    return _keyed(_JOB)(token)


def stage(token: Token) -> Token:
    """One stage in its long form."""
    return _keyed(_STAGE)(token)


def _implied_job(root: Mapping) -> Token:
    near = root.key("steps") or Scalar("steps", root.position)
    kept = [Entry(_text("job", near), _text("Job", near))]
    kept.extend(
        Entry(e.key, _value(_JOB, e.key.text, e.value))
        for e in root.entries
        if e.key.text in _MOVED_TO_JOB and e.key.text != "steps"
    )
    steps = root.get("steps")
    if steps is not None:
        kept.append(Entry(near, _listed(step)(steps)))
    return Sequence((Mapping(tuple(kept), root.position),), root.position)


def _default_stage(jobs: Token, near: Entry) -> Token:
    stage = Mapping(
        (_entry("stage", _text("__default", near.key), near), _entry("jobs", jobs, near)),
        near.key.position,
    )
    return Sequence((stage,), near.key.position)


_STEP: dict[str, Form] = {"target": _named("container")}
_JOB: dict[str, Form] = {
    "pool": _named("name"), "dependsOn": _as_list, "variables": _variables,
    "container": _named("alias"), "services": _services, "environment": _named("name"),
    "strategy": _strategy, "steps": _listed(step),
}  # fmt: skip
_STAGE: dict[str, Form] = {
    "pool": _named("name"), "dependsOn": _as_list, "variables": _variables, "jobs": _jobs,
}  # fmt: skip
_ROOT: dict[str, Form] = {
    "trigger": _trigger, "pr": _trigger, "pool": _named("name"), "variables": _variables,
    "stages": _listed(stage),
}  # fmt: skip
