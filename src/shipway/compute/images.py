"""An environment version to a ready interpreter: a virtual environment built by uv.

Environments lie in `environments/<key>`, keyed by content (Python version and requirements), so
that every job and deployment that wants the same shares one. A build happens under a lock, in a
folder beside, and appears by one rename: whoever sees the folder sees a whole environment.
"""

import contextlib
import fcntl
import json
import re
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uv

from shipway.base import bytecode, config, process
from shipway.base.errors import BadInput
from shipway.compute import image_plans, interpreters
from shipway.compute.image_plans import ImagePlan
from shipway.ml import content_manifests, datastores, environment_versions
from shipway.store.store import Store

# found once, while there is one thread: sysconfig, which uv asks, is not safe for a second one
_UV = uv.find_uv_bin()
_FACTS = "shipway.json"
_BUILD_SECONDS = 1800.0
_BYTECODE_SECONDS = 120.0
_LARGEST_CONTEXT_FILE = 1 << 20
_NO_WHEEL = re.compile(
    r"([A-Za-z0-9._-]+)==?([A-Za-z0-9.*!+_-]+)\s+has no (?:usable )?wheels?(?: with a matching"
    r" Python (?:ABI|version|implementation) tag| with a matching platform tag)?",
)
_NO_VERSION = re.compile(
    r"there is no version of ([A-Za-z0-9._-]+==?[A-Za-z0-9.*!+_-]+)"
    r"|([A-Za-z0-9._-]+) was not found in the package registry"
)
# uv reads the user's own settings of where packages come from; nothing else of the shell
_PASSED = (
    "HOME", "PATH", "LANG", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY",
    "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CACHE_HOME",
    "NETRC",
)  # fmt: skip

_plans: dict[tuple[str, str], ImagePlan] = {}
_pythons: dict[int, Path] = {}
_ready: dict[tuple[str, str, str], "Interpreter"] = {}
_memory = threading.Lock()


class EnvironmentFailed(BadInput):
    """An environment that cannot be built; the message names package, version and remedy."""

    default_code = "ImageBuildFailure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A ready Python. `folder` goes first on PATH; `warnings` belong into the job's log and
    `tags` on the job."""

    python: Path
    folder: Path
    version: str
    warnings: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def look_around() -> None:
    """Find this machine's interpreters, which the first environment would wait for."""
    _available()


def find_ready(store: Store, *, workspace: str, reference: str) -> Interpreter | None:
    """The interpreter if it is built already, without waiting for anything.

    Raises `NotFound` and `BadInput` for a reference or a file that cannot be read.
    """
    # a reference in a plan is a version, and versions never change: what was ready stays so
    memo = (str(store.home.root), workspace, reference)
    known = _ready.get(memo)
    if known is not None and known.python.exists():
        return known
    found = _present(store, plan_of(store, workspace=workspace, reference=reference))
    if found is not None and not environment_versions.is_label(reference):
        _ready[memo] = found
    return found


def ensure(store: Store, *, workspace: str, reference: str, log: Path) -> Interpreter:
    """The interpreter for an environment version, built where that has not been done.

    What uv prints is appended to `log`. Raises `EnvironmentFailed`, and as `find_ready` does.
    """
    plan = plan_of(store, workspace=workspace, reference=reference)
    found = _present(store, plan)
    if found is not None:
        return found
    minor, python = _python_for(plan)
    key = plan.key(f"3.{minor}")
    with _locked(store.home.environments / f"{key}.lock"):
        found = _present(store, plan)
        if found is not None:
            return found
        _build(store, plan, key=key, version=f"3.{minor}", python=python, log=log)
    built = _present(store, plan)
    if built is None:
        raise EnvironmentFailed(f"the environment {plan.name} was built and is gone", where=key)
    return built


def plan_of(store: Store, *, workspace: str, reference: str) -> ImagePlan:
    """What is to be installed for a reference. Raises `NotFound`, `BadInput`."""
    environment = environment_versions.resolve(store, workspace=workspace, reference=reference)
    if environment.is_local:
        return ImagePlan(name=environment_versions.LOCAL)
    memo = (environment.name, environment.content)
    if memo not in _plans:
        files = _context_files(store, workspace, environment.build_context)
        plan = image_plans.of(environment, files)
        if environment.build_context:
            return plan
        _plans[memo] = plan
    return _plans[memo]


def _present(store: Store, plan: ImagePlan) -> Interpreter | None:
    if plan.name == environment_versions.LOCAL:
        return _local(store)
    minor, _ = _python_for(plan)
    folder = store.home.environments / plan.key(f"3.{minor}")
    try:
        facts = json.loads((folder / _FACTS).read_text())
    except OSError:
        return None
    warnings, tags = [*plan.notes], {}
    if plan.python and plan.python != facts["python"]:
        warnings.append(
            f"Python {plan.python} of environment {plan.name} is not on this machine;"
            f" Python {facts['python']}, the nearest, is used"
        )
        tags = {"shipway.python": f"{facts['python']} instead of {plan.python}"}
    return Interpreter(
        python=folder / "bin" / "python", folder=folder / "bin", version=facts["python"],
        warnings=tuple(warnings), tags=tags,
    )  # fmt: skip


def _local(store: Store) -> Interpreter:
    """This machine's own Python under the names `python` and `python3`."""
    folder = store.home.environments / environment_versions.LOCAL / "bin"
    version = f"3.{sys.version_info.minor}"
    if not (folder / "python").exists():
        folder.mkdir(parents=True, exist_ok=True)
        python = _available()[sys.version_info.minor]
        for name in ("python", "python3"):
            with contextlib.suppress(FileExistsError):
                (folder / name).symlink_to(python)
    return Interpreter(python=folder / "python", folder=folder, version=version)


def _build(  # facts of one build
    store: Store, plan: ImagePlan, *, key: str, version: str, python: Path, log: Path
) -> None:
    target = store.home.environments / key
    building = store.home.environments / f".building-{key}"
    shutil.rmtree(building, ignore_errors=True)
    with log.open("ab") as out:
        out.write(f"Building environment {plan.name} with Python {version} ({python})\n".encode())
        for line in plan.notes:
            out.write(f"{line}\n".encode())
    try:
        _uv(["venv", "--relocatable", "--no-project", "--python", str(python), str(building)], log)
        if plan.requirements:
            listed = building / "requirements.txt"
            listed.write_text("".join(f"{line}\n" for line in plan.requirements))
            answer = _uv(
                ["pip", "install", "--only-binary", ":all:", "--python",
                 str(building / "bin" / "python"), "-r", str(listed)],
                log, check=False,
            )  # fmt: skip
            if answer is not None:
                raise _refused(plan, version, answer)
        # commands of jobs call pip and MLflow asks for its version; without an index: no pip
        _uv(
            ["pip", "install", "--python", str(building / "bin" / "python"), "pip"],
            log,
            check=False,
        )
        _bytecode("restore", building)
        facts = {"python": version, "environment": plan.name, "requirements": plan.requirements}
        (building / _FACTS).write_text(json.dumps(facts))
        shutil.rmtree(target, ignore_errors=True)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def keep_bytecode(store: Store) -> None:
    """Keep the bytecode of what was imported in each environment, for homes that come later.

    One process at the lowest priority for each; a cache is worth little, so failures are no news.
    """
    for facts in store.home.environments.glob(f"*/{_FACTS}"):
        _bytecode("keep", facts.parent)


def _bytecode(verb: str, folder: Path) -> None:
    cache = bytecode.cache_folder(config.environment())
    for site in folder.glob("lib/python3*/site-packages"):
        python = str(folder / "bin" / "python")
        script = [python, "-I", "-S", bytecode.__file__, verb, str(site)]
        with contextlib.suppress(OSError, process.TimeoutExpired):
            process.run(
                ["nice", "-n", "19" if verb == "keep" else "0", *script, str(cache)],
                seconds=_BYTECODE_SECONDS,
            )


def _uv(arguments: Sequence[str], log: Path, *, check: bool = True) -> str | None:
    """Run uv; None when it went well, else what it said. Raises `EnvironmentFailed`."""
    variables = config.environment()
    kept = {
        name: value
        for name, value in variables.items()
        if name in _PASSED or name.startswith(("UV_", "PIP_"))
    }
    kept |= {"UV_NO_PROGRESS": "1", "NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"}
    kept |= {uv_name: kept[pip] for pip, uv_name in _PIP_SETTINGS.items() if pip in kept}
    try:
        done = process.run([_UV, *arguments], env_vars=kept, seconds=_BUILD_SECONDS)
    except process.TimeoutExpired:
        raise EnvironmentFailed(
            f"uv did not finish within {_BUILD_SECONDS:.0f} s", where=" ".join(arguments)
        ) from None
    said = (done.stdout + done.stderr).decode(errors="replace")
    with log.open("ab") as out:
        out.write(said.encode())
    if done.returncode == 0:
        return None
    if check:
        raise EnvironmentFailed(f"uv failed: {_tail(said)}", where=" ".join(arguments))
    return said


# pip's variables mean the same to people; uv has names of its own for them
_PIP_SETTINGS = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
}


def _refused(plan: ImagePlan, version: str, said: str) -> EnvironmentFailed:
    """uv's answer as package, version, Python and remedy."""
    text = " ".join(said.split())
    remedy = "Pin a version that has a wheel for it"
    if plan.python and plan.python != version:
        remedy += f", or install Python {plan.python} on this machine (uv python install)"
    wheel = _NO_WHEEL.search(text)
    if wheel:
        return EnvironmentFailed(
            f"the environment {plan.name} cannot be built: {wheel[1]} {wheel[2]} has no wheel for"
            f" Python {version}",
            where=f"{wheel[1]}=={wheel[2]}", hint=f"{remedy}.",
        )  # fmt: skip
    missing = _NO_VERSION.search(text)
    if missing:
        return EnvironmentFailed(
            f"the environment {plan.name} cannot be built: the package index has no"
            f" {missing[1] or missing[2]} (Python {version})",
            where=missing[1] or missing[2], hint="Correct the name or the version.",
        )  # fmt: skip
    return EnvironmentFailed(
        f"the environment {plan.name} cannot be built with Python {version}: {_tail(said)}",
        where=plan.name, hint="azureml-logs/20_image_build_log.txt has all that uv said.",
    )  # fmt: skip


def _tail(said: str) -> str:
    lines = [line.strip(" │╰─▶×") for line in said.splitlines() if line.strip()]
    return " ".join(lines[-6:])[:1000]


def _python_for(plan: ImagePlan) -> tuple[int, Path]:
    return interpreters.nearest(plan.python, _available())


def _available() -> dict[int, Path]:
    with _memory:
        if not _pythons:
            _pythons.update(interpreters.find_all())
        return dict(_pythons)


def _context_files(store: Store, workspace: str, context: str) -> dict[str, str]:
    """The small text files of a build context by path."""
    if not context:
        return {}
    place = datastores.locate(store, workspace=workspace, uri=context)
    return {
        path: store.files.read(blob.digest).decode(errors="replace")
        for path, blob in content_manifests.blobs_at(store, place).items()
        if blob.size <= _LARGEST_CONTEXT_FILE
    }


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file, across threads and processes."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
