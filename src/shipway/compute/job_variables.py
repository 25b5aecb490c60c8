"""The environment variables of a job's process, built from nothing.

Names as Azure sets them: https://learn.microsoft.com/azure/machine-learning/how-to-train-cli
"""

from collections.abc import Mapping

from shipway.azure.entra import managed_identities
from shipway.base import clock, front_door
from shipway.compute.images import Interpreter
from shipway.compute.job_folders import JobFolder
from shipway.ml import tracking, workspaces
from shipway.ml.job_plans import PlannedCommand
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store

_TOKEN_KEPT_SECONDS = 4 * 3600.0
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def build(  # noqa: PLR0913  # one per source of variables
    store: Store,
    plan: PlannedCommand,
    facts: Mapping[str, str],
    *,
    folder: JobFolder,
    interpreter: Interpreter,
    values: Mapping[str, str],
    outputs: Mapping[str, str],
    identity_header: str,
    run_token: Mapping[str, str],
    door: Mapping[str, str],
) -> dict[str, str]:
    """All variables of a job; the user's own come last, as on Azure.

    `identity_header` is the process's own secret for its compute's identity, empty without one;
    `run_token` the variables of its token for tracking, `door` those of the front door.
    """
    workspace = workspaces.get(store, facts["workspace"])
    found = _machine(folder, interpreter)
    found |= door
    found |= _azureml(workspace, facts, plan)
    found |= {**_mlflow(workspace, facts), **run_token}
    found |= {f"AZURE_ML_INPUT_{name}": value for name, value in values.items()}
    found |= {f"AZURE_ML_OUTPUT_{name}": path for name, path in outputs.items()}
    if identity_header:
        found |= {
            "IDENTITY_ENDPOINT": f"{front_door.state(store.home).studio_url}/msi/token",
            "IDENTITY_HEADER": identity_header,
        }
    return {**found, **plan.env_vars}


def identity_header(store: Store, plan: PlannedCommand) -> str:
    """A new secret for the compute's identity; empty when the compute has none."""
    if not plan.principal_id:
        return ""
    return managed_identities.header_for(store, plan.principal_id)


def _machine(folder: JobFolder, interpreter: Interpreter) -> dict[str, str]:
    temporary = str(folder.root / "tmp")
    found = {
        "PATH": f"{interpreter.folder}:{_SYSTEM_PATH}",
        "HOME": str(folder.root / "home"),
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AZUREML_CR_DATA_CAPABILITY_PATH": str(folder.data),
    }
    if interpreter.folder.name == "bin" and (interpreter.folder.parent / "pyvenv.cfg").exists():
        found["VIRTUAL_ENV"] = str(interpreter.folder.parent)
    return found


def _azureml(
    workspace: Workspace, facts: Mapping[str, str], plan: PlannedCommand
) -> dict[str, str]:
    service = f"https://{workspace.location}.api.azureml.ms"
    experiment = facts["experiment"]
    root = facts["root"] or facts["name"]
    return {
        "AZUREML_RUN_ID": facts["name"],
        "AZUREML_ROOT_RUN_ID": root,
        "AZUREML_JOB_ID": facts["name"],
        "AZUREML_EXPERIMENT_NAME": experiment,
        "AZUREML_EXPERIMENT_ID": tracking.experiment_id_of(workspace.key, experiment),
        "AZUREML_EXPERIMENT_SCOPE": f"{workspace.resource_id}/experiments/{experiment}",
        "AZUREML_ARM_SUBSCRIPTION": workspace.subscription,
        "AZUREML_ARM_RESOURCEGROUP": workspace.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_PROJECT_NAME": experiment,
        "AZUREML_WORKSPACE_ID": workspace.workspace_id,
        "AZUREML_WORKSPACE_SCOPE": workspace.resource_id,
        "AZUREML_SERVICE_ENDPOINT": service,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{service}/discovery",
        "AZUREML_COMPUTE": plan.compute,
        "AZUREML_NODE_COUNT": "1",
    }


def _mlflow(workspace: Workspace, facts: Mapping[str, str]) -> dict[str, str]:
    host = f"{workspace.location}.api.azureml.ms"
    return {
        "MLFLOW_TRACKING_URI": f"azureml://{host}/mlflow/v1.0{workspace.resource_id}",
        "MLFLOW_RUN_ID": facts["name"],
        "MLFLOW_EXPERIMENT_NAME": facts["experiment"],
        "MLFLOW_EXPERIMENT_ID": tracking.experiment_id_of(workspace.key, facts["experiment"]),
        # written once by every process that loads MLflow; a job's file system is gone after it
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }


class SharedVariables:
    """What is the same for many jobs, made once: the front door's variables, and the tokens with
    which MLflow in a job writes to tracking, one per workspace for some hours.

    Signing one for each step would cost more than starting the step.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._door: dict[str, str] = {}
        self._known: dict[str, tuple[float, dict[str, str]]] = {}

    def door(self) -> Mapping[str, str]:
        """How to reach Azure's names; nothing where no server has been started."""
        if not self._door and front_door.find_state(self._store.home) is not None:
            self._door = front_door.variables(self._store.home)
        return self._door

    def run_token(self, workspace: str) -> Mapping[str, str]:
        """The variables that carry the token, under MLflow's name and Azure ML's."""
        known = self._known.get(workspace)
        if known is None or clock.monotonic() - known[0] > _TOKEN_KEPT_SECONDS:
            token, expiry = tracking.run_token(self._store, workspace=workspace)
            found = {
                "MLFLOW_TRACKING_TOKEN": token,
                "AZUREML_RUN_TOKEN": token,
                "AZUREML_RUN_TOKEN_EXPIRY": str(int(expiry.timestamp())),
            }
            known = self._known[workspace] = (clock.monotonic(), found)
        return known[1]
