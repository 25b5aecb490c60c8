"""A small part of Markdown as safe HTML: headings, tables, lists, links, code, emphasis.

Everything is escaped before anything is marked up, so what a step writes can never be a tag of
its own. Links lead to http(s) only. Images show their words, not their source.
"""

import re

from markupsafe import Markup, escape

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_BULLET = re.compile(r"\s{0,3}([-*+]|\d{1,9}[.)])\s+(.*)$")
_RULE = re.compile(r"\s{0,3}([-*_])(\s*\1){2,}\s*$")
_DIVIDER = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_CODE = re.compile(r"`([^`]+)`")
# a text in brackets is bounded: without a bound, a row of brackets costs the square of its length
_IMAGE = re.compile(r"!\[([^\[\]]{0,1000})\]\(([^()\s]{0,4000})\)")
_LINK = re.compile(r"\[([^\[\]]{1,1000})\]\((https?://[^()\s]{1,4000})\)")
# what Azure DevOps calls a run's page is a page of the studio here
_RUN_PAGE = re.compile(r"https://dev\.azure\.com/[^/\s]+/[^/\s]+/_build/results\?buildId=(\d+)$")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])")
_MOST = 200_000


def to_html(text: str) -> Markup:
    """The HTML of a text; what is not understood is shown as it stands."""
    lines = text[:_MOST].replace("\r\n", "\n").split("\n")
    blocks: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith("```"):
            at = _fenced(lines, at, blocks)
        elif heading := _HEADING.match(line):
            level = len(heading[1])
            blocks.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
            at += 1
        elif _is_table(lines, at):
            at = _table(lines, at, blocks)
        elif _RULE.match(line):
            blocks.append("<hr>")
            at += 1
        elif _BULLET.match(line):
            at = _list(lines, at, blocks)
        elif line.strip():
            at = _paragraph(lines, at, blocks)
        else:
            at += 1
    return Markup("\n".join(blocks))  # noqa: S704  # every text in it went through _inline


def _fenced(lines: list[str], at: int, blocks: list[str]) -> int:
    end = at + 1
    while end < len(lines) and not lines[end].lstrip().startswith("```"):
        end += 1
    blocks.append(f"<pre>{escape(chr(10).join(lines[at + 1 : end]))}</pre>")
    return end + 1


def _is_table(lines: list[str], at: int) -> bool:
    return "|" in lines[at] and at + 1 < len(lines) and bool(_DIVIDER.match(lines[at + 1]))


def _table(lines: list[str], at: int, blocks: list[str]) -> int:
    head = "".join(f"<th>{_inline(cell)}</th>" for cell in _cells(lines[at]))
    rows = []
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        rows.append("".join(f"<td>{_inline(cell)}</td>" for cell in _cells(lines[end])))
        end += 1
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    blocks.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return end


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in inner.split("|")]


def _list(lines: list[str], at: int, blocks: list[str]) -> int:
    first = _BULLET.match(lines[at])
    tag = "ol" if first and first[1][0].isdigit() else "ul"
    items = []
    while at < len(lines) and (found := _BULLET.match(lines[at])):
        items.append(f"<li>{_inline(found[2])}</li>")
        at += 1
    blocks.append(f"<{tag}>{''.join(items)}</{tag}>")
    return at


def _paragraph(lines: list[str], at: int, blocks: list[str]) -> int:
    end = at
    while end < len(lines) and lines[end].strip() and not _begins_block(lines, end, at):
        end += 1
    blocks.append(f"<p>{_inline(chr(10).join(lines[at:end]))}</p>")
    return end


def _begins_block(lines: list[str], here: int, start: int) -> bool:
    line = lines[here]
    return here > start and bool(
        _HEADING.match(line) or _BULLET.match(line) or line.lstrip().startswith("```")
        or _is_table(lines, here)
    )  # fmt: skip


def _link(found: re.Match[str]) -> str:
    here = _RUN_PAGE.match(found[2])
    if here:
        return f'<a href="/runs/{here[1]}">{found[1]}</a>'
    return f'<a href="{found[2]}" rel="noopener noreferrer">{found[1]}</a>'


def _inline(text: str) -> str:
    """Text within a block. Code spans are set aside, for nothing in them is marked up."""
    codes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        codes.append(f"<code>{found[1]}</code>")
        return f"\x00{len(codes) - 1}\x00"

    safe = _CODE.sub(keep, str(escape(text.replace("\x00", ""))))
    safe = _IMAGE.sub(r"\1", safe)
    safe = _LINK.sub(_link, safe)
    safe = _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", safe))
    return re.sub(r"\x00(\d+)\x00", lambda found: codes[int(found[1])], safe)
