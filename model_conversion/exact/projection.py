"""Projections in double, centred after the product as scikit-learn 1.9 does it."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD

from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import set_width


def _shapes(operator: Any) -> None:
    set_width(operator, len(operator.raw_operator.components_))


def _project(scope: Any, operator: Any, container: Any) -> None:
    """Write product, centring and whitening. Source: ``_BasePCA._transform``, scikit-learn 1.9."""
    graph = Graph(scope, operator, container)
    fitted = operator.raw_operator
    axes = np.asarray(fitted.components_, dtype=np.float64).T
    projected = graph.node("MatMul", [graph.matrix(), graph.constant(axes)])
    if not isinstance(fitted, TruncatedSVD):
        mean = np.asarray(fitted.mean_, dtype=np.float64).reshape(1, -1) @ axes
        projected = graph.node("Sub", [projected, graph.constant(mean)])
        if fitted.whiten:
            scale = np.sqrt(np.asarray(fitted.explained_variance_, dtype=np.float64))
            scale = np.maximum(scale, np.finfo(np.float64).eps)
            projected = graph.node("Div", [projected, graph.constant(scale[None, :])])
    graph.node("Identity", [projected], output=0)


CONVERTERS: dict[type, tuple[Any, Any]] = dict.fromkeys(
    (PCA, IncrementalPCA, TruncatedSVD), (_shapes, _project)
)
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
