"""Lambda's execution environments, request by request.

An environment serves one request at a time. A request is served by, in this order: a provisioned environment that
is ready and free; the on-demand environment that became free last; a new on-demand environment, after its start
(spillover, when capacity was provisioned); nobody, when the concurrency limit is reached (a throttle).

What Lambda does not document is assumed, each as an argument: how long an idle environment lives, and how long
provisioned capacity takes to become ready. A request that is waiting for a start keeps its environment, although
another may become free before. Target tracking follows Application Auto Scaling: out after 3 minutes above the
target, in after 15 minutes below 0.9 of it; a minute without a request has no utilisation and so no say. Source:
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html and
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
"""

__all__ = ["COLD", "PROVISIONED", "THROTTLED", "WARM", "Capacity", "Platform", "Run", "simulate"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.errors import InputError
from infra.capacity.kernel import COLD, PROVISIONED, THROTTLED, WARM, run

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What surrounds the function.

    Attributes:
        concurrency_limit: Environments at once, provisioned ones included: reserved concurrency, or the account's.
        idle_expiry_s: How long an on-demand environment lives without a request. Lambda documents no number; a
            short one is the cautious choice.
        ready_delay_s: From the order of provisioned capacity until it is ready.
        function_timeout_s: Longest request, its start not counted.
        gateway_timeout_s: When the gateway gives up; the client gets 503, the function goes on.
    """

    concurrency_limit: int = 1000
    idle_expiry_s: float = 300.0
    ready_delay_s: float = 900.0
    function_timeout_s: float = 9.0
    gateway_timeout_s: float = 9.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Orders of provisioned concurrency.

    Attributes:
        at_s: When, ascending: ``(orders,) float64``.
        minimum: From then on: ``(orders,) int64``.
        maximum: How far target tracking may go from then on: ``(orders,) int64``.
        target: Utilisation that target tracking holds; 0 is none, and the capacity is clamped to the limits alone.
    """

    at_s: "NDArray[np.float64]"
    minimum: "NDArray[np.int64]"
    maximum: "NDArray[np.int64]"
    target: float = 0.0

    @classmethod
    def none(cls) -> "Capacity":
        """Return no capacity at any time."""
        return cls.constant(0)

    @classmethod
    def constant(cls, environments: int) -> "Capacity":
        """Return the same capacity at all times, ready from the beginning."""
        number = np.array([environments], np.int64)
        return cls(at_s=np.array([-np.inf]), minimum=number, maximum=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of each request.

    Attributes:
        kind: :data:`PROVISIONED`, :data:`WARM`, :data:`COLD` or :data:`THROTTLED`: ``(requests,) uint8``.
        busy_s: How long its environment was busy with it, start included; 0 for a throttle: ``(requests,) float32``.
        response_s: Until the client has an answer: ``(requests,) float32``. Infinity where there is none: throttled,
            cut off by the function's timeout, or given up by the gateway.
        most: Requests in service at once.
        seen: How often a request, served or refused, found 0, 1, … others in service: ``(levels,) int64``.
            By PASTA this is the distribution over time where arrivals are Poisson.
        provisioned_s: Ordered capacity × seconds until the horizon.
        orders: Capacity after each change as ``(changes, 2) float64``: second, environments ordered.
    """

    kind: "NDArray[np.uint8]"
    busy_s: "NDArray[np.float32]"
    response_s: "NDArray[np.float32]"
    most: int
    seen: "NDArray[np.int64]"
    provisioned_s: float
    orders: "NDArray[np.float64]"


def simulate(
    arrivals_s: "NDArray[np.float64]",
    *,
    service_s: "NDArray[np.float32]",
    start_s: "NDArray[np.float32]",
    capacity: Capacity,
    platform: Platform,
    horizon_s: float,
) -> Run:
    """Serve requests.

    Args:
        arrivals_s: When they come, ascending: ``(requests,) float64``.
        service_s: How long each takes in a running environment: ``(requests,) float32``.
        start_s: How long a cold request takes, from the start of its environment to its answer; used in turn, so a
            long random sample: ``(samples,) float32``.
        capacity: Orders of provisioned concurrency.
        platform: What surrounds the function.
        horizon_s: Until when capacity counts.

    Raises:
        InputError: Shapes do not match, or arrivals are not ascending.
    """
    if arrivals_s.shape != service_s.shape or arrivals_s.ndim != 1:
        raise InputError(
            f"{arrivals_s.shape} arrivals with {service_s.shape} service times, wanted one for each"
        )
    if start_s.size == 0 and arrivals_s.size:
        raise InputError("there is no start time, wanted at least one")
    if arrivals_s.size and not (np.diff(arrivals_s) >= 0).all():
        raise InputError("the arrivals are not ascending, wanted them sorted")
    kind, busy, most, seen, provisioned_s, orders = run(
        # Always the same types, since each new combination would be compiled again.
        np.ascontiguousarray(arrivals_s, np.float64),
        np.ascontiguousarray(service_s, np.float32),
        np.ascontiguousarray(start_s, np.float32),
        np.ascontiguousarray(capacity.at_s, np.float64),
        np.ascontiguousarray(capacity.minimum, np.int64),
        np.ascontiguousarray(capacity.maximum, np.int64),
        float(capacity.target),
        int(platform.concurrency_limit),
        float(platform.idle_expiry_s),
        float(platform.ready_delay_s),
        float(platform.function_timeout_s),
        float(horizon_s),
    )
    response = busy.copy()
    cut_off = (kind != COLD) & (service_s > platform.function_timeout_s)
    response[cut_off | (busy > platform.gateway_timeout_s) | (kind == THROTTLED)] = np.inf
    return Run(
        kind=kind,
        busy_s=busy,
        response_s=response,
        most=most,
        seen=seen,
        provisioned_s=provisioned_s,
        orders=orders,
    )
