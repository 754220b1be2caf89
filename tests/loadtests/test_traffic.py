"""The traffic that is replayed: the planner's profile, or a recording."""

from pathlib import Path

import pytest

from infra.capacity.traffic import load_profile
from loadtests.errors import InputError
from loadtests.traffic import PROFILE, read_traffic


def test_the_planners_profile_is_replayed(root: Path) -> None:
    """The very same."""
    assert read_traffic(root / PROFILE) == load_profile(root / PROFILE)


def test_a_recording_becomes_a_profile(tmp_path: Path) -> None:
    """Eight days with everything at noon, Berlin time."""
    path = tmp_path / "traffic.csv"
    path.write_text("timestamp\n" + "".join(f"2026-11-{day:02d}T12:10:00+01:00\n" for day in range(2, 10)))
    profile = read_traffic(path, time_zone="Europe/Berlin")
    assert (profile.weekdays.index(max(profile.weekdays)), profile.time_zone) == (24, "Europe/Berlin")


def test_what_cannot_be_used_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """A zone, a recording that is too short, a file."""
    path = tmp_path / "traffic.csv"
    path.write_text("timestamp\n2026-11-02T12:10:00+01:00\n")
    with pytest.raises(InputError, match="wanted one such as Europe/Berlin"):
        read_traffic(path, time_zone="Mars/Base")
    with pytest.raises(InputError, match="no weekend day"):
        read_traffic(path, time_zone="Europe/Berlin")
    with pytest.raises(InputError, match="cannot read the traffic profile"):
        read_traffic(tmp_path / "nothing.toml")
