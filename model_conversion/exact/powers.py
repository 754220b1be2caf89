"""Power transforms in double; skl2onnx computes them in float32 and without care for small numbers."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import PowerTransformer

from model_conversion.exact.accurate import expm1, log1p
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import set_width

ZERO_BOX_COX = 1e-19
"""Powers below are zero. Source: ``boxcox`` in SciPy 1.16, ``scipy/special/_boxcox.pxd``."""

ZERO = float(np.finfo(np.float64).eps)
"""Powers below are zero, in Yeo and Johnson's. Source: ``_yeojohnson_transform`` in SciPy."""

MOST = 709.78
"""Exponents from here on need another form. Source: ``boxcox`` in SciPy."""


def _shapes(operator: Any) -> None:
    set_width(operator, len(operator.raw_operator.lambdas_))


def _powers(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, operator, container)
    transformer = operator.raw_operator
    powers = np.asarray(transformer.lambdas_, dtype=np.float64)[None, :]
    matrix = graph.matrix()
    if transformer.method == "box-cox":
        raised = _box_cox(graph, matrix, powers)
    else:
        zero = graph.constant(0.0)
        above = graph.node("GreaterOrEqual", [matrix, zero])
        size = graph.node("Abs", [matrix])
        positive = _raised(graph, size, powers)
        negative = graph.node("Neg", [_raised(graph, size, 2.0 - powers)])
        raised = graph.node("Where", [above, positive, negative])
    if transformer.standardize:
        scaler = transformer._scaler  # noqa: SLF001  the library has no public way to it
        raised = graph.node("Sub", [raised, graph.constant(np.asarray(scaler.mean_)[None, :])])
        raised = graph.node("Div", [raised, graph.constant(np.asarray(scaler.scale_)[None, :])])
    graph.node("Identity", [raised], output=0)


def _raised(graph: Graph, size: str, powers: NDArray[np.float64]) -> str:
    """Return ``((size + 1) ** power - 1) / power``, which for a power of zero is the logarithm."""
    none = np.abs(powers) < ZERO
    logarithm = log1p(graph, size)
    divisor = graph.constant(np.where(none, 1.0, powers))
    power = graph.node("Div", [expm1(graph, graph.node("Mul", [logarithm, divisor])), divisor])
    return graph.node("Where", [graph.constant(none, np.bool_), logarithm, power]) if none.any() else power


def _box_cox(graph: Graph, matrix: str, powers: NDArray[np.float64]) -> str:
    none = np.abs(powers) < ZERO_BOX_COX
    kept = np.where(none, 1.0, powers)
    logarithm = graph.node("Log", [matrix])
    divisor = graph.constant(kept)
    exponent = graph.node("Mul", [logarithm, divisor])
    usual = graph.node("Div", [expm1(graph, exponent), divisor])
    shifted = graph.node("Sub", [exponent, graph.constant(np.log(np.abs(kept)))])
    large = graph.node("Mul", [graph.node("Exp", [shifted]), graph.constant(np.sign(kept))])
    large = graph.node("Sub", [large, graph.constant(1.0 / kept)])
    power = graph.node("Where", [graph.node("Less", [exponent, graph.constant(MOST)]), usual, large])
    return graph.node("Where", [graph.constant(none, np.bool_), logarithm, power]) if none.any() else power


CONVERTERS: dict[type, tuple[Any, Any]] = {PowerTransformer: (_shapes, _powers)}
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
