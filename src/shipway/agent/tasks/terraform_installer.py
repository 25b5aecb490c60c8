"""TerraformInstaller@0/1: the version of Terraform asked for, first on the path.

The terraform of this machine is taken where its version is the one asked for (any, for `latest`);
another version is downloaded once, compared with the sums that its maker publishes, and kept among
the tools of this home.
Source: terraform-installer.ts of microsoft/azure-pipelines-terraform.
"""

import hashlib
import json
import platform
import re
import shutil
import zipfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths, programs
from shipway.agent.tasks.programs import Call
from shipway.base.errors import BadInput, NotFound, NotSupported, Unavailable

_VERSION = re.compile(r"v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)")
_RELEASES = "https://releases.hashicorp.com/terraform"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_SECONDS = 60.0
_LARGEST_SUMS = 64 * 1024
# it would ask its maker whether there is a newer one
_QUIET = {"CHECKPOINT_DISABLE": "1"}


def wanted_version(text: str) -> str:
    """The version without its `v`, or `latest`. Raises `BadInput` in the words of the task."""
    if text.lower() == "latest":
        return "latest"
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise BadInput(
            f"Input version {text} is not a valid semantic version", code="InvalidInput",
            where="terraformVersion",
        )  # fmt: skip
    return found[1]


def version_of(step: StepRun, program: str, *, label: str) -> str:
    """The version that a terraform says it has; empty when it does not say."""
    file = step.job.directories.temporary / f"{step.record_id}-{label}.json"
    programs.ask(
        step,
        Call(
            command=[program, "version", "-json"], cwd=step.job.directories.workspace, label=label
        ),
        file,
    )
    try:
        return str(json.loads(file.read_text())["terraform_version"])
    except (OSError, ValueError, KeyError):
        return ""


def _kept(step: StepRun, version: str) -> Path:
    """Where a downloaded version lies, for every job of this home."""
    return step.job.store.home.root / "agent-tools" / "terraform" / version / "terraform"


def _download(step: StepRun, version: str) -> Path:
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise NotSupported(f"Architecture {platform.machine()} is not supported")
    place, name = f"{_RELEASES}/{version}", f"terraform_{version}_linux_{architecture}.zip"
    url = f"{place}/{name}"
    step.log(f"Downloading: {url}")
    archive = step.job.directories.temporary / f"terraform-{version}.zip"
    try:
        with urlopen(url, timeout=_SECONDS) as answer, archive.open("wb") as file:  # noqa: S310  # https only
            shutil.copyfileobj(answer, file)
        with urlopen(f"{place}/terraform_{version}_SHA256SUMS", timeout=_SECONDS) as answer:  # noqa: S310  # https only
            sums = answer.read(_LARGEST_SUMS).decode(errors="replace")
    except (URLError, OSError) as error:
        raise Unavailable(
            f"Failed to download Terraform from url {url}. Error {error}", where=url,
            hint="Install that version on this machine, or ask for 'latest' to take the one that "
            "is there.",
        ) from None  # fmt: skip
    _verify(archive, sums, name)
    program = _kept(step, version)
    _unpack(archive, program, program.with_name(f"{step.record_id}.part"))
    return program


def _verify(archive: Path, sums: str, name: str) -> None:
    """Raises `Unavailable` for a download that is not what its maker has published."""
    listed = (line.partition(" ") for line in sums.splitlines())
    expected = {file.strip(): digest for digest, _, file in listed}
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if expected.get(name) != found:
        archive.unlink()
        raise Unavailable(
            f"Failed to download Terraform: the SHA-256 sum of {name} is {found}, and "
            f"{expected.get(name, 'none')} is published",
            code="DownloadNotVerified", where=name, hint="Try again, or install it yourself.",
        )  # fmt: skip


def _unpack(archive: Path, program: Path, made: Path) -> None:
    """Put the program into its place at once: another job may look for it meanwhile."""
    program.parent.mkdir(parents=True, exist_ok=True)
    with (
        zipfile.ZipFile(archive) as found,
        found.open("terraform") as source,
        made.open("wb") as to,
    ):
        shutil.copyfileobj(source, to)
    made.chmod(0o755)
    made.rename(program)
    archive.unlink()


def _installed(step: StepRun, version: str) -> Path:
    """The program of that version: this machine's, one downloaded before, or a new one."""
    there = programs.find(step, "terraform")
    has = version_of(step, there, label="version") if there else ""
    if version == "latest":
        if not has:
            raise NotFound(
                "Unable to determine the latest Terraform version: there is no terraform on this "
                "machine", code="ProgramMissing", where="terraformVersion: latest",
                hint="Set the version in the task's input, or install terraform.",
            )  # fmt: skip
        step.log(f"The latest version that is on this machine: {has}")
        return Path(there)
    if has == version:
        return Path(there)
    kept = _kept(step, version)
    return kept if kept.is_file() else _download(step, version)


def _run(step: StepRun) -> StepResult:
    version = wanted_version(paths.required(step, "terraformVersion"))
    program = _installed(step, version)
    folder = step.job.directories.tools / "terraform"
    folder.mkdir(exist_ok=True)
    link = folder / "terraform"
    link.unlink(missing_ok=True)
    link.symlink_to(program)
    programs.prepend_path(step, folder)
    programs.set_variable(step, "terraformLocation", str(link))
    step.log("Verifying Terraform installation...")
    code = programs.run(
        step,
        Call(
            command=[str(link), "version"], cwd=step.job.directories.workspace, label="verify",
            env_vars=_QUIET,
        ),
    )  # fmt: skip
    return programs.result(step, code, str(link))


def _task(version: int) -> Task:
    return Task(name="TerraformInstaller", version=version, run=_run, acts_on_job=True)


INSTALLER_0, INSTALLER_1 = _task(0), _task(1)
