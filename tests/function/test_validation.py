"""What a request may hold, and what is said of one that may not be answered."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.contract import Contract, Feature
from function.errors import Problem, RequestError
from function.validation import Limits, check, parse_json

LIMITS = Limits(max_instances=3, max_body_bytes=1000)


def feature(name: str, kind: Any, **changes: Any) -> Feature:
    """Return a feature with plain defaults."""
    plain: dict[str, Any] = {
        "onnx_input": name,
        "column": 0,
        "question": name,
        "unit": None,
        "required": True,
        "nullable": False,
        "null_token": None,
        "minimum": None,
        "maximum": None,
        "categories": (),
        "outside": "reject",
        "example": None,
    }
    return Feature(name=name, kind=kind, **(plain | changes))


FEATURES = (
    feature("age", "integer", minimum=12.0, maximum=18.0, unit="years"),
    feature("height", "number", minimum=1.2, maximum=2.2, outside="warn", required=False, nullable=True),
    feature("tv", "category", categories=("0", "1"), required=False, nullable=True, null_token="missing"),
    feature("smoker", "boolean", required=False, nullable=True),
    feature("steps", "integer", outside="warn", required=False),
    feature("note", "text", required=False, nullable=True, null_token=""),
)


def problems_of(body: Any) -> tuple[Problem, ...]:
    """Return the problems that a parsed body has."""
    with pytest.raises(RequestError) as caught:
        check(body, FEATURES, LIMITS)
    assert caught.value.status == 422
    return caught.value.problems


def test_a_full_row_passes_unchanged() -> None:
    """Every kind of answer reaches the encoder as it was sent."""
    row = {"age": 16, "height": 1.73, "tv": "1", "smoker": True, "steps": 7, "note": "naïve"}
    assert check({"instances": [row]}, FEATURES, LIMITS).rows == [row]


def test_absent_optional_features_become_null_and_are_counted() -> None:
    """A row without its optional features is complete after the check."""
    checked = check({"instances": [{"age": 16}]}, FEATURES, LIMITS)
    assert checked.rows == [
        {"age": 16, "height": None, "tv": None, "smoker": None, "steps": None, "note": None}
    ]
    assert checked.nulls == 5


def test_a_warned_range_passes_and_is_counted() -> None:
    """A number beyond the range of a feature that only warns is answered and counted."""
    assert check({"instances": [{"age": 16, "height": 2.9}]}, FEATURES, LIMITS).outside == 1


def test_an_integer_may_be_written_as_a_float() -> None:
    """16.0 is a whole number in JSON Schema's sense too."""
    assert check({"instances": [{"age": 16.0}]}, FEATURES, LIMITS).rows[0]["age"] == 16


@pytest.mark.parametrize(
    ("row", "pointer", "words"),
    [
        ({}, "age", ["missing", "a whole number from 12 to 18 (years)"]),
        ({"age": None}, "age", ["null"]),
        ({"age": 11}, "age", ["11", "from 12 to 18"]),
        ({"age": 16.5}, "age", ["16.5", "whole number"]),
        ({"age": "16"}, "age", ['the string "16"', "whole number"]),
        ({"age": True}, "age", ["a boolean"]),
        ({"age": [16]}, "age", ["an array"]),
        ({"age": 16, "steps": 2**63}, "steps", ["9223372036854775808", "of 64 bits"]),
        ({"age": 16, "steps": -1e300}, "steps", ["-1000000000", "of 64 bits"]),
        ({"age": 16, "height": 10**400}, "height", ["beyond double precision"]),
        ({"age": 16, "height": 1e308 * 10}, "height", ["beyond double precision"]),
        ({"age": 16, "tv": "2"}, "tv", ['"2"', 'one of "0", "1" or null']),
        ({"age": 16, "tv": 1}, "tv", ["the number 1", '"1"']),
        ({"age": 16, "smoker": 1}, "smoker", ["the number 1", "true or false"]),
        ({"age": 16, "note": "\ud800"}, "note", ["surrogate"]),
        ({"age": 16, "note": "a\0b"}, "note", ["NUL"]),
        ({"age": 16, "shoe": 1}, "shoe", ["unknown feature", "age, height, tv, smoker, steps, note"]),
    ],
)
def test_a_wrong_answer_is_named_with_what_is_accepted(
    row: dict[str, Any], pointer: str, words: list[str]
) -> None:
    """The problem points at the feature and says what was seen and wanted."""
    (problem,) = problems_of({"instances": [row]})
    assert problem.pointer == f"#/instances/0/{pointer}"
    assert [word for word in words if word not in problem.detail] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], "#"),
        (None, "#"),
        ({}, "#/instances"),
        ({"instances": {}}, "#/instances"),
        ({"instances": []}, "#/instances"),
        ({"instances": [{"age": 16}] * 4}, "#/instances"),
        ({"instances": [7]}, "#/instances/0"),
        ({"instances": [{"age": 16}], "extra": 1}, "#/extra"),
    ],
)
def test_a_wrong_shape_is_named(body: Any, pointer: str) -> None:
    """The problem points at the part of the document that has another shape."""
    assert [problem.pointer for problem in problems_of(body)] == [pointer]


def test_problems_are_reported_together_up_to_twenty() -> None:
    """A client mends everything at once, and a hostile one cannot swell the answer."""
    two = problems_of({"instances": [{"age": 1, "tv": "9"}]})
    assert [problem.pointer for problem in two] == ["#/instances/0/age", "#/instances/0/tv"]
    assert len(problems_of({"instances": [{f"x{n}": 1 for n in range(99)}]})) == 20


def test_a_pointer_is_escaped_as_a_uri_fragment() -> None:
    """Slash and tilde follow RFC 6901, other characters are percent-encoded."""
    (problem,) = problems_of({"instances": [{"age": 16, "a/b~c é": 1}]})
    assert problem.pointer == "#/instances/0/a~1b~0c%20%C3%A9"


def test_an_error_repeats_no_value_in_its_message() -> None:
    """What a log may print of the exception holds nothing that the client sent."""
    with pytest.raises(RequestError) as caught:
        check({"instances": [{"age": "sentinel"}]}, FEATURES, LIMITS)
    assert "sentinel" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"", 400, "not JSON"),
        (b'{"instances": [', 400, "not JSON"),
        (b'{"instances": [{"age": NaN}]}', 400, "NaN"),
        (b'{"instances": [{"age": -Infinity}]}', 400, "-Infinity"),
        (b'{"a": 1, "a": 2}', 400, '"a" twice'),
        (b"\xff", 400, "not UTF-8"),
        (b"[" * 999, 400, "not JSON"),
        (b"9" * 999, 200, ""),
        (b" " * 1001, 413, "1001 bytes"),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused(raw: bytes, status: int, words: str) -> None:
    """NaN, doubled keys, broken text and large bodies are named as such."""
    if status == 200:
        assert parse_json(raw, LIMITS) == int(raw)
        return
    with pytest.raises(RequestError) as caught:
        parse_json(raw, LIMITS)
    assert caught.value.status == status
    assert words in caught.value.problems[0].detail


def test_deep_nesting_and_endless_digits_are_refused() -> None:
    """Neither exhausts the interpreter."""
    wide = Limits(max_instances=1, max_body_bytes=10_000_000)
    for raw in (b"[" * 1_000_000 + b"]" * 1_000_000, b"9" * 100_000):
        with pytest.raises(RequestError) as caught:
            parse_json(raw, wide)
        assert caught.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
INSTANCE = st.dictionaries(st.sampled_from([f.name for f in FEATURES]) | st.text(), JSON, max_size=6)


@given(st.one_of(JSON, st.fixed_dictionaries({"instances": st.lists(INSTANCE, max_size=4)})))
def test_any_document_is_answered_or_refused_with_pointers(body: Any) -> None:
    """No document makes the check fail in another way, and a refusal can be sent as JSON."""
    try:
        checked = check(body, FEATURES, LIMITS)
    except RequestError as error:
        assert 1 <= len(error.problems) <= 20
        assert json.loads(json.dumps(error.problems))
    else:
        assert all(row.keys() == {f.name for f in FEATURES} for row in checked.rows)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    """No body makes the parser fail in another way."""
    try:
        parse_json(raw, LIMITS)
    except RequestError as error:
        assert error.status == 400


def test_every_golden_row_of_the_example_is_a_valid_request(contract: Contract) -> None:
    """The contract never holds a row that its own function would refuse."""
    rows = [item.row for item in contract.golden.rows]
    limits = Limits(max_instances=len(rows), max_body_bytes=1)
    assert check({"instances": rows}, contract.features, limits).rows == rows
