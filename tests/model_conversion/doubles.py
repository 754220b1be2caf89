"""What the double-precision graph of an estimator or transformer answers, for tests of one converter alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.base import ClassifierMixin
from sklearn.svm import LinearSVC

from model_conversion.exact.converters import CONVERTERS, register_unknown
from model_conversion.exact.graph import KNOWN_ML_OPSET, ML_OPSET, OPSET


def model_of(estimator: Any, columns: int, *, text: bool = False) -> ModelProto:
    """Convert with our own converters."""
    register_unknown()
    kind = (StringTensorType if text else DoubleTensorType)([None, columns])
    mapped = isinstance(estimator, ClassifierMixin) and not isinstance(estimator, LinearSVC)
    model = convert_sklearn(
        estimator,
        initial_types=[("x", kind)],
        options={id(estimator): {"zipmap": False}} if mapped else None,
        target_opset={"": OPSET, "ai.onnx.ml": KNOWN_ML_OPSET},
        custom_shape_calculators={key: pair[0] for key, pair in CONVERTERS.items()},
        custom_conversion_functions={key: pair[1] for key, pair in CONVERTERS.items()},
    )
    for item in model.opset_import:
        if item.domain == "ai.onnx.ml":
            item.version = ML_OPSET
    return model


def graph_of(estimator: Any, columns: int, *, text: bool = False) -> Callable[[Any], list[NDArray[Any]]]:
    """Convert with our own converters and return what answers ``(rows, columns)``."""
    return session_of(model_of(estimator, columns, text=text), text=text)


def session_of(model: ModelProto, *, text: bool = False) -> Callable[[Any], list[NDArray[Any]]]:
    """Return what answers ``(rows, columns)``."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    wanted: Any = object if text else np.float64
    return lambda rows: list(session.run(None, {"x": np.asarray(rows, dtype=wanted)}))
