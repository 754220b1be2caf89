"""What enters a graph, and what is said of an estimator that cannot become one."""

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

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


TREES = HistGradientBoostingClassifier(max_iter=3)
VALUES = HistGradientBoostingRegressor(max_iter=3)


@pytest.mark.parametrize(
    "estimator",
    [
        VotingClassifier([("one", TREES), ("other", LogisticRegression())], voting="soft"),
        BaggingClassifier(TREES, n_estimators=2),
        CalibratedClassifierCV(TREES, cv=2),
        CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=3), cv=2, method="isotonic"),
        CalibratedClassifierCV(RandomForestClassifier(3), cv=2),
        CalibratedClassifierCV(LinearDiscriminantAnalysis(), cv=2),
        OneVsRestClassifier(TREES),
        StackingClassifier([("one", TREES), ("other", LogisticRegression())]),
        VotingRegressor([("one", VALUES), ("other", LinearRegression())]),
        BaggingRegressor(VALUES, n_estimators=2),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_estimators_of_estimators_stay_in_double_behind_strings(estimator: Any) -> None:
    """A column of strings comes first, from which skl2onnx would conclude that they are of float32."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(["x", "y", "z"], 200)})
    target = frame["a"] + (frame["b"] == "x") if "Regressor" in type(estimator).__name__ else frame["a"] > 0
    front = make_column_transformer((OrdinalEncoder(), ["b"]), remainder="passthrough")
    fitted = make_pipeline(front, estimator).fit(frame, target)
    schema = Schema(
        name="t",
        target=TargetSchema(),
        features=(FeatureSchema(name="a", kind="number"), FeatureSchema(name="b", kind="category")),
    )
    session = onnxruntime.InferenceSession(convert(fitted, schema, STRATEGIES[1]).model.SerializeToString())
    fed = {"numbers": frame[["a"]].to_numpy(), "strings": frame[["b"]].to_numpy(dtype=object)}
    answer = session.run(None, fed)[-1]
    wanted = fitted.predict_proba(frame) if hasattr(fitted, "predict_proba") else fitted.predict(frame)
    assert answer.dtype == np.float64
    np.testing.assert_allclose(answer.reshape(wanted.shape), wanted, rtol=0, atol=1e-13)
