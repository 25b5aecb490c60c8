"""Bytecode of installed packages, kept between virtual environments that are made anew each time.

A fresh environment has no bytecode, so its first import compiles every module: 5 s for the Azure
SDK instead of 1.5 s. `keep` compiles anew, from sources that are what their wheel's RECORD says,
those modules that somebody imported in an environment; `restore` copies what was kept for the same
wheels into another one. Copies, never links: no environment can change what another one reads.
Each file carries its source's hash and Python checks it at import, so a source that was edited
counts. Runs as a script under any Python 3, with nothing but its standard library:
`python -I -S bytecode.py keep|restore SITE_PACKAGES CACHE`.
"""

import base64
import contextlib
import csv
import hashlib
import importlib.util
import os
import py_compile
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

#: Name of the folder beside uv's own ones in its cache: gone with `uv cache clean`.
FOLDER = "shipway-bytecode-v1"
_TAG = str(sys.implementation.cache_tag)


class Wheel:
    """An installed distribution: its sources with their hashes, and its name in the cache."""

    def __init__(self, record: Path) -> None:
        self.site = record.parent.parent
        with record.open(newline="", encoding="utf-8") as lines:
            self.hashes = {
                row[0]: row[1]
                for row in csv.reader(lines)
                if len(row) > 1 and row[0].endswith(".py") and row[1].startswith("sha256=")
                and not row[0].startswith(("/", "../"))
            }  # fmt: skip
        told = "\n".join(f"{name} {said}" for name, said in sorted(self.hashes.items()))
        digest = hashlib.sha256(told.encode()).hexdigest()[:32]
        self.entry = f"{record.parent.name.removesuffix('.dist-info')}-{digest}.zip"

    def imported(self) -> set[str]:
        """The sources that have bytecode beside them."""
        return {name for name in self.hashes if (self.site / _cached(name)).exists()}

    def compiled(self, name: str) -> bytes | None:
        """A source's bytecode; None when the source is not the wheel's or does not compile."""
        path = self.site / name
        source = path.read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(source).digest()).rstrip(b"=").decode()
        if self.hashes[name] != f"sha256={digest}":
            return None
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "x.pyc"
            try:
                py_compile.compile(
                    str(path), cfile=str(target), dfile=name, doraise=True,
                    invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
                )  # fmt: skip
            except py_compile.PyCompileError:
                return None
            return target.read_bytes()


def keep(site: Path, cache: Path) -> int:
    """Add what was imported in an environment to the cache; how many modules were new."""
    folder, added = cache / _TAG, 0
    for wheel in _wheels(site):
        wanted, known = wheel.imported(), _read(folder / wheel.entry)
        new = sorted(wanted - known.keys())
        made = {name: content for name in new if (content := wheel.compiled(name)) is not None}
        if made:
            _write(folder / wheel.entry, {**known, **made})
            added += len(made)
    return added


def restore(site: Path, cache: Path) -> int:
    """Give an environment the bytecode kept for its wheels; how many modules got theirs."""
    folder, count = cache / _TAG, 0
    for wheel in _wheels(site):
        for name, content in _read(folder / wheel.entry).items():
            target = site / _cached(name)
            if name in wheel.hashes and not target.exists() and (site / name).exists():
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(content)
                count += 1
    return count


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Where a process with these variables keeps it: beside what uv keeps."""
    general = variables.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(variables.get("UV_CACHE_DIR") or f"{general}/uv") / FOLDER


def _wheels(site: Path) -> Iterator[Wheel]:
    for record in sorted(site.glob("*.dist-info/RECORD")):
        with contextlib.suppress(OSError, ValueError, csv.Error):
            yield Wheel(record)


def _cached(name: str) -> str:
    return importlib.util.cache_from_source(name)


def _read(entry: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(entry) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return {}  # nothing kept yet, or damaged: it is made anew


def _write(entry: Path, content: dict[str, bytes]) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=entry.parent, suffix=".part")
    with os.fdopen(handle, "wb") as out, zipfile.ZipFile(out, "w") as archive:
        for path, one in content.items():
            archive.writestr(path, one)
    Path(name).replace(entry)


def main(arguments: list[str]) -> int:
    """`keep|restore SITE_PACKAGES CACHE`."""
    verb, site, cache = arguments
    {"keep": keep, "restore": restore}[verb](Path(site), Path(cache))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
