"""Deploys exactly the model version that was approved, beside the one that serves.

The new version gets a deployment of its own (blue or green, whichever does not serve). It must
answer real flights as the evaluation did, first asked directly, then under a growing share of the
traffic. Whatever goes wrong on the way: traffic goes back to exactly what it was, the new
deployment is removed and the script exits 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from azure.ai.ml import MLClient, load_online_deployment, load_online_endpoint
from azure.ai.ml.entities import ManagedOnlineEndpoint
from azure.core.exceptions import AzureError, ResourceNotFoundError

import arm
import azdo
import release_rules
import rollout
import workspace
from release_rules import Plan

ENDPOINT = Path(__file__).resolve().parent.parent / "endpoint"


class Release:
    """One deployment of one version on one endpoint."""

    def __init__(self, ml: MLClient, args: argparse.Namespace) -> None:
        self._ml = ml
        self._args = args
        self._label = f"{args.model_name}:{args.model_version}"

    def endpoint(self) -> ManagedOnlineEndpoint:
        """The endpoint; made from endpoint.yml when it is not there."""
        try:
            return self._ml.online_endpoints.get(self._args.endpoint_name)
        except ResourceNotFoundError:
            print(f"creating endpoint {self._args.endpoint_name}", flush=True)
            override = [{"name": self._args.endpoint_name}]
            entity = load_online_endpoint(ENDPOINT / "endpoint.yml", params_override=override)
            return self._ml.online_endpoints.begin_create_or_update(entity).result()

    def serves(self, plan: Plan) -> bool:
        """Whether this very version takes all the traffic already."""
        if plan.serving is None or plan.before.get(plan.serving) != 100:
            return False
        live = self._ml.online_deployments.get(plan.serving, plan.endpoint)
        model = live.model if isinstance(live.model, str) else live.model.id
        wanted = f"/models/{self._args.model_name}/versions/{self._args.model_version}"
        return str(model).endswith(wanted) or str(model) == f"azureml:{self._label}"

    def deploy(self, plan: Plan) -> None:
        """Creates the new deployment; it takes no traffic yet."""
        entity = load_online_deployment(
            ENDPOINT / "deployment.yml",
            params_override=[
                {"name": plan.new},
                {"endpoint_name": plan.endpoint},
                {"model": f"azureml:{self._label}"},
                {"instance_type": self._args.instance_type},
                {"environment_variables.MODEL_LABEL": self._label},
                {"tags": {"model": self._label}},
            ],
        )
        self._ml.online_deployments.begin_create_or_update(entity).result()

    def set_traffic(self, plan: Plan, shares: dict[str, int]) -> None:
        """Gives the deployments these shares of the traffic."""
        endpoint = self._ml.online_endpoints.get(plan.endpoint)
        endpoint.traffic = shares
        self._ml.online_endpoints.begin_create_or_update(endpoint).result()
        print(f"traffic: {shares or 'none'}", flush=True)

    def roll_back(self, plan: Plan) -> None:
        """Traffic exactly as it was, and the new deployment gone."""
        self.set_traffic(plan, plan.before)
        try:
            print(self._ml.online_deployments.get_logs(plan.new, plan.endpoint, lines=50))
            self._ml.online_deployments.begin_delete(plan.new, plan.endpoint).result()
        except AzureError as error:
            print(f"deployment {plan.new} is left behind: {error}")
        print(f"rolled back: traffic is {plan.before or 'none'} again", flush=True)

    def roll_out(self, plan: Plan, endpoint: ManagedOnlineEndpoint, check: rollout.Check) -> None:
        """Deploys, asks directly, then raises the share step by step. Raises on anything wrong."""
        print(f"deploying {self._label} as {plan.new} on {plan.endpoint}", flush=True)
        self.deploy(plan)
        key = self._ml.online_endpoints.get_keys(plan.endpoint).primary_key
        caller = rollout.Caller(endpoint.scoring_uri, key)
        rollout.smoke(caller, check, plan.new)
        for share in self._args.steps if plan.serving else [100]:
            others = {plan.serving: 100 - share} if plan.serving else {}
            self.set_traffic(plan, {**others, plan.new: share})
            seen = rollout.watch(caller, check, plan.new, seconds=self._args.step_seconds)
            print(f"{share} %: {seen}", flush=True)

    def run(self) -> None:
        """The whole release. Raises what went wrong, after rolling back."""
        endpoint = self.endpoint()
        deployed = {item.name for item in self._ml.online_deployments.list(endpoint.name)}
        todo = release_rules.plan(endpoint.name, endpoint.traffic or {}, deployed)
        if self.serves(todo):
            print(f"{self._label} takes all the traffic of {todo.endpoint} already")
            return
        check = rollout.Check.read(self._args.sample, self._label)
        try:
            self.roll_out(todo, endpoint, check)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            self.roll_back(todo)
            raise


def steps(text: str) -> list[int]:
    """10,50,100 as numbers that grow and end at 100."""
    shares = [int(part) for part in text.split(",")]
    if shares != sorted(set(shares)) or shares[-1] != 100 or shares[0] < 1:
        raise argparse.ArgumentTypeError(f"steps grow and end at 100, got {text}")
    return shares


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arm.add_arguments(parser)
    parser.add_argument("--endpoint-name", required=True)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--model-version", required=True)
    parser.add_argument("--run-id", help="the run whose approval counts")
    parser.add_argument("--sample", type=Path, default=ENDPOINT / "sample-request.json")
    parser.add_argument("--instance-type", default="Standard_DS3_v2")
    parser.add_argument("--steps", type=steps, default=[10, 50, 100])
    parser.add_argument("--step-seconds", type=float, default=60.0)
    args = parser.parse_args()

    models = arm.Workspace.of(args)
    model = models.model_version(args.model_name, args.model_version)
    try:
        release_rules.check_approval(model, args.run_id)
        Release(workspace.client(args), args).run()
    except release_rules.Refused as error:
        azdo.error(f"not deployed: {error}")
        return 1
    except (rollout.WrongAnswer, AzureError) as error:
        azdo.error(f"{model.name}:{model.version} was not released: {error}")
        return 1
    now = datetime.now(UTC).isoformat(timespec="seconds")
    models.tag(model, {"deployed_to": args.endpoint_name, "deployed_on": now})
    print(json.dumps({"endpoint": args.endpoint_name, "model": f"{model.name}:{model.version}"}))
    return 0


if __name__ == "__main__":
    sys.exit(azdo.reported(main, arm.ArmError, AzureError))
