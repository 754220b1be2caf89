"""Traffic profiles: what they hold, and what is refused."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.capacity.errors import InputError
from infra.capacity.traffic import MONTH_DAYS, Profile, load_profile, parse_profile
from tests.infra.capacity.profiles import profiles

EXAMPLE = Path("infra/capacity/traffic.toml")


def test_example_is_the_briefs_traffic_with_morning_and_evening_peaks() -> None:
    """200,000 requests a month, most of them in the named peaks, on weekdays and at the weekend."""
    profile = load_profile(EXAMPLE)
    week = profile.week_per_s

    assert week.sum() * 300 / 7 * MONTH_DAYS == pytest.approx(200_000)
    spans = np.concatenate([peak.intervals(1) for peak in profile.peaks]) / 300
    in_peaks = sum(week[int(start) : int(end)].sum() for start, end in spans)
    assert in_peaks / week.sum() > 0.7


@given(profiles())
def test_rates_add_up_to_the_month(profile: Profile) -> None:
    """Whatever the weights are, the volume is what the profile says."""
    assert profile.week_per_s.shape == (2016,)
    assert profile.week_per_s.sum() * 300 / 7 * MONTH_DAYS == pytest.approx(profile.requests_per_month)


def test_a_peak_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    """From 23:00 to 01:00 on weekend days: the second one ends on Monday."""
    profile = parse_profile(
        EXAMPLE.read_text() + '\n[[peaks]]\nname = "late"\ndays = "weekend"\nstart = "23:00"\nend = "01:00"\n'
    )
    late = next(peak for peak in profile.peaks if peak.name == "late")

    hours = late.intervals(1) / 3600
    assert hours.tolist() == [[5 * 24 + 23, 6 * 24 + 1], [6 * 24 + 23, 7 * 24 + 1]]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"Europe/Berlin"', '"Mars/Base"', "time_zone is 'Mars/Base', wanted one such as 'Europe/Berlin'"),
        ("200_000", "0", "requests_per_month is 0, wanted 1 to 10^10"),
        ("200_000", "2.5", "requests_per_month is 2.5, wanted a whole number"),
        ("burstiness = 0.5", "burstiness = -1", "burstiness is -1, wanted 0 (Poisson) to 10"),
        ("burstiness = 0.5", "bursty = 0.5", "key is 'bursty', wanted one of time_zone"),
        ("burstiness = 0.5", "", "burstiness is missing"),
        ("0.1, 0.1, 0.2", "0.1, 0.2", "weekdays is '47 weights', wanted as many as one of"),
        ("0.1, 0.1, 0.2", "0.1, -0.1, 0.2", "wanted numbers of at least 0"),
        ("0.1, 0.1, 0.2", '0.1, "0.1", 0.2', "wanted a list of numbers"),
        ('start = "06:00"', 'start = "06:01"', "start is 06:01:00, wanted steps of five minutes"),
        ('start = "06:00"', 'start = "25:00"', "start is '25:00', wanted a local time"),
        (
            'name = "before-bed"',
            'name = "Before bed"',
            "name is 'Before bed', wanted lower case, digits, hyphens",
        ),
        ('days = "daily"', 'days = "holidays"', "days is 'holidays', wanted one of weekdays, weekend, daily"),
        ('name = "before-bed"', 'name = "waking-at-the-weekend"', "wanted a name of its own for each"),
        ("time_zone =", "time_zone", "not TOML"),
    ],
)
def test_wrong_profiles_are_refused_with_what_was_wanted(old: str, new: str, told: str) -> None:
    """The message names the value seen and the value wanted."""
    text = EXAMPLE.read_text()
    assert old in text
    with pytest.raises(InputError) as refused:
        parse_profile(text.replace(old, new, 1))
    assert told in str(refused.value)


def test_all_weights_of_zero_are_refused() -> None:
    """A profile without traffic cannot be scaled to a volume."""
    with pytest.raises(InputError, match="wanted some traffic"):
        Profile(
            time_zone="UTC",
            requests_per_month=1,
            burstiness=0,
            weekdays=(0.0,) * 24,
            weekend=(0.0,) * 24,
        )


@given(st.text())
def test_any_text_is_a_profile_or_refused(text: str) -> None:
    """Nothing else is raised."""
    with contextlib.suppress(InputError):
        parse_profile(text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """So that a person knows which path was meant."""
    with pytest.raises(InputError, match=r"none\.toml"):
        load_profile(tmp_path / "none.toml")
