"""Metric values in log lines, in embedded metric format.

Source: "Specification: Embedded metric format", CloudWatch user guide. What breaks its rules gives no value and
no error, as CloudWatch logs on; whether it then keeps the well-formed part of a line is not published, here it
is kept.
"""

__all__ = ["emf_data", "number"]

import math
from typing import TYPE_CHECKING, Any, TypeIs

from infra.local.metrics.decoded import decoded
from infra.local.metrics.series import Datum, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_DIMENSIONS = 30
_MAX_VALUES = 100


def emf_data(message: str) -> list[Datum]:
    """Return the values of a line; none when it is another line, or not as the specification wants it."""
    line = decoded(message)
    if line is None or not isinstance(about := line.get("_aws"), dict):
        return []
    stamp, directives = about.get("Timestamp"), about.get("CloudWatchMetrics")
    if not (number(stamp) and isinstance(directives, list)):
        return []
    return [
        Datum(metric=metric, at_s=stamp / 1000, value=value, source="EMF line")
        for directive in directives
        if isinstance(directive, dict)
        for metric in _metrics(directive, line)
        for value in _values(line.get(metric.name))
    ]


def _metrics(directive: "Mapping[str, Any]", line: "Mapping[str, Any]") -> "Iterator[Metric]":
    """Yield each metric of a directive with each of its sets of dimensions that the line has."""
    namespace, sets, definitions = (directive.get(key) for key in ("Namespace", "Dimensions", "Metrics"))
    if not (isinstance(namespace, str) and isinstance(sets, list) and isinstance(definitions, list)):
        return
    for names in sets:
        if not _known(names, line):
            continue
        dimensions = tuple(sorted((name, line[name]) for name in names))
        for definition in definitions:
            name = definition.get("Name") if isinstance(definition, dict) else None
            if isinstance(name, str):
                yield Metric(namespace=namespace, name=name, dimensions=dimensions)


def _known(names: Any, line: "Mapping[str, Any]") -> bool:
    """Tell whether a set of dimensions is one, and every one of them has a text in the line."""
    if not (isinstance(names, list) and len(names) <= _MAX_DIMENSIONS):
        return False
    return all(isinstance(name, str) and isinstance(line.get(name), str) for name in names)


def _values(given: Any) -> list[float]:
    values = given if isinstance(given, list) else [given]
    if len(values) > _MAX_VALUES:
        return []
    return [float(value) for value in values if number(value)]


def number(value: Any) -> TypeIs[int | float]:
    """Tell whether a JSON value is a number that a metric can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False
