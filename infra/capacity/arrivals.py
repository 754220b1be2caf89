"""Moments at which requests arrive: drawn from a profile, or recorded and turned into one.

Arrivals are a doubly stochastic Poisson process (a Cox process): within five minutes they are Poisson, and the
rate of each five minutes is the profile's times a gamma variable of mean 1 whose coefficient of variation is the
profile's burstiness. Source: Cox, "Some statistical methods connected with series of events", 1955.
"""

__all__ = ["WEEK_S", "draw", "profile_of", "read_timestamps"]

import csv
import json
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from infra.capacity.errors import InputError
from infra.capacity.traffic import DAY_S, MONTH_DAYS, NamedPeak, Profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

WEEK_S = 7 * DAY_S
_STEP_S = 300
_PEAK_FACTOR = 1.5
"""A recorded half hour with this many times the mean rate belongs to a peak."""

_STEADY = 1e-6
"""Burstiness up to this changes nothing that could be seen, and its gamma variable has no finite shape."""

_EPOCH_MS = 10**11
"""Numbers above are milliseconds: in seconds they would lie after the year 5000."""


def draw(profile: Profile, *, weeks: int, multiplier: float = 1.0, seed: int) -> "NDArray[np.float64]":
    """Draw the arrivals of some weeks.

    Args:
        profile: Rates and burstiness.
        weeks: How many, from a Monday 00:00 local time; clocks do not change in them.
        multiplier: How many times as popular as the profile says.
        seed: The same seed gives the same arrivals.

    Returns:
        Seconds since that Monday, ascending: ``(requests,) float64``.
    """
    generator = np.random.default_rng(seed)
    per_step = np.tile(profile.week_per_s, weeks) * (multiplier * _STEP_S)
    if profile.burstiness > _STEADY:
        shape = profile.burstiness**-2
        per_step = per_step * generator.gamma(shape, 1 / shape, per_step.size)
    # A unit-rate process put through the inverse of the cumulated rate is sorted as it comes.
    # Source: Çinlar, "Introduction to Stochastic Processes", 1975, on time changes of Poisson processes.
    cumulated = np.concatenate(([0.0], np.cumsum(per_step)))
    count = generator.poisson(cumulated[-1])
    if not count:
        return np.zeros(0)
    # Given their number, the points of a Poisson process are uniform; sorted uniforms are scaled sums.
    sums = np.cumsum(generator.standard_exponential(count + 1))
    at = sums[:-1] * (cumulated[-1] / sums[-1])
    moments: NDArray[np.float64] = np.interp(at, cumulated, np.arange(cumulated.size) * float(_STEP_S))
    return moments


def read_timestamps(path: "Path", *, time_zone: str) -> "NDArray[np.float64]":
    """Read recorded moments.

    Args:
        path: ``.csv`` with a column ``timestamp``, or JSON lines of the API's access log with ``time``
            (milliseconds since 1970, as ours has it). A moment is ISO 8601 with its offset, seconds or
            milliseconds since 1970; an ISO moment without an offset is local time.
        time_zone: IANA name of the local time.

    Returns:
        Local seconds since the Monday before the first one, ascending: ``(requests,) float64``. In the hour that a
        change of the clock repeats, both hours' requests are there.

    Raises:
        InputError: The time zone is unknown, the file cannot be read or has no such column, or a moment cannot be
            read; the message names the line.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise InputError(f"the time zone is {time_zone!r}, wanted one such as Europe/Berlin") from None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the recorded traffic {path}: {error}") from error
    values = _from_csv(path, text) if path.suffix == ".csv" else _from_lines(path, text)
    local = [_local(path, line, value, zone) for line, value in values]
    if not local:
        raise InputError(f"{path} holds no request, wanted at least one")
    first = min(local)
    monday = datetime.combine(first.date() - timedelta(days=first.weekday()), time())
    return np.sort(np.array([(moment - monday).total_seconds() for moment in local]))


def profile_of(arrivals: "NDArray[np.float64]", *, time_zone: str) -> Profile:
    """Estimate the profile that recorded arrivals came from.

    The weights are mean counts of half hours. Burstiness is estimated from the counts of five minutes by moments:
    what their variance exceeds a Poisson process's by. Peaks are the half hours with 1.5 times the mean rate; those
    less than an hour apart are one.

    Args:
        arrivals: As :func:`read_timestamps` gives them; at least two days of traffic.
        time_zone: IANA name of their local time.

    Raises:
        InputError: They cover less than a weekday or less than a weekend day.
    """
    first, last = int(arrivals[0] // DAY_S), int(arrivals[-1] // DAY_S)
    days = np.arange(first, last + 1)
    weekend = days % 7 >= 5
    for name, some in (("weekday", ~weekend), ("weekend day", weekend)):
        if not some.any():
            raise InputError(
                f"the recorded traffic has no {name}, wanted at least one of each; record a week"
            )
    edges = (first * DAY_S, (last + 1) * DAY_S)
    fine = np.histogram(arrivals, bins=days.size * 288, range=edges)[0].reshape(days.size, 288)
    coarse = fine.reshape(days.size, 48, 6).sum(axis=2)
    means = {name: coarse[some].mean(axis=0) for name, some in (("weekdays", ~weekend), ("weekend", weekend))}
    weekly = 5 * means["weekdays"].sum() + 2 * means["weekend"].sum()
    return Profile(
        time_zone=time_zone,
        requests_per_month=max(1, round(weekly * MONTH_DAYS / 7)),
        burstiness=_burstiness(fine, weekend),
        weekdays=tuple(map(float, means["weekdays"])),
        weekend=tuple(map(float, means["weekend"])),
        peaks=(*_peaks(means["weekdays"], "weekdays", weekly), *_peaks(means["weekend"], "weekend", weekly)),
    )


def _burstiness(fine: "NDArray[np.int64]", weekend: "NDArray[np.bool_]") -> float:
    """Return the gamma variable's coefficient of variation, 0 where the counts vary no more than Poisson's."""
    excess = mean_square = 0.0
    for some in (~weekend, weekend):
        counts = fine[some].astype(float)
        if counts.shape[0] < 2:
            continue
        mean = counts.mean(axis=0)
        excess += float((counts.var(axis=0, ddof=1) - mean).sum())
        # The square of an estimated mean is too large by its variance.
        mean_square += float((mean**2 - counts.var(axis=0, ddof=1) / counts.shape[0]).sum())
    if excess <= 0 or mean_square <= 0:
        return 0.0
    return min(10.0, round(float(np.sqrt(excess / mean_square)), 3))


def _peaks(means: "NDArray[np.float64]", days: str, weekly: float) -> "Iterator[NamedPeak]":
    busy = np.flatnonzero(means > _PEAK_FACTOR * weekly / (7 * 48))
    if not busy.size:
        return
    cuts = [0, *(place + 1 for place, (one, two) in enumerate(pairwise(busy)) if two - one > 2), busy.size]
    for begin, end in pairwise(cuts):
        start, stop = int(busy[begin]), int(busy[end - 1]) + 1
        yield NamedPeak(
            name=f"{days}-{start // 2:02d}{start % 2 * 30:02d}",
            days="weekdays" if days == "weekdays" else "weekend",
            start=_half_hour(start),
            end=_half_hour(stop),
        )


def _half_hour(number: int) -> time:
    return time(number // 2 % 24, number % 2 * 30)


def _from_csv(path: "Path", text: str) -> "list[tuple[int, object]]":
    rows = csv.DictReader(text.splitlines())
    if "timestamp" not in (names := rows.fieldnames or []):
        raise InputError(f"{path} has the columns {', '.join(names) or 'none'}, wanted one named timestamp")
    return [(line, row["timestamp"]) for line, row in enumerate(rows, start=2)]


def _from_lines(path: "Path", text: str) -> "list[tuple[int, object]]":
    found: list[tuple[int, object]] = []
    for line, one in enumerate(text.splitlines(), start=1):
        if not one.strip():
            continue
        try:
            found.append((line, json.loads(one)["time"]))
        except (ValueError, LookupError, TypeError):
            raise InputError(
                f"{path}, line {line}: {one[:60]!r}, wanted a JSON object with time, as the access log has it"
            ) from None
    return found


def _local(path: "Path", line: int, value: object, zone: ZoneInfo) -> datetime:
    """Return a moment as local wall-clock time without a zone.

    Raises:
        InputError: It is none.
    """
    text = str(value).strip()
    try:
        try:
            number = float(text)
        except ValueError:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
        seconds = number / 1000 if abs(number) > _EPOCH_MS else number
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"{path}, line {line}: {text[:40]!r}, "
            "wanted a moment such as 2026-11-25T06:30:00+01:00 or seconds since 1970"
        ) from None
