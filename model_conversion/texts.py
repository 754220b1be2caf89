"""How text vectorisers are converted: scikit-learn's own tokens, whatever the alphabet.

skl2onnx cuts words with ``[a-zA-Z0-9_]+``, which splits ``naïve`` and keeps single letters, and lowers case in a
locale that a small machine does not have. onnxruntime's tokeniser speaks RE2, which knows Unicode's classes.
"""

__all__ = ["text_options"]

from collections.abc import Iterator
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

LOCALE = "C.UTF-8"
"""Lowers every alphabet's letters and is part of glibc itself (2.35 and later), Amazon Linux 2023's included."""

WORD = r"[\p{L}\p{N}_]"
r"""RE2 for Python's ``\w`` in text: letters, numbers, underscore. Source: Python's re, str.isalnum; RE2 syntax."""

PATTERNS = {
    r"(?u)\b\w\w+\b": WORD + "{2,}",
    r"(?u)\b\w+\b": WORD + "+",
    r"\b\w+\b": WORD + "+",
    r"\w+": WORD + "+",
}
"""``token_pattern`` → the same tokens in RE2; any other pattern is left to the proof."""


def text_options(estimator: Any) -> dict[int, dict[str, str]]:
    """Return skl2onnx's options for each word vectoriser in an estimator, by the vectoriser's id."""
    options = {}
    for vectoriser in _vectorisers(estimator):
        options[id(vectoriser)] = {"locale": LOCALE}
        if vectoriser.analyzer == "word" and vectoriser.token_pattern in PATTERNS:
            options[id(vectoriser)]["tokenexp"] = PATTERNS[vectoriser.token_pattern]
    return options


def _vectorisers(estimator: Any) -> Iterator[CountVectorizer]:
    if isinstance(estimator, CountVectorizer):
        yield estimator
    elif isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from _vectorisers(step)
    elif isinstance(estimator, ColumnTransformer):
        for _, transformer, _ in estimator.transformers_:
            yield from _vectorisers(transformer)
    elif isinstance(estimator, FeatureUnion):
        for _, transformer in estimator.transformer_list:
            yield from _vectorisers(transformer)
