"""Two tensors carry every feature, whatever the columns are called and however they are selected."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from model_conversion.errors import UnsupportedError
from model_conversion.inputs import arrange, as_fitted
from model_conversion.schema import FeatureSchema, Schema, TargetSchema

SCHEMA = Schema(
    name="t",
    target=TargetSchema(),
    features=(
        FeatureSchema(name="colour", kind="category"),
        FeatureSchema(name="a.b (m)", kind="number"),
        FeatureSchema(name="1st", kind="integer"),
    ),
)
FRAME = pd.DataFrame({"colour": ["r", "g", "r"], "a.b (m)": [1.0, 2.0, 3.0], "1st": [1.0, 0.0, 1.0]})


@pytest.mark.parametrize(
    "selections",
    [
        (["a.b (m)", "1st"], ["colour"]),
        ([1, 2], [0]),
        (slice(1, 3), slice(0, 1)),
        ([False, True, True], [True, False, False]),
        (make_column_selector(dtype_include="number"), make_column_selector(dtype_exclude="number")),
    ],
)
def test_columns_are_selected_by_position_in_the_new_order(selections: tuple[Any, Any]) -> None:
    """Names, positions, slices, masks and selectors all end at the same places."""
    front = make_column_transformer((StandardScaler(), selections[0]), (OneHotEncoder(), selections[1]))
    pipeline = make_pipeline(front, LogisticRegression()).fit(FRAME, [0, 1, 0])
    arranged = arrange(pipeline, SCHEMA, DoubleTensorType)
    assert [name for name, _ in arranged.inputs] == ["numbers", "strings"]
    assert arranged.places == {"a.b (m)": ("numbers", 0), "1st": ("numbers", 1), "colour": ("strings", 0)}
    chosen = {name: columns for name, _, columns in arranged.estimator[0].transformers_}
    assert chosen["standardscaler"] == [0, 1]
    assert chosen["onehotencoder"] == [2]
    assert [name for name, _, _ in pipeline[0].transformers_] == list(chosen)
    assert pipeline.predict(FRAME).tolist() == [0, 1, 0]


def test_numbers_and_strings_in_one_matrix_are_refused() -> None:
    """The message says what to put in front."""
    with pytest.raises(UnsupportedError, match="put a ColumnTransformer in front"):
        arrange(LogisticRegression(), SCHEMA, DoubleTensorType)


def test_data_comes_in_the_form_that_was_fitted() -> None:
    """A frame for names, values without them, texts for a vectoriser."""
    numbers = FRAME[["1st"]]
    named = StandardScaler().fit(numbers)
    assert as_fitted(named, numbers) is numbers
    plain = StandardScaler().fit(numbers.to_numpy())
    assert isinstance(as_fitted(plain, numbers), np.ndarray)
    texts = make_pipeline(TfidfVectorizer(token_pattern=".")).fit(["r", "g"])
    assert as_fitted(texts, FRAME[["colour"]]) == ["r", "g", "r"]
