"""`shipway demo`: a push becomes a served model, and a worse one is held. About two minutes."""

import argparse
import sys
from pathlib import Path

from shipway.az import install
from shipway.base import clock, config, process
from shipway.base.clock import SystemClock
from shipway.base.errors import Unavailable
from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.commands import seed as seeding
from shipway.cli.demo import acts, clone
from shipway.cli.demo.webhook import Webhook
from shipway.cli.scaffold import generate
from shipway.client.session import Session

_STEP_SECONDS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.add_argument(
        "--yes", action="store_true", help="approve at once instead of waiting for a person"
    )
    parser.add_argument("--home", type=Path, help="state folder (default: a fresh one)")
    parser.add_argument("--months", default="1-3", help="flights of these months (default: 1-3)")


def run(arguments: argparse.Namespace) -> int:
    """Play it. Raises `DemoFailed` when something that it promises did not happen."""
    started = clock.monotonic()
    home = Home((arguments.home or _fresh()).absolute())
    shipway = f"SHIPWAY_HOME={home.root} {_command()}"
    acts.title("1  A server on this machine, and a team's resources on it")
    _up(home)
    webhook = Webhook()
    made = seeding.seed(
        home,
        stack=generate.stack_folder(),
        project_name=seeding.PROJECT,
        months=arguments.months,
        webhook=webhook.url,
        step_seconds=_STEP_SECONDS,
        say=output.step,
    )
    stage = acts.Stage(
        home=home,
        session=Session(home),
        folder=home.root / "demo" / "flights",
        shipway=shipway,
        answers_itself=arguments.yes or not sys.stdin.isatty(),
    )
    try:
        _play(stage, webhook, made)
    except BaseException:
        print(f"\nThe demo's server is still up. Stop it: {shipway} down", file=sys.stderr)
        raise
    finally:
        webhook.close()
    _say_goodbye(stage, clock.monotonic() - started)
    return 0


def _play(stage: acts.Stage, webhook: Webhook, made: dict[str, object]) -> None:
    environments = made["environments"]
    environment = environments["dev"]  # type: ignore[index]  # a dict of dicts
    acts.title("2  A push: tested, trained, evaluated, registered")
    clone.make(stage.home, stage.folder, str(made["url"]))
    number = acts.push_and_watch(stage, until_waiting=True)
    acts.title("3  A person approves, the model goes live")
    acts.approve(stage, number)
    acts.finish(stage, number)
    acts.title("4  The endpoint answers for real flights")
    acts.call_endpoint(stage, environment)
    acts.title("5  Where it came from")
    acts.show_lineage(stage, number)
    acts.title("6  A worse change: a plausible mistake, its unit tests green")
    acts.push_worse(stage, webhook, environment)


def _fresh() -> Path:
    """A new folder beside the default home, so that demos work beside each other."""
    stamp = SystemClock().now().strftime("%Y%m%d-%H%M%S")
    return config.default_home().with_name(f"{config.default_home().name}-demo") / stamp


def _up(home: Home) -> None:
    env_vars = {**config.environment(), "SHIPWAY_HOME": str(home.root)}
    done = process.run(
        [sys.executable, "-m", "shipway", "up", "--json"], env_vars=env_vars, seconds=120
    )
    if done.returncode != 0:
        raise Unavailable(done.stderr.decode(errors="replace").strip(), where=str(home.root))
    output.step(f"server up, state in {home.root}")
    # the pipeline's first `az` would wait for the SDK to load; here it loads while we seed
    az = home.root / install.FOLDER / "az"
    process.spawn(
        [str(az), "version", "--output", "none"], env_vars=env_vars, cwd=home.root,
        stdin=process.DEVNULL, stdout=process.DEVNULL, stderr=process.DEVNULL,
    )  # fmt: skip


def _command() -> str:
    path = Path(sys.argv[0])
    return str(path) if path.name == "shipway" else f"{sys.executable} -m shipway"


def _say_goodbye(stage: acts.Stage, seconds: float) -> None:
    acts.title(f"Done in {seconds:.0f} s. The server is still up.")
    print(f"  see it          {stage.shipway} open --as dana")
    print(f"  change it       cd {stage.folder}; edit, commit, git push origin develop")
    print(f"  use it          {stage.shipway} exec -- python your_azure_ml_program.py")
    print(f"  stop it         {stage.shipway} down")
    print(f"  remove it       rm -r {stage.home.root}")
