"""Version ranges as npm writes them."""

import pytest

from shipway.agent import node_versions


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        ("20.x", "20.11.1", "21.0.0"),
        ("20", "20.0.0", "19.9.9"),
        ("v20.11.1", "20.11.1", "20.11.2"),
        ("=20.11.1", "20.11.1", "20.11.0"),
        ("20.11.*", "20.11.9", "20.12.0"),
        (">=18 <21", "20.9.0", "21.0.0"),
        (">= 18.1", "18.1.0", "18.0.9"),
        (">18", "19.0.0", "18.9.9"),
        ("<=18", "18.9.9", "19.0.0"),
        ("^20.2.1", "20.3.0", "20.2.0"),
        ("^0.2.1", "0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("~20.2.1", "20.2.9", "20.3.0"),
        ("~20", "20.9.0", "21.0.0"),
        ("18.x || 22.x", "22.1.0", "20.1.0"),
        ("18.1 - 20.2", "20.2.9", "20.3.0"),
    ],
)
def test_a_range_has_what_lies_in_it(spec: str, inside: str, outside: str) -> None:
    wanted = node_versions.parse(spec)

    def fits(text: str) -> bool:
        version = node_versions.version_of(text)
        assert version is not None
        return any(version in one for one in wanted)

    assert (fits(inside), fits(outside)) == (True, False)


def test_anything_goes_where_no_version_is_named() -> None:
    assert all((99, 1, 2) in node_versions.parse(spec)[0] for spec in ("*", "latest", "x"))


def test_a_range_is_a_requirement_of_python_packages() -> None:
    requirements = [one.as_requirement() for one in node_versions.parse("20.x || >=22.1")]
    assert requirements == [">=20.0.0,<21.0.0", ">=22.1.0"]


@pytest.mark.parametrize("spec", ["lts/iron", "twenty", "20.x and more", ">"])
def test_what_is_no_range_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="is no version range"):
        node_versions.parse(spec)
