"""Synthetic rows: edge cases first, then uniform draws from ranges and categories.

Golden rows travel in the contract to a deployment, so none may be a person's own. Each is drawn from the
features' ranges, not from the data.
"""

__all__ = ["synthesise"]

import random

from function.contract import Feature, Row, Value

DRAWN = 24
"""Random rows beyond the edge cases; a few dozen rows in all answer within a millisecond."""


def synthesise(features: tuple[Feature, ...]) -> list[Row]:
    """Return edge-case rows and drawn rows, always the same for the same features.

    Every category occurs, every nullable feature is null once alone and once together with all others, every
    number occurs at its minimum and maximum.
    """
    example: Row = {feature.name: feature.example for feature in features}
    rows: list[Row] = [
        example,
        {feature.name: feature.minimum if _bounded(feature) else feature.example for feature in features},
        {feature.name: feature.maximum if _bounded(feature) else feature.example for feature in features},
        {feature.name: None if feature.nullable else feature.example for feature in features},
    ]
    for feature in features:
        edges: list[Value] = [None] if feature.nullable else []
        edges += feature.categories
        if feature.kind == "boolean":
            edges += [True, False]
        elif feature.kind == "text":
            edges += [""]
        rows += [{**example, feature.name: value} for value in edges]
    draw = random.Random(0)  # noqa: S311  a seed for reproducible rows, not a secret
    rows += [{feature.name: _draw(feature, draw) for feature in features} for _ in range(DRAWN)]
    return rows


def _bounded(feature: Feature) -> bool:
    return feature.minimum is not None and feature.maximum is not None


def _draw(feature: Feature, draw: random.Random) -> Value:
    if feature.nullable and draw.random() < 0.1:
        return None
    if feature.kind == "category":
        return draw.choice(feature.categories)
    if feature.kind == "boolean":
        return draw.random() < 0.5
    if feature.minimum is None or feature.maximum is None:
        return feature.example
    if feature.kind == "integer":
        return draw.randint(int(feature.minimum), int(feature.maximum))
    return round(draw.uniform(feature.minimum, feature.maximum), 3)
