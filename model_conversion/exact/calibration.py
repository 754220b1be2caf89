"""Calibrated classifiers, of which skl2onnx interpolates no isotonic calibrator and takes no pipeline.

Source: CalibratedClassifierCV, _CalibratedClassifier and IsotonicRegression, scikit-learn 1.9.
"""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx._parse import _parse_sklearn
from skl2onnx._supported_operators import _get_sklearn_operator_name
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline

from model_conversion.errors import UnsupportedError
from model_conversion.exact.accurate import sigmoid
from model_conversion.exact.answers import both, two_columns, write_largest
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes, label_type

LEAST = 1e-12
"""Added to a probability before its logarithm. Source: ``_convert_to_logits``, scikit-learn 1.9."""


def _steps(estimator: Any) -> list[Any]:
    """Return a pipeline's steps without pipelines, searches and frozen estimators around them; the last answers."""
    match estimator:
        case FrozenEstimator():
            return _steps(estimator.estimator)
        case GridSearchCV() | RandomizedSearchCV():
            return _steps(estimator.best_estimator_)
        case Pipeline():
            return [part for _, step in estimator.steps for part in _steps(step)]
        case None | "passthrough":
            return []
    return [estimator]


def _check(calibrated: Any, front: list[Any], classifier: Any) -> None:
    """Refuse a member that is not converted.

    Raises:
        UnsupportedError: It was fitted on some of the classes, or begins with what takes columns by name or texts.
    """
    name = type(calibrated).__name__
    fitted, wanted = len(classifier.classes_), len(calibrated.classes_)
    if fitted != wanted:
        raise UnsupportedError(
            f"{name} holds {type(classifier).__name__} fitted on {fitted} of {wanted} classes; fit it with "
            "stratified folds, cv=5"
        )
    for step in front:
        if isinstance(step, ColumnTransformer | CountVectorizer | HashingVectorizer):
            raise UnsupportedError(
                f"{name} holds a pipeline with {type(step).__name__}; put that in front of it: "
                f"make_pipeline({type(step).__name__}(…), {name}({type(classifier).__name__}()))"
            )


def _ask_for_scores(scope: Any, container: Any, classifier: Any) -> None:
    """Have a classifier that answers probabilities answer its decision values instead.

    Raises:
        UnsupportedError: Its converter does not.
    """
    if not container.has_options(classifier, "raw_scores"):
        raise UnsupportedError(
            f"the decision values of {type(classifier).__name__} are not converted, and CalibratedClassifierCV "
            "is fitted on them; convert it alone, or calibrate another classifier"
        )
    container.add_options(id(classifier), {"raw_scores": True})
    scope.add_options(id(classifier), {"raw_scores": True})


def _predictions(graph: Graph, scope: Any, operator: Any, container: Any, member: Any) -> tuple[str, bool]:
    """Return what a member's calibrators are asked about, and whether these are probabilities.

    Returns:
        ``(rows, classes)`` doubles, or ``(rows, 1)`` for the second of two classes.
    """
    *front, classifier = _steps(member.estimator)
    _check(operator.raw_operator, front, classifier)
    inputs = operator.inputs
    for step in front:
        inputs = _parse_sklearn(scope, step, inputs)
    decides = hasattr(classifier, "decision_function")
    if decides and hasattr(classifier, "predict_proba"):
        _ask_for_scores(scope, container, classifier)
    child = scope.declare_local_operator(_get_sklearn_operator_name(type(classifier)), classifier)
    child.inputs = inputs
    child.outputs.append(scope.declare_local_variable("label", label_type(classifier)()))
    answer = scope.declare_local_variable("predictions", DoubleTensorType())
    child.outputs.append(answer)
    predictions = graph.node("Cast", [answer.full_name], to=TensorProto.DOUBLE)
    if len(classifier.classes_) == 2:
        predictions = _column(graph, predictions, 1)
    return predictions, not decides


def _column(graph: Graph, columns: str, at: int) -> str:
    return graph.node("Gather", [columns, graph.constant([at], np.int64)], axis=1)


def _interpolate(graph: Graph, score: str, calibrator: Any) -> str:
    """Return an isotonic calibrator's probability, ``(rows, 1)``: linear between thresholds, constant outside.

    Source: ``numpy.interp``, to which scipy's ``interp1d`` hands doubles.
    """
    x = np.asarray(calibrator.X_thresholds_, dtype=np.float64)
    y = np.asarray(calibrator.y_thresholds_, dtype=np.float64)
    slopes = np.append(np.diff(y) / np.diff(x), 0.0)
    clipped = graph.node("Clip", [score, graph.constant(x[0]), graph.constant(x[-1])])
    reached = graph.node("GreaterOrEqual", [clipped, graph.constant(x[None, 1:])])
    counted = graph.node("Cast", [reached], to=TensorProto.INT64)
    below = graph.node("ReduceSum", [counted, graph.constant([1], np.int64)], keepdims=1)
    start, slope, base = (graph.node("Gather", [graph.constant(values), below]) for values in (x, slopes, y))
    rise = graph.node("Mul", [slope, graph.node("Sub", [clipped, start])])
    return graph.node("Add", [rise, base])


def _platt(graph: Graph, score: str, calibrator: Any) -> str:
    """Return a sigmoid calibrator's probability, ``(rows, 1)``."""
    scaled = graph.node("Mul", [score, graph.constant(-float(calibrator.a_))])
    return sigmoid(graph, graph.node("Sub", [scaled, graph.constant(float(calibrator.b_))]))


def _temper(graph: Graph, predictions: str, member: Any, *, probable: bool) -> str:
    """Return the softmax of the logits over a temperature, ``(rows, classes)``."""
    logits = predictions
    if probable:
        if len(member.classes) == 2:
            logits = two_columns(graph, predictions)
        logits = graph.node("Log", [graph.node("Add", [logits, graph.constant(LEAST)])])
    elif len(member.classes) == 2:
        logits = both(graph, predictions)
    scaled = graph.node("Mul", [logits, graph.constant(float(member.calibrators[0].beta_))])
    return graph.node("Softmax", [scaled], axis=1)


def _each(graph: Graph, predictions: str, member: Any) -> str:
    """Return the probabilities of calibrators of one class each, ``(rows, classes)``."""
    calibrate = _interpolate if member.method == "isotonic" else _platt
    count = len(member.classes)
    if count == 2:
        positive = calibrate(graph, predictions, member.calibrators[0])
        return two_columns(graph, positive)
    columns = [
        calibrate(graph, _column(graph, predictions, at), calibrator)
        for at, calibrator in enumerate(member.calibrators)
    ]
    shares = graph.node("Concat", columns, axis=1)
    total = graph.node("ReduceSum", [shares, graph.constant([1], np.int64)], keepdims=1)
    none = graph.node("Equal", [total, graph.constant(0.0)])
    parts = graph.node("Div", [shares, total])
    return graph.node("Where", [none, graph.constant(np.full((1, count), 1.0 / count)), parts])


def _calibrated(scope: Any, operator: Any, container: Any) -> None:
    """Write the mean of the members' probabilities, and the label by it.

    Raises:
        UnsupportedError: A member is not converted; the message says why.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    answers = []
    for member in estimator.calibrated_classifiers_:
        predictions, probable = _predictions(graph, scope, operator, container, member)
        if member.method == "temperature":
            answer = _temper(graph, predictions, member, probable=probable)
        else:
            answer = _each(graph, predictions, member)
        answers.append(graph.node("Min", [answer, graph.constant(1.0)]))  # one and a rounding is one
    mean = graph.node("Div", [graph.node("Sum", answers), graph.constant(float(len(answers)))], output=1)
    write_largest(graph, estimator, mean)


CONVERTERS: dict[type, tuple[Any, Any]] = {CalibratedClassifierCV: (classifier_shapes, _calibrated)}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
