"""When capacity is kept warm: the schedule's type, and the reader and writer of ``infra/schedule.toml``."""

__all__ = ["NO_PEAKS", "Schedule", "dump", "load", "parse", "save"]

import tomllib
from dataclasses import MISSING, dataclass, fields
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from infra.files import write_whole
from infra.peaks import Action, Peak, ScheduleError, actions, clock_changes, insist

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All windows of a week.

    Attributes:
        time_zone: IANA name; the actions carry it, so that windows follow the clocks of the users.
        lead_minutes: How long before a window its capacity is ordered, since Lambda takes minutes to provide it.
        target_utilization: Share of the capacity in use that target tracking holds inside windows with a
            ``max_concurrency``; None switches it off.
        peaks: The windows.
    """

    time_zone: str
    lead_minutes: int = 15
    target_utilization: float | None = None
    peaks: tuple[Peak, ...] = ()

    def __post_init__(self) -> None:
        """Check the schedule as a whole.

        Raises:
            ScheduleError: It cannot be kept.
        """
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ScheduleError(
                f"time_zone is {self.time_zone!r}, wanted one such as 'Europe/Berlin'"
            ) from None
        insist("lead_minutes", self.lead_minutes, 0 <= self.lead_minutes <= 120, "0 to 120")
        share = self.target_utilization
        insist("target_utilization", share, share is None or 0.1 <= share <= 0.9, "0.1 to 0.9")
        names = [peak.name for peak in self.peaks]
        for name in names:
            insist("name", name, names.count(name) == 1, "each peak to have a name of its own")
        tracked = any(peak.max_concurrency is not None for peak in self.peaks)
        insist(
            "target_utilization", share, tracked == (share is not None), "it and max_concurrency, or neither"
        )
        if self.peaks and not self.actions:
            raise ScheduleError("the peaks cover the whole week, wanted at least a minute without capacity")
        changing = clock_changes(self.time_zone)
        for action in self.actions:
            if action.minute in changing:
                raise ScheduleError(
                    f"capacity would change at {action.at:%H:%M}, wanted a time that {self.time_zone} neither "
                    "skips nor repeats when its clocks change; move a peak or lead_minutes"
                )

    @property
    def actions(self) -> tuple[Action, ...]:
        """The changes of a week, in the order of their local times."""
        return actions(self.peaks, lead_minutes=self.lead_minutes)

    @property
    def every_day(self) -> bool:
        """Whether capacity is ordered on each day of the week."""
        return {day for action in self.actions if action.minimum for day in action.weekdays} == set(range(7))

    @property
    def largest(self) -> int:
        """Largest capacity that any window may reach; 0 without one."""
        return max((peak.max_concurrency or peak.concurrency for peak in self.peaks), default=0)


def parse(text: str) -> Schedule:
    """Read a schedule.

    Raises:
        ScheduleError: The text is not TOML, or a key or value is wrong.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScheduleError(f"the schedule is not TOML: {error}") from None
    peaks = raw.pop("peaks", [])
    tables = isinstance(peaks, list) and all(isinstance(peak, dict) for peak in peaks)
    insist("peaks", peaks, tables, "tables named [[peaks]]")
    return Schedule(**_read(Schedule, raw), peaks=tuple(Peak(**_read(Peak, peak)) for peak in peaks))


def load(path: "Path") -> Schedule:
    """Read a schedule's file.

    Raises:
        ScheduleError: The file cannot be read, or :func:`parse` refuses it; the message names the file.
    """
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScheduleError(f"cannot read the schedule {path}: {error}") from error
    except ScheduleError as error:
        raise ScheduleError(f"{path}: {error}") from None


def dump(schedule: Schedule) -> str:
    """Return the text that :func:`parse` reads back to an equal schedule."""
    return (
        "\n".join(
            [
                *_lines(schedule),
                *(line for peak in schedule.peaks for line in ("", "[[peaks]]", *_lines(peak))),
            ]
        )
        + "\n"
    )


def save(schedule: Schedule, path: Path) -> None:
    """Write a schedule's file, whole or not at all."""
    write_whole(path, dump(schedule))


def _lines(item: Schedule | Peak) -> list[str]:
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    return [
        f"{name} = {_toml(value)}"
        for name, value in values.items()
        if value is not None and not isinstance(value, tuple)
    ]


def _toml(value: Any) -> str:
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    return f'"{value}"' if isinstance(value, str) else repr(value)


_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "days", "time_zone"), (str,)),
    **dict.fromkeys(("concurrency", "max_concurrency", "lead_minutes"), (int,)),
    "target_utilization": (float,),
}
_WORDS = {str: "a text", int: "a whole number", float: "a number with a point"}


def _read(owner: type[Schedule] | type[Peak], raw: "Mapping[str, Any]") -> dict[str, Any]:
    """Return the keywords that build ``owner``.

    Raises:
        ScheduleError: A key is unknown or missing, or a value has another type.
    """
    known = {field.name: field for field in fields(owner) if field.name != "peaks"}
    found: dict[str, Any] = {}
    for key, value in raw.items():
        insist("key", key, key in known, f"one of {', '.join(known)}")
        found[key] = _time(key, value) if key in {"start", "end"} else _typed(key, value)
    for name, field in known.items():
        if field.default is MISSING and name not in found:
            raise ScheduleError(f"{name} is missing in {dict(raw)!r}")
    return found


def _typed(key: str, value: Any) -> Any:
    insist(key, value, type(value) in _TYPES[key], _WORDS[_TYPES[key][0]])
    return value


def _time(key: str, value: Any) -> time:
    try:
        return time.fromisoformat(value)
    except (TypeError, ValueError):
        raise ScheduleError(f"{key} is {value!r}, wanted a local time such as '06:30'") from None


NO_PEAKS = Schedule(time_zone="UTC")
"""No warm capacity at any time."""
