"""From a simulated run of a stack to what a month of it uses."""

__all__ = ["BASE_IMAGE_BYTES", "FUNCTION_LOG_BYTES", "PLATFORM_LOG_BYTES", "usage_of"]

from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.bill import Usage
from infra.capacity.orders import billed_s
from infra.capacity.simulate import COLD, THROTTLED
from infra.capacity.traffic import DAY_S, MONTH_DAYS

if TYPE_CHECKING:
    from infra.capacity.simulate import Run
    from infra.capacity.template import StackFacts
    from infra.capacity.workload import Workload
    from infra.prices import Prices

FUNCTION_LOG_BYTES = 640
"""Of a prediction's log line and its metric; a test compares it with what the function writes."""

PLATFORM_LOG_BYTES = 960
"""Of Lambda's platform.start, runtimeDone and report in JSON, from the shapes of recorded events."""

START_LOG_BYTES = 600
"""Of a start: ours and Lambda's."""

_EVENT_BYTES = 26
"""CloudWatch counts this much for each event. Source: PutLogEvents, CloudWatch Logs API reference."""

_EVENTS = 6
"""Of a request: our line, its metric, Lambda's three and the gateway's."""

_ACCESS_VALUES_BYTES = 90
"""What the values of the gateway's access log take beyond the format's placeholders."""

RESPONSE_BYTES = 1800
"""Of a prediction with three advices: a body of 1,047 bytes measured, the rest is headers."""

BASE_IMAGE_BYTES = 200e6
"""Compressed layers of Lambda's Python base image, which the registry holds too: an assumption, rounded up."""

BUNDLE_BYTES = 16e6
"""Zipped bundle: what the benchmark holds it to at most."""

_DAILY_GB_S = 128 / 1024 * 10
"""The daily drift check: 128 MB, about ten seconds, most of them waiting for the query."""

_NOTIFICATIONS = 20
"""Alarm messages of a month that is not quiet."""

_START_METRICS = {"InitOnDemand"}
_CAPACITY_METRICS = {"InitProvisioned"}
_DAILY_METRICS = {"ScoreDrift"}
"""Metrics that have data in some hours only; every other one has data whenever there is a request."""


def usage_of(
    workload: "Workload", run: "Run", stack: "StackFacts", prices: "Prices", *, memory_mb: int
) -> Usage:
    """Scale a run to an average month.

    Args:
        workload: What was simulated.
        run: What became of it.
        stack: What else is charged for.
        prices: For the billing step of provisioned capacity.
        memory_mb: The function's, to which the workload's times belong.
    """
    scale = MONTH_DAYS * DAY_S / workload.horizon_s
    requests = workload.arrivals_s.size * scale
    served = int((run.kind != THROTTLED).sum()) * scale
    cold = int((run.kind == COLD).sum()) * scale
    on_demand, on_provisioned = workload.billed_s(run)
    access = len(stack.access_log_format) + _ACCESS_VALUES_BYTES if stack.access_log_format else 0
    per_request = FUNCTION_LOG_BYTES + PLATFORM_LOG_BYTES + access + _EVENTS * _EVENT_BYTES
    logged = requests * per_request + cold * START_LOG_BYTES
    return Usage(
        architecture=stack.architecture,
        memory_mb=memory_mb,
        requests=served,
        on_demand_s=on_demand * scale,
        provisioned_requests_s=on_provisioned * scale,
        provisioned_s=billed_s(
            run.orders, horizon_s=workload.horizon_s, step_s=prices.functions.provisioned_step_s
        )
        * scale,
        helper_gb_s=stack.daily_functions * MONTH_DAYS * _DAILY_GB_S,
        api_requests=requests,
        response_bytes=requests * RESPONSE_BYTES,
        log_bytes=logged,
        log_retention_days=stack.retention_days,
        scanned_bytes=logged * stack.daily_functions,
        metric_months=sum(_share_of_hours(name, workload, run) for _, name, _ in stack.metrics),
        alarms=stack.alarms,
        dashboards=stack.dashboards,
        image_bytes=BASE_IMAGE_BYTES + BUNDLE_BYTES if stack.is_image else 0.0,
        notifications=_NOTIFICATIONS,
        keys=stack.keys,
        key_requests=_NOTIFICATIONS * 2 * stack.keys,
    )


def _share_of_hours(name: str, workload: "Workload", run: "Run") -> float:
    """Return the share of hours in which a metric has data; only those are charged.

    Source: https://aws.amazon.com/cloudwatch/pricing/: prorated by the hour, metered only when metrics are sent.
    """
    if name in _DAILY_METRICS:
        return 1 / 24
    if name in _CAPACITY_METRICS:
        levels = run.orders[:, 1] if run.orders.size else np.zeros(0)
        moments = run.orders[np.diff(levels, prepend=0.0) > 0, 0]
    else:
        moments = workload.arrivals_s[run.kind == COLD] if name in _START_METRICS else workload.arrivals_s
    return float(np.unique(moments // 3600).size * 3600 / workload.horizon_s)
