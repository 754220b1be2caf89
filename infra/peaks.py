"""From windows of the week to the moments at which capacity changes.

A person thinks in local windows ("weekdays, 06:00 to 08:30"); AWS wants moments. The change from the one to
the other is here, so that overlaps, midnight and changes of the clock are decided once:

- A window belongs to the day on which it starts, so one from 22:00 to 01:00 on weekdays ends on Saturday.
- Windows that overlap are resolved: the larger capacity holds. Lead times count as part of their window.
- A change at a time of day that the zone skips or repeats when its clocks change can be found, and refused.
"""

__all__ = [
    "WEEKDAYS",
    "Action",
    "Days",
    "Peak",
    "ScheduleError",
    "actions",
    "clock_changes",
    "clock_time",
    "insist",
]

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Iterable

type Days = Literal["weekdays", "weekend", "daily"]

WEEKDAYS: dict[str, range] = {"weekdays": range(5), "weekend": range(5, 7), "daily": range(7)}
"""Monday is 0."""

_DAY_MINUTES = 1440
_WEEK_MINUTES = 7 * _DAY_MINUTES
_CLOCK_YEARS = range(2026, 2037)
"""Years whose changes of the clock are looked up."""


class ScheduleError(NightjarError):
    """The schedule cannot be kept; the message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A window of every week with warm capacity.

    Attributes:
        name: ``[a-z0-9-]+``, one per schedule.
        days: On which days it starts.
        start: Local time from which the capacity is ready.
        end: Local time at which it is taken away; at or before ``start`` it is the next day's.
        concurrency: Requests served at once without a start.
        max_concurrency: How far target tracking may go; None keeps to ``concurrency``.
    """

    name: str
    days: Days
    start: time
    end: time
    concurrency: int
    max_concurrency: int | None = None

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ScheduleError: A value cannot be kept.
        """
        insist("name", self.name, bool(re.fullmatch(r"[a-z0-9-]+", self.name)), "lower case, digits, hyphens")
        peak = f"{self.name}: "
        insist(f"{peak}days", self.days, self.days in WEEKDAYS, f"one of {', '.join(WEEKDAYS)}")
        for name, at in (("start", self.start), ("end", self.end)):
            plain = not (at.second or at.microsecond or at.tzinfo)
            insist(f"{peak}{name}", at.isoformat(), plain, "hours and minutes, as in '06:30'")
        insist(f"{peak}concurrency", self.concurrency, 1 <= self.concurrency <= 1000, "1 to 1000")
        high = self.max_concurrency
        ordered = high is None or self.concurrency <= high <= 1000
        insist(f"{peak}max_concurrency", high, ordered, f"{self.concurrency} (concurrency) to 1000")

    @property
    def minutes(self) -> int:
        """Length of the window; one that ends when it starts lasts a day."""
        return (_minute(self.end) - _minute(self.start) - 1) % _DAY_MINUTES + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A moment of the week, in the schedule's zone, at which capacity changes.

    Attributes:
        weekdays: On which days; Monday is 0.
        minute: Of the local day.
        minimum: Capacity from then on.
        maximum: How far target tracking may go from then on.
    """

    weekdays: tuple[int, ...]
    minute: int
    minimum: int
    maximum: int

    @property
    def at(self) -> time:
        """Local time."""
        return time(*divmod(self.minute, 60))

    @property
    def week_days(self) -> str:
        """The days as cron names them: ``MON,TUE``."""
        names = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
        return ",".join(names[day] for day in self.weekdays)

    @property
    def name(self) -> str:
        """Name of the scheduled action, one per schedule."""
        return f"{self.week_days.replace(',', '-').lower()}-{self.at:%H%M}-to-{self.minimum}-{self.maximum}"


def actions(peaks: "Iterable[Peak]", *, lead_minutes: int) -> tuple[Action, ...]:
    """Return the changes of a week, those at the same time to the same capacity together."""
    capacity = [(0, 0)] * _WEEK_MINUTES
    for peak in peaks:
        own = (peak.concurrency, peak.max_concurrency or peak.concurrency)
        for day in WEEKDAYS[peak.days]:
            start = day * _DAY_MINUTES + _minute(peak.start)
            for minute in range(start - lead_minutes, start + peak.minutes):
                held = capacity[minute % _WEEK_MINUTES]
                capacity[minute % _WEEK_MINUTES] = max(held[0], own[0]), max(held[1], own[1])
    found: dict[tuple[int, int, int], list[int]] = {}
    for minute in range(_WEEK_MINUTES):
        if capacity[minute] != capacity[minute - 1]:
            day, of_day = divmod(minute, _DAY_MINUTES)
            found.setdefault((of_day, *capacity[minute]), []).append(day)
    return tuple(
        Action(weekdays=tuple(days), minute=minute, minimum=low, maximum=high)
        for (minute, low, high), days in sorted(found.items())
    )


@cache
def clock_changes(time_zone: str) -> frozenset[int]:
    """Return the minutes of the day that a zone skips or repeats on some day of the next years."""
    zone = ZoneInfo(time_zone)
    found: set[int] = set()
    day = datetime(_CLOCK_YEARS[0], 1, 1, tzinfo=UTC)
    while day.year in _CLOCK_YEARS:
        following = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            local = [(day + timedelta(minutes=m)).astimezone(zone) for m in range(_DAY_MINUTES + 1)]
            for before, after in pairwise(local):
                old, new = (moment.replace(tzinfo=None) for moment in (before, after))
                first, last = sorted((old + timedelta(minutes=1), new))
                found |= {
                    _minute((first + timedelta(minutes=m)).time()) for m in range(_between(first, last))
                }
        day = following
    return frozenset(found)


def clock_time(minute: int) -> time:
    """Return the time of a minute of the day; one beyond midnight is the next day's."""
    return time(*divmod(minute % _DAY_MINUTES, 60))


def insist(name: str, value: Any, holds: bool, wanted: str) -> None:
    """Refuse a value in one sentence.

    Raises:
        ScheduleError: It does not hold.
    """
    if not holds:
        raise ScheduleError(f"{name} is {value!r}, wanted {wanted}")


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _between(first: datetime, last: datetime) -> int:
    return round((last - first).total_seconds() / 60)
