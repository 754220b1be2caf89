"""Codes of categories, missing and rare ones included; skl2onnx loses the code of a missing one without a word."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx.common.data_types import StringTensorType
from sklearn.preprocessing import OrdinalEncoder

from model_conversion.errors import UnsupportedError
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import set_width


def _shapes(operator: Any) -> None:
    set_width(operator, len(operator.raw_operator.categories_))


def _codes(encoder: Any) -> list[tuple[NDArray[Any], NDArray[np.float64]]]:
    """Return for each column its categories and their codes, as the encoder itself gives them."""
    longest = max(map(len, encoder.categories_))
    columns = [
        np.asarray([*values, *[values[0]] * (longest - len(values))], dtype=object)
        for values in encoder.categories_
    ]
    table = np.asarray(encoder.transform(np.stack(columns, axis=1)), dtype=np.float64)
    return [
        (np.asarray(values, dtype=object), table[: len(values), at])
        for at, values in enumerate(encoder.categories_)
    ]


def _encoder(scope: Any, operator: Any, container: Any) -> None:
    """Look each category up.

    Raises:
        UnsupportedError: It encodes strings and numbers at once.
    """
    graph = Graph(scope, operator, container)
    encoder = operator.raw_operator
    text = [isinstance(variable.type, StringTensorType) for variable in operator.inputs]
    if any(text) and not all(text):
        raise UnsupportedError(
            "OrdinalEncoder encodes strings and numbers at once; fit one for each of the two"
        )
    matrix = graph.matrix()
    unknown = float(encoder.unknown_value) if encoder.handle_unknown == "use_encoded_value" else np.nan
    columns = []
    for at, (values, codes) in enumerate(_codes(encoder)):
        one = graph.node("Gather", [matrix, graph.constant([at], np.int64)], axis=1)
        missing = np.array(
            [value is None or value != value for value in values.tolist()]
        )  # NaN is not itself
        if text[0]:
            # NaN and None reach the graph as their names, see FeatureSchema.sent_null.
            names = ["None" if value is None else str(value) for value in values.tolist()]
            keys: NDArray[Any] = np.array(names, dtype=object)
            columns.append(graph.lookup(one, keys, codes, unknown=unknown))
            continue
        known = values[~missing].astype(np.float64)
        found = graph.lookup(one, known, codes[~missing], unknown=unknown)
        if missing.any():
            gap = graph.node("IsNaN", [one])
            found = graph.node("Where", [gap, graph.constant(float(codes[missing][0])), found])
        columns.append(found)
    graph.node("Concat", columns, output=0, axis=1)


CONVERTERS: dict[type, tuple[Any, Any]] = {OrdinalEncoder: (_shapes, _encoder)}
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
