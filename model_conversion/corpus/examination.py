"""One case of the corpus: fitted, saved, converted as ``convert`` does it, and asked afresh about other rows."""

__all__ = ["DIFFERS", "EXACT", "REFUSED", "TIMEOUT_S", "WITHIN", "Outcome", "examine", "outcome_of"]

import re
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from function.contract import load_contract, read_model
from function.errors import NightjarError
from model_conversion.alternatives import alternative_to
from model_conversion.comparison import Comparison
from model_conversion.convert import convert_model
from model_conversion.corpus.cases import Case
from model_conversion.corpus.datasets import sample
from model_conversion.errors import ConversionError
from model_conversion.inference import schema_toml
from model_conversion.material import Request, gather
from model_conversion.parity import judge
from model_conversion.proof import prove
from model_conversion.report import Attempt, Report
from model_conversion.sandbox import run_limited

EXACT, WITHIN, REFUSED, DIFFERS = "exact", "within tolerance", "refused", "DIFFERS"
"""Verdicts; the last is a defect: the proof passed and rows that it had not seen are answered otherwise."""

EXACT_ERROR = 1e-12
"""Largest difference of an exact answer; of a value relative to the largest one."""

TIMEOUT_S, MEMORY_MB = 90.0, 3_000
"""Limits of one case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a case.

    Attributes:
        verdict: One of :data:`EXACT`, :data:`WITHIN`, :data:`REFUSED`, :data:`DIFFERS`.
        strategy: The one that passed; empty if refused.
        max_error: Largest difference, on rows that the proof had not seen too; relative to the largest value where
            it is no probability.
        size_bytes: Of ``model.onnx``.
        load_ms: Its load time, a median.
        row_us: One row through the served code.
        sklearn_row_us: The same through scikit-learn.
        reason: Why it is refused or what differs.
        alternative: What to do instead.
    """

    verdict: str
    strategy: str = ""
    max_error: float = 0.0
    size_bytes: int = 0
    load_ms: float = 0.0
    row_us: float = 0.0
    sklearn_row_us: float = 0.0
    reason: str = ""
    alternative: str = ""


def outcome_of(case: Case, *, timeout_s: float = TIMEOUT_S, memory_mb: int = MEMORY_MB) -> Outcome:
    """Examine a case in a process of its own, as the command ``convert`` works.

    Raises:
        RuntimeError: The case itself is wrong: it cannot be fitted.
    """
    try:
        found: Outcome = run_limited(examine, (case,), timeout_s=timeout_s, memory_mb=memory_mb)
    except (ConversionError, NightjarError) as error:
        return Outcome(verdict=REFUSED, reason=_short(str(error)), alternative=alternative_to(case.estimator))
    if found.verdict == REFUSED and not found.strategy and found.reason.startswith(UNFITTED):
        raise RuntimeError(f"{case.name}: {found.reason}")
    return found


UNFITTED = "cannot be fitted: "


def examine(case: Case, report: Callable[[str], None], precision: str = "auto") -> Outcome:
    """Fit, save, convert, and verify the artefact on rows that the proof did not see.

    Args:
        case: What to fit.
        report: Told each step.
        precision: As the command takes it.

    Raises:
        ConversionError: The conversion refuses.
    """
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits on small data
        report("fitting")
        try:
            request, fresh, scale = _prepare(case, Path(scratch), precision)
        except Exception as error:  # whatever a fit raises is the corpus's own mistake, not a refusal
            return Outcome(verdict=REFUSED, reason=f"{UNFITTED}{type(error).__name__}: {_short(str(error))}")
        proved = convert_model(request, report)
        again, attempt = _asked_afresh(fresh, report)
    if attempt.flips or not attempt.max_abs_error <= attempt.tolerance:  # NaN fails closed
        return Outcome(verdict=DIFFERS, strategy=proved.attempts[-1].strategy, reason=attempt.finding)
    return _converted(proved, again, scale)


def _asked_afresh(request: Request, report: Callable[[str], None]) -> tuple[Comparison, Attempt]:
    """Ask the written artefact about other data and the probes made from them; see ``verify_artefact``.

    ``verify`` also limits how many rows may lie on the boundary between two classes; the proof has judged that, and
    these few rows would turn one of them into a refusal.
    """
    contract = load_contract(request.out)
    graph = read_model(request.out, contract)
    material = gather(request, report)
    comparison = Comparison.of(prove(graph, contract, material.questions))
    return comparison, judge(contract.model.precision, comparison, material.tolerance)


def _prepare(case: Case, scratch: Path, precision: str) -> tuple[Request, Request, float]:
    """Write estimator, schema and both halves of the data; return the requests and the size of the largest value."""
    import joblib
    import pandas as pd

    held = sample(case.data)
    whole, proof, fresh = (scratch / f"{part}.csv" for part in ("whole", "proof", "fresh"))
    held.frame.to_csv(whole, index=False)
    held.frame.iloc[::2].to_csv(proof, index=False)
    held.frame.iloc[1::2].to_csv(fresh, index=False)
    frame = pd.read_csv(whole)
    estimator = case.make()
    estimator.fit(frame.iloc[::2], held.target[::2])
    joblib.dump(estimator, scratch / "model.joblib")
    schema = scratch / "schema.toml"
    schema.write_text(schema_toml(whole, columns=list(frame)), encoding="utf-8")
    scale = 1.0
    if not hasattr(estimator, "predict_proba"):
        ask: Any = getattr(estimator, "transform", None) if case.kind == "clusterers" else None
        ask = ask or getattr(estimator, "decision_function", None)
        ask = ask or (None if is_classifier(estimator) else getattr(estimator, "predict", None))
        scale = max(1.0, float(np.abs(np.asarray(ask(frame), dtype=np.float64)).max())) if ask else 1.0

    def request(data: Path) -> Request:
        return Request(
            model=scratch / "model.joblib",
            data=data,
            schema=schema,
            out=scratch / "artefact",
            trust_pickle=True,  # written above
            precision=precision,
        )

    return request(proof), request(fresh), scale


def _converted(proved: Report, again: Comparison, scale: float) -> Outcome:
    error = max(proved.comparison.max_abs_error, again.max_abs_error) / scale
    timings = proved.timings
    return Outcome(
        verdict=EXACT if error <= EXACT_ERROR else WITHIN,
        strategy=proved.attempts[-1].strategy,
        max_error=error,
        size_bytes=proved.contract.model.size_bytes,
        load_ms=timings.load_ms if timings else 0.0,
        row_us=timings.row_us if timings else 0.0,
        sklearn_row_us=timings.sklearn_row_us if timings else 0.0,
    )


def _short(text: str) -> str:
    """Return a message on one line, without what every refusal says and without folders."""
    text = " ".join(text.split()).replace("nothing was written. ", "").replace("; nothing was written", "")
    return re.sub(r"/\S+/", "", text)[:400]
