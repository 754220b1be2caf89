"""Products of columns in double, multiplied in scikit-learn's order."""

__all__ = ["CONVERTERS"]

from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np
from sklearn.preprocessing import PolynomialFeatures

from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import set_width


def _shapes(operator: Any) -> None:
    set_width(operator, operator.raw_operator.n_output_features_)


def _products(scope: Any, operator: Any, container: Any) -> None:
    """Write each degree as the one below times a column.

    Source: PolynomialFeatures.transform, scikit-learn 1.9: a product is its tail's, times its first column.
    """
    graph = Graph(scope, operator, container)
    polynomial = operator.raw_operator
    degree = polynomial.degree
    lowest, highest = (0, degree) if isinstance(degree, int) else degree
    choose = combinations if polynomial.interaction_only else combinations_with_replacement
    matrix = graph.matrix()
    blocks = []
    if polynomial.include_bias:
        rows = graph.node("Shape", [matrix], start=0, end=1)
        shape = graph.node("Concat", [rows, graph.constant([1], np.int64)], axis=0)
        blocks.append(graph.node("Expand", [graph.constant([[1.0]]), shape]))
    columns = range(int(polynomial.n_features_in_))
    below: dict[tuple[int, ...], int] = {(column,): column for column in columns}
    product = matrix
    for number in range(1, highest + 1):
        if number > 1:
            chosen = list(choose(columns, number))
            if not chosen:
                break
            tails = graph.constant([below[item[1:]] for item in chosen], np.int64)
            firsts = graph.constant([item[0] for item in chosen], np.int64)
            product = graph.node(
                "Mul",
                [
                    graph.node("Gather", [product, tails], axis=1),
                    graph.node("Gather", [matrix, firsts], axis=1),
                ],
            )
            below = {tuple(item): at for at, item in enumerate(chosen)}
        if number >= lowest:
            blocks.append(product)
    graph.node("Concat", blocks, output=0, axis=1)


CONVERTERS: dict[type, tuple[Any, Any]] = {PolynomialFeatures: (_shapes, _products)}
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
