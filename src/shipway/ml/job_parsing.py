"""ARM's dictionaries of jobs, nodes and components to the specs of `job_specs.py`.

The service takes camelCase at the top of a job and snake_case inside a pipeline's nodes; both are
read everywhere. Pure. Must not know: documents. Raises `BadInput` that names the place.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shipway.base.errors import BadInput, NotSupported
from shipway.ml.job_specs import (
    ASSET_TYPES,
    LITERAL_TYPES,
    CommandSpec,
    ComponentSpec,
    InputDeclaration,
    InputSpec,
    OutputSpec,
)

Json = Any
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")
# of an input or output: it becomes the name of a folder; dots stand within parameter groups
_PORT = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,254}")
_UNSUPPORTED_JOBS = ("AutoML", "Sweep", "Spark", "FineTuning", "Labeling", "Import", "Distillation")
# https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-pipeline
_MODES = (
    "", "ReadOnlyMount", "ReadWriteMount", "Download", "Direct", "EvalMount", "EvalDownload",
    "Upload", "ro_mount", "rw_mount", "mount", "download", "direct", "eval_mount",
    "eval_download", "upload",
)  # fmt: skip


def invalid(message: str, where: str, hint: str = "") -> BadInput:
    """The 400 that ML gives for a definition that cannot be: code ValidationError."""
    return BadInput(message, code="ValidationError", where=where, hint=hint)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names what exists, the likeliest first."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names[:20])}." if names else "There is none."


def check_job_name(name: str) -> None:
    """Raises `BadInput` for a job name that Azure refuses."""
    if not _NAME.fullmatch(name):
        raise invalid(
            f"The job name '{name}' is invalid.", name,
            "Up to 255 letters, digits, '-' and '_', the first a letter or digit.",
        )  # fmt: skip


def job_type(properties: Mapping[str, Json]) -> str:
    """`Command` or `Pipeline`. Raises `NotSupported` for the types that Azure has besides."""
    kind = str(field(properties, "jobType") or "")
    if kind in ("Command", "Pipeline"):
        return kind
    if kind in _UNSUPPORTED_JOBS:
        raise NotSupported(
            f"shipway does not run jobs of type '{kind}'", code="JobTypeNotSupported",
            where="properties.jobType", hint="Supported: Command and Pipeline jobs.",
        )  # fmt: skip
    raise invalid(
        f"The job type '{kind}' is unknown" if kind else "The job has no jobType",
        "properties.jobType", "Give jobType Command or Pipeline.",
    )  # fmt: skip


def field(value: Mapping[str, Json], name: str) -> Json:
    """A field under its camelCase or its snake_case name; None when it is absent."""
    if name in value:
        return value[name]
    return value.get(re.sub(r"(?<=[a-z])([A-Z])", lambda m: f"_{m[1].lower()}", name))


def mapping(value: Json, where: str) -> Mapping[str, Json]:
    """The value as an object (None: empty). Raises `BadInput`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"'{where}' is a {type(value).__name__}, an object is needed", where)
    return value


def text(value: Json) -> str:
    """A scalar as Azure writes it: booleans as True and False."""
    return "" if value is None else value if isinstance(value, str) else str(value)


def texts(value: Json, where: str) -> dict[str, str]:
    """An object of scalars (tags, properties, environment variables)."""
    found = mapping(value, where)
    for name, item in found.items():
        if isinstance(item, dict | list):
            raise invalid(f"'{where}.{name}' must be text", f"{where}.{name}")
    return {str(name): text(item) for name, item in found.items()}


def seconds(duration: Json, where: str) -> float | None:
    """An ISO 8601 duration or a number of seconds. Raises `BadInput`."""
    if duration is None or duration == "":
        return None
    if isinstance(duration, int | float):
        return float(duration)
    found = _DURATION.fullmatch(str(duration))
    if str(duration).isdecimal():
        return float(duration)
    if found is None:
        raise invalid(
            f"'{duration}' is not a duration", where, "Write ISO 8601 such as PT2H, or seconds."
        )
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def inputs(value: Json, where: str) -> dict[str, InputSpec]:
    """A job's or node's inputs."""
    return {
        name: input_spec(item, f"{where}.{_port(name, where)}")
        for name, item in mapping(value, where).items()
    }


def input_spec(value: Json, where: str) -> InputSpec:
    """One input: `{jobInputType, uri | value, mode}`, or a bare scalar."""
    if not isinstance(value, dict):
        if isinstance(value, list) or value is None:
            raise invalid(f"The input '{where}' has no value", where)
        return InputSpec(type="literal", value=text(value))
    kind = str(field(value, "jobInputType") or value.get("type") or "literal")
    mode = _mode(value, where)
    if kind in LITERAL_TYPES:
        if "value" not in value:
            raise invalid(f"The input '{where}' is a literal without value", where)
        return InputSpec(type="literal", value=text(value["value"]), mode=mode)
    if kind not in ASSET_TYPES:
        raise invalid(
            f"The input type '{kind}' of '{where}' is unknown", where, nearest(kind, ASSET_TYPES)
        )
    uri = text(value.get("uri") or value.get("path") or value.get("value"))
    if not uri:
        raise invalid(f"The input '{where}' of type {kind} has no uri", where)
    return InputSpec(type=kind, uri=uri, mode=mode)


def outputs(value: Json, where: str) -> dict[str, OutputSpec]:
    """A job's or node's outputs; a binding (`${{parent.outputs.x}}`) becomes the `uri`."""
    found: dict[str, OutputSpec] = {}
    for name, item in mapping(value, where).items():
        place = f"{where}.{_port(name, where)}"
        if isinstance(item, str):
            found[name] = OutputSpec(type="", uri=item)
            continue
        spec = mapping(item, place)
        kind = str(field(spec, "jobOutputType") or spec.get("type") or "uri_folder")
        if kind == "literal":
            found[name] = OutputSpec(type="", uri=text(spec.get("value")), mode=_mode(spec, place))
            continue
        if kind not in ASSET_TYPES:
            raise invalid(
                f"The output type '{kind}' of '{place}' is unknown", place,
                nearest(kind, ASSET_TYPES),
            )  # fmt: skip
        found[name] = OutputSpec(
            type=kind, uri=text(spec.get("uri") or spec.get("path")), mode=_mode(spec, place),
            asset_name=text(field(spec, "assetName") or spec.get("name")),
            asset_version=text(field(spec, "assetVersion") or spec.get("version")),
        )  # fmt: skip
    return found


def _port(name: str, where: str) -> str:
    if not _PORT.fullmatch(name):
        raise invalid(
            f"The name '{name}' in '{where}' is invalid", f"{where}.{name}",
            "Use letters, digits and '_'.",
        )  # fmt: skip
    return name


def command_of_job(properties: Mapping[str, Json]) -> CommandSpec:
    """A CommandJob's own command. Raises `BadInput` where command or environment is missing."""
    command = text(properties.get("command"))
    environment = text(field(properties, "environmentId"))
    if not command.strip():
        raise invalid("The job has no command", "properties.command", "Give the command to run.")
    if not environment and not field(properties, "componentId"):
        raise invalid(
            "The job has no environmentId", "properties.environmentId",
            "Give a registered environment such as azureml:sklearn-env:1.",
        )  # fmt: skip
    refuse_what_is_not_done(properties, "properties")
    limits = mapping(properties.get("limits"), "properties.limits")
    return CommandSpec(
        command=command, code=text(field(properties, "codeId")), environment=environment,
        env_vars=texts(field(properties, "environmentVariables"), "environmentVariables"),
        timeout_seconds=seconds(limits.get("timeout"), "properties.limits.timeout"),
        is_deterministic=False,
    )  # fmt: skip


def refuse_what_is_not_done(spec: Mapping[str, Json], where: str) -> None:
    """Raise `NotSupported` for a command that wants several processes or machines.

    Run as one process it would give other results than on Azure, not only slower ones.
    """
    if spec.get("distribution"):
        raise NotSupported(
            f"shipway does not run distributed commands ('{where}.distribution')",
            code="DistributionNotSupported", where=f"{where}.distribution",
            hint="Take the distribution out; the command then runs as one process.",
        )  # fmt: skip
    resources = mapping(spec.get("resources"), f"{where}.resources")
    count = text(field(resources, "instanceCount"))
    if count not in ("", "1"):
        raise NotSupported(
            f"shipway runs a command on one machine, not on {count}"
            f" ('{where}.resources.instanceCount')",
            code="InstanceCountNotSupported", where=f"{where}.resources.instanceCount",
            hint="Ask for one instance.",
        )  # fmt: skip


def component(spec: Mapping[str, Json]) -> ComponentSpec:
    """A componentSpec as sent. Raises `BadInput` and, for other kinds, `NotSupported`."""
    kind = str(spec.get("type") or "command").removesuffix("component").lower()
    name = text(spec.get("name"))
    if kind not in ("command", "pipeline"):
        raise NotSupported(
            f"shipway does not run components of type '{kind}'", code="ComponentTypeNotSupported",
            where="componentSpec.type", hint="Supported: command and pipeline components.",
        )  # fmt: skip
    declared = dict(_declarations(spec.get("inputs"), "componentSpec.inputs"))
    return ComponentSpec(
        kind=kind, name=name, version=text(spec.get("version")),
        display_name=text(spec.get("display_name")), inputs=declared,
        outputs=outputs(spec.get("outputs"), "componentSpec.outputs"),
        command=_command_of_component(spec) if kind == "command" else None,
        body=dict(spec) if kind == "pipeline" else {},
    )  # fmt: skip


def is_true(value: Json, *, default: bool) -> bool:
    """A boolean that may have been written as text."""
    if value is None or value == "":
        return default
    return value if isinstance(value, bool) else str(value).strip().lower() == "true"


def _command_of_component(spec: Mapping[str, Json]) -> CommandSpec:
    command = text(spec.get("command"))
    if not command.strip():
        raise invalid(
            "The component has no command", "componentSpec.command", "Give the command to run."
        )
    if not spec.get("environment"):
        raise invalid(
            "The component has no environment", "componentSpec.environment",
            "Give a registered environment such as azureml:sklearn-env:1.",
        )  # fmt: skip
    refuse_what_is_not_done(spec, "componentSpec")
    limits = mapping(spec.get("limits"), "componentSpec.limits")
    environment = spec["environment"]
    if not isinstance(environment, str):
        raise invalid("The environment must be the id of a version", "componentSpec.environment")
    return CommandSpec(
        command=command, code=text(spec.get("code")), environment=environment,
        env_vars=texts(field(spec, "environmentVariables"), "componentSpec.environment_variables"),
        timeout_seconds=seconds(limits.get("timeout"), "componentSpec.limits.timeout"),
        is_deterministic=is_true(spec.get("is_deterministic"), default=True),
        component_name=text(spec.get("name")), component_version=text(spec.get("version")),
    )  # fmt: skip


def _declarations(value: Json, where: str) -> Iterator[tuple[str, InputDeclaration]]:
    """Inputs by name; those of a parameter group by `<group>.<name>`."""
    for name, item in mapping(value, where).items():
        spec = mapping(item, f"{where}.{_port(name, where)}")
        if spec.get("type") == "group":
            inner = spec.get("values") or spec.get("properties")
            for part, declared in _declarations(inner, f"{where}.{name}"):
                yield f"{name}.{part}", declared
        else:
            yield name, _declaration(spec, f"{where}.{name}")


def _declaration(value: Json, where: str) -> InputDeclaration:
    spec = mapping(value, where)
    kind = str(spec.get("type") or "string")
    if kind not in (*ASSET_TYPES, *LITERAL_TYPES):
        raise invalid(
            f"The input type '{kind}' of '{where}' is unknown", where,
            nearest(kind, (*ASSET_TYPES, *LITERAL_TYPES)),
        )  # fmt: skip
    default = spec.get("default")
    return InputDeclaration(
        type=kind, optional=is_true(spec.get("optional"), default=False),
        default=None if default is None else text(default),
        minimum=_number(spec.get("min"), f"{where}.min"),
        maximum=_number(spec.get("max"), f"{where}.max"),
        choices=tuple(text(choice) for choice in spec.get("enum") or ()),
    )  # fmt: skip


def _number(value: Json, where: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise invalid(f"'{value}' is not a number", where) from None


def _mode(value: Mapping[str, Json], where: str) -> str:
    mode = text(value.get("mode"))
    if mode not in _MODES:
        raise invalid(f"The mode '{mode}' of '{where}' is unknown", where, nearest(mode, _MODES))
    return mode
