"""Tokens are safe as arguments of programs."""

from shipway.base import ids


def test_no_token_looks_like_an_option() -> None:
    tokens = {ids.new_token(3) for _ in range(2000)}
    assert not [text for text in tokens if text.startswith("-")]
    assert len(tokens) > 1900
