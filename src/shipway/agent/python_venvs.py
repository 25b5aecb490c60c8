"""Python environments of jobs: fresh ones, filled through uv's cache.

A job's `pip` is a small package that hands `install`, `uninstall`, `list`, `freeze`, `show` and
`check` to uv, so that a fresh environment costs a second instead of a minute. Anything else is
done by the real pip, which uv fetches for that one call. Bytecode that an earlier job's imports
have shown to be wanted comes with what is installed, see `base/bytecode.py`.
"""

import contextlib
import shlex
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

import uv

from shipway.base import bytecode, config, process

# what a package index needs, as the user had it when the server was started
INDEX_VARIABLES = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "UV_INDEX_URL", "UV_DEFAULT_INDEX",
    "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_OFFLINE", "UV_PYTHON_DOWNLOADS", "UV_CACHE_DIR",
    "UV_INDEX_STRATEGY", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP_TIMEOUT", "UV_NO_CONFIG",
)  # fmt: skip

# found once, while there is one thread: sysconfig, which uv asks, gives half its answers to a
# second thread that asks while the first one still makes them
_UV = str(uv.find_uv_bin())
_RETIRED = "_tool.done"
_KEEP_SECONDS = 120.0

_PIP_MAIN = '''\
"""The job's pip: the common commands through uv, the others through the real pip."""

import os
import subprocess
import sys
import sysconfig

UV = {uv!r}
BYTECODE = {bytecode!r}
DROPPED = {{"--user", "--disable-pip-version-check", "--no-input", "--prefer-binary",
           "--no-warn-script-location", "--break-system-packages", "--no-python-version-warning"}}
DROPPED_WITH_VALUE = ("--progress-bar", "--root-user-action", "--use-feature", "--cache-dir")
RENAMED = {{"--no-cache-dir": "--no-cache"}}
THROUGH_UV = ("install", "uninstall", "list", "freeze", "show", "check")


def translated(arguments):
    out, skip = [], False
    for item in arguments:
        if skip:
            skip = False
        elif item in DROPPED or any(item.startswith(n + "=") for n in DROPPED_WITH_VALUE):
            continue
        elif item in DROPPED_WITH_VALUE:
            skip = True
        else:
            out.append(RENAMED.get(item, item))
    return out


def command(arguments):
    words = [a for a in arguments if not a.startswith("-")]
    verb = words[0] if words else ""
    rest = list(arguments)
    if verb:
        rest.remove(verb)
    if verb not in THROUGH_UV:
        return [UV, "run", "--no-project", "--isolated", "--with", "pip",
                "--python", sys.executable, "python", "-m", "pip", *arguments]
    rest = translated(rest)
    if verb == "install":
        # this pip is part of the environment; asked to renew itself, it has nothing to do
        rest = [a for a in rest if a not in ("pip", "setuptools<0")]
        if not [a for a in rest if not a.startswith("-")] and "pip" in words:
            print("Requirement already satisfied: pip")
            sys.exit(0)
    if verb == "uninstall":
        rest = [a for a in rest if a not in ("-y", "--yes")]
    return [UV, "pip", verb, "--python", sys.executable, *rest]


def main():
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        print("pip 24.3 (through uv) from", os.path.dirname(__file__),
              "(python %d.%d)" % sys.version_info[:2])
        return
    line = command(arguments)
    if line[1:3] != ["pip", "install"] or not os.environ.get("UV_CACHE_DIR"):
        os.execv(line[0], line)
    code = subprocess.call(line)
    if code == 0:
        cache = os.path.join(os.environ["UV_CACHE_DIR"], {cache!r})
        site = sysconfig.get_path("purelib")
        subprocess.call([sys.executable, "-I", "-S", BYTECODE, "restore", site, cache])
    sys.exit(code)


if __name__ == "__main__":
    main()
'''


def uv_binary() -> str:
    """The uv that came with shipway."""
    return _UV


def index_settings() -> dict[str, str]:
    """The package index variables of this process, and where uv's cache is."""
    present = config.environment()
    found = {name: present[name] for name in INDEX_VARIABLES if present.get(name)}
    if "UV_CACHE_DIR" not in found:
        cache = present.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        found["UV_CACHE_DIR"] = f"{cache}/uv"
    if "PIP_INDEX_URL" in found and "UV_DEFAULT_INDEX" not in found:
        found["UV_DEFAULT_INDEX"] = found["PIP_INDEX_URL"]
    return found


def create(folder: Path, *, version: str, env_vars: Mapping[str, str]) -> tuple[bool, str]:
    """A fresh environment at `folder`; whether it could be made, and what uv said."""
    done = process.run(
        [uv_binary(), "venv", "--quiet", "--python", version, str(folder)],
        env_vars=env_vars,
        seconds=300,
    )
    if done.returncode != 0:
        return False, done.stderr.decode(errors="replace").strip()
    _install_pip(folder)
    return True, ""


def retire(tools: Path) -> None:
    """Take a job's environments away, and keep the bytecode of what was imported in them.

    Both beside the work: whoever waits for the job does not wait for this.
    """
    if tools.exists():
        done = tools.with_name(_RETIRED)
        shutil.rmtree(done, ignore_errors=True)
        tools.rename(done)
        threading.Thread(target=_keep_and_remove, args=(done,), daemon=True).start()


def sweep(runs: Path) -> None:
    """Take away what was being retired when an agent was killed."""
    for folder in (*runs.glob(f"*/*/{_RETIRED}"), *runs.glob(f"*/*/*/{_RETIRED}")):
        shutil.rmtree(folder, ignore_errors=True)


def _keep_and_remove(tools: Path) -> None:
    cache = bytecode.cache_folder(index_settings())
    for site in tools.glob("*/lib/python3*/site-packages"):
        if any(site.glob("*.dist-info")):
            python = str(site.parents[2] / "bin" / "python")
            script = [python, "-I", "-S", bytecode.__file__, "keep", str(site), str(cache)]
            # a cache is worth little: whatever goes wrong, the next job compiles for itself
            with contextlib.suppress(OSError, process.TimeoutExpired):
                process.run(["nice", "-n", "19", *script], seconds=_KEEP_SECONDS)
    shutil.rmtree(tools, ignore_errors=True)


def _install_pip(folder: Path) -> None:
    site = next((folder / "lib").glob("python3*/site-packages"))
    package = site / "pip"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text('"""The job\'s pip; see __main__."""\n')
    (package / "__main__.py").write_text(
        _PIP_MAIN.format(uv=uv_binary(), bytecode=bytecode.__file__, cache=bytecode.FOLDER)
    )
    python = shlex.quote(str(folder / "bin" / "python"))
    for name in ("pip", "pip3"):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {python} -m pip "$@"\n')
        script.chmod(0o755)
