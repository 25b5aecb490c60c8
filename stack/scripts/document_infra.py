"""Writes the tables of infra/'s inputs and outputs into README.md; `--check` only compares."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# what `terraform fmt` leaves: a block begins and ends in the first column
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r"^  (\w+) += (.+?)(?=^  \w|\Z)", re.MULTILINE | re.DOTALL)


def blocks(file: Path) -> dict[str, dict[str, str]]:
    """Variables or outputs of a file: name -> attributes as they are written."""
    return {
        name: {
            key: " ".join(text.split()).replace(", ]", "]").replace("[ ", "[")
            for key, text in _ATTRIBUTE.findall(body)
        }
        for _, name, body in _BLOCK.findall(file.read_text())
    }


def inputs(infra: Path) -> str:
    """The table of inputs: those that must be given first."""
    found = blocks(infra / "variables.tf")
    lines = ["| input | type | default | |", "|---|---|---|---|"]
    for name, one in sorted(found.items(), key=lambda item: "default" in item[1]):
        default = f"`{one['default']}`" if "default" in one else "must be given"
        text = one["description"].strip('"')
        lines.append(f"| `{name}` | `{one['type']}` | {default} | {text} |")
    return "\n".join(lines)


def outputs(infra: Path) -> str:
    """The table of outputs."""
    lines = ["| output | |", "|---|---|"]
    for name, one in blocks(infra / "outputs.tf").items():
        text = one["description"].strip('"')
        lines.append(f"| `{name}` | {text} |")
    return "\n".join(lines)


def documented(text: str, infra: Path) -> str:
    """The README with the tables of today."""
    for name, table in (("inputs", inputs(infra)), ("outputs", outputs(infra))):
        pattern = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"README.md has no place for the {name}")
        text = pattern.sub(lambda _, n=name, t=table: f"<!-- {n} -->\n{t}\n<!-- /{n} -->", text)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    readme = ROOT / "README.md"
    before = readme.read_text()
    after = documented(before, ROOT / "infra")
    if before == after:
        return 0
    if args.check:
        print("README.md is older than infra/: python scripts/document_infra.py", file=sys.stderr)
        return 1
    readme.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
