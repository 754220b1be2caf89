"""Types of what our converters write, as skl2onnx asks for them."""

__all__ = ["classifier_shapes", "label_type", "library_shapes", "of_library", "set_width"]

from collections.abc import Callable
from typing import Any

import numpy as np
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common._registration import get_shape_calculator
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType

from model_conversion.errors import UnsupportedError


def label_type(estimator: Any) -> type:
    """Return skl2onnx's type of a classifier's label: int64, or string where the classes are."""
    text = np.asarray(estimator.classes_).dtype.kind in "OU"
    label: type = StringTensorType if text else Int64TensorType
    return label


def classifier_shapes(operator: Any) -> None:
    """Set a classifier's outputs: label ``(rows,)`` int64 or string, ``(rows, classes)`` doubles.

    Raises:
        UnsupportedError: It answers several labels a row.
    """
    estimator = operator.raw_operator
    if isinstance(estimator.classes_, list):
        raise UnsupportedError(
            f"{type(estimator).__name__} answers {len(estimator.classes_)} labels a row; fit one classifier a label"
        )
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = label_type(estimator)([rows])
    operator.outputs[1].type = DoubleTensorType([rows, len(estimator.classes_)])


def set_width(operator: Any, width: int, *, text: bool = False) -> None:
    """Set the type of an operator's only output: ``(rows, width)`` doubles, or strings."""
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = (StringTensorType if text else DoubleTensorType)([rows, int(width)])


def of_library(alias: str) -> Callable[[Any], None]:
    """Return the library's own shape calculator, that makes doubles of doubles unless it says otherwise itself.

    The library decides about types when it first sees an estimator. After a column of strings it still says float32
    there, and its graph of votes, bags or calibrated classifiers then mixes the two.

    Args:
        alias: The library's name for the kind of estimator.
    """

    def shapes(operator: Any) -> None:
        declared = [variable.type for variable in operator.outputs]
        get_shape_calculator(alias)(operator)
        if not isinstance(operator.inputs[0].type, DoubleTensorType):
            return
        for variable, before in zip(operator.outputs, declared, strict=True):
            # Another object is a type that the calculator chose.
            if variable.type is before and isinstance(before, FloatTensorType):
                variable.type = DoubleTensorType(before.shape)

    return shapes


def library_shapes() -> dict[type, Callable[[Any], None]]:
    """Return :func:`of_library` of every estimator that the library knows."""
    return {kind: of_library(alias) for kind, alias in sklearn_operator_name_map.items()}
