"""Rows become the tensors that the model declares."""

from array import array
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.contract import Feature
from function.encoding import Encoder
from function.errors import ArtefactError
from function.ort import Tensor, TensorInfo


def feature(name: str, onnx_input: str, column: int, null_token: str | None = None) -> Feature:
    """Return a feature placed in a model input."""
    return Feature(
        name=name,
        kind="number",
        onnx_input=onnx_input,
        column=column,
        question=name,
        unit=None,
        required=True,
        nullable=True,
        null_token=null_token,
        minimum=None,
        maximum=None,
        categories=(),
        outside="warn",
        example=None,
    )


def test_columns_of_one_input_follow_the_contract_not_the_row() -> None:
    """The key order of a request does not matter."""
    encoder = Encoder([feature("b", "X", 1), feature("a", "X", 0)], [TensorInfo("X", "double", (None, 2))])
    expected = {"X": Tensor("double", (2, 2), array("d", [1.0, 2.0, 3.0, 4.0]))}
    assert expected == encoder.encode([{"b": 2, "a": 1}, {"a": 3, "b": 4}])


def test_null_becomes_nan_in_numbers_and_the_token_in_strings() -> None:
    """An absent key is null too."""
    encoder = Encoder(
        [feature("n", "n", 0), feature("s", "s", 0, "missing")],
        [TensorInfo("n", "float", (None, 1)), TensorInfo("s", "string", (None, 1))],
    )
    feeds = encoder.encode([{"n": None}])
    assert isnan(feeds["n"].data[0])  # type: ignore[arg-type]
    assert feeds["s"].data == ["missing"]


@given(st.lists(st.floats() | st.integers(-(2**53), 2**53) | st.booleans(), min_size=1))
def test_numbers_are_rounded_to_float32_as_numpy_does(values: list[Any]) -> None:
    """What scikit-learn's float32 columns hold is what the model gets, bit for bit."""
    encoder = Encoder([feature("n", "n", 0)], [TensorInfo("n", "float", (None, 1))])
    data = encoder.encode([{"n": value} for value in values])["n"].data
    with np.errstate(over="ignore"):
        expected = np.array([float(value) for value in values]).astype(np.float32)
    np.testing.assert_array_equal(np.array(data, dtype=np.float32), expected)


@pytest.mark.parametrize(
    ("features", "inputs", "words"),
    [
        ([feature("a", "Y", 0)], [TensorInfo("X", "float", (None, 1))], "wants model input 'Y'"),
        ([feature("a", "X", 1)], [TensorInfo("X", "float", (None, 1))], "without a gap"),
        ([], [TensorInfo("X", "float", (None, 1))], "without a gap"),
        ([feature("a", "X", 0)], [TensorInfo("X", "bool", (None, 1))], "tensor of bool"),
    ],
)
def test_a_contract_that_does_not_fit_the_model_is_refused(
    features: list[Feature], inputs: list[TensorInfo], words: str
) -> None:
    """The disagreement shows at load, not in an answer."""
    with pytest.raises(ArtefactError, match=words):
        Encoder(features, inputs)


def test_a_null_without_an_encoding_is_an_error() -> None:
    """Neither a whole-number input nor a string input without a token invents a value."""
    for element_type in ("int64", "string"):
        encoder = Encoder([feature("a", "a", 0)], [TensorInfo("a", element_type, (None, 1))])
        with pytest.raises(TypeError):
            encoder.encode([{"a": None}])
