"""Arrival processes: drawn ones follow their profile, recorded ones give it back."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.capacity.arrivals import WEEK_S, draw, profile_of, read_timestamps
from infra.capacity.errors import InputError
from infra.capacity.traffic import Profile, load_profile
from tests.infra.capacity.profiles import profiles

EXAMPLE = load_profile(Path("infra/capacity/traffic.toml"))


@given(profiles(), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_arrivals_are_ascending_and_within_their_weeks(profile: Profile, seed: int) -> None:
    """Whatever the profile is."""
    multiplier = min(1.0, 20_000 / profile.requests_per_month)
    arrivals = draw(profile, weeks=2, multiplier=multiplier, seed=seed)

    assert (np.diff(arrivals) >= 0).all()
    assert not arrivals.size or (arrivals[0] >= 0 and arrivals[-1] <= 2 * WEEK_S)


def test_the_same_seed_gives_the_same_arrivals() -> None:
    """And another seed others."""
    first, again, other = (draw(EXAMPLE, weeks=1, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert first.size != other.size or (first != other).any()


@pytest.mark.parametrize("multiplier", [0.1, 1.0, 10.0])
def test_counts_follow_the_rates_and_the_multiplier(multiplier: float) -> None:
    """Without burstiness the count of each hour of the week is Poisson with the profile's mean.

    Source: the dispersion test, chi-square / degrees of freedom near 1 with standard error sqrt(2 / degrees).
    """
    profile, weeks = replace(EXAMPLE, burstiness=0.0), 40
    arrivals = draw(profile, weeks=weeks, multiplier=multiplier, seed=7)
    hours = np.histogram(arrivals, bins=168 * weeks, range=(0, WEEK_S * weeks))[0]
    means = np.tile(profile.week_per_s.reshape(168, 12).sum(axis=1) * 300 * multiplier, weeks)

    dispersion = ((hours - means) ** 2 / means).mean()
    assert abs(dispersion - 1) < 5 * np.sqrt(2 / hours.size) + 0.5 / means.min() / np.sqrt(hours.size)
    assert abs(arrivals.size - means.sum()) < 5 * np.sqrt(means.sum())


def test_burstiness_is_the_coefficient_of_variation_of_the_rate() -> None:
    """Counts of five minutes have variance mean + (burstiness × mean)²."""
    flat = replace(
        EXAMPLE, burstiness=0.8, weekdays=(1.0,) * 24, weekend=(1.0,) * 24, requests_per_month=10**6
    )
    counts = np.histogram(draw(flat, weeks=8, seed=3), bins=2016 * 8, range=(0, WEEK_S * 8))[0]

    mean = counts.mean()
    assert (counts.var() - mean) / mean**2 == pytest.approx(0.64, rel=0.05)


def test_recorded_traffic_gives_back_the_profile_it_was_drawn_from() -> None:
    """Volume, burstiness, and peaks that cover most of what the real ones hold."""
    found = profile_of(draw(EXAMPLE, weeks=12, seed=5), time_zone="Europe/Berlin")

    assert found.requests_per_month == pytest.approx(200_000, rel=0.03)
    assert found.burstiness == pytest.approx(0.5, abs=0.06)
    names = [peak.name for peak in found.peaks]
    assert names == ["weekdays-0600", "weekdays-2100", "weekend-0830", "weekend-2100"]


def test_poisson_traffic_is_found_to_have_almost_no_burstiness() -> None:
    """The estimate does not mistake the changes of the day for bursts."""
    arrivals = draw(replace(EXAMPLE, burstiness=0.0), weeks=12, seed=5)
    assert profile_of(arrivals, time_zone="UTC").burstiness < 0.1


def test_timestamps_are_read_from_csv_and_access_log_alike(tmp_path: Path) -> None:
    """Offsets, seconds, milliseconds and local times name the same moments."""
    moment = datetime(2026, 11, 25, 5, 30, tzinfo=UTC)  # a Wednesday, 06:30 in Berlin
    seconds = moment.timestamp()
    table = tmp_path / "traffic.csv"
    table.write_text(
        f"user,timestamp\na,{moment.isoformat()}\nb,{seconds}\nc,{seconds * 1000:.0f}\nd,2026-11-25T06:30:00\n"
    )
    log = tmp_path / "access.log"
    log.write_text(json.dumps({"requestId": "x", "time": f"{seconds * 1000:.0f}", "status": "200"}) + "\n\n")

    wanted = 2 * 86_400 + 6.5 * 3600
    assert read_timestamps(table, time_zone="Europe/Berlin").tolist() == [wanted] * 4
    assert read_timestamps(log, time_zone="Europe/Berlin").tolist() == [wanted]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "when\n1\n", "has the columns when, wanted one named timestamp"),
        ("a.csv", "", "has the columns none, wanted one named timestamp"),
        ("a.csv", "timestamp\n", "holds no request"),
        ("a.csv", "timestamp\nyesterday\n", "line 2: 'yesterday', wanted a moment such as"),
        ("a.csv", "timestamp\nnan\n", "line 2: 'nan', wanted a moment such as"),
        ("a.csv", "timestamp\n1e300\n", "line 2: '1e300', wanted a moment such as"),
        ("a.log", "not json\n", "line 1: 'not json', wanted a JSON object with time"),
        ("a.log", "[1]\n", "line 1: '[1]', wanted a JSON object with time"),
    ],
)
def test_wrong_recordings_are_refused_with_their_line(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    """The message names the file, the line, what was seen and what was wanted."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_timestamps(path, time_zone="UTC")
    assert told in str(refused.value)
    assert name in str(refused.value)


def test_a_recording_without_a_weekend_gives_no_profile() -> None:
    """Nothing is guessed about days that were not seen."""
    with pytest.raises(InputError, match="no weekend day"):
        profile_of(np.array([10.0, 20.0]), time_zone="UTC")
