"""The contract's parts, assembled from schema, data, estimator and graph."""

__all__ = ["baseline_of", "features_of", "outputs_of", "version_of"]

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import onnx

from function.contract import Feature, Outputs, Target, Value, WhatIf
from model_conversion.comparison import Reference
from model_conversion.dataset import Dataset
from model_conversion.decision import decision_of
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.pipelines import last_step
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
        null_token=schema.sent_null if schema.textual else None,
        minimum=minimum,
        maximum=maximum,
        categories=categories,
        outside=outside,
        example=_example(schema, present),
    )
    if feature.null_token is not None and schema.null_as is not None and feature.null_token in present:
        raise InputError(
            f"the data has {schema.name} = {feature.null_token!r}, which is how a missing answer is written for the "
            "model; rename the answer, or fit the model with a null_token of its own"
        )
    if outside == "reject":
        _refuse_rejected(feature, present)
    return feature


def _example(schema: FeatureSchema, present: Sequence[Value]) -> Value:
    """Return the schema's example, or the most common answer; never a free text, which may be one person's own."""
    if schema.example is not None:
        return schema.example
    if schema.kind == "text":
        return "an example"
    return Counter(present).most_common(1)[0][0] if present else None


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


def outputs_of(
    schema: Schema, dataset: Dataset, estimator: Any, wanted: Reference, model: onnx.ModelProto
) -> Outputs:
    """Describe what the model answers.

    Args:
        schema: Question, unit, class names, direction.
        dataset: Its target column gives the base rate.
        estimator: Its classes or clusters.
        wanted: scikit-learn's answers to the data.
        model: The graph, for the names of its outputs.

    Raises:
        InputError: The schema's classes are not the estimator's, or the target column does not fit.
        UnsupportedError: The graph does not have the outputs that the task needs.
    """
    target = schema.target
    names = [output.name for output in model.graph.output]
    count = 1 if wanted.labels[0] is None else 2
    if len(names) < count:
        raise UnsupportedError(f"the graph has outputs {names}, wanted {count}: a label and its scores")
    classes = _classes(schema, estimator, wanted)
    width = wanted.scores.shape[1]
    scored = len(classes) == width and width > 1
    positive = None
    if target.positive is not None:
        positive = [item.value for item in classes].index(target.positive)
    elif width == 2 and hasattr(estimator, "classes_"):
        positive = 1
    elif not hasattr(estimator, "classes_") and not scored:
        positive = 0
    return Outputs(
        question=target.question or f"What does {schema.name} predict?",
        unit=target.unit,
        label=names[0] if count == 2 else None,
        score=names[count - 1],
        score_names=tuple(item.name for item in classes) if scored else _value_names(target.column, width),
        classes=classes,
        positive=positive,
        base_rate=_base_rate(dataset, classes, positive if scored else None),
        threshold=_threshold(estimator, positive) if width == 2 and hasattr(estimator, "classes_") else None,
        better=target.better,
    )


def _threshold(estimator: Any, positive: int | None) -> float:
    """Return the probability or decision value from which a model of two classes answers with the positive one."""
    decision = decision_of(last_step(estimator))
    if decision is None:
        return 0.5 if hasattr(estimator, "predict_proba") else 0.0
    return decision.threshold if decision.positive == positive else 1.0 - decision.threshold


def _classes(schema: Schema, estimator: Any, wanted: Reference) -> tuple[Target, ...]:
    """Return what a label can be: classes, inlier and outlier, or clusters."""
    if wanted.labels[0] is None:
        return ()
    given = {item.value: item.name for item in schema.target.classes}
    if hasattr(estimator, "classes_"):
        values = np.asarray(estimator.classes_).tolist()
        names = {value: str(value) for value in values}
    elif hasattr(estimator, "decision_function"):
        names = {-1: "outlier", 1: "inlier"}
    else:
        names = {number: f"cluster_{number}" for number in range(wanted.scores.shape[1])}
    if given and set(given) != set(names):
        raise InputError(
            f"the schema's [target] classes are {list(given)}, the estimator's are {list(names)}; list each one once"
        )
    return tuple(Target(value=value, name=given.get(value, name)) for value, name in names.items())


def _value_names(column: str | None, width: int) -> tuple[str, ...]:
    name = column or "value"
    return (name,) if width == 1 else tuple(f"{name}_{number}" for number in range(1, width + 1))


def _base_rate(dataset: Dataset, classes: tuple[Target, ...], positive: int | None) -> float | None:
    known = [cell for cell in dataset.targets if cell is not None]
    if not known or (classes and positive is None):
        return None
    if positive is None:
        return float(np.mean([float(cell) for cell in known]))
    values = [item.value for item in classes]
    written = {str(value): value for value in values}
    strange = sorted(set(known) - {*written, *(f"{value}.0" for value in written)})
    if strange:
        raise InputError(f"the target column holds {strange[0]!r}, the estimator's classes are {values}")
    return sum(cell.removesuffix(".0") == str(values[positive]) for cell in known) / len(known)


def baseline_of(
    features: tuple[Feature, ...], dataset: Dataset, scores: list[float], *, probabilities: bool
) -> dict[str, Any]:
    """Return histograms of the data and of the score, for drift.

    Args:
        features: Their ranges and categories are the bins; answers beyond a range count in the outer bins.
        dataset: The data.
        scores: What is watched of each row: positive probability, decision value or value.
        probabilities: Whether the scores' bins cover [0, 1]; otherwise they cover the observed range.
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
    low, high = (0.0, 1.0) if probabilities else (min(scores), max(scores))
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
    parts = [[asdict(item) for item in features], asdict(outputs), [asdict(item) for item in actionable]]
    meaning = json.dumps([sha256, parts], sort_keys=True)
    return hashlib.sha256(meaning.encode()).hexdigest()[:12]
