"""Evidence for advice: each what-if of a schema measured on the data, for any model that can be fitted again.

Advice is offered only where the data support it. Whether they do cannot be read off a fitted model: the same
procedure on other people might have found another effect. So it is repeated on resamples, and ``evidence.toml``
holds each effect with its interval, those that support nothing too.
"""

__all__ = ["Measurement", "measure_what_ifs", "write_evidence"]

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

import tomli_w

from function.contract import Value
from model_conversion.artefact import write_file
from model_conversion.dataset import Dataset, load_dataset, number_of
from model_conversion.effects import Change, bootstrap_effects, mean_effects
from model_conversion.errors import InputError, first_line
from model_conversion.estimators import load_estimator
from model_conversion.evidence import Effect
from model_conversion.inputs import as_fitted
from model_conversion.material import Progress, Request, check_columns
from model_conversion.refitting import fitting_data, refuse_unfittable, score_of
from model_conversion.schema import Candidate, FeatureSchema, load_schema

HEADER = "# Written by `python -m model_conversion evidence` from model, data and schema; do not edit."

WITHOUT = """\
it lists no [[features.what_ifs]], the changed answers to measure; add some under their features, such as
    [[features.what_ifs]]
    low = 0
    high = 2
    to = 5
    text = "What to say when the evidence supports it."
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What was measured, and how.

    Attributes:
        score: What the effects are changes of, in words.
        better: The direction that advice is given in; None: none is.
        effects: One a what-if, in the schema's order.
        rows: How many rows each applies to.
        resamples: How often the model was fitted again.
        seed: Of the resamples.
        confidence: Share of the repeated effects within an interval.
        data_sha256: Of the data file, lower-case hex.
    """

    score: str
    better: str | None
    effects: tuple[Effect, ...]
    rows: tuple[int, ...]
    resamples: int
    seed: int
    confidence: float
    data_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return ``evidence.toml`` as plain values."""
        return {
            "seed": self.seed,
            "resamples": self.resamples,
            "confidence": self.confidence,
            "data_sha256": self.data_sha256,
            "what_ifs": [
                {
                    "feature": effect.feature,
                    **(
                        {"values": list(effect.values)}
                        if effect.values
                        else {"low": effect.low, "high": effect.high}
                    ),
                    "to": effect.to,
                    "effect": round(effect.effect, 6),
                    "interval": [round(bound, 6) for bound in effect.interval],
                    "rows": rows,
                    "supported": effect.helps(self.better),
                }
                for effect, rows in zip(self.effects, self.rows, strict=True)
            ],
        }

    def to_toml(self) -> str:
        """Return the content of ``evidence.toml``."""
        return f"{HEADER}\n\n{tomli_w.dumps(self.to_dict())}"

    def table(self) -> str:
        """Return a table for people: one line a what-if."""
        lines = [f"change of {self.score}, {self.resamples} refits, {self.confidence:.0%} intervals"]
        for item in self.to_dict()["what_ifs"]:
            start = " or ".join(map(str, item.get("values", ()))) or f"{item['low']:g} to {item['high']:g}"
            low, high = item["interval"]
            lines.append(
                f"{'yes' if item['supported'] else ' no'}  {item['feature']}: {start} → {item['to']}, "
                f"{item['effect']:+.3g} [{low:+.3g}, {high:+.3g}], {item['rows']:,} rows"
            )
        if self.better is None:
            lines.append(
                'nothing becomes advice: [target] of the schema says neither better = "higher" nor "lower"'
            )
        return "\n".join(lines)


def measure_what_ifs(
    request: Request, progress: Progress, *, resamples: int, seed: int, confidence: float
) -> Measurement:
    """Measure every what-if of a schema.

    Args:
        request: Model, data and schema; the data are those that the model was fitted on.
        progress: Told each step.
        resamples: How often to fit the model again.
        seed: Makes the resamples repeatable.
        confidence: Share of the repeated effects within an interval.

    Raises:
        InputError: A file or a value in it is wrong, or there is nothing to measure.
        UnsupportedError: The model cannot be fitted again, or has no score that goes up or down.
    """
    if request.schema is None:
        raise InputError(
            "what-ifs stand in a schema, and none was given; write a first one with python -m model_conversion "
            "schema, add what-ifs to it and name it with --schema"
        )
    schema = load_schema(request.schema)
    if not any(feature.what_ifs for feature in schema.features):
        raise InputError(f"{request.schema}: {WITHOUT}")
    if schema.target.column is None:
        raise InputError(
            f"{request.schema}: [target] has no column, which holds the true answers to fit again"
        )
    progress("loading the estimator")
    estimator = load_estimator(request.model, trusted=request.trusted, trust_pickle=request.trust_pickle)
    refuse_unfittable(estimator, request.model)
    progress("reading the data")
    check_columns(estimator, schema)
    dataset = load_dataset(request.data, schema)
    asked = [
        (feature, candidate, _change(feature, candidate, dataset, request.schema))
        for feature in schema.features
        for candidate in feature.what_ifs
    ]
    rows, target = fitting_data(estimator, dataset, schema, request.data)
    score, in_words = score_of(estimator, schema)
    changes = [change for _, _, change in asked]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same one a refit; the model's author has seen it
            found = bootstrap_effects(
                estimator,
                rows,
                target,
                changes,
                score=score,
                form=lambda frame: as_fitted(estimator, frame),
                resamples=resamples,
                seed=seed,
                confidence=confidence,
                progress=_with_time_left(progress),
            )
            served = mean_effects(estimator, rows, changes, score=score)
    except ValueError as error:
        raise InputError(first_line(error)) from error
    return Measurement(
        score=in_words,
        better=schema.target.better,
        effects=tuple(
            Effect(
                feature=feature.name,
                values=candidate.values,
                low=candidate.low,
                high=candidate.high,
                to=candidate.to,
                effect=float(effect),
                interval=finding.interval,
            )
            for (feature, candidate, _), finding, effect in zip(asked, found, served, strict=True)
        ),
        rows=tuple(finding.rows for finding in found),
        resamples=resamples,
        seed=seed,
        confidence=confidence,
        data_sha256=sha256(request.data.read_bytes()).hexdigest(),
    )


def _change(feature: FeatureSchema, candidate: Candidate, dataset: Dataset, path: Path) -> Change:
    """Return a what-if in the frame's words: numbers and truth values as floats, strings as they are."""

    def cell(value: Value) -> float | str:
        known: set[Value] = set(feature.categories) or set(dataset.column(feature.name))
        if feature.textual:
            if value not in known:
                raise InputError(
                    f"{path}: a what-if on {feature.name!r} has {value!r}, wanted one of "
                    f"{sorted(map(str, known - {None}))}"
                )
            return str(value)
        try:
            return float(value) if isinstance(value, bool) else number_of(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise InputError(
                f"{path}: a what-if on {feature.name!r} has {value!r}, wanted a number"
            ) from None

    return Change(
        feature=feature.name,
        to=cell(candidate.to),
        values=tuple(map(cell, candidate.values)),
        low=candidate.low,
        high=candidate.high,
    )


def _with_time_left(progress: Progress) -> Callable[[int, int], None]:
    started = perf_counter()

    def report(done: int, wanted: int) -> None:
        left = (perf_counter() - started) / done * (wanted - done)
        progress(f"fitting again, {done} of {wanted}, {left:.0f} s left")

    return report


def write_evidence(path: Path, measured: Measurement) -> None:
    """Write ``evidence.toml`` whole or not at all, over an earlier one but over nothing else.

    Raises:
        InputError: Another file is there, or it cannot be written.
    """
    try:
        if path.exists() and not path.read_text(encoding="utf-8").startswith("# Written by `python -m model"):
            raise InputError(f"{path} exists and was not written by this command; give another --out")
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot write {path}: {error}; give another --out") from error
    write_file(path, measured.to_toml())
