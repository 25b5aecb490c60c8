"""The folder from which Terraform installs our providers, and the CLI configuration that says so.

Layout of an unpacked filesystem mirror: `SOURCE/VERSION/PLATFORM/terraform-provider-NAME_vVERSION`.
What lies there is a launch shim, byte-identical on every machine, so that its checksum in a lock
file holds everywhere. Sources: Terraform's pages "CLI configuration" and "Dependency lock file";
golang.org/x/mod/sumdb/dirhash (Hash1).
"""

import base64
import contextlib
import hashlib
import re
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shipway.base.home import Home, write_private
from shipway.terraform import cli_configuration
from shipway.terraform.schema import PROVIDERS, SOURCES, ProviderSchema

_SHIM = """\
#!/bin/sh
# shipway's stand-in for the Terraform provider {name} {version}: it talks to shipway only.
# Ctrl-C reaches the whole process group; Terraform tells the provider itself what to do then.
trap '' INT
if [ -z "$SHIPWAY_PYTHON" ] && ! python3 -I -c 'import shipway' 2>/dev/null; then
  echo "This folder was initialized by shipway. Run 'shipway tf -- ...' for shipway, or remove \
.terraform and run 'terraform init' for Azure."
  exit 1
fi
# threads that wait for the network need no memory pool of their own
MALLOC_ARENA_MAX=1 exec "${{SHIPWAY_PYTHON:-python3}}" -I -m shipway.terraform {name}
"""
_ENTRY = re.compile(r'provider\s+"([^"]+)"\s*\{(.*?)\n\}', re.DOTALL)
_HASHES = re.compile(r"^\s*hashes\s*=\s*\[", re.MULTILINE)
_VERSION = re.compile(r'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What a lock file says of one of our providers."""

    provider: str
    version: str
    ours: str
    has_our_hash: bool

    @property
    def is_other_version(self) -> bool:
        """Whether it was locked at a version that we do not mirror."""
        return self.version != self.ours


def folder(home: Home) -> Path:
    """Where everything about Terraform lies in a home."""
    return home.root / "terraform"


def mirror_folder(home: Home) -> Path:
    """The mirror itself."""
    return folder(home) / "mirror"


def plain_configuration(home: Home) -> Path:
    """The CLI configuration for processes that are not a user's: pipeline jobs."""
    return folder(home) / "agent.tfrc"


def write(home: Home) -> None:
    """Write the mirror and the plain configuration where they are not as they should be."""
    folder(home).mkdir(parents=True, exist_ok=True, mode=0o700)
    for provider in PROVIDERS:
        for platform in platforms():
            path = _place(home, provider, platform)
            content = shim(provider).encode()
            if not path.exists() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary = path.with_name(f".{path.name}.new")
                temporary.write_bytes(content)
                temporary.chmod(0o755)
                temporary.replace(path)
    _write_if_changed(plain_configuration(home), cli_configuration.written(mirror_folder(home), ""))


def sweep(folder: Path) -> None:
    """Remove the sockets of providers that were killed: folders of ours in the temporary one."""
    for path in folder.glob("shipway-tf-*"):
        pid = path.name.split("-")[2]
        if not pid.isdecimal() or Path("/proc", pid).exists() or not Path("/proc/self").exists():
            continue
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            (path / "plugin.sock").unlink(missing_ok=True)
            path.rmdir()


def variables(home: Home, env_vars: Mapping[str, str]) -> dict[str, str]:
    """Write what is needed; the variables by which Terraform finds our providers.

    What the user's own CLI configuration says beside the place of our providers is kept.
    """
    write(home)
    sweep(Path(env_vars.get("TMPDIR") or "/tmp"))  # noqa: S108  # where the sockets lie
    theirs = cli_configuration.of_user(env_vars, ours=folder(home))
    path = folder(home) / "user.tfrc"
    _write_if_changed(path, cli_configuration.written(mirror_folder(home), theirs))
    return {"TF_CLI_CONFIG_FILE": str(path), "SHIPWAY_PYTHON": sys.executable}


def is_stale(home: Home) -> bool:
    """Whether a mirror is there that this version of shipway would write differently."""
    if not mirror_folder(home).exists():
        return False
    return any(
        not (path := _place(home, provider, platform)).exists()
        or path.read_bytes() != shim(provider).encode()
        for provider in PROVIDERS
        for platform in platforms()
    )


def version_of(provider: str) -> str:
    """The version of the real provider that ours mirrors."""
    return ProviderSchema(provider).version


def shim(provider: str) -> str:
    """The launcher's text, without a path or anything else of this machine."""
    return _SHIM.format(name=provider, version=version_of(provider))


def our_hash(provider: str) -> str:
    """The `h1:` checksum of a provider's folder, as Terraform computes it."""
    content = hashlib.sha256(shim(provider).encode()).hexdigest()
    line = f"{content}  {_file_name(provider)}\n"
    return "h1:" + base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()


def locked(path: Path) -> Sequence[Locked]:
    """What a `.terraform.lock.hcl` says of our providers; nothing when it is not there."""
    try:
        entries = dict(_ENTRY.findall(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return ()
    found = []
    for provider in PROVIDERS:
        body = entries.get(SOURCES[provider])
        version = _VERSION.search(body or "")
        if body is not None and version is not None:
            found.append(
                Locked(
                    provider=provider,
                    version=version[1],
                    ours=version_of(provider),
                    has_our_hash=f'"{our_hash(provider)}"' in body,
                )
            )
    return tuple(found)


def add_hashes(path: Path, providers: Collection[str]) -> None:
    """Put our checksums beside those that a `.terraform.lock.hcl` has for these providers.

    The file is replaced as a whole. Raises `OSError` and `UnicodeDecodeError`.
    """

    def with_ours(entry: re.Match[str]) -> str:
        provider = next((one for one in providers if SOURCES[one] == entry[1]), "")
        if not provider:
            return entry[0]
        line = f'\n    "{our_hash(provider)}",'
        if _HASHES.search(entry[0]):
            return _HASHES.sub(lambda found: found[0] + line, entry[0], count=1)
        return entry[0].removesuffix("\n}") + f"\n  hashes = [{line}\n  ]\n}}"

    text = _ENTRY.sub(with_ours, path.read_text(encoding="utf-8"))
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    shutil.copymode(path, beside)
    beside.replace(path)


def platforms() -> tuple[str, ...]:
    """Terraform's words for this system, for both processors: the shim is the same."""
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform, sys.platform)
    return tuple(f"{system}_{processor}" for processor in ("amd64", "arm64"))


def _place(home: Home, provider: str, platform: str) -> Path:
    version = version_of(provider)
    return mirror_folder(home) / SOURCES[provider] / version / platform / _file_name(provider)


def _file_name(provider: str) -> str:
    return f"terraform-provider-{provider}_v{version_of(provider)}"


def _write_if_changed(path: Path, text: str) -> None:
    """0600: a user's configuration may hold tokens."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_private(path, text.encode())
