"""The proof in one sentence, for a reader who reads nothing else."""

__all__ = ["Facts", "amount", "count", "listed", "verdict"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, isnan


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the sentence is made of.

    Attributes:
        counts: Source → rows compared.
        flips: Rows that got another class, ties not counted.
        ties: Rows that lie on the boundary between two classes and got the other one.
        ties_allowed: How many of them still pass.
        max_abs_error: Largest difference of a score; NaN if one side alone was not a number.
        tolerance: Largest difference that passes.
        quantity: What a score is: ``probability``, ``value`` or ``score``.
        passed: Whether the proof passed.
    """

    counts: Mapping[str, int]
    flips: int
    ties: int
    ties_allowed: int
    max_abs_error: float
    tolerance: float
    quantity: str
    passed: bool


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, ``1 row`` or ``13,583 rows``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def amount(number: float) -> str:
    """Return a difference with as many digits as are worth reading: ``1.0e-07``, ``0.31``, ``1,250``."""
    if not isfinite(number):
        return "not a number" if isnan(number) else "infinite"
    if number == 0 or not 1e-3 <= abs(number) < 1e6:
        return f"{number:.1e}" if number else "0"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def listed(items: Sequence[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def verdict(facts: Facts) -> str:
    """Say whether the converted model answers as scikit-learn does, and how sure that is."""
    rows = sum(facts.counts.values())
    if not rows:
        return "Nothing was compared, so nothing is proved."
    if facts.passed:
        return (
            f"The converted model gave the same answer as scikit-learn on all {_compared(facts.counts)}"
            f"{_except_ties(facts)}; {_closeness(facts)}."
        )
    return f"The converted model does not answer as scikit-learn does: {listed(_faults(facts, rows))}."


def _compared(counts: Mapping[str, int]) -> str:
    nouns = {"data": ("row of data", "rows of data"), "golden": ("self-test row", "self-test rows")}
    parts = [count(counts[source], *nouns[source]) for source in nouns if counts.get(source)]
    probes = sum(number for source, number in counts.items() if source not in nouns)
    return listed(parts + ([count(probes, "probe") + " made to break it"] if probes else []))


def _except_ties(facts: Facts) -> str:
    if not facts.ties:
        return ""
    return (
        f", except for {count(facts.ties, 'tie')} where two classes are equally right "
        f"({facts.ties_allowed:,} allowed)"
    )


def _closeness(facts: Facts) -> str:
    if not facts.max_abs_error:
        return f"every {facts.quantity} is exactly equal"
    ratio = facts.tolerance / facts.max_abs_error
    compared = f"{_times(ratio)} smaller than allowed" if ratio >= 1.1 else "just within what is allowed"
    return f"{_largest(facts)}, {compared} ({amount(facts.tolerance)})"


def _largest(facts: Facts) -> str:
    return f"the largest difference of a {facts.quantity} is {amount(facts.max_abs_error)}"


def _times(ratio: float) -> str:
    """Round down, so that no claim is larger than the truth."""
    if ratio >= 1e6:
        return "more than a million times"
    return f"{floor(ratio):,} times" if ratio >= 10 else f"{floor(ratio * 10) / 10:g} times"


def _faults(facts: Facts, rows: int) -> list[str]:
    faults = []
    if facts.flips:
        faults.append(f"{facts.flips:,} of {count(rows, 'row')} got another class")
    if facts.ties > facts.ties_allowed:
        faults.append(
            f"{count(facts.ties, 'row lies', 'rows lie')} on the boundary between two classes and got the other "
            f"one, where {facts.ties_allowed:,} are allowed"
        )
    if isnan(facts.max_abs_error):
        faults.append(f"a {facts.quantity} is a number on one side only")
    elif facts.max_abs_error > facts.tolerance:
        ratio = facts.max_abs_error / facts.tolerance if facts.tolerance else float("inf")
        compared = "just beyond" if ratio < 1.1 else _times(ratio)
        ending = f"{compared} what is allowed ({amount(facts.tolerance)})"
        faults.append(f"{_largest(facts)}, {ending}")
    return faults or ["the proof was not completed"]
