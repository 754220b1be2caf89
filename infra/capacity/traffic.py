"""A traffic profile: how many requests come when, in local time of a week.

The shape of a weekday and of a weekend day is given by weights, the volume by requests a month, so that one
number makes the same habit more or less popular.
"""

__all__ = ["DAY_S", "MONTH_DAYS", "NamedPeak", "Profile", "load_profile", "parse_profile"]

import re
import tomllib
from dataclasses import dataclass, fields
from datetime import time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from infra.capacity.errors import InputError
from infra.peaks import WEEKDAYS, Days

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DAY_S = 86_400
MONTH_DAYS = 365.25 / 12
"""Days of an average month, to scale weeks to a month's bill."""

_BUCKETS = tuple(count for count in range(24, 289) if 288 % count == 0)
"""How many weights a day may have: from hours to five minutes, each a multiple of five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPeak:
    """A part of the week in which people notice a slow start.

    Attributes:
        name: As the schedule will call it.
        days: On which days it starts.
        start: Local time, in steps of five minutes.
        end: Local time, in steps of five minutes; at or before ``start`` it is the next day's.
    """

    name: str
    days: Days
    start: time
    end: time

    def __post_init__(self) -> None:
        """Check name, days and times.

        Raises:
            InputError: A value cannot be used.
        """
        if not re.fullmatch(r"[a-z0-9-]+", self.name):
            raise InputError(f"name is {self.name!r}, wanted lower case, digits, hyphens, as in the schedule")
        if self.days not in WEEKDAYS:
            raise InputError(f"{self.name}: days is {self.days!r}, wanted one of {', '.join(WEEKDAYS)}")
        for name, at in (("start", self.start), ("end", self.end)):
            if at.minute % 5 or at.second or at.microsecond or at.tzinfo:
                raise InputError(f"{self.name}: {name} is {at.isoformat()}, wanted steps of five minutes")

    @property
    def start_minute(self) -> int:
        """Of the local day."""
        return self.start.hour * 60 + self.start.minute

    @property
    def minutes(self) -> int:
        """Length; a peak that ends when it starts lasts a day."""
        return (self.end.hour * 60 + self.end.minute - self.start_minute - 1) % 1440 + 1

    @property
    def weekdays(self) -> range:
        """On which days it starts; Monday is 0."""
        return WEEKDAYS[self.days]

    def intervals(self, weeks: int) -> "NDArray[np.float64]":
        """Return start and end of each occurrence in seconds since Monday 00:00: ``(occurrences, 2) float64``.

        The last may end after the last week does.
        """
        starts = [
            (week * 7 + day) * DAY_S + self.start_minute * 60.0
            for week in range(weeks)
            for day in self.weekdays
        ]
        return np.array([(start, start + self.minutes * 60.0) for start in starts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Traffic of an average week.

    Attributes:
        time_zone: IANA name; every time is its local time.
        requests_per_month: In an average month of :data:`MONTH_DAYS` days.
        burstiness: Coefficient of variation by which the rate of five minutes departs from its mean, at random and
            independently; 0 is a Poisson process.
        weekdays: Weights of equal parts of a weekday, between 24 and 288 of them.
        weekend: The same of a weekend day, on the same scale.
        peaks: Which parts matter most.
    """

    time_zone: str
    requests_per_month: int
    burstiness: float
    weekdays: tuple[float, ...]
    weekend: tuple[float, ...]
    peaks: tuple[NamedPeak, ...] = ()

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            InputError: One cannot be used.
        """
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise InputError(f"time_zone is {self.time_zone!r}, wanted one such as 'Europe/Berlin'") from None
        _insist(
            "requests_per_month",
            self.requests_per_month,
            1 <= self.requests_per_month <= 10**10,
            "1 to 10^10",
        )
        _insist("burstiness", self.burstiness, 0 <= self.burstiness <= 10, "0 (Poisson) to 10")
        for name in ("weekdays", "weekend"):
            weights = getattr(self, name)
            _insist(
                name, f"{len(weights)} weights", len(weights) in _BUCKETS, f"as many as one of {_BUCKETS}"
            )
            usable = all(0 <= weight < float("inf") for weight in weights)
            _insist(name, list(weights), usable, "numbers of at least 0")
        _insist(
            "weekdays and weekend",
            "nothing but 0",
            sum(self.weekdays) + sum(self.weekend) > 0,
            "some traffic",
        )
        names = [peak.name for peak in self.peaks]
        _insist("peaks", names, len(set(names)) == len(names), "a name of its own for each")

    @property
    def week_per_s(self) -> "NDArray[np.float64]":
        """Mean requests per second of each five minutes of the week from Monday 00:00: ``(2016,) float64``."""
        day = [
            np.repeat(np.asarray(weights, float), 288 // len(weights))
            for weights in (self.weekdays, self.weekend)
        ]
        week = np.concatenate([day[0]] * 5 + [day[1]] * 2)
        wanted = self.requests_per_month / MONTH_DAYS * 7
        scaled: NDArray[np.float64] = week * (wanted / (week.sum() * 300))
        return scaled


def parse_profile(text: str) -> Profile:
    """Read a profile's TOML.

    Raises:
        InputError: It is not TOML, a key is unknown or missing, or a value cannot be used.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the traffic profile is not TOML: {error}") from None
    peaks = raw.pop("peaks", [])
    if not isinstance(peaks, list) or not all(isinstance(peak, dict) for peak in peaks):
        raise InputError(f"peaks is {peaks!r}, wanted tables named [[peaks]]")
    values = _read(Profile, raw)
    for name in ("weekdays", "weekend"):
        weights = values[name]
        _insist(
            name, weights, isinstance(weights, list) and all(map(_is_number, weights)), "a list of numbers"
        )
        values[name] = tuple(map(float, weights))
    _insist("time_zone", values["time_zone"], isinstance(values["time_zone"], str), "a text")
    volume = values["requests_per_month"]
    _insist("requests_per_month", volume, isinstance(volume, int) and _is_number(volume), "a whole number")
    _insist("burstiness", values["burstiness"], _is_number(values["burstiness"]), "a number")
    return Profile(**values, peaks=tuple(_peak(peak) for peak in peaks))


def load_profile(path: "Path") -> Profile:
    """Read a profile's file.

    Raises:
        InputError: It cannot be read, or :func:`parse_profile` refuses it; the message names the file.
    """
    try:
        return parse_profile(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the traffic profile {path}: {error}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _peak(raw: dict[str, Any]) -> NamedPeak:
    values = _read(NamedPeak, raw)
    for name in ("name", "days"):
        _insist(name, values[name], isinstance(values[name], str), "a text")
    for name in ("start", "end"):
        try:
            values[name] = time.fromisoformat(values[name])
        except (TypeError, ValueError):
            raise InputError(f"{name} is {values[name]!r}, wanted a local time such as '06:30'") from None
    return NamedPeak(**values)


def _read(owner: "type[Profile | NamedPeak]", raw: dict[str, Any]) -> dict[str, Any]:
    """Return a table's values, each known and none missing.

    Raises:
        InputError: A key is unknown or missing.
    """
    known = [field.name for field in fields(owner) if field.name != "peaks"]
    for key in raw:
        _insist("key", key, key in known, f"one of {', '.join(known)}")
    for key in known:
        if key not in raw:
            raise InputError(f"{key} is missing in the traffic profile, wanted {', '.join(known)}")
    return dict(raw)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _insist(name: str, value: object, holds: bool, wanted: str) -> None:
    if not holds:
        raise InputError(f"{name} is {value!r}, wanted {wanted}")
