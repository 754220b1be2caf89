"""Where each feature enters the graph.

Numbers travel in one tensor and strings in another, whatever the columns are called: a request makes two tensors
instead of one a feature, and no name meets ONNX tools, which rename dots, brackets and leading digits in silence.
"""

__all__ = ["NUMBERS", "STRINGS", "Arrangement", "arrange", "as_fitted"]

import copy
from dataclasses import dataclass
from typing import Any

import pandas as pd
from skl2onnx.common.data_types import StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.pipeline import Pipeline

from model_conversion.errors import UnsupportedError
from model_conversion.pipelines import first_step
from model_conversion.schema import Schema

NUMBERS, STRINGS = "numbers", "strings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """An estimator as skl2onnx takes it, with its inputs.

    Attributes:
        estimator: Its column transformer selects by position; otherwise the very same.
        inputs: Name and skl2onnx type of each graph input, in order.
        places: Feature name → (input, column).
    """

    estimator: Any
    inputs: list[tuple[str, Any]]
    places: dict[str, tuple[str, int]]


def _takes_texts(estimator: Any) -> bool:
    """Tell whether an estimator begins with a text vectoriser, which takes a list of texts and not a frame."""
    return isinstance(first_step(estimator), CountVectorizer | HashingVectorizer)


def arrange(estimator: Any, schema: Schema, number_type: type) -> Arrangement:
    """Decide where features enter.

    Args:
        estimator: Fitted.
        schema: Which features are strings.
        number_type: skl2onnx's type of a numeric input.

    Raises:
        UnsupportedError: Strings and numbers are asked of an estimator that takes one matrix.
    """
    names = [feature.name for feature in schema.features]
    numbers = [feature.name for feature in schema.features if not feature.textual]
    strings = [feature.name for feature in schema.features if feature.textual]
    inputs = [(NUMBERS, number_type([None, len(numbers)]))] if numbers else []
    if strings:
        inputs.append((STRINGS, StringTensorType([None, len(strings)])))
    places = {name: (NUMBERS, at) for at, name in enumerate(numbers)}
    places |= {name: (STRINGS, at) for at, name in enumerate(strings)}
    order = {name: at for at, name in enumerate([*numbers, *strings])}
    if isinstance(first_step(estimator), ColumnTransformer):
        return Arrangement(
            estimator=_by_position(estimator, [order[name] for name in names]), inputs=inputs, places=places
        )
    if numbers and strings:
        raise UnsupportedError(
            f"{type(estimator).__name__} takes one matrix, and the columns {strings} are strings; put a "
            "ColumnTransformer in front and fit again"
        )
    return Arrangement(estimator=estimator, inputs=inputs, places=places)


def _by_position(estimator: Any, positions: list[int]) -> Any:
    """Return a shallow copy whose column transformer selects by position in the new order.

    Args:
        estimator: A column transformer, or pipelines that begin with one.
        positions: New position of each column.
    """
    copied = copy.copy(estimator)
    if isinstance(estimator, Pipeline):
        name, first = estimator.steps[0]
        copied.steps = [(name, _by_position(first, positions)), *estimator.steps[1:]]
        return copied
    chosen = estimator._transformer_to_input_indices  # noqa: SLF001  callables, masks and slices are resolved there
    copied.transformers_ = [
        (name, transformer, [positions[column] for column in chosen[name]])
        for name, transformer, _ in estimator.transformers_
    ]
    return copied


def as_fitted(estimator: Any, frame: pd.DataFrame) -> Any:
    """Return a frame in the form that an estimator was fitted on: itself, its values, or a list of texts."""
    if _takes_texts(estimator):
        return frame.iloc[:, 0].tolist()
    return frame if hasattr(estimator, "feature_names_in_") else frame.to_numpy()
