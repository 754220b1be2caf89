"""Isolation forests in double: skl2onnx's float32 graph decides otherwise beside a split, its float64 one fails."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType
from sklearn.ensemble import IsolationForest

from model_conversion.exact.ensemble import sums
from model_conversion.exact.graph import Graph
from model_conversion.exact.splits import on_doubles
from model_conversion.trees import isolation_ensemble


def _shapes(operator: Any) -> None:
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = Int64TensorType([rows])
    operator.outputs[1].type = DoubleTensorType([rows, 1])


def _forest(scope: Any, operator: Any, container: Any) -> None:
    """Write the sum of depths, the score and the label. Source: IsolationForest, scikit-learn 1.9."""
    graph = Graph(scope, operator, container)
    forest = operator.raw_operator
    ensemble = on_doubles(isolation_ensemble(forest))
    trees = ensemble.trees
    depths = sums(graph, graph.matrix(), ensemble, [0] * len(trees), 1)
    usual = len(trees) * _usual_depth(forest._max_samples)  # noqa: SLF001  as scikit-learn has it
    # Fitted on a single row there is no depth, and scikit-learn answers as if the ratio were one.
    ratio = (
        graph.node("Div", [depths, graph.constant(usual)])
        if usual
        else graph.node("Exp", [graph.node("Mul", [depths, graph.constant(0.0)])])
    )
    anomaly = graph.node("Pow", [graph.constant(2.0), graph.node("Neg", [ratio])])
    score = graph.node("Sub", [graph.node("Neg", [anomaly]), graph.constant(float(forest.offset_))])
    graph.node("Identity", [score], output=1)
    outlier = graph.node("Less", [score, graph.constant(0.0)])
    label = graph.node("Where", [outlier, graph.constant(-1, np.int64), graph.constant(1, np.int64)])
    graph.node("Reshape", [label, graph.constant([-1], np.int64)], output=0)


def _usual_depth(rows: int) -> float:
    """Return the mean depth of an unsuccessful search. Source: ``_average_path_length``, scikit-learn 1.9."""
    if rows <= 2:
        return float(rows == 2)
    return float(2.0 * (np.log(rows - 1.0) + np.euler_gamma) - 2.0 * (rows - 1.0) / rows)


CONVERTERS: dict[type, tuple[Any, Any]] = {IsolationForest: (_shapes, _forest)}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
