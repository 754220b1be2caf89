"""The brief's own estimate, from its own inputs: the yardstick for every bill of this project."""

__all__ = ["BRIEF", "BRIEF_USD"]

from infra.capacity.bill import Usage

BRIEF_USD = 5.75
"""What the brief says a month costs."""

_REQUESTS = 200_000
_SECONDS_PER_REQUEST = 3.0
_LOG_BYTES_PER_REQUEST = 1.1 * 1024

BRIEF = Usage(
    architecture="x86_64",
    memory_mb=250,
    requests=_REQUESTS,
    on_demand_s=_REQUESTS * _SECONDS_PER_REQUEST,
    api_requests=_REQUESTS,
    log_bytes=_REQUESTS * _LOG_BYTES_PER_REQUEST,
    metric_months=1.0,
    alarms=1,
    insights_metrics=8,
    image_bytes=1024**3,
)
"""200,000 requests of 3 s with 250 MB, Lambda Insights with 1.1 KB of its log a request, one metric, one alarm and a
GB of image; no warm capacity, no dashboard, no other logs, no key. Source: the brief's price table, whose unrounded
sum of 5.7536 these inputs reproduce."""
