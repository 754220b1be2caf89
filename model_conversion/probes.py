"""Rows made to break a conversion, beside the rows of the data.

Data rarely lies where two number formats disagree; these rows do: on both sides of every threshold of a tree, on
both sides of a linear decision boundary, at the ends of ranges, at missing answers, at every category. Everything
is deterministic, and no probe is an answer that a request could not hold.
"""

__all__ = ["ProbeSet", "probes_for"]

from dataclasses import dataclass
from typing import Any

from function.contract import Feature, Row, Value
from model_conversion.boundary import boundary_rows
from model_conversion.comparison import BOUNDARY
from model_conversion.exact.boosters import boosted_of
from model_conversion.pipelines import last_step
from model_conversion.schema import Schema
from model_conversion.thresholds import ThresholdProbes
from model_conversion.trees import Ensemble, ensemble_of

BASES = 2_000
"""Data rows that are tried to reach each split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSet:
    """Probe rows by what they try.

    Attributes:
        rows: Source (``range``, ``missing``, ``category``, ``text``, ``threshold``, ``boundary``) → rows.
        splits: Splits of the model's trees.
        probed_splits: Splits that threshold rows lie on both sides of.
    """

    rows: dict[str, list[Row]]
    splits: int
    probed_splits: int


def probes_for(estimator: Any, features: tuple[Feature, ...], schema: Schema, data: list[Row]) -> ProbeSet:
    """Return the probes for an estimator.

    Args:
        estimator: Fitted; its trees or linear boundary are probed, also behind a pipeline's transformers.
        features: What a request may hold.
        schema: For the frame that the estimator is asked with.
        data: Rows to start from.
    """
    example: Row = {feature.name: feature.example for feature in features}
    rows = {
        "range": _ranges(features, example),
        "missing": _missing(features, [*data[:: max(1, len(data) // 20)], example]),
        "category": _categories(features, example),
        "text": _texts(features, data[:: max(1, len(data) // 40)]),
    }
    final = last_step(estimator)
    ensemble = ensemble_of(final) or _boosted(final)
    bases = data[:: max(1, len(data) // BASES)] + rows["range"] + rows["missing"] + rows["category"]
    splits = probed = 0
    if ensemble is not None:
        rows["threshold"], splits, probed = ThresholdProbes(estimator, features, schema, bases).rows(ensemble)
    elif hasattr(final, "coef_") and hasattr(estimator, "classes_"):
        rows[BOUNDARY] = boundary_rows(estimator, features, schema, bases)
    return ProbeSet(rows=rows, splits=splits, probed_splits=probed)


def _boosted(estimator: Any) -> Ensemble | None:
    found = boosted_of(estimator)
    return None if found is None else found.ensemble


def _ranges(features: tuple[Feature, ...], example: Row) -> list[Row]:
    """Each number at its ends and, where a request may, far beyond them; then all at once."""
    rows: list[Row] = []
    together: list[Row] = [dict(example) for _ in range(4)]
    for feature in features:
        if not feature.numeric or feature.minimum is None or feature.maximum is None:
            continue
        span = feature.maximum - feature.minimum or 1.0
        values = (feature.minimum, feature.maximum, feature.minimum - 10 * span, feature.maximum + 10 * span)
        for at, value in enumerate(values):
            if feature.admits(value):
                number = int(value) if feature.kind == "integer" else float(value)
                rows.append({**example, feature.name: number})
                together[at][feature.name] = number
    return rows + together


def _missing(features: tuple[Feature, ...], bases: list[Row]) -> list[Row]:
    """Each nullable feature null in several rows, and all of them together."""
    nullable = [feature.name for feature in features if feature.nullable]
    rows = [{**base, name: None} for base in bases for name in nullable]
    return rows + [{**base, **dict.fromkeys(nullable)} for base in bases if nullable]


def _texts(features: tuple[Feature, ...], bases: list[Row]) -> list[Row]:
    """Each free text twice over, backwards, in capitals, with other marks, its first word three times over."""
    rows: list[Row] = []
    for feature in features:
        for base in bases if feature.kind == "text" else ():
            text = str(base[feature.name] or "")
            words = text.split() or [""]
            variants = [
                f"{text} {text}",
                " ".join(reversed(words)),
                text.upper(),
                "; ".join(words),
                f"{words[0]} {words[0]} {text}",
            ]
            rows += [{**base, feature.name: variant} for variant in variants]
    return rows


def _categories(features: tuple[Feature, ...], example: Row) -> list[Row]:
    """Every category, one never seen where a request may hold it, both truth values, odd texts."""
    rows: list[Row] = []
    for feature in features:
        values: list[Value] = []
        if feature.kind == "category":
            values = [*feature.categories, *(["never seen ☃"] if feature.outside == "warn" else [])]
        elif feature.kind == "boolean":
            values = [True, False]
        elif feature.kind == "text":
            values = ["", " ", "never seen ☃", "ÄÖ ÜSS ß", "a", "don't stop-now 42", "x" * 500]
        rows += [{**example, feature.name: value} for value in values]
    return rows
