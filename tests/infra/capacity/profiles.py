"""Random traffic profiles."""

from datetime import time

from hypothesis import strategies as st

from infra.capacity.traffic import NamedPeak, Profile

_TIMES = st.integers(0, 287).map(lambda five: time(*divmod(five * 5, 60)))
_PEAKS = st.builds(
    NamedPeak,
    name=st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True),
    days=st.sampled_from(["weekdays", "weekend", "daily"]),
    start=_TIMES,
    end=_TIMES,
)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Draw a profile with any volume, shape and peaks."""
    weights = st.floats(0.001, 1000)
    sizes = st.sampled_from([24, 32, 36, 48, 72, 96, 144, 288])
    days = [
        tuple(draw(st.lists(weights, min_size=size, max_size=size))) for size in (draw(sizes), draw(sizes))
    ]
    return Profile(
        time_zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
        requests_per_month=draw(st.integers(1, 10**9)),
        burstiness=draw(st.floats(0, 10)),
        weekdays=days[0],
        weekend=days[1],
        peaks=tuple(draw(st.lists(_PEAKS, max_size=4, unique_by=lambda peak: peak.name))),
    )
