"""The simulator's loop, compiled by numba. :mod:`infra.capacity.simulate` says what it does and means."""

__all__ = ["COLD", "PROVISIONED", "THROTTLED", "WARM", "run"]

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

PROVISIONED, WARM, COLD, THROTTLED = range(4)

_MINUTE_S = 60.0
_OUT_MINUTES = 3
_IN_MINUTES = 15
_IN_SHARE = 0.9
_LEVELS = 4096
"""Concurrency beyond is counted as this much."""

_compiled: "Callable[[Callable[..., Any]], Callable[..., Any]]" = njit(cache=True, nogil=True)


@_compiled
def run(
    arrivals: Any,
    service: Any,
    start: Any,
    order_at: Any,
    order_minimum: Any,
    order_maximum: Any,
    target: float,
    limit: int,
    expiry: float,
    ready_delay: float,
    function_timeout: float,
    horizon: float,
) -> Any:
    """Serve every request; arguments and results as :func:`infra.capacity.simulate.simulate` has them."""
    count = arrivals.size
    kind = np.empty(count, np.uint8)
    busy = np.zeros(count, np.float32)
    seen = np.zeros(_LEVELS + 1, np.int64)
    cold = 0
    most = 0

    # Heaps of the moments at which environments become free; None is empty at first so that numba knows the type.
    in_provisioned = [0.0 for _ in range(0)]
    on_demand = [0.0 for _ in range(0)]
    # Since when on-demand environments are idle, ascending: the last is the one that became free last.
    idle = [0.0 for _ in range(0)]

    ready = 0
    ordered = 0
    minimum = 0
    maximum = 0
    next_order = 0
    pending_at = [0.0 for _ in range(0)]
    pending = [0 for _ in range(0)]
    changes = [(0.0, 0.0) for _ in range(0)]
    provisioned_s = 0.0
    ordered_since = 0.0

    minute = -1
    minute_sum = 0.0
    minute_count = 0
    above = 0
    below = 0

    for place in range(count + 1):
        now = arrivals[place] if place < count else horizon
        # What happens to the capacity before this request, in the order of time.
        while True:
            order_time = order_at[next_order] if next_order < order_at.size else np.inf
            # The utilisation of a minute is known at its end.
            tick = (minute + 1) * _MINUTE_S if target > 0 and minute >= 0 else np.inf
            moment = min(order_time, tick)
            if moment > now:
                break
            wanted = ordered
            if order_time <= tick:
                minimum = order_minimum[next_order]
                maximum = order_maximum[next_order]
                next_order += 1
                above = 0
                below = 0
            else:
                utilisation = minute_sum / minute_count if minute_count else -1.0
                minute_sum = 0.0
                minute_count = 0
                minute = -1
                if utilisation >= 0:
                    above = above + 1 if utilisation > target else 0
                    below = below + 1 if utilisation < _IN_SHARE * target else 0
                    if above >= _OUT_MINUTES:
                        wanted = int(np.ceil(ordered * utilisation / target))
                        above = 0
                    elif below >= _IN_MINUTES:
                        wanted = int(np.ceil(ordered * utilisation / target))
                        below = 0
            wanted = min(max(wanted, minimum), maximum)
            if wanted != ordered:
                begin = max(moment, 0.0)
                provisioned_s += ordered * (min(begin, horizon) - min(ordered_since, horizon))
                ordered_since = begin
                if wanted > ordered:
                    pending_at.append(moment + ready_delay)
                    pending.append(wanted)
                else:
                    ready = min(ready, wanted)
                    for other in range(len(pending)):
                        pending[other] = min(pending[other], wanted)
                ordered = wanted
                changes.append((begin, float(wanted)))
        while len(pending_at) and pending_at[0] <= now:
            pending_at.pop(0)
            ready = max(ready, pending.pop(0))
        if place == count:
            break

        while len(in_provisioned) and in_provisioned[0] <= now:
            heappop(in_provisioned)
        while len(on_demand) and on_demand[0] <= now:
            idle.append(heappop(on_demand))

        others = len(in_provisioned) + len(on_demand)
        seen[min(others, _LEVELS)] += 1
        took = min(float(service[place]), function_timeout)
        if len(in_provisioned) < ready:
            kind[place] = PROVISIONED
            heappush(in_provisioned, now + took)
        else:
            if len(idle) and idle[-1] + expiry < now:
                idle.clear()
            room = len(on_demand) + max(ready, len(in_provisioned)) < limit
            if not room:
                kind[place] = THROTTLED
                continue
            if len(idle):
                kind[place] = WARM
                idle.pop()
            else:
                kind[place] = COLD
                took = float(start[cold % start.size])
                cold += 1
            heappush(on_demand, now + took)
        most = max(most, others + 1)
        busy[place] = took
        if target > 0:
            if minute < 0:
                minute = int(now // _MINUTE_S)
            if ready > 0:
                minute_sum += min(len(in_provisioned) / ready, 1.0)
                minute_count += 1
    provisioned_s += ordered * (horizon - min(ordered_since, horizon))
    table = np.empty((len(changes), 2), np.float64)
    for change in range(len(changes)):
        table[change, 0] = changes[change][0]
        table[change, 1] = changes[change][1]
    top = _LEVELS + 1
    while top > 1 and seen[top - 1] == 0:
        top -= 1
    return kind, busy, most, seen[:top], provisioned_s, table
