"""Orders of capacity: from a schedule's week or a template's to what the simulator and the bill need."""

__all__ = ["Order", "billed_s", "capacity_of", "orders_of"]

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.arrivals import WEEK_S
from infra.capacity.simulate import Capacity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from infra.schedule import Schedule

_WHOLE = 1e-6
"""Steps that are this much more than a whole number are that number: sums of seconds are not exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A change of capacity in each week.

    Attributes:
        minute: Of the local week, Monday 00:00 is 0.
        minimum: Capacity from then on.
        maximum: How far target tracking may go.
    """

    minute: int
    minimum: int
    maximum: int


def orders_of(schedule: "Schedule") -> tuple[Order, ...]:
    """Return a schedule's orders by minute."""
    found = [
        Order(minute=day * 1440 + action.minute, minimum=action.minimum, maximum=action.maximum)
        for action in schedule.actions
        for day in action.weekdays
    ]
    return tuple(sorted(found, key=lambda order: order.minute))


def capacity_of(orders: "Sequence[Order]", *, weeks: int, target: float | None = None) -> Capacity:
    """Return some weeks of orders for the simulator; the first week begins as every other ends.

    Args:
        orders: By minute.
        weeks: How many.
        target: Utilisation that target tracking holds; None or 0 for none.
    """
    if not orders:
        return Capacity.none()
    every = [(-np.inf, orders[-1])]
    every += [(week * WEEK_S + order.minute * 60.0, order) for week in range(weeks) for order in orders]
    return Capacity(
        at_s=np.array([at for at, _ in every]),
        minimum=np.array([order.minimum for _, order in every], np.int64),
        maximum=np.array([order.maximum for _, order in every], np.int64),
        target=target or 0.0,
    )


def billed_s(changes: "NDArray[np.float64]", *, horizon_s: float, step_s: int) -> float:
    """Return the environment-seconds that are billed.

    Each environment is billed from its order to its end, rounded up to whole steps. Source:
    https://aws.amazon.com/lambda/pricing/, provisioned concurrency.

    Args:
        changes: Second and capacity from then on, by second: ``(changes, 2) float64``.
        horizon_s: When the last one ends.
        step_s: Billing step in seconds.
    """
    since: list[float] = []
    total = 0
    for at, level in (*_pairs(changes), (horizon_s, 0)):
        while len(since) > level:
            total += ceil((at - since.pop()) / step_s - _WHOLE)
        since += [at] * (level - len(since))
    return float(total * step_s)


def _pairs(changes: "NDArray[np.float64]") -> "Iterable[tuple[float, int]]":
    return ((float(at), int(level)) for at, level in changes)
