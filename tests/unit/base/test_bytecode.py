"""Bytecode goes from one environment to the next by copy, and only where the sources agree."""

import base64
import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

from shipway.base import bytecode


def installed(folder: Path, *, source: str = "VALUE = 1\n", told: str | None = None) -> Path:
    """A site-packages with one wheel of one module; `told` is what RECORD says that it is."""
    package = folder / "thing"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source)
    digest = hashlib.sha256((told or source).encode()).digest()
    text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    record = folder / "thing-1.0.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text(f"thing/__init__.py,sha256={text},9\nthing-1.0.dist-info/RECORD,,\n")
    return folder


def value_in(site: Path) -> str:
    """What an import gives, by a Python that writes bytecode as it likes."""
    code = f"import sys; sys.path.insert(0, {str(site)!r}); import thing; print(thing.VALUE)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def compiled(site: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(site / "thing" / "__init__.py")))


def test_only_what_was_imported_is_kept_and_copied(tmp_path: Path) -> None:
    cache, first = tmp_path / "cache", installed(tmp_path / "a")
    assert bytecode.keep(first, cache) == 0
    assert value_in(first) == "1"
    assert bytecode.keep(first, cache) == 1
    assert bytecode.keep(first, cache) == 0
    second, third = installed(tmp_path / "b"), installed(tmp_path / "c")
    assert bytecode.restore(second, cache) == bytecode.restore(third, cache) == 1
    compiled(second).write_bytes(b"spoilt")
    assert compiled(third).read_bytes() != b"spoilt"
    assert value_in(third) == "1"


def test_a_source_that_was_edited_counts(tmp_path: Path) -> None:
    cache, first = tmp_path / "cache", installed(tmp_path / "a")
    value_in(first)
    bytecode.keep(first, cache)
    second = installed(tmp_path / "b")
    bytecode.restore(second, cache)
    (second / "thing" / "__init__.py").write_text("VALUE = 2\n")
    assert value_in(second) == "2"


def test_another_wheel_gets_nothing(tmp_path: Path) -> None:
    cache, first = tmp_path / "cache", installed(tmp_path / "a")
    value_in(first)
    bytecode.keep(first, cache)
    assert bytecode.restore(installed(tmp_path / "b", source="VALUE = 3\n"), cache) == 0


def test_a_source_that_is_not_the_wheels_is_never_kept(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    spoilt = installed(tmp_path / "a", source="VALUE = 9\n", told="VALUE = 1\n")
    value_in(spoilt)
    assert bytecode.keep(spoilt, cache) == 0
    assert bytecode.restore(installed(tmp_path / "b"), cache) == 0


def test_a_damaged_cache_is_no_error(tmp_path: Path) -> None:
    cache, first = tmp_path / "cache", installed(tmp_path / "a")
    value_in(first)
    bytecode.keep(first, cache)
    (entry,) = cache.glob("*/*.zip")
    entry.write_bytes(b"not a zip")
    assert bytecode.restore(installed(tmp_path / "b"), cache) == 0
    assert bytecode.keep(first, cache) == 1
