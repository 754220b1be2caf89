"""A month's bill: quantities times list prices, line by line."""

__all__ = ["Bill", "Line", "Usage", "bill_of"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.prices import Prices

_GB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill.

    Attributes:
        service: Whose it is.
        item: What is charged.
        quantity: How much, what is free taken off.
        unit: Of the quantity.
        price: USD per unit.
    """

    service: str
    item: str
    quantity: float
    unit: str
    price: float

    @property
    def usd(self) -> float:
        """What the line costs, unrounded."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A month.

    Attributes:
        lines: Every line, those of 0 too.
        basis: Which free quantities were taken off, for people.
    """

    lines: tuple[Line, ...]
    basis: str

    @property
    def usd(self) -> float:
        """The sum, unrounded."""
        return sum(line.usd for line in self.lines)

    def of(self, service: str) -> float:
        """Return what a service costs."""
        return sum(line.usd for line in self.lines if line.service == service)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a month uses. Everything but the requests may be 0.

    Attributes:
        architecture: ``x86_64`` or ``arm64``.
        memory_mb: The function's.
        requests: Requests that a function served; throttled ones are not charged.
        on_demand_s: Billed seconds on demand, starts included.
        provisioned_requests_s: Billed seconds of requests that provisioned capacity served.
        provisioned_s: Environments × seconds that were provisioned.
        helper_gb_s: GB-seconds of the stack's other functions.
        api_requests: At the gateway, each of up to 512 KB.
        response_bytes: To the internet.
        log_bytes: Ingested.
        log_retention_days: How long they are stored.
        scanned_bytes: Log bytes read by queries.
        metric_months: Metrics, each by the share of hours in which it has data.
        alarms: Metrics in alarms.
        dashboards: How many.
        image_bytes: Compressed, in the registry.
        notifications: Messages published.
        keys: Customer keys.
        key_requests: Uses of a key.
        insights_metrics: Metrics of Lambda Insights; the brief has them, this stack does not.
    """

    architecture: str
    memory_mb: int
    requests: float
    on_demand_s: float
    provisioned_requests_s: float = 0.0
    provisioned_s: float = 0.0
    helper_gb_s: float = 0.0
    api_requests: float = 0.0
    response_bytes: float = 0.0
    log_bytes: float = 0.0
    log_retention_days: int = 0
    scanned_bytes: float = 0.0
    metric_months: float = 0.0
    alarms: int = 0
    dashboards: int = 0
    image_bytes: float = 0.0
    notifications: float = 0.0
    keys: float = 0.0
    key_requests: float = 0.0
    insights_metrics: int = 0


def bill_of(
    usage: Usage, prices: "Prices", *, free_tier: bool = False, free_dashboards: bool = False
) -> Bill:
    """Price a month.

    Args:
        usage: What it used.
        prices: Of the region.
        free_tier: Take off what AWS gives every account each month, as if nothing else in the account used it.
        free_dashboards: Take off the free dashboards alone: the brief's basis, in which metrics, alarms and keys
            are charged.
    """
    dashboards = free_tier or free_dashboards
    basis = "free tier taken off" if free_tier else "dashboard free" if dashboards else "everything charged"
    return Bill(
        lines=tuple(_lines(usage, prices, free_tier=free_tier, free_dashboards=dashboards)), basis=basis
    )


def _lines(usage: Usage, prices: "Prices", *, free_tier: bool, free_dashboards: bool) -> "Iterator[Line]":
    def beyond(quantity: float, free: float, *, given: bool = free_tier) -> float:
        return max(0.0, quantity - free) if given else quantity

    functions, metrics, logs, kind = prices.functions, prices.metrics, prices.logs, usage.architecture
    gb = usage.memory_mb / 1024
    lines = [
        (
            "Lambda",
            "requests",
            beyond(usage.requests, functions.free_requests),
            "requests",
            functions.request,
        ),
        (
            "Lambda",
            "on demand",
            beyond(usage.on_demand_s * gb + usage.helper_gb_s, functions.free_gb_s),
            "GB-s",
            functions.gb_s[kind],
        ),
        ("Lambda", "provisioned", usage.provisioned_s * gb, "GB-s", functions.provisioned_gb_s[kind]),
        (
            "Lambda",
            "requests on provisioned",
            usage.provisioned_requests_s * gb,
            "GB-s",
            functions.provisioned_duration_gb_s[kind],
        ),
        ("API Gateway", "HTTP API", usage.api_requests, "requests", prices.http_api.request),
        (
            "Transfer",
            "to the internet",
            beyond(usage.response_bytes / _GB, prices.transfer.free_gb),
            "GB",
            prices.transfer.gb,
        ),
        ("CloudWatch", "logs in", beyond(usage.log_bytes / _GB, logs.free_gb), "GB", logs.ingested_gb),
        (
            "CloudWatch",
            "logs stored",
            usage.log_bytes / _GB * logs.compressed_share * usage.log_retention_days * 12 / 365.25,
            "GB-months",
            logs.stored_gb,
        ),
        ("CloudWatch", "logs read by queries", usage.scanned_bytes / _GB, "GB", logs.scanned_gb),
        (
            "CloudWatch",
            "metrics",
            beyond(usage.metric_months, metrics.free_metrics),
            "metrics",
            metrics.metric,
        ),
        ("CloudWatch", "Lambda Insights", float(usage.insights_metrics), "metrics", metrics.metric),
        ("CloudWatch", "alarms", beyond(usage.alarms, metrics.free_alarms), "alarms", metrics.alarm),
        (
            "CloudWatch",
            "dashboards",
            beyond(usage.dashboards, metrics.free_dashboards, given=free_dashboards),
            "dashboards",
            metrics.dashboard,
        ),
        (
            "ECR",
            "image",
            beyond(usage.image_bytes / _GB, prices.registry.free_gb),
            "GB-months",
            prices.registry.gb,
        ),
        (
            "SNS",
            "messages",
            beyond(usage.notifications, prices.topic.free_requests),
            "messages",
            prices.topic.request,
        ),
        ("KMS", "keys", usage.keys, "keys", prices.key.key),
        (
            "KMS",
            "requests",
            beyond(usage.key_requests, prices.key.free_requests),
            "requests",
            prices.key.request,
        ),
    ]
    for service, item, quantity, unit, price in lines:
        if quantity or not item.startswith("Lambda Insights"):
            yield Line(service=service, item=item, quantity=quantity, unit=unit, price=price)
