"""Both sides' answers to the same rows laid side by side: where they differ, how far, and in which rows.

:mod:`model_conversion.parity` judges; this module counts and picks what the report shows of the judged rows.
People's answers stay out of it: a row is shown by its number, with values only if it was made up entirely.
"""

__all__ = ["BOUNDARY", "SYNTHETIC", "Block", "Comparison", "Difference", "ErrorHistogram", "Reference"]

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from function.contract import Row
from function.predictor import Prediction

SYNTHETIC = frozenset({"golden", "range", "category"})
"""Sources whose rows are made of ranges and categories alone. Probes of any other source start from a row of the
data and change one answer of it: the rest is a person's, and is not shown."""

BOUNDARY = "boundary"
"""Source of the probes that are searched for on a decision boundary, to the last digit: a tie there says nothing."""

SMALLEST, LARGEST = 1e-20, 1e20
"""Errors beyond are counted in a histogram's outer bins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What scikit-learn answers.

    Attributes:
        labels: One class or cluster a row as Python int or str; None for regression.
        scores: ``(rows, scores)`` float64: probabilities, values, decision values or distances. A decision between
            two classes has two, the first the negative of the second.
    """

    labels: list[int | str | None]
    scores: NDArray[np.float64]

    def __add__(self, other: "Reference") -> "Reference":
        """Return the answers to these rows followed by the other's."""
        return Reference(
            labels=self.labels + other.labels, scores=np.concatenate([self.scores, other.scores])
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """The answers to the rows of one source.

    Attributes:
        source: ``data``, ``golden`` or a kind of probe; blocks of the same source are counted as one.
        wanted: What scikit-learn answered.
        seen: What the served model answered.
        rows: The questions, to show them where that is allowed; may be left out.
        ties: Indices of rows that got another class and were judged to lie on the boundary between the two.
    """

    source: str
    wanted: Reference
    seen: Sequence[Prediction]
    rows: Sequence[Row] = ()
    ties: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that was answered differently.

    Attributes:
        source: Where it comes from.
        row: Its number within the source, from 1.
        output: Column of the scores with the largest difference.
        wanted: scikit-learn's score in this column.
        seen: The served model's.
        wanted_label: scikit-learn's class; None for a regression.
        seen_label: The served model's.
        wanted_score: scikit-learn's score of its class.
        seen_score: The served model's score of its class.
        tie: Whether the classes differ in a row that lies on the boundary between them.
        values: The row itself; None unless it was made up entirely.
    """

    source: str
    row: int
    output: int
    wanted: float
    seen: float
    wanted_label: int | str | None
    seen_label: int | str | None
    wanted_score: float
    seen_score: float
    tie: bool
    values: Row | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorHistogram:
    """How many rows differ by how much.

    Attributes:
        exact: Rows with no difference at all.
        edges: Ascending differences; empty if every row is exact.
        counts: Rows between an edge and the next; one fewer than edges.
        not_a_number: Rows with a number on one side only.
    """

    exact: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    not_a_number: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """All rows of all sources, in the order of the blocks.

    Attributes:
        sources: Name of each source, in the order of appearance.
        source: ``(rows,)`` index into ``sources``.
        number: ``(rows,)`` number of the row within its source, from 1.
        wanted: ``(rows, outputs)`` float64, scikit-learn's scores.
        seen: ``(rows, outputs)`` float64, the served model's.
        labels: The classes that each side answered.
        errors: ``(rows,)`` largest absolute difference of a row's scores; NaN if one side alone is not a number. A
            probe's answer beyond every answer to the data, as an exponential gives far outside, has the difference
            that it would have at the size of the data's largest: no digit of a double is there to be compared.
        flips: ``(rows,)`` whether another class was answered, ties not counted.
        ties: ``(rows,)`` whether another class was answered on the boundary.
        shown: Row index → what may be shown of it.
    """

    sources: tuple[str, ...]
    source: NDArray[np.int64]
    number: NDArray[np.int64]
    wanted: NDArray[np.float64]
    seen: NDArray[np.float64]
    labels: tuple[list[int | str | None], list[int | str | None]]
    errors: NDArray[np.float64]
    flips: NDArray[np.bool_]
    ties: NDArray[np.bool_]
    shown: dict[int, Row]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Self:
        """Lay blocks side by side; all have the same outputs, and an empty one is left out."""
        used = [block for block in blocks if len(block.seen)]
        sources = tuple(dict.fromkeys(block.source for block in used))
        sizes = [len(block.seen) for block in used]
        starts = np.cumsum([0, *sizes]).tolist()
        width = used[0].wanted.scores.shape[1] if used else 1
        source = np.repeat([sources.index(block.source) for block in used], sizes).astype(np.int64)
        number = np.zeros(len(source), dtype=np.int64)
        for at in range(len(sources)):
            here = source == at
            number[here] = np.arange(1, here.sum() + 1)
        wanted = np.concatenate([np.empty((0, width)), *(block.wanted.scores for block in used)])
        scores = [answer.scores for block in used for answer in block.seen]
        seen = np.array(scores, dtype=np.float64).reshape(wanted.shape)
        asked = [label for block in used for label in block.wanted.labels]
        answered = [answer.label for block in used for answer in block.seen]
        other = np.array([a != b for a, b in zip(asked, answered, strict=True)], dtype=np.bool_)
        tied = np.zeros(len(other), dtype=np.bool_)
        for start, block in zip(starts, used, strict=False):
            tied[[start + at for at in block.ties]] = True
        return cls(
            sources=sources,
            source=source,
            number=number,
            wanted=wanted,
            seen=seen,
            labels=(asked, answered),
            errors=(_differences(wanted, seen) / _beyond(used, wanted, source, sources)).max(
                axis=1, initial=0.0
            ),
            flips=other & ~tied,
            ties=other & tied,
            shown={
                start + at: row
                for start, block in zip(starts, used, strict=False)
                if block.source in SYNTHETIC
                for at, row in enumerate(block.rows)
            },
        )

    @property
    def max_abs_error(self) -> float:
        """Largest difference of a score; NaN if there is a NaN, 0 without rows."""
        return float(self.errors.max(initial=0.0))

    @property
    def mean_abs_error(self) -> float:
        """Mean over the rows of each one's largest difference."""
        return float(self.errors.mean()) if len(self.errors) else 0.0

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each source."""
        return {name: int((self.source == at).sum()) for at, name in enumerate(self.sources)}

    def worst(self, most: int, columns: Mapping[int | str | None, int]) -> tuple[Difference, ...]:
        """Return the rows with the largest differences, largest first.

        Args:
            most: How many.
            columns: Class → column of its score; a class without one is shown with the first score.
        """
        size = np.where(np.isnan(self.errors), np.inf, self.errors)
        order = np.argsort(-size, kind="stable")[:most].tolist()
        return tuple(self._difference(at, columns) for at in order if size[at] > 0)

    def flipped(self, most: int, columns: Mapping[int | str | None, int]) -> tuple[Difference, ...]:
        """Return the first rows that got another class, ties last; arguments as for :meth:`worst`."""
        found = [*np.flatnonzero(self.flips).tolist(), *np.flatnonzero(self.ties).tolist()]
        return tuple(self._difference(at, columns) for at in found[:most])

    def _difference(self, at: int, columns: Mapping[int | str | None, int]) -> Difference:
        wanted, seen = self.wanted[at], self.seen[at]
        asked, answered = self.labels[0][at], self.labels[1][at]
        gaps = _differences(wanted, seen)
        output = int(np.argmax(np.where(np.isnan(gaps), np.inf, gaps)))
        return Difference(
            source=self.sources[self.source[at]],
            row=int(self.number[at]),
            output=output,
            wanted=float(wanted[output]),
            seen=float(seen[output]),
            wanted_label=asked,
            seen_label=answered,
            wanted_score=float(wanted[columns.get(asked, 0)]),
            seen_score=float(seen[columns.get(answered, 0)]),
            tie=bool(self.ties[at]),
            values=self.shown.get(at),
        )

    def histogram(self) -> ErrorHistogram:
        """Count the differences in bins of half a power of ten, or of a whole one where there would be too many."""
        numbers = self.errors[~np.isnan(self.errors)]
        powers = np.log10(np.clip(numbers[numbers > 0], SMALLEST, LARGEST))
        exact, strange = int((numbers == 0).sum()), int(np.isnan(self.errors).sum())
        if not len(powers):
            return ErrorHistogram(exact=exact, edges=(), counts=(), not_a_number=strange)
        low, high = int(np.floor(powers.min())), int(np.floor(powers.max())) + 1
        edges = np.linspace(low, high, (high - low) * (2 if high - low <= 15 else 1) + 1)
        counts, _ = np.histogram(powers, bins=edges)
        return ErrorHistogram(
            exact=exact,
            edges=tuple(float(10**power) for power in edges),
            counts=tuple(counts.tolist()),
            not_a_number=strange,
        )


def _beyond(
    blocks: Sequence[Block], wanted: NDArray[np.float64], source: NDArray[np.int64], sources: Sequence[str]
) -> NDArray[np.float64]:
    """Return how many times larger a probe's score is than the largest of the data, ``(rows, outputs)``; at least 1.

    The self-test compares its rows absolutely, so here too.
    """
    data = [np.abs(block.wanted.scores) for block in blocks if block.source == "data"]
    known = [block[np.isfinite(block)] for block in data]
    largest = max([1.0, *(float(numbers.max(initial=0.0)) for numbers in known)])
    probes = np.array([name not in {"data", "golden", "batch"} for name in sources], dtype=np.bool_)
    size = np.maximum(1.0, np.where(np.isnan(wanted), 0.0, np.abs(wanted)) / largest)
    return np.where(probes[source][:, None], size, 1.0)


def _differences(wanted: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return absolute differences; two NaNs, or two equal infinities, in the same place do not differ."""
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.abs(wanted - seen)
    gaps[(wanted == seen) | (np.isnan(wanted) & np.isnan(seen))] = 0.0
    return gaps
