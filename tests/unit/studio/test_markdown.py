"""Markdown that steps write: shown as they mean it, never as a tag of their own."""

import pytest

from shipway.studio import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Title #", "<h1>Title</h1>"),
        ("### *soft* **loud**", "<h3><em>soft</em> <strong>loud</strong></h3>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>"),
        ("`**x** <b>`", "<p><code>**x** &lt;b&gt;</code></p>"),
        ("```\n# no\n<i>\n```", "<pre># no\n&lt;i&gt;</pre>"),
        ("---", "<hr>"),
        ("a\n# b", "<p>a</p>\n<h1>b</h1>"),
        (
            "[run](https://e.org/a?b=1&c=2)",
            '<p><a href="https://e.org/a?b=1&amp;c=2" rel="noopener noreferrer">run</a></p>',
        ),
        (
            "| | a |\n|---|---|\n| x | `1` |\n",
            "<table><thead><tr><th></th><th>a</th></tr></thead>"
            "<tbody><tr><td>x</td><td><code>1</code></td></tr></tbody></table>",
        ),
        ("![alt](http://e.org/x.png)", "<p>alt</p>"),
        (
            "[run](https://dev.azure.com/shipway/p/_build/results?buildId=7)",
            '<p><a href="/runs/7">run</a></p>',
        ),
        ("snake_case_name 2*3*4", "<p>snake_case_name 2*3*4</p>"),
    ],
)
def test_what_is_understood(text: str, html: str) -> None:
    assert str(markdown.to_html(text)) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,hi)",
        '[x](https://e.org/"onmouseover="alert(1))',
        "| <img src=x onerror=alert(1)> |\n|---|",
        "# <svg/onload=alert(1)>",
        "`</code><script>`",
        "```\n</pre><script>\n```",
        "\x000\x00 `a`",
        "![<script>](x)",
    ],
)
def test_nothing_becomes_a_tag_or_a_script(text: str) -> None:
    html = str(markdown.to_html(text))
    assert "<script" not in html
    assert "<img" not in html
    assert "<svg" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert '"onmouseover' not in html.replace("&#34;onmouseover", "")


def test_hostile_lengths_end_soon() -> None:
    for text in ("[" * 50_000, "*" * 50_000, "`" * 50_001, "|" * 50_000 + "\n" + "-|" * 20_000,
                 "**a" * 20_000, "- " * 50_000):  # fmt: skip
        markdown.to_html(text)
