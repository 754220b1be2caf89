"""Linear classifiers of which skl2onnx computes the probabilities, or decides the label, by another rule."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import SGDClassifier

from model_conversion.exact.accurate import sigmoid
from model_conversion.exact.answers import as_index, write_label, write_two_columns
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes


def _scores(graph: Graph, estimator: Any) -> str:
    """Return the decision function, ``(rows, classes)``, or ``(rows, 1)`` for two classes."""
    product = graph.node("MatMul", [graph.matrix(), graph.constant(estimator.coef_.T)])
    return graph.node("Add", [product, graph.constant(np.reshape(estimator.intercept_, (1, -1)))])


def _label(graph: Graph, estimator: Any, scores: str) -> None:
    """Decide by the scores: where probabilities are rounded to the same number, these still differ."""
    if len(estimator.classes_) > 2:
        write_label(graph, estimator, graph.node("ArgMax", [scores], axis=1, keepdims=0))
    else:
        above = graph.node("Greater", [scores, graph.constant(0.0)])
        write_label(graph, estimator, as_index(graph, above))


def _discriminant(scope: Any, operator: Any, container: Any) -> None:
    """Write scores, and the sigmoid of the only one or the softmax of several; the library takes another softmax."""
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    scores = _scores(graph, estimator)
    _label(graph, estimator, scores)
    if len(estimator.classes_) > 2:
        graph.node("Softmax", [scores], output=1, axis=1)
    else:
        write_two_columns(graph, graph.node("Sigmoid", [scores]))


def _descent(scope: Any, operator: Any, container: Any) -> None:
    """Write probabilities of one class against the rest, and the label from the scores, not from them.

    Source: SGDClassifier.predict_proba and LinearClassifierMixin, scikit-learn 1.9.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    scores = _scores(graph, estimator)
    _label(graph, estimator, scores)
    if (
        container.has_options(estimator, "raw_scores")
        and container.get_options(estimator, {"raw_scores": False})["raw_scores"]
    ):
        if len(estimator.classes_) == 2:
            scores = graph.node("Concat", [graph.node("Neg", [scores]), scores], axis=1)
        graph.node("Identity", [scores], output=1)
        return
    one = graph.constant(1.0)
    if estimator.loss == "modified_huber":
        clipped = graph.node("Clip", [scores, graph.constant(-1.0), one])
        shares = graph.node("Div", [graph.node("Add", [clipped, one]), graph.constant(2.0)])
    else:
        shares = sigmoid(graph, scores)
    if len(estimator.classes_) == 2:
        write_two_columns(graph, shares)
        return
    total = graph.node("ReduceSum", [shares, graph.constant([1], np.int64)], keepdims=1)
    none = graph.node("Equal", [total, graph.constant(0.0)])  # so far from all that each share is zero
    shares = graph.node("Where", [none, one, shares])
    total = graph.node("Where", [none, graph.constant(float(len(estimator.classes_))), total])
    graph.node("Div", [shares, total], output=1)


CONVERTERS: dict[type, tuple[Any, Any]] = {
    LinearDiscriminantAnalysis: (classifier_shapes, _discriminant),
    SGDClassifier: (classifier_shapes, _descent),
}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
