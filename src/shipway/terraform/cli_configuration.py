"""Terraform's CLI configuration: our mirror first, and the user's own settings kept.

Reads as much of HCL as such files use: blocks, strings, comments. Source: Terraform's page "CLI
configuration file".
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from shipway.terraform.schema import SOURCES

_SPACE = re.compile(r"\s*")
_HEAD = re.compile(r'\s*([A-Za-z_][\w-]*)((?:\s+"[^"]*")*)\s*\{')
_EXCLUDE = re.compile(r"\bexclude\s*=\s*\[")
# would mix our providers with the real ones in one folder
_DROPPED = re.compile(r"^[ \t]*plugin_cache_(?:dir|may_break_dependency_lock_file)\s*=.*$", re.M)


def of_user(env_vars: Mapping[str, str], *, ours: Path) -> str:
    """The text of the user's own configuration, in the older or JSON-less form; else nothing."""
    named = env_vars.get("TF_CLI_CONFIG_FILE") or env_vars.get("TERRAFORM_CONFIG")
    default = Path(env_vars.get("HOME") or "/") / ".terraformrc"
    path = Path(named) if named else default
    if path.is_relative_to(ours):  # `shipway tf` within `shipway exec`: it is in there already
        path = default
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if text.lstrip().startswith("{") else text


def written(mirror: Path, theirs: str) -> str:
    """A configuration that takes our providers from `mirror` and leaves the rest as it was."""
    rest, methods = _split(_DROPPED.sub("", theirs))
    sources = ", ".join(f'"{source}"' for source in SOURCES.values())
    lines = [
        "# Written by shipway; changes are lost. The part below comes from your own configuration.",
        "provider_installation {",
        "  filesystem_mirror {",
        f'    path    = "{_quoted(str(mirror))}"',
        f"    include = [{sources}]",
        "  }",
        *(_excluding(method, sources) for method in methods),
        *(() if methods else ("  direct {", f"    exclude = [{sources}]", "  }")),
        "}",
    ]
    return "\n".join(lines) + "\n" + (f"\n{rest.strip()}\n" if rest.strip() else "")


def _split(text: str) -> tuple[str, list[str]]:
    """The text without `provider_installation`, and the methods that stood in it."""
    kept, methods = "", []
    for name, part in _blocks(text):
        if name == "provider_installation":
            inside = part[part.index("{") + 1 : part.rindex("}")]
            methods += [inner.strip() for word, inner in _blocks(inside) if word]
        else:
            kept += part
    return kept, methods


def _excluding(method: str, sources: str) -> str:
    """A method of installation that leaves our providers alone."""
    if method.startswith("dev_overrides"):
        return f"  {method}"
    if _EXCLUDE.search(method):
        return "  " + _EXCLUDE.sub(lambda found: f"{found[0]}{sources}, ", method, count=1)
    return f"  {method[: method.rindex('}')].rstrip()}\n    exclude = [{sources}]\n  }}"


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Top-level parts in order: a block with its name, or other text with an empty one."""
    at = start = 0
    while at < len(text):
        head = _HEAD.match(text, at)
        if head is None:
            at = _next(text, at)
            continue
        if at > start:
            yield "", text[start:at]
        end = _end(text, head.end())
        yield head[1], text[at:end]
        at = start = end
    if at > start:
        yield "", text[start:at]


def _end(text: str, at: int) -> int:
    """Past the brace that closes the block whose inside begins at `at`."""
    depth = 1
    while at < len(text) and depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at = _next(text, at)
    return at


def _next(text: str, at: int) -> int:
    """Past one character, a whole string or a whole comment."""
    if text[at] == '"':
        at += 1
        while at < len(text) and text[at] not in '"\n':
            at += 2 if text[at] == "\\" else 1
        return at + 1
    if text[at] == "#" or text.startswith("//", at):
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    if text.startswith("/*", at):
        end = text.find("*/", at)
        return len(text) if end < 0 else end + 2
    return at + 1


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
