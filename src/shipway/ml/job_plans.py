"""Commands with everything resolved: what a compute needs to run one, and nothing else.

A plan is made when a job is submitted (names become places, labels versions) and travels in the
queue; inputs that other nodes write are filled in when these have ended. Knows: documents. Must
not know: HTTP, processes.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.base.errors import BadInput, NotSupported, ShipwayError
from shipway.ml import (
    code_versions,
    computes,
    content_manifests,
    data_versions,
    datastores,
    environment_versions,
    model_versions,
)
from shipway.ml.datastores import BlobPlace
from shipway.ml.job_specs import MODEL_TYPES, CommandSpec, InputSpec, NodeSpec, OutputSpec
from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInput:
    """An input: a literal `value`, a `place` (account, container, path), a `url`, or what
    `source_node` writes. `digest` names the content at the place."""

    name: str
    type: str
    mode: str = ""
    value: str = ""
    url: str = ""
    place: tuple[str, str, str] | None = None
    source_node: str = ""
    source_output: str = ""
    digest: str = ""
    is_literal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOutput:
    """An output and the place that it is carried to; `template` as its author wrote it."""

    name: str
    type: str
    uri: str
    place: tuple[str, str, str]
    template: str = ""
    asset_name: str = ""
    asset_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCommand:
    """One process to be. `compute_limit` is its compute's size when it was planned, 0 for none;
    when it starts, the size that the compute has then decides."""

    command: str
    environment: str
    environment_content: str
    env_vars: Mapping[str, str] = field(default_factory=dict)
    code: tuple[str, str, str] | None = None
    code_digest: str = ""
    timeout_seconds: float | None = None
    is_deterministic: bool = False
    compute: str = ""
    compute_limit: int = 0
    principal_id: str = ""
    component_id: str = ""
    component_name: str = ""
    inputs: tuple[PlannedInput, ...] = ()
    outputs: tuple[PlannedOutput, ...] = ()

    def as_body(self) -> dict[str, Any]:
        """As it is stored and queued."""
        body = {name: getattr(self, name) for name in self.__slots__}
        body["inputs"] = [{n: getattr(i, n) for n in i.__slots__} for i in self.inputs]
        body["outputs"] = [{n: getattr(o, n) for n in o.__slots__} for o in self.outputs]
        return body

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "PlannedCommand":
        """A stored plan."""
        given = dict(body)
        given["inputs"] = tuple(
            PlannedInput(**{**i, "place": tuple(i["place"]) if i["place"] else None})
            for i in body["inputs"]
        )
        given["outputs"] = tuple(
            PlannedOutput(**{**o, "place": tuple(o["place"])}) for o in body["outputs"]
        )
        given["code"] = tuple(body["code"]) if body["code"] else None
        return cls(**given)


class Planner:
    """Resolves the nodes of one submission, each distinct thing once."""

    def __init__(self, store: Store, *, workspace: str) -> None:
        self._store = store
        self._workspace = workspace
        self._codes: dict[str, tuple[tuple[str, str, str], str]] = {}
        self._environments: dict[str, tuple[str, str]] = {}
        self._computes: dict[str, tuple[str, int, str]] = {}
        self._inputs: dict[tuple[str, str], PlannedInput] = {}

    def plan(self, node: NodeSpec, *, job: str, where: str, datastore: str = "") -> PlannedCommand:
        """The plan of a node that will run as `job`. Raises by name what cannot be resolved."""
        spec = node.command
        code, code_digest = self._code(spec, where)
        environment, content = self._environment(spec, where)
        compute, limit, principal_id = self.compute(node.compute, where)
        return PlannedCommand(
            command=spec.command, environment=environment, environment_content=content,
            env_vars=spec.env_vars, code=code, code_digest=code_digest,
            timeout_seconds=spec.timeout_seconds, is_deterministic=spec.is_deterministic,
            compute=compute, compute_limit=limit, principal_id=principal_id,
            component_id=spec.component_id, component_name=spec.component_name,
            inputs=tuple(self._input(n, s, f"{where}.inputs.{n}") for n, s in node.inputs.items()),
            outputs=tuple(
                self.output(n, s, job=job, where=f"{where}.outputs.{n}", datastore=datastore)
                for n, s in node.outputs.items()
            ),
        )  # fmt: skip

    def compute(self, reference: str, where: str) -> tuple[str, int, str]:
        """(name, how many at once, object id of its identity). Raises `NotFound`."""
        name = reference.removeprefix("azureml:").rstrip("/").rpartition("/")[2]
        if not name or name.lower() == computes.SERVERLESS:
            return computes.SERVERLESS, 0, ""
        if name not in self._computes:
            with _located(f"{where}.compute"):
                compute = computes.get(self._store, workspace=self._workspace, name=name)
            self._computes[name] = (compute.name, _nodes_of(compute), compute.principal_id)
        return self._computes[name]

    def output(
        self, name: str, spec: OutputSpec, *, job: str, where: str, datastore: str = ""
    ) -> PlannedOutput:
        """Where an output goes: as its author said, else `azureml/<job>/<output>`."""
        default = datastore.removeprefix("azureml:").rpartition("/")[2] or datastores.BLOB_STORE
        uri = spec.uri or f"azureml://datastores/{default}/paths/azureml/{job}/{name}"
        filled = {"name": job, "output_name": name, "default_datastore": default}
        uri = re.sub(
            r"\$\{\{\s*(name|output_name|default_datastore)\s*\}\}", lambda m: filled[m[1]], uri
        )
        if "${{" in uri:
            raise BadInput(
                f"The path '{uri}' of '{where}' holds an expression that shipway does not know",
                code="ValidationError", where=where,
                hint="Known in a path: ${{name}}, ${{output_name}}, ${{default_datastore}}.",
            )  # fmt: skip
        with _located(where):
            place = datastores.locate(self._store, workspace=self._workspace, uri=uri)
        return PlannedOutput(
            name=name, type=spec.type or "uri_folder", uri=uri.rstrip("/"),
            place=(place.account, place.container, place.path),
            template=spec.uri, asset_name=spec.asset_name, asset_version=spec.asset_version,
        )  # fmt: skip

    def _input(self, name: str, spec: InputSpec, where: str) -> PlannedInput:
        if spec.source_node:
            return PlannedInput(
                name=name, type=spec.type, mode=spec.mode, source_node=spec.source_node,
                source_output=spec.source_output,
            )  # fmt: skip
        if spec.is_literal:
            return PlannedInput(name=name, type="literal", value=spec.value, is_literal=True)
        if spec.type == "mltable":
            raise NotSupported(
                f"shipway does not read mltable inputs ('{where}')", where=where,
                code="InputTypeNotSupported", hint="Give the data as uri_file or uri_folder.",
            )  # fmt: skip
        memo = (spec.uri, spec.type)
        if memo not in self._inputs:
            with _located(where):
                self._inputs[memo] = self._place_of(spec)
        return replace(self._inputs[memo], name=name, mode=spec.mode)

    def _place_of(self, spec: InputSpec) -> PlannedInput:
        found = PlannedInput(name="", type=spec.type)
        place = self._locate(spec)
        if isinstance(place, str):
            return replace(found, url=place)
        manifest = content_manifests.of_place(self._store, place)
        digest = content_manifests.keep(self._store, manifest)
        return replace(found, place=(place.account, place.container, place.path), digest=digest)

    def _locate(self, spec: InputSpec) -> BlobPlace | str:
        """The place, or the URL of something outside storage."""
        store, workspace, uri = self._store, self._workspace, spec.uri.strip()
        lowered = uri.lower()
        if _is_web(uri):
            return uri
        is_asset = re.search(r"/(data|models)/[^/]+/(versions|labels)/", lowered)
        if is_asset or ("://" not in uri and not lowered.startswith("azureml:jobs/")):
            if spec.type in MODEL_TYPES or (is_asset and is_asset[1] == "models"):
                found = model_versions.resolve(store, workspace=workspace, reference=uri)
                return found.place
            data = data_versions.resolve(store, workspace=workspace, reference=uri)
            if _is_web(data.data_uri):
                return data.data_uri
            return data_versions.locate(store, data)
        return datastores.locate(store, workspace=workspace, uri=uri)

    def _code(self, spec: CommandSpec, where: str) -> tuple[tuple[str, str, str] | None, str]:
        if not spec.code:
            return None, ""
        if spec.code not in self._codes:
            with _located(f"{where}.code"):
                code = code_versions.resolve(
                    self._store, workspace=self._workspace, reference=spec.code
                )
            manifest = content_manifests.of_place(self._store, code.place)
            digest = content_manifests.keep(self._store, manifest)
            place = (code.account, code.container, code.path)
            self._codes[spec.code] = (place, digest)
        return self._codes[spec.code]

    def _environment(self, spec: CommandSpec, where: str) -> tuple[str, str]:
        if spec.environment not in self._environments:
            with _located(f"{where}.environment"):
                found = environment_versions.resolve(
                    self._store, workspace=self._workspace, reference=spec.environment
                )
            self._environments[spec.environment] = (found.reference, found.content)
        return self._environments[spec.environment]


@contextmanager
def _located(where: str) -> Iterator[None]:
    """Say where in the definition a thing is named that cannot be resolved."""
    try:
        yield
    except ShipwayError as error:
        if where not in error.message:
            error.message = f"{error.message.rstrip('.')} (named at {where})"
        raise


def _is_web(uri: str) -> bool:
    return uri.lower().startswith(("http://", "https://")) and ".blob." not in uri.lower()


def _nodes_of(compute: computes.Compute) -> int:
    scale = compute.settings.get("scaleSettings")
    most = scale.get("maxNodeCount") if isinstance(scale, dict) else None
    return int(most) if isinstance(most, int) else 0
