"""The whole story of a conversion, as data: what went in, what was tried, what was proved, what came out.

``report.json`` and ``report.html`` are two views of one :class:`Report`; neither knows more than the other. The JSON
is written here, the page by :mod:`model_conversion.page`.
"""

__all__ = ["Attempt", "InputFile", "Report"]

import hashlib
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Self

from function.contract import Contract, Row
from model_conversion.comparison import Comparison, Difference
from model_conversion.graphs import Graphs
from model_conversion.measure import Timings
from model_conversion.verdict import Facts, amount, count, listed, verdict

WORST = 10
"""Rows with the largest differences that are shown."""

FLIPPED = 50
"""Rows with another class that are shown; who has more needs no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file that the conversion read.

    Attributes:
        role: What it is: ``model``, ``data``, ``schema`` or ``evidence``.
        name: Without its folder, which is nobody else's business.
        sha256: Lower-case hex.
        size_bytes: Its size.
    """

    role: str
    name: str
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, role: str, path: Path) -> Self:
        """Describe a file.

        Raises:
            OSError: It cannot be read.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(role=role, name=path.name, sha256=digest, size_bytes=file.tell())


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One strategy that was tried, as the proof judged it.

    Attributes:
        strategy: Its name.
        passed: Whether the proof passed.
        rows: Rows compared; 0 if it came to no comparison.
        flips: Rows that got another class, ties not counted.
        ties: Rows on the boundary between two classes that got the other one.
        max_abs_error: Largest difference of a score; NaN if one side alone was not a number.
        tolerance: Largest difference that passes.
        error: Why it came to no comparison; empty otherwise.
    """

    strategy: str
    passed: bool
    rows: int = 0
    flips: int = 0
    ties: int = 0
    max_abs_error: float = 0.0
    tolerance: float = 0.0
    error: str = ""

    @property
    def finding(self) -> str:
        """What it got wrong, in words; what it got right if it passed."""
        if self.error:
            return self.error
        if not self.rows:
            return "nothing was compared"
        flips = f"{count(self.flips, 'row')} got another class" if self.flips else ""
        ties = f"{count(self.ties, 'row')} on a boundary got the other class" if self.ties else ""
        largest = f"the largest difference is {amount(self.max_abs_error)}"
        return listed([part for part in (flips, ties, largest) if part])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """A conversion or a verification from beginning to end.

    Attributes:
        contract: Of the model that is reported on: its identity, features, outputs, advice and versions.
        inputs: Files read.
        attempts: Strategies in the order tried; the last is the one whose rows are compared.
        comparison: All rows of that one.
        tolerance: Largest difference of a score that passes.
        ties_allowed: Rows on a boundary that may get the other class.
        splits: Splits of the model's trees; 0 if it has none.
        probed_splits: Splits that threshold probes lie on both sides of.
        graphs: The library's own graph and the one reported on; None if they were not counted.
        timings: None if nothing was measured.
        seconds: How long all of it took.
    """

    contract: Contract
    inputs: tuple[InputFile, ...]
    attempts: tuple[Attempt, ...]
    comparison: Comparison
    tolerance: float
    ties_allowed: int = 0
    splits: int = 0
    probed_splits: int = 0
    graphs: Graphs | None = None
    timings: Timings | None = None
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the proof passed; rows that contradict it count for more than its word."""
        found = self.comparison
        return (
            bool(self.attempts)
            and self.attempts[-1].passed
            and len(found.errors) > 0
            and not found.flips.any()
            and int(found.ties.sum()) <= self.ties_allowed
            and found.max_abs_error <= self.tolerance  # false for NaN
        )

    @property
    def quantity(self) -> str:
        """What a score of this model is called."""
        task = self.contract.model.task
        names = {"classification": "probability", "regression": "value", "clustering": "distance"}
        return names.get(task, "score")

    @property
    def worst(self) -> tuple[Difference, ...]:
        """The rows with the largest differences."""
        return self.comparison.worst(WORST, self._columns())

    @property
    def flipped(self) -> tuple[Difference, ...]:
        """The rows with another class."""
        return self.comparison.flipped(FLIPPED, self._columns())

    def _columns(self) -> dict[int | str | None, int]:
        """Return class → column of its score; nothing where scores do not belong to classes."""
        outputs = self.contract.outputs
        if len(outputs.classes) != len(outputs.score_names):
            return {}
        return {target.value: at for at, target in enumerate(outputs.classes)}

    @property
    def verdict(self) -> str:
        """The proof in one sentence."""
        found = self.comparison
        return verdict(
            Facts(
                counts=found.counts(),
                flips=int(found.flips.sum()),
                ties=int(found.ties.sum()),
                ties_allowed=self.ties_allowed,
                max_abs_error=found.max_abs_error,
                tolerance=self.tolerance,
                quantity=self.quantity,
                passed=self.passed,
            )
        )

    def values(self, difference: Difference) -> Row | None:
        """Return what may be shown of a row; a text is measured only, since the data lends the example of one."""
        if difference.values is None:
            return None
        texts = {feature.name for feature in self.contract.features if feature.kind == "text"}
        return {
            name: count(len(value), "character") if name in texts and isinstance(value, str) else value
            for name, value in difference.values.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``report.json``: plain values, the same for the same conversion but for ``timings``.

        Numbers that JSON lacks, NaN and infinity, become None.
        """
        found, plain = self.comparison, self.contract.to_dict()
        document = {
            "verdict": self.verdict,
            "passed": self.passed,
            "version": self.contract.model.version,
            "model": plain["model"],
            "inputs": [asdict(file) for file in self.inputs],
            "strategies": [asdict(attempt) for attempt in self.attempts],
            "proof": {
                "rows": len(found.errors),
                "counts": found.counts(),
                "splits": self.splits,
                "probed_splits": self.probed_splits,
                "label_flips": int(found.flips.sum()),
                "ties": int(found.ties.sum()),
                "ties_allowed": self.ties_allowed,
                "max_abs_error": found.max_abs_error,
                "mean_abs_error": found.mean_abs_error,
                "tolerance": self.tolerance,
                "errors": asdict(found.histogram()),
                "worst": [self._plain(row) for row in self.worst],
                "flipped": [self._plain(row) for row in self.flipped],
            },
            "graphs": asdict(self.graphs) if self.graphs else None,
            "features": plain["features"],
            "outputs": plain["outputs"],
            "actionable": plain["actionable"],
            "timings": {"seconds": round(self.seconds, 3), **(asdict(self.timings) if self.timings else {})},
        }
        cleaned: dict[str, Any] = _finite(document)
        return cleaned

    def _plain(self, difference: Difference) -> dict[str, Any]:
        return {**asdict(difference), "values": self.values(difference)}


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_finite(item) for item in value]
    return value
