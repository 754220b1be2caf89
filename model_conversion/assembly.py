"""The contract's parts, assembled from schema, data, estimator and graph."""

__all__ = ["baseline_of", "features_of", "outputs_of", "version_of"]

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from function.contract import Feature, Outputs, Target, Value, WhatIf
from model_conversion.dataset import Dataset
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.schema import FeatureSchema, Schema

BINS = 10
"""Histogram bins of a baseline, as population stability index is usually taken over deciles."""


def features_of(schema: Schema, dataset: Dataset, places: dict[str, tuple[str, int]]) -> tuple[Feature, ...]:
    """Fill in from the data what the schema leaves open.

    Args:
        schema: The hand-written part.
        dataset: Its columns give ranges, categories and examples.
        places: Feature name → (input, column).

    Raises:
        InputError: The data holds an answer that the schema would reject.
    """
    return tuple(
        _feature(feature, dataset.column(feature.name), *places[feature.name]) for feature in schema.features
    )


def _feature(schema: FeatureSchema, values: list[Value], onnx_input: str, column: int) -> Feature:
    present = [value for value in values if value is not None]
    minimum, maximum, categories = schema.minimum, schema.maximum, schema.categories
    if schema.kind in {"number", "integer"}:
        numbers = [float(value) for value in present] or [0.0]
        minimum = min(numbers) if minimum is None else minimum
        maximum = max(numbers) if maximum is None else maximum
    elif schema.kind == "category" and not categories:
        categories = tuple(sorted({str(value) for value in present}))
    outside = schema.outside or ("reject" if schema.kind == "category" else "warn")
    feature = Feature(
        name=schema.name,
        kind=schema.kind,
        onnx_input=onnx_input,
        column=column,
        question=schema.question or schema.name,
        unit=schema.unit,
        required=not schema.nullable if schema.required is None else schema.required,
        nullable=schema.nullable,
        null_token=schema.null_token if schema.textual else None,
        minimum=minimum,
        maximum=maximum,
        categories=categories,
        outside=outside,
        example=Counter(present).most_common(1)[0][0]
        if schema.example is None and present
        else schema.example,
    )
    if outside == "reject":
        _refuse_rejected(feature, present)
    return feature


def _refuse_rejected(feature: Feature, present: Sequence[Value]) -> None:
    for value in present:
        if isinstance(value, str):
            rejected = feature.kind == "category" and value not in feature.categories
            wanted = f"one of {list(feature.categories)}"
        else:
            low, high = feature.minimum, feature.maximum
            rejected = value is not None and low is not None and high is not None and not low <= value <= high
            wanted = f"{low} to {high}"
        if rejected:
            raise InputError(
                f"the data has {feature.name} = {value!r}, and the schema rejects all but {wanted}; widen the "
                'schema, say outside = "warn", or mend the data'
            )


def outputs_of(schema: Schema, dataset: Dataset, estimator: Any, model: onnx.ModelProto) -> Outputs:
    """Describe what the model answers.

    Raises:
        InputError: The schema's classes are not the estimator's, or the target column does not fit.
        UnsupportedError: The graph does not have the outputs of a classifier or a regressor.
    """
    target = schema.target
    names = [output.name for output in model.graph.output]
    question = target.question or f"What does {schema.name} predict?"
    if not hasattr(estimator, "classes_"):
        if len(names) != 1:
            raise UnsupportedError(f"the graph has outputs {names}, wanted one value")
        known = [float(cell) for cell in dataset.targets if cell is not None]
        return Outputs(
            question=question,
            unit=target.unit,
            label=None,
            score=names[0],
            classes=(),
            positive=None,
            base_rate=float(np.mean(known)) if known else None,
            threshold=None,
            better=target.better,
        )
    if len(names) != 2:
        raise UnsupportedError(f"the graph has outputs {names}, wanted a label and probabilities")
    values = np.asarray(estimator.classes_).tolist()
    given = {item.value: item.name for item in target.classes}
    if given and set(given) != set(values):
        raise InputError(
            f"the schema's [target] classes are {list(given)}, the estimator's are {values}; list each one once"
        )
    classes = tuple(Target(value=value, name=given.get(value, str(value))) for value in values)
    positive = None
    if target.positive is not None:
        positive = values.index(target.positive)
    elif len(values) == 2:
        positive = 1
    return Outputs(
        question=question,
        unit=None,
        label=names[0],
        score=names[1],
        classes=classes,
        positive=positive,
        base_rate=_base_rate(dataset, values, positive),
        threshold=0.5 if len(values) == 2 else None,
        better=target.better,
    )


def _base_rate(dataset: Dataset, classes: list[Any], positive: int | None) -> float | None:
    known = [cell for cell in dataset.targets if cell is not None]
    if not known or positive is None:
        return None
    strange = sorted(set(known) - {str(value) for value in classes})
    if strange:
        raise InputError(f"the target column holds {strange[0]!r}, the estimator's classes are {classes}")
    return known.count(str(classes[positive])) / len(known)


def baseline_of(
    features: tuple[Feature, ...], dataset: Dataset, scores: list[float], outputs: Outputs
) -> dict[str, Any]:
    """Return histograms of the data and of the score, for drift.

    Args:
        features: Their ranges and categories are the bins; answers beyond a range count in the outer bins.
        dataset: The data.
        scores: Positive probability or value of each row.
        outputs: A probability's bins cover [0, 1]; a value's its observed range.
    """
    by_feature: dict[str, Any] = {}
    for feature in features:
        values = dataset.column(feature.name)
        present = [value for value in values if value is not None]
        nulls = len(values) - len(present)
        if feature.kind in {"number", "integer"}:
            by_feature[feature.name] = {
                **_histogram(present, feature.minimum, feature.maximum),
                "nulls": nulls,
            }
        elif feature.kind != "text":
            counts: Counter[Value] = Counter(present)
            options: tuple[Value, ...] = feature.categories or (False, True)
            by_feature[feature.name] = {
                "categories": list(options),
                "counts": [counts[option] for option in options],
                "nulls": nulls,
            }
    low, high = (0.0, 1.0) if outputs.classes else (min(scores), max(scores))
    return {"rows": len(dataset.rows), "features": by_feature, "score": _histogram(scores, low, high)}


def _histogram(values: list[Any], low: float | None, high: float | None) -> dict[str, Any]:
    low, high = float(low or 0.0), float(high or 0.0)
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    counts, _ = np.histogram(np.clip(np.array(values, dtype=np.float64), edges[0], edges[-1]), bins=edges)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def version_of(
    sha256: str, features: tuple[Feature, ...], outputs: Outputs, actionable: tuple[WhatIf, ...]
) -> str:
    """Return the model's version: 12 hex digits over everything that changes an answer."""
    meaning = json.dumps([sha256, repr(features), repr(outputs), repr(actionable)])
    return hashlib.sha256(meaning.encode()).hexdigest()[:12]
