"""One column a category of strings, all looked up at once.

skl2onnx looks each column up by itself and joins them, and does not know rare categories that share a column.
"""

__all__ = ["CONVERTERS"]

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import StringTensorType
from sklearn.preprocessing import OneHotEncoder

from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import of_library, set_width

ALIAS = "SklearnOneHotEncoder"
"""The library's name for its own converter."""

UNKNOWN = "\0"
"""What no column has for a category."""


def _is_text(operator: Any) -> bool:
    return all(isinstance(variable.type, StringTensorType) for variable in operator.inputs)


def _shapes(operator: Any) -> None:
    if _is_text(operator):
        set_width(operator, len(operator.raw_operator.get_feature_names_out()))
    else:
        of_library(ALIAS)(operator)


def _encoded(encoder: Any, rows: NDArray[Any]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is unknown
        encoded = encoder.transform(rows)
    dense: NDArray[np.float64] = np.asarray(
        encoded if isinstance(encoded, np.ndarray) else encoded.toarray(), dtype=np.float64
    )
    return dense


def _effects(encoder: Any) -> tuple[NDArray[np.float64], list[tuple[int, Any, NDArray[np.float64]]]]:
    """Return the outputs for unknown categories, and column, category and change of the outputs for each known one.

    The encoder itself is asked, so that dropped, rare and missing ones are where it has them.
    """
    categories = encoder.categories_
    first = np.array([values[0] for values in categories], dtype=object)
    outs = encoder._n_features_outs  # noqa: SLF001
    ends = np.cumsum(outs)
    base = np.zeros(int(ends[-1]))
    if encoder.handle_unknown != "error":
        base = _encoded(encoder, np.full((1, len(categories)), UNKNOWN, dtype=object))[0]
    effects = []
    for column, values in enumerate(categories):
        rows = np.tile(first, (len(values), 1))
        rows[:, column] = values
        own = slice(ends[column] - outs[column], ends[column])
        for value, encoded in zip(values.tolist(), _encoded(encoder, rows), strict=True):
            change = np.zeros_like(base)
            change[own] = encoded[own] - base[own]
            if change.any():
                effects.append((column, value, change))
    return base, effects


def _encoder(scope: Any, operator: Any, container: Any) -> None:
    """Number the words of all columns, and compare each known one's number with its column's.

    A word that no column knows has a number of its own, and so is of no category. Numbers are left to the library.
    """
    if not _is_text(operator):
        get_converter(ALIAS)(scope, operator, container)
        return
    graph = Graph(scope, operator, container)
    base, effects = _effects(operator.raw_operator)
    columns = np.array([column for column, _, _ in effects], dtype=np.int64)
    # NaN and None reach the graph as their names, see FeatureSchema.sent_null.
    words = ["None" if value is None else str(value) for _, value, _ in effects]
    changes = np.array([change for _, _, change in effects]).reshape(len(effects), len(base))
    order = np.argsort(np.array([change.argmax() for change in changes], dtype=np.int64), kind="stable")
    numbers = {word: number for number, word in enumerate(sorted({*words, UNKNOWN}))}
    found = graph.node(
        "LabelEncoder",
        [graph.matrix()],
        ml=True,
        keys_tensor=numpy_helper.from_array(np.array(list(numbers), dtype=object), "keys_tensor"),
        values_tensor=numpy_helper.from_array(np.arange(len(numbers)), "values_tensor"),
        default_tensor=numpy_helper.from_array(np.array([-1]), "default_tensor"),
    )
    wanted = np.array([[numbers[words[at]] for at in order]], dtype=np.int64)
    spread = graph.node("Gather", [found, graph.constant(columns[order], np.int64)], axis=1)
    equal = graph.node("Equal", [spread, graph.constant(wanted, np.int64)])
    if not base.any() and np.array_equal(changes[order], np.eye(len(base))):
        graph.node("Cast", [equal], output=0, to=TensorProto.DOUBLE)
        return
    known = graph.node("Cast", [equal], to=TensorProto.DOUBLE)
    changed = graph.node("MatMul", [known, graph.constant(changes[order])])
    graph.node("Add", [changed, graph.constant(base[None, :])], output=0)


CONVERTERS: dict[type, tuple[Any, Any]] = {OneHotEncoder: (_shapes, _encoder)}
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
