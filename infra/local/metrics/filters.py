"""The template's own metric filters, applied to lines."""

__all__ = ["MetricFilter"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.metrics.emf import number
from infra.local.metrics.patterns import PatternError, Predicate, compile_pattern, value_at
from infra.local.metrics.series import Datum, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFilter:
    """One transformation of a metric filter.

    Attributes:
        matches: Whether a line is counted.
        namespace: Of the metric.
        name: Of the metric.
        value: A number, or the path to one.
        dimensions: Pairs of a dimension's name and the path to its value.
    """

    matches: Predicate
    namespace: str
    name: str
    value: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def from_description(cls, about: "Mapping[str, Any]") -> "Iterator[MetricFilter]":
        """Yield the transformations of a filter as ``DescribeMetricFilters`` gives it.

        Raises:
            PatternError: The pattern is not understood, or a transformation has a default value, which is
                published for lines that do not match.
        """
        matches = compile_pattern(about["filterPattern"])
        for change in about["metricTransformations"]:
            if change.get("defaultValue") is not None:
                raise PatternError(
                    f"metric filter {about.get('filterName')} has the default value {change['defaultValue']}, "
                    "wanted none: it is not applied here"
                )
            yield cls(
                matches=matches,
                namespace=change["metricNamespace"],
                name=change["metricName"],
                value=change["metricValue"],
                dimensions=tuple(sorted((change.get("dimensions") or {}).items())),
            )

    def datum(self, line: Any, *, at_s: float, source: str) -> Datum | None:
        """Return what the filter reads from a decoded line.

        None when the line does not match, has no number where the value is wanted, or lacks a dimension: a
        value without it would be another series. CloudWatch's own rule for the last case is not published.
        """
        if not self.matches(line):
            return None
        value = value_at(line, self.value) if self.value.startswith("$.") else float(self.value)
        found = [(name, value_at(line, path)) for name, path in self.dimensions]
        if not number(value) or not all(isinstance(text, str | int | float) for _, text in found):
            return None
        dimensions = tuple((name, text if isinstance(text, str) else f"{text:g}") for name, text in found)
        metric = Metric(namespace=self.namespace, name=self.name, dimensions=dimensions)
        return Datum(metric=metric, at_s=at_s, value=float(value), source=source)
