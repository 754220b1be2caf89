"""Distances between rows and fitted rows, computed as scikit-learn's own are."""

__all__ = ["squared_distances"]

import numpy as np
from numpy.typing import NDArray

from model_conversion.exact.graph import Graph


def squared_distances(
    graph: Graph, matrix: str, fitted: NDArray[np.float64], scale: NDArray[np.float64] | float | None = None
) -> str:
    """Return squared Euclidean distances, ``(rows, fitted rows)``.

    Squares are added column by column, as scikit-learn's trees of neighbours do, so that a row on a radius is on
    its side.

    Args:
        graph: Where the nodes go.
        matrix: ``(rows, columns)`` doubles.
        fitted: ``(fitted rows, columns)`` float64.
        scale: Length that counts as one, of each column or of all; None leaves the columns as they are.
    """
    lengths = None if scale is None else np.broadcast_to(scale, (fitted.shape[1],)).tolist()
    squares = ""
    for at in range(fitted.shape[1]):
        column = graph.node("Gather", [matrix, graph.constant([at], np.int64)], axis=1)
        place = fitted[None, :, at]
        if lengths is not None:
            column = graph.node("Div", [column, graph.constant(lengths[at])])
            place = place / lengths[at]
        gap = graph.node("Sub", [column, graph.constant(place)])
        square = graph.node("Mul", [gap, gap])
        squares = graph.node("Add", [squares, square]) if squares else square
    return squares
