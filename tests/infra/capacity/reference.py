"""The simulator's meaning once more, slowly: every environment an object, every event in one list.

Written from the description of ``infra.capacity.simulate``, with other data structures and in another order, to be
compared with it on small cases. No target tracking.
"""

from dataclasses import dataclass

import numpy as np

from infra.capacity.simulate import COLD, PROVISIONED, THROTTLED, WARM, Capacity, Platform


@dataclass(slots=True, eq=False)
class _Environment:
    provisioned: bool
    busy_until: float


def reference(
    arrivals: list[float], service: list[float], start: list[float], capacity: Capacity, platform: Platform
) -> tuple[list[int], list[float]]:
    """Return kind and response time of each request."""
    kinds, responses = [], []
    environments: list[_Environment] = []
    cold = 0
    for now, wanted_s in zip(arrivals, service, strict=True):
        ready = _ready(capacity, platform, now)
        environments = [
            one
            for one in environments
            if one.busy_until > now
            or (not one.provisioned and one.busy_until + platform.idle_expiry_s >= now)
        ]
        busy = [one for one in environments if one.busy_until > now]
        idle = sorted((one for one in environments if one.busy_until <= now), key=lambda one: one.busy_until)
        in_provisioned = sum(one.provisioned for one in busy)
        took = min(wanted_s, platform.function_timeout_s)
        late = wanted_s > platform.function_timeout_s
        if in_provisioned < ready:
            kinds.append(PROVISIONED)
            environments.append(_Environment(True, now + took))
        elif len(busy) - in_provisioned + max(ready, in_provisioned) >= platform.concurrency_limit:
            kinds.append(THROTTLED)
            responses.append(float("inf"))
            continue
        elif idle:
            kinds.append(WARM)
            idle[-1].busy_until = now + took
        else:
            kinds.append(COLD)
            took = start[cold % len(start)]
            cold += 1
            late = False
            environments.append(_Environment(False, now + took))
        late = late or took > platform.gateway_timeout_s
        responses.append(float("inf") if late else took)
    return kinds, responses


def _ready(capacity: Capacity, platform: Platform, now: float) -> int:
    """Return how much of the capacity is ready: each environment is, a delay after it was last ordered."""
    level, ready_at = 0, []
    for at, environments in zip(capacity.at_s, capacity.minimum, strict=True):
        if at > now:
            break
        level = int(environments)
        ready_at = ready_at[:level]
        ready_at += [at + platform.ready_delay_s] * (level - len(ready_at))
    return int(np.sum(np.array(ready_at) <= now))
