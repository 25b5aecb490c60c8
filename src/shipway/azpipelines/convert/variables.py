"""`variables:` blocks."""

from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.diagnostics import did_you_mean
from shipway.azpipelines.expr import parser
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.plan import VariablePlan
from shipway.azpipelines.reader import boolean_of
from shipway.azpipelines.runtime_words import ROOT_VARIABLE, VARIABLE
from shipway.azpipelines.tokens import Entry, Mapping, Token, is_empty

_KEYS = ("name", "value", "readonly", "group", "template")
# what the service knows before it reads the YAML and lets nobody else define
_SYSTEM = frozenset(
    (
        "system", "system.accesstoken", "system.collectionid", "system.collectionuri",
        "system.culture", "system.definitionid", "system.definitionname", "system.hosttype",
        "system.isscheduled", "system.pipelinestarttime", "system.planid", "system.servertype",
        "system.taskdefinitionsuri", "system.teamfoundationcollectionuri",
        "system.teamfoundationserveruri", "system.teamproject", "system.teamprojectid",
        "system.timelineid",
    )
)  # fmt: skip
# what a run gives a value of its own, whatever stands here
_HELD = frozenset(
    (
        "build.buildid", "build.buildnumber", "build.builduri", "build.containerid",
        "build.definitionfolderpath", "build.definitionname", "build.definitionversion",
        "build.queuedby", "build.queuedbyid", "build.reason", "build.repository.id",
        "build.repository.name", "build.repository.provider", "build.repository.uri",
        "build.requestedfor", "build.requestedforemail", "build.requestedforid",
        "build.sourcebranch", "build.sourcebranchname", "build.sourceversion",
        "build.sourceversionauthor", "build.sourceversionmessage", "tf_build",
    )
)  # fmt: skip


def convert(
    token: Token | None, setting: Setting, *, is_root: bool = False
) -> tuple[VariablePlan, ...]:
    """A mapping or a list of variables, in order; `is_root` for those of the whole pipeline."""
    if token is None or is_empty(token):
        return ()
    if isinstance(token, Mapping):
        return tuple(_from_entry(entry, setting, is_root) for entry in token.entries)
    found = (_from_item(item, setting, is_root) for item in setting.reader.items(token))
    return tuple(one for one in found if one is not None)


def _from_entry(entry: Entry, setting: Setting, is_root: bool) -> VariablePlan:
    value = setting.reader.text(entry.value) or ""
    _check_name(entry.key.text, entry.key, setting)
    _check_runtime(value, entry.value, setting, is_root)
    return VariablePlan(name=entry.key.text, value=value)


def _from_item(item: Token, setting: Setting, is_root: bool) -> VariablePlan | None:
    if not setting.reader.begins_with(item, ("name", "group", "template")):
        return None
    body = setting.reader.mapping(item, allowed=_KEYS)
    if body is None:
        return None
    if body.get("group") is not None:
        return _group(body, setting)
    name = setting.reader.needed(body.get("name"), item.position, "name")
    value = setting.reader.text(body.get("value")) or ""
    _check_runtime(value, body.get("value"), setting, is_root)
    if not name:
        return None
    _check_name(name, body.get("name"), setting)
    read_only = setting.reader.text(body.get("readonly"))
    return VariablePlan(
        name=name, value=value, is_read_only=bool(read_only and boolean_of(read_only))
    )


def _group(body: Mapping, setting: Setting) -> VariablePlan | None:
    token = body.get("group")
    name = setting.reader.needed(token, body.position, "group")
    groups = setting.context.groups
    known = groups is None or name.lower() in {one.lower() for one in groups}
    if name and not known:
        setting.problems.error(
            "unknown-group",
            f"Variable group {name} could not be found. The variable group does not exist or has "
            "not been authorized for use. For authorization details, refer to "
            "https://aka.ms/yamlauthz.",
            token.position if token else body.position,
            hint=did_you_mean(name, groups or ()),
            shown="message",
        )
    return VariablePlan(group=name) if name else None


def _check_name(name: str, token: Token | None, setting: Setting) -> None:
    if token is not None and name.lower() in _HELD:
        setting.problems.warning(
            "system-variable",
            f"'{name}' is a system variable: the run has its own value, and this one no effect",
            token.position,
        )
    if token is not None and name.lower() in _SYSTEM:
        setting.problems.error(
            "system-variable", f"Cannot override system variable '{name}'", token.position
        )


def _check_runtime(value: str, token: Token | None, setting: Setting, is_root: bool) -> None:
    """Judge an expression as the service does: below the root it looks at none before the run."""
    text = value.strip()
    if token is None or not (text.startswith("$[") and text.endswith("]")):
        return
    try:
        parser.parse(text[2:-1].strip(), ROOT_VARIABLE if is_root else VARIABLE)
    except ExpressionSyntaxError as error:
        code = "runtime-expression-syntax"
        if not is_root:
            setting.problems.warning(
                code, str(error), token.position, hint="Its job will fail when it begins."
            )
            return
        setting.problems.error(
            code,
            f"An error occurred while loading the YAML build pipeline. {error}",
            token.position,
            shown="message",
        )
