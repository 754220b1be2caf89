"""Bags of decision trees, as forests: the trees in one operator; skl2onnx writes each by itself, in float32."""

__all__ = ["CONVERTERS"]

from typing import Any

from skl2onnx.common._registration import get_converter
from sklearn.ensemble import BaggingClassifier, BaggingRegressor

from model_conversion.exact.shapes import of_library
from model_conversion.exact.trees import tree_shapes, write_trees
from model_conversion.trees import ensemble_of


def _alias(bag: Any) -> str:
    """Return the library's name for its own converter."""
    return f"Sklearn{type(bag).__name__}"


def _shapes(operator: Any) -> None:
    bag = operator.raw_operator
    (of_library(_alias(bag)) if ensemble_of(bag) is None else tree_shapes)(operator)


def _bag(scope: Any, operator: Any, container: Any) -> None:
    """Write the mean over trees; bags of anything else are left to the library."""
    bag = operator.raw_operator
    write = get_converter(_alias(bag)) if ensemble_of(bag) is None else write_trees
    write(scope, operator, container)


CONVERTERS: dict[type, tuple[Any, Any]] = dict.fromkeys(
    (BaggingClassifier, BaggingRegressor), (_shapes, _bag)
)
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
