"""What the function says of its own time, in the ``Server-Timing`` header."""

__all__ = ["Timing", "read_timing"]

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations as the function measured them; None where it says none.

    Attributes:
        cold: Whether it was an environment's first answer.
        total_ms: In the function, from event to response.
        init_ms: The environment's initialisation, which its first answer names.
    """

    cold: bool = False
    total_ms: float | None = None
    init_ms: float | None = None


def read_timing(header: str | None) -> Timing:
    """Read a ``Server-Timing`` header; what is not understood is left out.

    Source: https://www.w3.org/TR/server-timing/#the-server-timing-header-field
    """
    durations: dict[str, float | None] = {}
    for metric in (header or "").split(","):
        name, *parameters = (part.strip() for part in metric.split(";"))
        values = [value for key, _, value in (p.partition("=") for p in parameters) if key.strip() == "dur"]
        durations[name] = _number(values[0]) if values else None
    return Timing(cold="cold" in durations, total_ms=durations.get("total"), init_ms=durations.get("init"))


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().strip('"'))
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None
