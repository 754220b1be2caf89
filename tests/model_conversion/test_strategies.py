"""What enters a graph, and what is said of an estimator that cannot become one."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from model_conversion.errors import UnsupportedError
from model_conversion.schema import FeatureSchema, Schema, TargetSchema
from model_conversion.strategies import STRATEGIES, convert

NUMBERS = Schema(
    name="t",
    target=TargetSchema(),
    features=(FeatureSchema(name="a", kind="number"), FeatureSchema(name="b", kind="integer")),
)
X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_estimator_of_one_matrix_gets_one_input(strategy: object) -> None:
    """Each feature has its column, and probabilities come as a matrix."""
    conversion = convert(LogisticRegression().fit(X, [0, 1, 1]), NUMBERS, strategy)
    assert conversion.places == {"a": ("numbers", 0), "b": ("numbers", 1)}
    assert [output.name for output in conversion.model.graph.output] == ["label", "probabilities"]


def test_strings_into_one_matrix_are_refused() -> None:
    """The message says what to put in front."""
    mixed = Schema(
        name="t",
        target=TargetSchema(),
        features=(FeatureSchema(name="a", kind="number"), FeatureSchema(name="b", kind="text")),
    )
    with pytest.raises(UnsupportedError, match=r"columns \['b'\] are strings; put a ColumnTransformer"):
        convert(LinearRegression().fit(X, [0, 1, 2]), mixed, STRATEGIES[0])


def test_an_estimator_that_does_not_convert_is_refused_briefly() -> None:
    """The library's message, which can run to thousands of lines, is cut."""
    pipeline = make_pipeline(FunctionTransformer(np.log1p), LinearRegression()).fit(X, [0, 1, 2])
    with pytest.raises(UnsupportedError, match="cannot convert LinearRegression") as caught:
        convert(pipeline, NUMBERS, STRATEGIES[0])
    assert len(str(caught.value)) < 600
