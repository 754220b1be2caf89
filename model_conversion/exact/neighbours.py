"""Neighbours within a radius; skl2onnx's graph fails for a row that has none or fewer than the most."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.neighbors import RadiusNeighborsClassifier, RadiusNeighborsRegressor

from model_conversion.errors import UnsupportedError
from model_conversion.exact.answers import write_largest
from model_conversion.exact.distances import squared_distances
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes, set_width


def _weights(graph: Graph, estimator: Any) -> str:
    """Return the weight of every fitted row, ``(rows, fitted rows)``; zero beyond the radius.

    Raises:
        UnsupportedError: Metric or weights are not of a known form.
    """
    name = type(estimator).__name__
    if estimator.effective_metric_ != "euclidean":
        raise UnsupportedError(
            f"{name} measures distances by {estimator.effective_metric_!r}, wanted 'euclidean'; fit it with p=2"
        )
    if estimator.weights not in {"uniform", "distance"}:
        raise UnsupportedError(f"{name} has weights of its own; fit it with weights='uniform' or 'distance'")
    matrix = graph.matrix()
    fitted = np.asarray(estimator._fit_X, dtype=np.float64)  # noqa: SLF001  the library has no public way to it
    squares = squared_distances(graph, matrix, fitted)
    radius = float(estimator.radius)
    within = graph.node("LessOrEqual", [squares, graph.constant(radius * radius)])
    if estimator.weights == "uniform":
        return graph.node("Cast", [within], to=TensorProto.DOUBLE)
    same = graph.node("Cast", [graph.node("Equal", [squares, graph.constant(0.0)])], to=TensorProto.DOUBLE)
    any_same = graph.node("ReduceMax", [same, graph.constant([1], np.int64)], keepdims=1)
    near = graph.node("Div", [graph.constant(1.0), graph.node("Sqrt", [squares])])
    near = graph.node("Where", [within, near, graph.constant(0.0)])
    return graph.node("Where", [graph.node("Greater", [any_same, graph.constant(0.0)]), same, near])


def _classifier(scope: Any, operator: Any, container: Any) -> None:
    """Write the shares of the classes among the neighbours.

    Raises:
        UnsupportedError: Metric, weights or the label of outliers are not of a known form.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    classes = np.asarray(estimator.classes_)
    votes = np.asarray(estimator._y).reshape(-1, 1) == np.arange(len(classes))  # noqa: SLF001
    counts = graph.node("MatMul", [_weights(graph, estimator), graph.constant(votes, np.float64)])
    total = graph.node("ReduceSum", [counts, graph.constant([1], np.int64)], keepdims=1)
    if estimator.outlier_label_ is not None:  # without one scikit-learn refuses such a row itself
        outlier = classes == estimator.outlier_label_[0]
        if not outlier.any():
            raise UnsupportedError(
                f"{type(estimator).__name__} answers {estimator.outlier_label_[0]!r} for a row without neighbours, "
                "which is none of its classes; fit it with outlier_label='most_frequent'"
            )
        alone = graph.node("Equal", [total, graph.constant(0.0)])
        counts = graph.node("Where", [alone, graph.constant(outlier[None, :], np.float64), counts])
        total = graph.node("Where", [alone, graph.constant(1.0), total])
    shares = graph.node("Div", [counts, total])
    graph.node("Identity", [shares], output=1)
    write_largest(graph, estimator, shares)


def _targets(estimator: Any) -> NDArray[np.float64]:
    """Return what was fitted, ``(fitted rows, targets)``."""
    targets: NDArray[np.float64] = np.asarray(estimator._y, dtype=np.float64)  # noqa: SLF001
    return targets if targets.ndim == 2 else targets[:, None]


def _regressor_shapes(operator: Any) -> None:
    set_width(operator, _targets(operator.raw_operator).shape[1])


def _regressor(scope: Any, operator: Any, container: Any) -> None:
    """Write the mean of the neighbours' targets; NaN without neighbours, as scikit-learn answers.

    Raises:
        UnsupportedError: Metric or weights are not of a known form.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    weights = _weights(graph, estimator)
    sums = graph.node("MatMul", [weights, graph.constant(_targets(estimator))])
    total = graph.node("ReduceSum", [weights, graph.constant([1], np.int64)], keepdims=1)
    graph.node("Div", [sums, total], output=0)


CONVERTERS: dict[type, tuple[Any, Any]] = {
    RadiusNeighborsClassifier: (classifier_shapes, _classifier),
    RadiusNeighborsRegressor: (_regressor_shapes, _regressor),
}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
