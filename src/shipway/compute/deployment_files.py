"""What a deployment's process needs on disk: its Python, its code, its model, its variables.

Knows: environments, code and model versions by content. Must not know: when it is started.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from shipway.azure.entra import managed_identities
from shipway.base import front_door, ids
from shipway.base.errors import BadInput
from shipway.base.home import safe_join
from shipway.compute import images
from shipway.ml import (
    code_versions,
    content_manifests,
    environment_versions,
    model_versions,
    online_endpoints,
)
from shipway.ml.model_versions import ModelVersion
from shipway.ml.online_deployments import OnlineDeployment
from shipway.store.store import Store

_SCRIPTS = Path(__file__).parent / "scoring"
LAUNCHER = _SCRIPTS / "launch.py"
_MLFLOW_SCRIPT = _SCRIPTS / "mlflow_model.py"
_SERVER_PACKAGE = "azureml-inference-server-http"
_MOST_WORKERS = 4
PREPARING_LOG = "supervisor.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A generation that is ready to be started."""

    deployment: OnlineDeployment
    python: Path
    folder: Path
    app_root: Path
    entry_script: str
    model_dir: Path | None


def prepare(store: Store, deployment: OnlineDeployment, folder: Path) -> Prepared:
    """Bring a generation's files to `folder` and its environment to this machine.

    Safe to call again: what is there already is kept. Raises `NotFound` for an asset that is gone,
    `BadInput` for a scoring script that the code does not hold, and what `images.ensure` raises.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    model = _model(store, deployment)
    model_dir = _bring_model(store, model, folder) if model else None
    if deployment.scoring_script:
        app_root, script = _bring_code(store, deployment, folder)
        reference = deployment.environment_id
    else:
        if model is None:
            raise BadInput(
                f"The deployment '{deployment.name}' has neither scoring script nor model.",
                code="BadArgument", where=deployment.name,
            )  # fmt: skip
        app_root, script = _bring_generic_script(folder)
        reference = deployment.environment_id or _model_environment(store, model)
    interpreter = images.ensure(
        store, workspace=deployment.workspace, reference=reference, log=folder / PREPARING_LOG
    )
    return Prepared(
        deployment=deployment, folder=folder, app_root=app_root, entry_script=script,
        python=interpreter.python, model_dir=model_dir,
    )  # fmt: skip


def env_vars(store: Store, prepared: Prepared) -> dict[str, str]:
    """The process's whole environment, built from nothing: Azure's names, the endpoint's identity,
    the way to Azure's hosts, and what the deployment asks for, which wins."""
    deployment = prepared.deployment
    own = {name: prepared.folder / name for name in ("home", "tmp")}
    for path in own.values():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    workers = max(1, min(deployment.instance_count, _MOST_WORKERS))
    variables = {
        "PATH": f"{prepared.python.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(own["home"]),
        "TMPDIR": str(own["tmp"]),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AML_APP_ROOT": str(prepared.app_root),
        "AZUREML_ENTRY_SCRIPT": prepared.entry_script,
        "AML_APP_INSIGHTS_ENABLED": "false",
        "SERVICE_NAME": deployment.endpoint,
        "WORKSPACE_NAME": deployment.workspace.rpartition("/")[2],
        "SCORING_TIMEOUT_MS": str(int(deployment.request_timeout * 1000)),
        "WORKER_COUNT": str(workers),
        # on this machine deployments share the cores; each library's own pool would fight for them
        "OMP_NUM_THREADS": "1",
        **_front_door(store),
        **_identity(store, deployment),
    }
    if prepared.model_dir is not None:
        variables["AZUREML_MODEL_DIR"] = str(prepared.model_dir)
    return {**variables, **deployment.env_vars}


def _front_door(store: Store) -> Mapping[str, str]:
    return front_door.variables(store.home) if front_door.find_state(store.home) else {}


def _identity(store: Store, deployment: OnlineDeployment) -> Mapping[str, str]:
    endpoint = online_endpoints.find(
        store, workspace=deployment.workspace, name=deployment.endpoint
    )
    state = front_door.find_state(store.home)
    if endpoint is None or not endpoint.principal_id or state is None:
        return {}
    return {
        "IDENTITY_ENDPOINT": f"{state.studio_url}/msi/token",
        "IDENTITY_HEADER": managed_identities.header_for(store, endpoint.principal_id),
    }


def _model(store: Store, deployment: OnlineDeployment) -> ModelVersion | None:
    if not deployment.model_key:
        return None
    return ModelVersion.read(store.documents.get(model_versions.KIND.version, deployment.model_key))


def _bring_model(store: Store, model: ModelVersion, folder: Path) -> Path:
    """`azureml-models/<name>/<version>/<root>`, as AZUREML_MODEL_DIR lies on Azure."""
    model_dir = folder / "azureml-models" / model.name / model.version
    for path, digest in model.files.items():
        # a private copy: a script that writes into its model must not change the stored content
        target = safe_join(model_dir, str(PurePosixPath(model.root) / path))
        if not target.exists():
            store.files.copy_to(digest, target)
    return model_dir


def _bring_code(store: Store, deployment: OnlineDeployment, folder: Path) -> tuple[Path, str]:
    code = code_versions.resolve(
        store, workspace=deployment.workspace, reference=deployment.code_id
    )
    app_root = folder / "app"
    files = content_manifests.of_place(store, code.place)
    for path, digest in files.items():
        target = safe_join(app_root, path)
        if not target.exists():
            store.files.copy_to(digest, target)
    script = deployment.scoring_script.removeprefix("./")
    if script not in files:
        raise BadInput(
            f"The scoring script '{script}' is not in the code of deployment '{deployment.name}'.",
            code="BadArgument", where="properties.codeConfiguration.scoringScript",
            hint=f"Files there: {', '.join(sorted(files)[:10]) or 'none'}.",
        )  # fmt: skip
    return app_root, script


def _bring_generic_script(folder: Path) -> tuple[Path, str]:
    app_root = folder / "app"
    app_root.mkdir(parents=True, exist_ok=True)
    (app_root / "score.py").write_bytes(_MLFLOW_SCRIPT.read_bytes())
    return app_root, "score.py"


def _model_environment(store: Store, model: ModelVersion) -> str:
    """An anonymous environment version with what the model says it needs, and the server."""
    packages: list[object] = [_SERVER_PACKAGE]
    python = "python=3.11"
    if "conda.yaml" in model.files:
        conda = yaml.safe_load(store.files.read(model.files["conda.yaml"])) or {}
        for entry in conda.get("dependencies", []):
            if isinstance(entry, dict):
                packages += list(entry.get("pip", []))
            elif str(entry).startswith("python"):
                python = str(entry)
            elif not str(entry).startswith("pip"):
                packages.append(str(entry).replace("=", "=="))
    elif "requirements.txt" in model.files:
        text = store.files.read(model.files["requirements.txt"]).decode()
        packages += [line.strip() for line in text.splitlines() if line.strip()]
    else:
        raise BadInput(
            f"The MLflow model '{model.name}:{model.version}' names no packages.",
            code="BadArgument", where="conda.yaml",
            hint="Log it with conda_env or pip_requirements, or give the deployment an environment",
        )  # fmt: skip
    dependencies = [python, "pip", {"pip": packages}]
    text = yaml.safe_dump({"name": "model", "dependencies": dependencies}, sort_keys=False)
    made = environment_versions.create(
        store, workspace=model.workspace, name=environment_versions.ANONYMOUS_NAME,
        version=ids.digest(text)[:32], conda_file=text,
        image="mcr.microsoft.com/azureml/mlflow-ubuntu20.04-py38-cpu-inference",
    )  # fmt: skip
    return made.reference
