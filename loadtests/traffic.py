"""The traffic that a test replays: the profile that capacity is planned for, or one made of a recording."""

__all__ = ["PROFILE", "read_traffic"]

from pathlib import Path
from typing import TYPE_CHECKING

from infra.capacity.arrivals import profile_of, read_timestamps
from infra.capacity.errors import CapacityError
from infra.capacity.traffic import load_profile
from loadtests.errors import InputError

if TYPE_CHECKING:
    from infra.capacity.traffic import Profile

PROFILE = Path("infra/capacity/traffic.toml")


def read_traffic(path: Path, *, time_zone: str = "UTC") -> "Profile":
    """Read a profile, or recorded moments and the profile that they come from.

    Args:
        path: ``.toml`` for a profile; ``.csv``, or lines of the API's access log, for a recording.
        time_zone: IANA name; a recording's local time. A profile has its own.

    Raises:
        InputError: The file or the time zone cannot be used.
    """
    try:
        if path.suffix == ".toml":
            return load_profile(path)
        return profile_of(read_timestamps(path, time_zone=time_zone), time_zone=time_zone)
    except CapacityError as error:
        raise InputError(str(error)) from error
