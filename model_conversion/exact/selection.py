"""Selected columns, for every selector that scikit-learn has.

skl2onnx 1.20 answers zeros for a selection of the first column alone, and refuses the recursive selectors, which it
takes for classifiers.
"""

__all__ = ["CONVERTERS", "selectors"]

from collections.abc import Iterator
from typing import Any

import numpy as np
from skl2onnx.common.data_types import StringTensorType
from sklearn import feature_selection
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline

from model_conversion.errors import UnsupportedError
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import set_width


def selectors(estimator: Any) -> Iterator[Any]:
    """Yield the selectors among a pipeline's steps, and the pipelines within it that end in one."""
    if isinstance(estimator, SelectorMixin):
        yield estimator
    elif isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            found = list(selectors(step))
            yield from found
            if isinstance(step, Pipeline) and any(step.steps[-1][1] is each for each in found):
                yield step


def _shapes(operator: Any) -> None:
    text = isinstance(operator.inputs[0].type, StringTensorType)
    set_width(operator, len(operator.raw_operator.get_support(indices=True)), text=text)


def _select(scope: Any, operator: Any, container: Any) -> None:
    """Gather the selected columns.

    Raises:
        UnsupportedError: None is selected.
    """
    graph = Graph(scope, operator, container)
    chosen = operator.raw_operator.get_support(indices=True)
    if not len(chosen):
        raise UnsupportedError(f"{type(operator.raw_operator).__name__} selects no column; fit it again")
    graph.node("Gather", [graph.matrix(), graph.constant(chosen, np.int64)], output=0, axis=1)


CONVERTERS: dict[type, tuple[Any, Any]] = dict.fromkeys(
    (
        feature_selection.GenericUnivariateSelect,
        feature_selection.RFE,
        feature_selection.RFECV,
        feature_selection.SelectFdr,
        feature_selection.SelectFpr,
        feature_selection.SelectFromModel,
        feature_selection.SelectFwe,
        feature_selection.SelectKBest,
        feature_selection.SelectPercentile,
        feature_selection.SequentialFeatureSelector,
        feature_selection.VarianceThreshold,
    ),
    (_shapes, _select),
)
"""Transformer → shape calculator and converter, as skl2onnx takes them."""
