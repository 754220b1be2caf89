"""The comparison passes what is equal and fails everything else, NaN included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

from function.predictor import Prediction
from model_conversion.dataset import frame_of
from model_conversion.errors import UnsupportedError
from model_conversion.parity import ParityReport, Reference, compare, reference
from model_conversion.schema import FeatureSchema, Schema, TargetSchema

SCHEMA = Schema(name="t", target=TargetSchema(), features=(FeatureSchema(name="x", kind="number"),))
FRAME = frame_of([{"x": float(at)} for at in range(6)], SCHEMA)


def wanted(*rows: tuple[float, ...]) -> Reference:
    """Return a reference that answers class 0 with these scores."""
    return Reference(labels=[0] * len(rows), scores=np.array(rows))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1), st.data())
def test_equal_answers_pass_and_one_change_fails(
    rows: list[tuple[float, float]], data: st.DataObject
) -> None:
    """A moved score or another label in any row is found and pointed at."""
    seen = [Prediction(0, row) for row in rows]
    assert compare(wanted(*rows), seen, 1e-6).passed
    at = data.draw(st.integers(0, len(rows) - 1))
    flipped = [*seen[:at], Prediction(1, rows[at]), *seen[at + 1 :]]
    report = compare(wanted(*rows), flipped, 1e-6)
    assert (report.passed, report.label_flips, report.worst_row) == (False, 1, at)
    moved = [*seen[:at], Prediction(0, (rows[at][0] + 2e-6, rows[at][1])), *seen[at + 1 :]]
    report = compare(wanted(*rows), moved, 1e-6)
    assert (report.passed, report.worst_row) == (False, at)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_score_that_is_no_number_on_one_side_fails(value: float) -> None:
    """NaN fails closed; the same NaN or infinity on both sides is agreement."""
    assert not compare(wanted((0.5, 0.5)), [Prediction(0, (value, 0.5))], 1e-6).passed
    assert not compare(wanted((value, 0.5)), [Prediction(0, (0.5, 0.5))], 1e-6).passed
    assert compare(wanted((value, 0.5)), [Prediction(0, (value, 0.5))], 1e-6).passed


def test_nothing_compared_is_no_proof() -> None:
    """An empty report does not pass."""
    empty = ParityReport(rows=0, label_flips=0, max_abs_error=0, mean_abs_error=0, tolerance=1, worst_row=0)
    assert not empty.passed


def test_the_reference_is_what_the_estimator_says() -> None:
    """Labels are plain Python values, scores have a column a class, or one."""
    classifier = LogisticRegression().fit(FRAME, ["n", "n", "n", "y", "y", "y"])
    found = reference(classifier, FRAME, "classification")
    assert found.labels == classifier.predict(FRAME).tolist()
    assert type(found.labels[0]) is str
    np.testing.assert_array_equal(found.scores, classifier.predict_proba(FRAME))
    regressor = LinearRegression().fit(FRAME, range(6))
    found = reference(regressor, FRAME, "regression")
    assert found.labels == [None] * 6
    np.testing.assert_array_equal(found.scores[:, 0], regressor.predict(FRAME))


def test_an_estimator_fitted_without_names_is_asked_without_names() -> None:
    """No warning, same answers."""
    classifier = LogisticRegression().fit(FRAME.to_numpy(), [0, 0, 0, 1, 1, 1])
    assert len(reference(classifier, FRAME, "classification").labels) == 6


def test_an_estimator_without_probabilities_is_refused_with_a_way_out() -> None:
    """The message names the wrapper that adds them."""
    with pytest.raises(UnsupportedError, match="LinearSVC has no predict_proba; wrap it in Calibrated"):
        reference(LinearSVC().fit(FRAME, [0, 0, 0, 1, 1, 1]), FRAME, "classification")


def test_several_values_a_row_are_refused() -> None:
    """Multi-output regression is not served yet, and says so."""
    regressor = LinearRegression().fit(FRAME, [[at, at] for at in range(6)])
    with pytest.raises(UnsupportedError, match=r"regression of shape \(6, 2\)"):
        reference(regressor, FRAME, "regression")
