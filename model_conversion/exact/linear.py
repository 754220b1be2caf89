"""Linear classifiers: skl2onnx takes other probabilities, another rule for the label, float32, or more operators."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    PassiveAggressiveClassifier,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.svm import LinearSVC

from model_conversion.exact.accurate import sigmoid
from model_conversion.exact.answers import two_columns, write_decision, write_label_of_scores
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes


def _scores(graph: Graph, estimator: Any) -> str:
    """Return the decision function, ``(rows, classes)``, or ``(rows, 1)`` for two classes."""
    product = graph.node("MatMul", [graph.matrix(), graph.constant(np.atleast_2d(estimator.coef_).T)])
    return graph.node("Add", [product, graph.constant(np.reshape(estimator.intercept_, (1, -1)))])


def _logistic(scope: Any, operator: Any, container: Any) -> None:
    """Write scores, and the sigmoid of the only one or the softmax of several.

    Source: LogisticRegression.predict_proba and LinearDiscriminantAnalysis.predict_proba, scikit-learn 1.9.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    scores = _scores(graph, estimator)
    if graph.asked_for_scores():
        write_decision(graph, estimator, scores)
        return
    columns = write_label_of_scores(graph, estimator, scores)
    if len(estimator.classes_) > 2:
        graph.node("Softmax", [columns], output=1, axis=1)
    else:
        graph.node("Sigmoid", [columns], output=1)


def _decision(scope: Any, operator: Any, container: Any) -> None:
    """Write the decision function, and the label by it.

    Source: LinearClassifierMixin, scikit-learn 1.9.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    write_decision(graph, estimator, _scores(graph, estimator))


def _descent(scope: Any, operator: Any, container: Any) -> None:
    """Write probabilities of one class against the rest, and the label from the scores, not from them.

    With a loss that gives no probabilities the scores are the answer.

    Source: SGDClassifier.predict_proba and LinearClassifierMixin, scikit-learn 1.9.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    scores = _scores(graph, estimator)
    if graph.asked_for_scores() or not hasattr(estimator, "predict_proba"):
        write_decision(graph, estimator, scores)
        return
    write_label_of_scores(graph, estimator, scores)
    one = graph.constant(1.0)
    if estimator.loss == "modified_huber":
        clipped = graph.node("Clip", [scores, graph.constant(-1.0), one])
        shares = graph.node("Div", [graph.node("Add", [clipped, one]), graph.constant(2.0)])
    else:
        shares = sigmoid(graph, scores)
    if len(estimator.classes_) == 2:
        two_columns(graph, shares, output=1)
        return
    total = graph.node("ReduceSum", [shares, graph.constant([1], np.int64)], keepdims=1)
    none = graph.node("Equal", [total, graph.constant(0.0)])  # so far from all that each share is zero
    shares = graph.node("Where", [none, one, shares])
    total = graph.node("Where", [none, graph.constant(float(len(estimator.classes_))), total])
    graph.node("Div", [shares, total], output=1)


CONVERTERS: dict[type, tuple[Any, Any]] = {
    **dict.fromkeys(
        (LinearDiscriminantAnalysis, LogisticRegression, LogisticRegressionCV), (classifier_shapes, _logistic)
    ),
    SGDClassifier: (classifier_shapes, _descent),
    **dict.fromkeys(
        (LinearSVC, PassiveAggressiveClassifier, Perceptron, RidgeClassifier, RidgeClassifierCV),
        (classifier_shapes, _decision),
    ),
}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
