"""A response is right when every part of it is what is known; anything else has a reason."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.grading import grade
from loadtests.known import Case, KnownAnswers

TOLERANCE = 1e-6
CASES = tuple(
    Case(
        place=f"data.csv line {line}",
        row={"age": 16},
        answer={
            "label": "no",
            "probability": score,
            "base_rate": 0.5,
            "probabilities": {"no": 1 - score, "yes": score},
        },
    )
    for line, score in enumerate((0.25, 0.125), start=2)
)
KNOWN = KnownAnswers(model="m", version="v1", tolerance=TOLERANCE, refused=0, cases=CASES)
RIGHT: dict[str, Any] = {
    "model": {"name": "m", "version": "v1"},
    "predictions": [case.answer | {"advice": []} for case in CASES],
}


def reason(document: Any, *, status: int = 200) -> str | None:
    """Return why a document is not right."""
    fault = grade(KNOWN, CASES, status=status, body=json.dumps(document).encode())
    return None if fault is None else fault.reason


def test_the_known_answers_are_right() -> None:
    """With advice of any length, and with members that are not known of."""
    assert reason(RIGHT) is None
    more = deepcopy(RIGHT)
    more["predictions"][1]["advice"] = [{}]
    more["predictions"][1]["new"] = more["new"] = 1
    assert reason(more) is None


@given(
    at=st.integers(0, 1), name=st.sampled_from(["probability", "base_rate", "no", "yes"]), by=st.floats(-1, 1)
)
def test_a_number_may_differ_by_the_tolerance(at: int, name: str, by: float) -> None:
    """In either direction, wherever it stands, and by no more."""
    document = deepcopy(RIGHT)
    prediction = document["predictions"][at]
    holder = prediction if name in prediction else prediction["probabilities"]
    wanted = holder[name]
    holder[name] += by
    member = name if name in prediction else "probabilities"
    difference = abs(holder[name] - wanted)
    assert reason(document) == (None if difference <= TOLERANCE else f"wrong {member}")


@pytest.mark.parametrize("seen", [float("nan"), float("inf"), True, None, "0.25", [0.25]])
def test_what_is_not_a_finite_number_is_wrong(seen: Any) -> None:
    """NaN is equal to nothing."""
    document = deepcopy(RIGHT)
    document["predictions"][0]["probability"] = seen
    assert reason(document) == "wrong probability"


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        (["model", "version"], "v2", "wrong model version"),
        (["model"], None, "wrong model version"),
        (["predictions"], [], "wrong number of predictions"),
        (["predictions"], None, "wrong number of predictions"),
        (["predictions", 1], None, "no object"),
        (["predictions", 1, "label"], "yes", "wrong label"),
        (["predictions", 1, "label"], None, "wrong label"),
        (["predictions", 0, "probabilities"], {"no": 0.75}, "wrong probabilities"),
        (["predictions", 0, "probabilities"], {"no": 0.75, "yes": 0.25, "x": 0}, "wrong probabilities"),
        (["predictions", 0, "probabilities"], None, "wrong probabilities"),
        (["predictions", 0, "advice"], None, "wrong advice"),
        (["predictions", 0, "advice"], {}, "wrong advice"),
    ],
)
def test_a_changed_part_is_named(path: list[Any], value: Any, wanted: str) -> None:
    """By the part that differs."""
    document = deepcopy(RIGHT)
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    assert reason(document) == wanted


def test_exchanged_rows_are_wrong() -> None:
    """Every answer is somebody's, but not in this order; the first row's place is named."""
    document = deepcopy(RIGHT)
    document["predictions"].reverse()
    fault = grade(KNOWN, CASES, status=200, body=json.dumps(document).encode())
    assert fault is not None
    assert (fault.kind, fault.reason) == ("wrong", "wrong probability")
    assert fault.detail == "data.csv line 2: 0.125, wanted 0.25"


@pytest.mark.parametrize(
    ("body", "wanted"), [(b"", "no JSON"), (b"\xff", "no JSON"), (b"{", "no JSON"), (b"[]", "no object")]
)
def test_what_is_not_a_json_object_is_wrong(body: bytes, wanted: str) -> None:
    """Whatever its status says."""
    fault = grade(KNOWN, CASES, status=200, body=body)
    assert fault is not None
    assert fault.reason == wanted


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"<html>", "6 bytes that are not JSON"),
        (b"[]", "no explanation"),
        (b'{"message":"Internal Server Error"}', "Internal Server Error"),
        (
            b'{"title":"Refused","errors":[{"pointer":"#/instances/0/age","detail":"is 99"}]}',
            "Refused, #/instances/0/age",
        ),
    ],
)
def test_another_status_failed_with_its_explanation(body: bytes, detail: str) -> None:
    """Even if the body were right; a problem's places are told and not its values."""
    fault = grade(KNOWN, CASES, status=502, body=body)
    assert fault is not None
    assert (fault.kind, fault.reason, fault.detail) == ("failed", "status 502", detail)
    assert reason(RIGHT, status=201) == "status 201"
