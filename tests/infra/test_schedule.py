"""The schedule: what it refuses, that it is read as it was written, and a year of its actions."""

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infra.peaks import WEEKDAYS, Peak, ScheduleError
from infra.schedule import NO_PEAKS, Schedule, dump, load, parse, save

EVENING = Peak(name="evening", days="weekdays", start=time(22, 30), end=time(0, 45), concurrency=2)
NIGHT = Peak(
    name="night", days="weekend", start=time(23, 30), end=time(6, 0), concurrency=1, max_concurrency=4
)
MORNING = Peak(name="morning", days="daily", start=time(5, 30), end=time(8, 0), concurrency=3)
GOOD = 'time_zone = "Europe/Berlin"\n[[peaks]]\nname = "a"\ndays = "daily"\nstart = "06:00"\nend = "08:00"\n'

peaks = st.builds(
    Peak,
    name=st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True),
    days=st.sampled_from(list(WEEKDAYS)),
    start=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    end=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    concurrency=st.integers(1, 10),
    max_concurrency=st.none() | st.integers(10, 20),
)


@given(
    peaks=st.lists(peaks, max_size=4),
    lead=st.integers(0, 120),
    share=st.floats(0.1, 0.9),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_what_is_written_is_read_back(peaks: list[Peak], lead: int, share: float, zone: str) -> None:
    """For every schedule that can be kept."""
    tracked = any(peak.max_concurrency for peak in peaks)
    try:
        schedule = Schedule(
            time_zone=zone,
            lead_minutes=lead,
            target_utilization=share if tracked else None,
            peaks=tuple(peaks),
        )
    except ScheduleError:
        assume(False)
    assert schedule == parse(dump(schedule))


def test_the_file_of_the_repository_is_as_the_writer_writes_it(root: Path, tmp_path: Path) -> None:
    """So that a plan that is written over it changes only what it means to change."""
    path = root / "infra/schedule.toml"
    save(load(path), tmp_path / "schedule.toml")
    assert path.read_text() == (tmp_path / "schedule.toml").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["schedule.toml"]


@pytest.mark.parametrize(
    ("zone", "year"),
    [("Europe/Berlin", 2027), ("America/New_York", 2027), ("Australia/Sydney", 2028)],
)
def test_a_year_of_actions_keeps_to_the_local_windows(zone: str, year: int) -> None:
    """Minute by minute, through both changes of the clock; on the way overlaps, midnight and target tracking."""
    schedule = Schedule(time_zone=zone, target_utilization=0.7, peaks=(EVENING, NIGHT, MORNING))
    fires = {
        (day, action.minute): (action.minimum, action.maximum)
        for action in schedule.actions
        for day in action.weekdays
    }
    local_zone, moment = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC)
    state: tuple[int, int] | None = None
    offsets, compared = set(), 0
    while moment.year == year:
        local = moment.astimezone(local_zone)
        offsets.add(local.utcoffset())
        state = fires.get((local.weekday(), local.hour * 60 + local.minute), state)
        if state is not None:
            assert _intended(schedule, local) == state, local
            compared += 1
        moment += timedelta(minutes=1)
    assert len(offsets) == 2
    assert compared > 364 * 1440


def _intended(schedule: Schedule, local: datetime) -> tuple[int, int]:
    """Return the capacity that the windows want at a local time, straight from their definition."""
    held = [(0, 0)]
    now = local.hour * 60 + local.minute
    for peak in schedule.peaks:
        start = peak.start.hour * 60 + peak.start.minute - schedule.lead_minutes
        end = peak.end.hour * 60 + peak.end.minute
        end += 1440 if peak.end <= peak.start else 0
        for days_ago in (-1, 0, 1):
            day = (local.weekday() - days_ago) % 7
            if day in WEEKDAYS[peak.days] and start <= now + days_ago * 1440 < end:
                held.append((peak.concurrency, peak.max_concurrency or peak.concurrency))
    return max(low for low, _ in held), max(high for _, high in held)


def test_where_windows_overlap_the_larger_capacity_holds() -> None:
    """Its start raises, its end lowers to the other's, and nothing is ordered twice."""
    wide = Peak(name="wide", days="daily", start=time(10), end=time(20), concurrency=1)
    tall = Peak(name="tall", days="daily", start=time(12), end=time(13), concurrency=5)
    schedule = Schedule(time_zone="UTC", lead_minutes=0, peaks=(wide, tall))
    assert [(a.at.hour, a.minimum) for a in schedule.actions] == [(10, 1), (12, 5), (13, 1), (20, 0)]


def test_every_peak_is_ordered_before_it_begins_and_forced_down_after_it(root: Path) -> None:
    """The maximum goes down too; the repository's schedule has a peak on every day."""
    schedule = load(root / "infra/schedule.toml")
    starts = {peak.start for peak in schedule.peaks}
    ups = {a.minute + schedule.lead_minutes for a in schedule.actions if a.minimum}
    assert {at.hour * 60 + at.minute for at in starts} == ups
    downs = [(a.minimum, a.maximum) for a in schedule.actions if not a.minimum]
    assert set(downs) == {(0, 0)}
    assert schedule.every_day
    assert not Schedule(time_zone="UTC", peaks=(EVENING,)).every_day
    assert (NO_PEAKS.actions, NO_PEAKS.largest) == ((), 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD, r"concurrency is missing in .*"),
        (GOOD + "concurrency = 0\n", "a: concurrency is 0, wanted 1 to 1000"),
        (GOOD + 'concurrency = "2"\n', "concurrency is '2', wanted a whole number"),
        (GOOD + "concurrency = true\n", "concurrency is True, wanted a whole number"),
        (GOOD + "concurency = 2\n", "key is 'concurency', wanted one of name, days, .*"),
        (
            GOOD.replace("06:00", "25:00") + "concurrency = 2\n",
            "start is '25:00', wanted a local time such as .*",
        ),
        (
            GOOD.replace("06:00", "06:00:30") + "concurrency = 2\n",
            "a: start is '06:00:30', wanted hours and min.*",
        ),
        (
            GOOD.replace("daily", "monday") + "concurrency = 2\n",
            "a: days is 'monday', wanted one of weekdays, .*",
        ),
        (
            GOOD.replace('"a"', '"A b"') + "concurrency = 2\n",
            "name is 'A b', wanted lower case, digits, hyphens",
        ),
        (GOOD.replace("08:00", "06:00") + "concurrency = 2\n", "the peaks cover the whole week, .*"),
        (
            GOOD.replace("08:00", "02:30") + "concurrency = 2\n",
            "capacity would change at 02:30, wanted a time that Europe/Berlin neither skips nor repeats .*",
        ),
        (
            GOOD + "concurrency = 2\n" + GOOD[GOOD.index("[[") :] + "concurrency = 3\n",
            "name is 'a', wanted each peak to have a name of its own",
        ),
        (GOOD + "concurrency = 2\nmax_concurrency = 4\n", "target_utilization is None, wanted it and max_.*"),
        (
            GOOD + "concurrency = 2\nmax_concurrency = 1\n",
            r"a: max_concurrency is 1, wanted 2 \(concurrency\) to .*",
        ),
        ('time_zone = "CEST"\n', "time_zone is 'CEST', wanted one such as 'Europe/Berlin'"),
        ('time_zone = "../x"\n', "time_zone is '../x', wanted one such as 'Europe/Berlin'"),
        ('time_zone = "UTC"\npeaks = 3\n', r"peaks is 3, wanted tables named \[\[peaks\]\]"),
        ('time_zone = "UTC"\nlead_minutes = 999\n', "lead_minutes is 999, wanted 0 to 120"),
        ("time_zone =", "the schedule is not TOML: .*"),
        ("", "time_zone is missing in {}"),
    ],
)
def test_a_wrong_schedule_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    """The sentence has the value seen and the value wanted."""
    with pytest.raises(ScheduleError, match=f"^{sentence}$") as refused:
        parse(text)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    """Synthesis says where it looked."""
    path = tmp_path / "none.toml"
    with pytest.raises(ScheduleError, match=f"^cannot read the schedule {re.escape(str(path))}: "):
        load(path)
