"""What may be promoted to another workspace, and what the copy says of itself. Pure."""

from __future__ import annotations

import hashlib
from pathlib import Path

import arm
import release_rules

#: Where the evaluation of a promoted version lies in the blob store of its workspace.
EVALUATION_TAG = "evaluation"
#: What belongs to the first workspace alone: its decision and its deployment.
LEFT_BEHIND = ("approval", "deployed_", "promoted_")


def digest_of(folder: Path) -> str:
    """One fingerprint for every file below a folder, names and content."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            total.update(file.relative_to(folder).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def tags_of(model: arm.ModelVersion, *, source: str, digest: str, evaluation: str) -> dict:
    """The version's own tags without its decision, and where it comes from."""
    kept = {n: v for n, v in model.tags.items() if not n.startswith(LEFT_BEHIND)}
    return {
        **kept,
        "promoted_from": source,
        "promoted_digest": digest,
        "promoted_approval": model.tags.get("approval_by", ""),
        "promoted_run": model.tags.get("approval_run", ""),
        EVALUATION_TAG: evaluation,
    }


def earlier(models: list[arm.ModelVersion], source: str, digest: str) -> arm.ModelVersion | None:
    """The copy that is there already. Raises Refused when it has other content."""
    for model in models:
        if model.tags.get("promoted_from") == source:
            if model.tags.get("promoted_digest") != digest:
                raise release_rules.Refused(
                    f"{model.name}:{model.version} was promoted from {source} with other content"
                )
            return model
    return None


def free_version(models: list[arm.ModelVersion], wanted: str) -> str:
    """The same number as in the first workspace; the next one where that is taken."""
    taken = {model.version for model in models}
    if wanted not in taken:
        return wanted
    numbers = [int(version) for version in taken if version.isdigit()]
    return str(max(numbers, default=0) + 1)
