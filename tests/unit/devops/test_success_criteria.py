"""Success criteria over an answer: the words of conditions, `root`, `jsonpath` and `count`."""

import pytest

from shipway.devops import success_criteria

PRICES = '{"Items": [{"name": "a", "price": 100}, {"name": "b", "price": 40}, {"price": 70.5}]}'
NESTED = (
    '{"value": [{"status": "online", "on": true}, {"status": "offline"}], "a": {"b": {"c": 1}}}'
)


def refusal(criteria: str, content: str, status: int = 200) -> str:
    return success_criteria.refusal(
        criteria, content=content, headers={"X-State": "Done"}, status=status
    )


@pytest.mark.parametrize(
    ("criteria", "content"),
    [
        ("", "anything"),
        ("eq(root['status'], 'successful')", '{"status": "Successful"}'),
        ("eq(root.status, 'successful')", '{"status": "successful"}'),
        ("ge(count(root['names']), 3)", '{"names": ["1", "2", "3"]}'),
        (
            "and(eq(count(jsonpath('Items[?(@.price<50)]')), 1),"
            " eq(count(jsonpath('Items[?(@.price>60)]')), 2))",
            PRICES,
        ),
        ("eq(jsonpath('$.value[0].status')[0], 'online')", NESTED),
        ("eq(count(jsonpath('$.value[?(@.status==\"online\")]')), 1)", NESTED),
        ("eq(count(jsonpath('$.value[?(@.on)]')), 1)", NESTED),
        ("eq(count(jsonpath('$.value[*].status')), 2)", NESTED),
        ("eq(jsonpath('$..c')[0], 1)", NESTED),
        ("eq(jsonpath('$.value[-1:].status')[0], 'offline')", NESTED),
        ("eq(jsonpath('$[''a''][\"b\"].c')[0], 1)", NESTED),
        ("and(eq(headers['x-state'], 'done'), eq(status, 200))", "[]"),
        ("eq(root['active'], true)", '{"active": true}'),
        ("eq(length(root), 2)", "[1, 2]"),
    ],
)
def test_an_answer_meets_criteria(criteria: str, content: str) -> None:
    assert refusal(criteria, content) == ""


@pytest.mark.parametrize(
    ("criteria", "content", "says"),
    [
        ("eq(root['status'], 'successful')", '{"status": "no"}', "Evaluation of expression"),
        ("eq(root['status'], 'successful')", "<html>", "Evaluation of expression"),
        ("eq(root['Status'], 'x')", '{"status": "x"}', "failed."),
        ("gt(1, root['n'])", '{"n": "many"}', "Unable to convert from String to Number"),
        ("eq(rooot, 1)", "{}", "Unrecognized value: 'rooot'"),
        ("eq(jsonpath('$.a[(x)]'), 1)", "{}", "unexpected '(x)]' at position 5"),
        ("succeeded()", "{}", "Unrecognized value: 'succeeded'"),
    ],
)
def test_an_answer_that_does_not_says_why(criteria: str, content: str, says: str) -> None:
    assert says in refusal(criteria, content)


def test_wrong_criteria_are_found_before_the_call() -> None:
    assert "Unrecognized value: 'nope'" in success_criteria.problem("nope(1)")
    assert success_criteria.problem("eq(root['a'], $(limit))") == ""
    assert success_criteria.problem("eq(root['a'], 1)") == ""


def test_an_answer_nested_without_end_is_no_json() -> None:
    assert "failed" in refusal("eq(root['a'], 1)", "[" * 100_000)
    deep = '{"a":' * 400 + "1" + "}" * 400
    assert refusal("eq(count(jsonpath('$..a')), 400)", deep) == ""
