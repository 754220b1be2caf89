"""A verdict for people, and for machines."""

__all__ = ["as_dict", "as_table"]

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loadtests.judgement import Latency, Limits, Verdict

_COLUMNS = ("requests", "p50 ms", "p95 ms", "p99 ms", "maximum ms")


def as_table(verdict: "Verdict", limits: "Limits") -> str:
    """Return lines to print."""
    lines = [" " * 6 + "".join(f"{name:>12}" for name in _COLUMNS)]
    groups = {"all": verdict.every, "warm": verdict.warm, "cold": verdict.cold}
    lines += [_line(name, latency) for name, latency in groups.items()]
    lines.append(
        f"\n{verdict.requests:,} requests with {verdict.rows:,} rows in {verdict.duration_s:.1f} s: "
        f"{verdict.requests_per_s:.1f} requests/s"
    )
    for count in verdict.faults:
        lines.append(f"{count.requests:>8,} {count.first.kind}: {count.first.reason}")
    if verdict.passed and verdict.every is not None:
        lines.append(
            f"PASSED: every answer is right, the slowest took {verdict.every.max_s:.3f} s of {limits.sla_s:g} s"
        )
    lines += [f"FAILED: {problem}" for problem in verdict.problems]
    return "\n".join(lines)


def as_dict(verdict: "Verdict", limits: "Limits") -> dict[str, Any]:
    """Return plain dicts, lists, strings and numbers."""
    return {
        "passed": verdict.passed,
        "sla_s": limits.sla_s,
        "requests_per_s": verdict.requests_per_s,
        **asdict(verdict),
    }


def _line(name: str, latency: "Latency | None") -> str:
    if latency is None:
        return f"{name:<6}{0:>12}" + f"{'-':>12}" * 4
    times = (latency.p50_s, latency.p95_s, latency.p99_s, latency.max_s)
    return f"{name:<6}{latency.requests:>12,}" + "".join(f"{time_s * 1e3:>12.1f}" for time_s in times)
