"""Steps from numbers to classes of numbers, compared in double: a value beside an edge stays on its side."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.preprocessing import Binarizer, KBinsDiscretizer

from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import set_width


def _binarizer_shapes(operator: Any) -> None:
    set_width(operator, operator.raw_operator.n_features_in_)


def _binarizer(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, operator, container)
    above = graph.node("Greater", [graph.matrix(), graph.constant(float(operator.raw_operator.threshold))])
    graph.node("Cast", [above], output=0, to=TensorProto.DOUBLE)


def _bins_shapes(operator: Any) -> None:
    bins = operator.raw_operator
    set_width(operator, len(bins.n_bins_) if bins.encode == "ordinal" else np.sum(bins.n_bins_))


def _bins(scope: Any, operator: Any, container: Any) -> None:
    """Count the edges that a value has reached, as ``searchsorted(..., side="right")`` does."""
    graph = Graph(scope, operator, container)
    bins = operator.raw_operator
    matrix = graph.matrix()
    if bins.dtype is not None and np.dtype(bins.dtype) == np.float32:
        narrow = graph.node("Cast", [matrix], to=TensorProto.FLOAT)
        matrix = graph.node("Cast", [narrow], to=TensorProto.DOUBLE)
    inner = [np.asarray(edges[1:-1], dtype=np.float64) for edges in bins.bin_edges_]
    padded = np.full((1, len(inner), max(1, *map(len, inner))), np.inf)  # no finite number reaches it
    for at, edges in enumerate(inner):
        padded[0, at, : len(edges)] = edges
    spread = graph.node("Unsqueeze", [matrix, graph.constant([2], np.int64)])
    reached = graph.node("GreaterOrEqual", [spread, graph.constant(padded)])
    numbers = graph.node("Cast", [reached], to=TensorProto.DOUBLE)
    last = graph.constant([2], np.int64)
    if bins.encode == "ordinal":
        graph.node("ReduceSum", [numbers, last], output=0, keepdims=0)
        return
    found = graph.node("ReduceSum", [numbers, last], keepdims=0)
    columns = np.repeat(np.arange(len(inner)), bins.n_bins_)
    wanted = np.concatenate([np.arange(count) for count in bins.n_bins_]).astype(np.float64)
    each = graph.node("Gather", [found, graph.constant(columns, np.int64)], axis=1)
    graph.node(
        "Cast",
        [graph.node("Equal", [each, graph.constant(wanted[None, :])])],
        output=0,
        to=TensorProto.DOUBLE,
    )


CONVERTERS: dict[type, tuple[Any, Any]] = {
    Binarizer: (_binarizer_shapes, _binarizer),
    KBinsDiscretizer: (_bins_shapes, _bins),
}
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
