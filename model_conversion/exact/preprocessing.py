"""Transformers that skl2onnx writes in float32, written in double."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.impute import SimpleImputer

from model_conversion.exact.graph import Graph


def _imputer_shapes(operator: Any) -> None:
    imputer = operator.raw_operator
    rows = operator.inputs[0].get_first_dimension()
    text = isinstance(operator.inputs[0].type, StringTensorType)
    operator.outputs[0].type = (StringTensorType if text else DoubleTensorType)(
        [rows, len(imputer.get_feature_names_out(_names(imputer)))]
    )


def _names(imputer: Any) -> list[str]:
    return [
        str(name) for name in getattr(imputer, "feature_names_in_", map(str, range(imputer.n_features_in_)))
    ]


def _imputer(scope: Any, operator: Any, container: Any) -> None:
    """Replace missing values; columns without any value when fitted are dropped, as scikit-learn drops them."""
    graph = Graph(scope, operator, container)
    imputer = operator.raw_operator
    text = isinstance(operator.inputs[0].type, StringTensorType)
    matrix = graph.matrix()
    missing = imputer.missing_values
    if text:
        # NaN and None reach the graph as their names, see FeatureSchema.sent_null.
        written = missing if isinstance(missing, str) else "None" if missing is None else "nan"
        gaps = graph.node("Equal", [matrix, graph.constant(written, object)])
        statistics = np.asarray(imputer.statistics_, dtype=object)
        kept = np.arange(len(statistics))
    else:
        is_nan = isinstance(missing, float) and np.isnan(missing)
        gaps = (
            graph.node("IsNaN", [matrix])
            if is_nan
            else graph.node("Equal", [matrix, graph.constant(float(missing))])
        )
        statistics = np.asarray(imputer.statistics_, dtype=np.float64)
        kept = (
            np.flatnonzero(~np.isnan(statistics))
            if not imputer.keep_empty_features
            else np.arange(len(statistics))
        )
        statistics = np.nan_to_num(statistics)
    filler = graph.constant(statistics[None, :], object if text else np.float64)
    filled = graph.node("Where", [gaps, filler, matrix])
    if len(kept) < len(statistics):
        filled = graph.node("Gather", [filled, graph.constant(kept, np.int64)], axis=1)
    if imputer.add_indicator and len(imputer.indicator_.features_):
        flags = graph.node("Gather", [gaps, graph.constant(imputer.indicator_.features_, np.int64)], axis=1)
        flags = graph.node("Cast", [flags], to=TensorProto.STRING if text else TensorProto.DOUBLE)
        filled = graph.node("Concat", [filled, flags], axis=1)
    graph.node("Identity", [filled], output=0)


CONVERTERS: dict[type, tuple[Any, Any]] = {SimpleImputer: (_imputer_shapes, _imputer)}
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
