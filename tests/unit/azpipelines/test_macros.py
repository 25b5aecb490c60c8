"""$(macro) expansion."""

from shipway.azpipelines import macros


def test_unknown_names_stay_when_they_have_no_value() -> None:
    assert macros.expand("a $(x) b", {}) == "a $(x) b"


def test_names_ignore_case() -> None:
    assert macros.expand("$(Build.ID)", {"build.id": "7"}) == "7"


def test_inner_macro_is_resolved_and_the_new_outer_one_is_not() -> None:
    assert macros.expand("$(a$(b))", {"b": "c", "ac": "never"}) == "$(ac)"


def test_values_are_not_looked_at_again() -> None:
    assert macros.expand("$(a)", {"a": "$(b)", "b": "x"}) == "$(b)"


def test_open_macro_stays() -> None:
    assert macros.expand("$(a and $(b", {"a": "x", "b": "y"}) == "$(a and $(b"


def test_a_set_is_expanded_among_itself() -> None:
    expanded = macros.expand_all({"a": "$(b)-$(c)", "b": "$(c)", "c": "x"})
    assert expanded.values == {"a": "x-x", "b": "x", "c": "x"}
    assert expanded.warnings == ()


def test_a_cycle_keeps_its_text_and_warns() -> None:
    expanded = macros.expand_all({"a": "1$(b)", "b": "2$(a)"})
    assert expanded.values == {"a": "1$(b)", "b": "2$(a)"}
    assert len(expanded.warnings) == 2


def test_secrecy_is_inherited() -> None:
    expanded = macros.expand_all({"url": "x:$(token)", "token": "t"}, secret_names=["TOKEN"])
    assert expanded.secret_names == {"url", "token"}


def test_doubling_variables_end() -> None:
    variables = {f"v{n}": f"$(v{n + 1})$(v{n + 1})" for n in range(40)}
    variables["v40"] = "xxxxxxxxxx"
    expanded = macros.expand_all(variables)
    assert expanded.values["v0"] == "$(v1)$(v1)"
    assert expanded.values["v39"] == "x" * 20


def test_names_in_text() -> None:
    assert macros.names_in("a $(x) $(y$(z)) $(open") == ("x", "z")
