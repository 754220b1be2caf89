"""What skl2onnx answers wrongly without a word is exact here, or refused: one test a row of the known table."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from families import fitted
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from model_conversion.corpus.cases import Case
from model_conversion.corpus.examination import EXACT, REFUSED, examine
from model_conversion.errors import ConversionError
from model_conversion.strategies import STRATEGIES

TEXT, NUMBER = make_column_selector(dtype_exclude="number"), make_column_selector(dtype_include="number")
SCALED = make_pipeline(SimpleImputer(), StandardScaler())


def mixed(numbers: Any, texts: Any, estimator: Any) -> Callable[[], Any]:
    """Return what makes a pipeline of the survey's numbers and strings."""
    return lambda: make_pipeline(make_column_transformer((numbers, NUMBER), (texts, TEXT)), estimator)


TABLE: dict[str, tuple[str, Callable[[], Any]]] = {
    "OneHotEncoder fitted on NaN": (
        "survey",
        mixed(
            SCALED,
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            LogisticRegression(max_iter=300),
        ),
    ),
    "OrdinalEncoder with a NaN category": (
        "survey",
        mixed(
            "passthrough",
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            HistGradientBoostingClassifier(max_iter=20, random_state=0),
        ),
    ),
    "histogram boosting with categorical_features": (
        "survey",
        mixed(
            "passthrough",
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-2, encoded_missing_value=-1),
            HistGradientBoostingClassifier(max_iter=20, categorical_features=[5, 6, 7], random_state=0),
        ),
    ),
    "forest trained with native NaN": ("gaps", lambda: RandomForestClassifier(20, random_state=0)),
    "tree trained with native NaN": ("gaps", lambda: DecisionTreeClassifier(random_state=0)),
    "forest on doubles": ("cancer", lambda: RandomForestClassifier(20, random_state=0)),
    "histogram boosting on doubles": (
        "cancer",
        lambda: HistGradientBoostingClassifier(max_iter=20, random_state=0),
    ),
    "string SimpleImputer with NaN": (
        "survey",
        mixed(
            SCALED,
            make_pipeline(
                SimpleImputer(strategy="most_frequent"),
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            ),
            LogisticRegression(max_iter=300),
        ),
    ),
    "add_indicator before a scaler": (
        "gaps",
        lambda: make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression()),
    ),
    "doubles into SimpleImputer": (
        "gaps",
        lambda: make_pipeline(SimpleImputer(), DecisionTreeClassifier(max_depth=6)),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_row_of_the_table_is_exact_or_refused(name: str) -> None:
    """In doubles: no flip and no error above 1e-12; string categories with gaps may be refused."""
    data, make = TABLE[name]
    case = Case(estimator=name, data=data, kind="silent errors", claimed=False, make=make)
    try:
        found = examine(case, lambda step: None, "float64")
    except ConversionError as error:
        assert "OrdinalEncoder" in name or "categorical" in name, error  # these alone may be refused
        return
    assert found.verdict == EXACT, (found.max_error, found.reason)


@pytest.mark.parametrize("name", TABLE)
def test_each_row_is_never_answered_otherwise_in_floats(name: str) -> None:
    """In floats each is refused, or within the tolerance."""
    data, make = TABLE[name]
    case = Case(estimator=name, data=data, kind="silent errors", claimed=False, make=make)
    try:
        found = examine(case, lambda step: None, "float32")
    except ConversionError as error:
        assert str(error)
    else:
        assert found.verdict != REFUSED, found.reason
        assert found.max_error <= 1e-6


@pytest.mark.parametrize("name", ["forest of gaps", "histogram categories", "histogram", "scaled forest"])
def test_splits_are_probed_where_floats_and_doubles_part(name: str) -> None:
    """On the whole survey's probes the library's floats are refused, and the doubles have no flip."""
    floats, doubles = STRATEGIES
    assert not fitted(name).passes(floats)
    proof = fitted(name).proved(doubles)
    assert proof.flips == 0
    assert not math.isnan(proof.max_abs_error)
