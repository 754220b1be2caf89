"""Votes, which skl2onnx refuses for a setting that has no part in the answer."""

__all__ = ["CONVERTERS"]

import copy
from typing import Any

from skl2onnx.common._registration import get_converter
from sklearn.ensemble import VotingClassifier

from model_conversion.exact.shapes import of_library

ALIAS = "SklearnVotingClassifier"
"""The library's name for its own converter."""


def _votes(scope: Any, operator: Any, container: Any) -> None:
    """Convert as the library does, whatever ``flatten_transform`` says: it is about ``transform`` alone."""
    voting = copy.copy(operator.raw_operator)
    voting.flatten_transform = False
    operator.raw_operator = voting
    get_converter(ALIAS)(scope, operator, container)


CONVERTERS: dict[type, tuple[Any, Any]] = {VotingClassifier: (of_library(ALIAS), _votes)}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
