"""`shipway demo`: a push becomes a served model, and a worse one is held. About two minutes."""

import argparse
import sys
from pathlib import Path

from shipway.az import install
from shipway.base import clock, config, process
from shipway.base.clock import SystemClock
from shipway.base.errors import NotFound, Unavailable
from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.demo import acts, clone, provision, terraform
from shipway.cli.demo.provision import Provisioned
from shipway.cli.demo.webhook import Webhook
from shipway.cli.scaffold import generate
from shipway.client.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.add_argument(
        "--yes", action="store_true", help="approve at once instead of waiting for a person"
    )
    parser.add_argument(
        "--home", type=Path, help="state folder (default: a fresh one; with --destroy the newest)"
    )
    parser.add_argument("--months", default="1-3", help="flights of these months (default: 1-3)")
    parser.add_argument(
        "--no-terraform", action="store_true", help="provision by the seeding command instead"
    )
    parser.add_argument(
        "--destroy", action="store_true", help="take down by Terraform what a demo's Terraform made"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play it. Raises `DemoFailed` when something that it promises did not happen."""
    if arguments.destroy:
        return _destroy(Home((arguments.home or _newest()).absolute()))
    started = clock.monotonic()
    home = Home((arguments.home or _fresh()).absolute())
    acts.title("1  A server on this machine, and a team's resources on it")
    _up(home)
    stage = acts.Stage(
        home=home,
        session=Session(home),
        folder=_folder(home),
        shipway=f"SHIPWAY_HOME={home.root} {_command()}",
        answers_itself=arguments.yes or not sys.stdin.isatty(),
    )
    webhook = Webhook()
    try:
        made = _provision(stage, webhook, arguments)
        _play(stage, webhook, made)
    except BaseException:
        print(f"\nThe demo's server is still up. Stop it: {stage.shipway} down", file=sys.stderr)
        raise
    finally:
        webhook.close()
    _say_goodbye(stage, made, clock.monotonic() - started)
    return 0


def _provision(stage: acts.Stage, webhook: Webhook, arguments: argparse.Namespace) -> Provisioned:
    generate.copy(stage.folder)
    reason = "as you asked" if arguments.no_terraform else terraform.why_not()
    if reason:
        output.step(f"without Terraform, {reason}: `shipway seed` makes the same by REST")
        return provision.by_seeding(stage.home, months=arguments.months, webhook=webhook.url)
    return provision.by_terraform(
        stage.home, stage.folder, months=arguments.months, webhook=webhook.url
    )


def _play(stage: acts.Stage, webhook: Webhook, made: Provisioned) -> None:
    acts.title("2  A push: tested, trained, evaluated, registered")
    clone.make(stage.home, stage.folder, made.url)
    number = acts.push_and_watch(stage, until_waiting=True)
    acts.title("3  A person approves, the model goes live")
    acts.approve(stage, number)
    acts.finish(stage, number)
    acts.title("4  The endpoint answers for real flights")
    acts.call_endpoint(stage, made)
    acts.title("5  Where it came from")
    acts.show_lineage(stage, number)
    acts.title("6  A worse change: a plausible mistake, its unit tests green")
    acts.push_worse(stage, webhook, made)
    if made.terraform is not None:
        acts.title("7  Everything is still as it was written down")
        output.step(f"$ terraform plan {made.terraform.variables}")
        output.step(made.terraform.drift())


def _destroy(home: Home) -> int:
    """Terraform takes its resources down; the server and what else is on it stay."""
    Session(home)
    output.step(f"$ terraform destroy, in {_folder(home) / 'infra'}")
    output.step(provision.destroy(home, _folder(home)))
    print("The server is still up, and so is the account that holds the states.")
    print(f"  stop it         SHIPWAY_HOME={home.root} {_command()} down")
    return 0


def _folder(home: Home) -> Path:
    return home.root / "demo" / "flights"


def _demos() -> Path:
    """The folder of demos, beside the default home, so that they work beside each other."""
    return config.default_home().with_name(f"{config.default_home().name}-demo")


def _fresh() -> Path:
    return _demos() / SystemClock().now().strftime("%Y%m%d-%H%M%S")


def _newest() -> Path:
    found = sorted(_demos().glob("*/demo/flights")) if _demos().is_dir() else []
    if not found:
        raise NotFound(
            "there is no demo yet", where=str(_demos()), hint="`shipway demo` plays one; --home."
        )
    return found[-1].parent.parent


def _up(home: Home) -> None:
    env_vars = {**config.environment(), "SHIPWAY_HOME": str(home.root)}
    done = process.run(
        [sys.executable, "-m", "shipway", "up", "--json"], env_vars=env_vars, seconds=120
    )
    if done.returncode != 0:
        raise Unavailable(done.stderr.decode(errors="replace").strip(), where=str(home.root))
    output.step(f"server up, state in {home.root}")
    # the pipeline's first `az` would wait for the SDK to load; here it loads while we provision
    az = home.root / install.FOLDER / "az"
    process.spawn(
        [str(az), "version", "--output", "none"], env_vars=env_vars, cwd=home.root,
        stdin=process.DEVNULL, stdout=process.DEVNULL, stderr=process.DEVNULL,
    )  # fmt: skip


def _command() -> str:
    path = Path(sys.argv[0])
    return str(path.absolute()) if path.name == "shipway" else f"{sys.executable} -m shipway"


def _say_goodbye(stage: acts.Stage, made: Provisioned, seconds: float) -> None:
    acts.title(f"Done in {seconds:.0f} s. The server is still up.")
    print(f"  see it          {stage.shipway} open --as dana")
    print(f"  change it       cd {stage.folder}; edit, commit, git push origin develop")
    print(f"  use it          {stage.shipway} exec -- python your_azure_ml_program.py")
    if made.terraform is not None:
        plan = f"{stage.shipway} tf -- plan {made.terraform.variables}"
        print(f"  provision       cd {made.terraform.infra}; {plan}")
        print(f"  take it down    {stage.shipway} demo --destroy --home {stage.home.root}")
    print(f"  stop it         {stage.shipway} down")
    print(f"  remove it       rm -r {stage.home.root}")
