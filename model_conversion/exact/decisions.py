"""Classifiers that decide by a threshold of their own; skl2onnx answers with the label of the classifier inside."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from skl2onnx._supported_operators import _get_sklearn_operator_name
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from model_conversion.decision import decision_of
from model_conversion.errors import UnsupportedError
from model_conversion.exact.answers import as_index, write_label
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes, label_type


def _decide(scope: Any, operator: Any, container: Any) -> None:
    """Write the inner classifier's probabilities and the label by the threshold.

    Raises:
        UnsupportedError: It does not decide by a probability.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    decision = decision_of(estimator)
    if decision is None:
        raise UnsupportedError(f"{type(estimator).__name__} has no threshold of a known form")
    inner = decision.classifier
    child = scope.declare_local_operator(_get_sklearn_operator_name(type(inner)), inner)
    child.inputs = operator.inputs
    label = scope.declare_local_variable("label", label_type(inner)())
    probabilities = scope.declare_local_variable("probabilities", DoubleTensorType())
    child.outputs.append(label)
    child.outputs.append(probabilities)
    graph.node("Identity", [probabilities.full_name], output=1)
    column = graph.constant([decision.positive], np.int64)
    positive = graph.node("Gather", [probabilities.full_name, column], axis=1)
    above = graph.node("GreaterOrEqual", [positive, graph.constant(decision.threshold)])
    if decision.positive == 0:
        above = graph.node("Not", [above])
    write_label(graph, estimator, as_index(graph, above))


CONVERTERS: dict[type, tuple[Any, Any]] = dict.fromkeys(
    (FixedThresholdClassifier, TunedThresholdClassifierCV), (classifier_shapes, _decide)
)
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
