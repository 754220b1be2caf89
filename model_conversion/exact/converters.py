"""All converters of our own, and those of them that skl2onnx must be told of because it knows no such estimator."""

__all__ = ["CONVERTERS", "register_unknown"]

from collections import ChainMap
from typing import Any

from sklearn.base import ClassifierMixin

from model_conversion.exact import (
    adaboost,
    bagging,
    calibration,
    decisions,
    discrete,
    encoding,
    gaussian,
    isolation,
    kernels,
    linear,
    multiclass,
    neighbours,
    onehot,
    polynomial,
    powers,
    preprocessing,
    projection,
    selection,
    texts,
    trees,
    voting,
)

CONVERTERS: dict[type, tuple[Any, Any]] = dict(
    ChainMap(
        adaboost.CONVERTERS,
        bagging.CONVERTERS,
        calibration.CONVERTERS,
        decisions.CONVERTERS,
        discrete.CONVERTERS,
        encoding.CONVERTERS,
        gaussian.CONVERTERS,
        isolation.CONVERTERS,
        kernels.CONVERTERS,
        linear.CONVERTERS,
        multiclass.CONVERTERS,
        neighbours.CONVERTERS,
        onehot.CONVERTERS,
        polynomial.CONVERTERS,
        powers.CONVERTERS,
        preprocessing.CONVERTERS,
        projection.CONVERTERS,
        selection.CONVERTERS,
        texts.CONVERTERS,
        trees.CONVERTERS,
        voting.CONVERTERS,
    )
)
"""Estimator → shape calculator and converter, as skl2onnx takes them; all compute in double."""


def register_unknown() -> None:
    """Tell skl2onnx of the estimators that it does not know; once is enough."""
    from skl2onnx import update_registered_converter
    from skl2onnx._supported_operators import sklearn_operator_name_map

    for kind, (shapes, converter) in CONVERTERS.items():
        if kind in sklearn_operator_name_map:
            continue
        options: dict[str, list[Any]] | None = None
        if issubclass(kind, ClassifierMixin):
            options = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
        update_registered_converter(kind, f"Nightjar{kind.__name__}", shapes, converter, options=options)
