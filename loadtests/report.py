"""A finding for people at a terminal, for machines, and for pull requests."""

__all__ = ["as_dict", "as_markdown", "as_table"]

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from loadtests.parts import curve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.breaking import Breakpoint
    from loadtests.finding import Finding
    from loadtests.judgement import Latency, Verdict

_COLUMNS = ("requests", "p50 ms", "p95 ms", "p99 ms", "maximum ms")
_STEP_COLUMNS = ("requests/s", "sent", "at once", "p50 ms", "p99 ms", "maximum ms")


def as_table(finding: "Finding") -> str:
    """Return lines to print."""
    rows = list(_rows(finding))
    width = max(6, *(len(row[0]) + 2 for row in rows))
    lines = [" " * width + "".join(f"{name:>12}" for name in _COLUMNS)]
    lines += [f"{name:<{width}}" + "".join(f"{cell:>12}" for cell in cells) for name, *cells in rows]
    if finding.hours:
        lines += ["", f"requests by hour, 0 to 24: |{curve(finding.hours)}|"]
    if finding.breakpoint is not None:
        lines += ["", "".join(f"{name:>12}" for name in _STEP_COLUMNS)]
        lines += ["".join(f"{cell:>12}" for cell in row) for row in _step_rows(finding.breakpoint)]
    lines += ["", _volume(finding)]
    for count in finding.verdict.faults:
        lines.append(f"{count.requests:>8,} {count.first.kind}: {count.first.reason}")
    lines += [_success(finding)] if finding.passed else [f"FAILED: {problem}" for problem in finding.problems]
    return "\n".join(lines)


def as_markdown(finding: "Finding") -> str:
    """Return a text for a pull request: outcome, figures and, when it failed, the reasons."""
    about = finding.about
    state = "PASSED" if finding.passed else "FAILED"
    lines = [f"### Load test {state}: {about.shape}", "", f"`{about.model}`. {_volume(finding)}", ""]
    lines += [f"- **{problem}**" for problem in finding.problems]
    lines += [""] if finding.problems else [_success(finding), ""]
    lines += _markdown_table(("", *_COLUMNS), _rows(finding))
    if finding.hours:
        lines += ["", f"Requests by hour, 0 to 24: `{curve(finding.hours)}`"]
    if finding.breakpoint is not None:
        lines += ["", *_markdown_table(_STEP_COLUMNS, _step_rows(finding.breakpoint))]
    return "\n".join(lines) + "\n"


def as_dict(finding: "Finding") -> dict[str, Any]:
    """Return plain dicts, lists, strings and numbers."""
    found = finding.breakpoint
    return {
        "summary_version": 1,
        "passed": finding.passed,
        "about": asdict(finding.about),
        "limits": asdict(finding.limits),
        "requests_per_s": finding.verdict.requests_per_s,
        **asdict(finding.verdict),
        "problems": list(finding.problems),
        "peaks": [asdict(part) for part in finding.peaks],
        "hours": [asdict(part) for part in finding.hours],
        "breakpoint": None
        if found is None
        else {
            "found": found.found,
            "held_per_s": None if found.held is None else found.held.rate_per_s,
            "broken_per_s": None if found.broken is None else found.broken.rate_per_s,
            "steps": [asdict(step) for step in found.steps],
        },
    }


def _rows(finding: "Finding") -> "Iterator[tuple[str, ...]]":
    verdict = finding.verdict
    groups: list[tuple[str, Latency | None]] = [
        ("all", verdict.every),
        ("warm", verdict.warm),
        ("cold", verdict.cold),
    ]
    # By the function's own account: what the rest is, network, gateway and queue add.
    own = [("in the function", verdict.function), ("initialisation", verdict.init)]
    groups += [(name, latency) for name, latency in own if latency is not None]
    groups += [(part.name, part.latency) for part in finding.peaks]
    for name, latency in groups:
        yield (name, *_cells(latency))


def _cells(latency: "Latency | None") -> tuple[str, ...]:
    if latency is None:
        return ("0", "-", "-", "-", "-")
    times = (latency.p50_s, latency.p95_s, latency.p99_s, latency.max_s)
    return (f"{latency.requests:,}", *(f"{time_s * 1e3:.1f}" for time_s in times))


def _step_rows(found: "Breakpoint") -> "Iterator[tuple[str, ...]]":
    for step in found.steps:
        requests, p50, _, p99, longest = _cells(step.verdict.every)
        yield (f"{step.rate_per_s:.1f}", requests, str(step.verdict.most_at_once), p50, p99, longest)


def _volume(finding: "Finding") -> str:
    verdict, planned = finding.verdict, finding.limits.planned
    of_planned = "" if planned is None else f" of {planned:,} planned"
    return (
        f"{verdict.requests:,}{of_planned} requests with {verdict.rows:,} rows in {verdict.duration_s:.1f} s: "
        f"{verdict.requests_per_s:.1f} requests/s, at most {verdict.most_at_once:,} at once, {_cold(verdict)} cold"
    )


def _cold(verdict: "Verdict") -> str:
    cold = 0 if verdict.cold is None else verdict.cold.requests
    share = cold / verdict.requests if verdict.requests else 0.0
    return f"{share:.2%}"


def _success(finding: "Finding") -> str:
    found, every = finding.breakpoint, finding.verdict.every
    if found is not None and found.held is not None and found.broken is not None:
        held, broken = found.held, found.broken
        return (
            f"FOUND: it holds {held.rate_per_s:.1f} requests/s ({held.verdict.most_at_once} at once) and breaks at "
            f"{broken.rate_per_s:.1f} ({broken.verdict.most_at_once} at once): "
            + "; ".join(broken.verdict.problems)
        )
    slowest = 0.0 if every is None else every.max_s
    return f"PASSED: every answer is right, the slowest took {slowest:.3f} s of {finding.limits.sla_s:g} s"


def _markdown_table(names: tuple[str, ...], rows: "Iterator[tuple[str, ...]]") -> "Iterator[str]":
    yield "| " + " | ".join(names) + " |"
    yield "|" + "|".join("---" if not place and not names[0] else "---:" for place in range(len(names))) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
