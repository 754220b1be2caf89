"""Votes, which skl2onnx refuses for a setting that has no part in the answer."""

__all__ = ["CONVERTERS"]

import copy
from typing import Any

from skl2onnx.common._registration import get_converter, get_shape_calculator
from sklearn.ensemble import VotingClassifier

ALIAS = "SklearnVotingClassifier"
"""The library's name for its own converter."""


def _shapes(operator: Any) -> None:
    get_shape_calculator(ALIAS)(operator)


def _votes(scope: Any, operator: Any, container: Any) -> None:
    """Convert as the library does, whatever ``flatten_transform`` says: it is about ``transform`` alone."""
    voting = copy.copy(operator.raw_operator)
    voting.flatten_transform = False
    operator.raw_operator = voting
    get_converter(ALIAS)(scope, operator, container)


CONVERTERS: dict[type, tuple[Any, Any]] = {VotingClassifier: (_shapes, _votes)}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
