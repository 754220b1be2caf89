"""Train the sleep model, judge it on people it has not seen, and test which changed answers matter.

Writes beside this file: ``sleep.skops`` (the pipeline), ``metrics.json`` (the figures of the model card),
``evidence.toml`` (what conversion puts into the contract's ``actionable``) and, on demand,
``comparison.json``. On one machine the same data and library versions give the same bytes.
"""

__all__ = ["comparison_document", "evidence_document", "main", "metrics_document", "read_candidates"]

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tomli_w
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)

from model.archive import dump_estimator, write_whole
from model.estimator import build_pipeline
from model.evaluation import Evaluation, evaluate
from model.evidence import Candidate, Evidence, bootstrap_effects
from model.report import render
from model.survey import DATA, TARGET, Survey, load_survey

_FOLDER = Path(__file__).parent
_CONFIDENCE = 0.95
_HEADER = "# Written by `python -m model.train` from schema.toml and the data; do not edit.\n\n"
_OTHERS = {
    "gradient boosting": GradientBoostingClassifier(random_state=0),
    "histogram gradient boosting": HistGradientBoostingClassifier(
        learning_rate=0.05, max_leaf_nodes=15, random_state=0
    ),
    "random forest": RandomForestClassifier(n_estimators=300, min_samples_leaf=20, random_state=0),
}


def read_candidates(schema: Mapping[str, Any]) -> tuple[Candidate, ...]:
    """Return the what-ifs of a parsed schema, in its order.

    Raises:
        ValueError: A what-if names neither values nor a range, or both.
    """
    return tuple(
        Candidate(
            feature=feature["name"],
            to=what_if["to"],
            values=tuple(what_if.get("values", ())),
            low=what_if.get("low"),
            high=what_if.get("high"),
        )
        for feature in schema["features"]
        for what_if in feature.get("what_ifs", ())
    )


def metrics_document(survey: Survey, *, folds: int, seed: int) -> dict[str, Any]:
    """Return the figures of the model card, beside those of always answering with the base rate."""
    chance = evaluate(DummyClassifier(), survey.features, survey.target, folds=folds, seed=seed)
    served = evaluate(build_pipeline(), survey.features, survey.target, folds=folds, seed=seed)
    return {
        "data_sha256": survey.sha256,
        "rows": len(survey.target),
        "base_rate": round(survey.base_rate, 4),
        "folds": folds,
        "seed": seed,
        "model": _figures(served),
        "always_base_rate": _figures(chance),
        "calibration": [_rounded(asdict(decile)) for decile in served.calibration],
    }


def comparison_document(survey: Survey, *, folds: int, seed: int) -> dict[str, Any]:
    """Return the figures of other classifiers behind the same encoding."""
    return {
        name: _figures(
            # Histogram boosting takes no sparse matrix.
            evaluate(
                build_pipeline(classifier).set_params(encode__sparse_threshold=0),
                survey.features,
                survey.target,
                folds=folds,
                seed=seed,
            )
        )
        for name, classifier in _OTHERS.items()
    }


def evidence_document(
    survey: Survey,
    schema: Mapping[str, Any],
    *,
    resamples: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return ``evidence.toml`` as plain values: one entry per what-if of the schema, in its order."""
    evidence = bootstrap_effects(
        build_pipeline(),
        survey.features,
        survey.target,
        read_candidates(schema),
        resamples=resamples,
        seed=seed,
        confidence=_CONFIDENCE,
        progress=progress,
    )
    return {
        "seed": seed,
        "resamples": resamples,
        "confidence": _CONFIDENCE,
        "data_sha256": survey.sha256,
        "what_ifs": [_entry(item, better=schema["target"].get("better")) for item in evidence],
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Train, print what was learned and write it.

    Returns:
        0: written. 1: the data or the schema cannot be used, or the folder cannot be written.
        (2: the command line is wrong.)
    """
    arguments = _parser().parse_args(argv)
    try:
        survey = load_survey(arguments.data)
        schema = tomllib.loads(arguments.schema.read_text(encoding="utf-8"))
        if schema["target"]["column"] != TARGET:
            raise ValueError(f"schema's target is {schema['target']['column']!r}, wanted {TARGET!r}")
        repeatable = {"folds": arguments.folds, "seed": arguments.seed}
        metrics = metrics_document(survey, **repeatable)
        comparison = comparison_document(survey, **repeatable) if arguments.compare else {}
        evidence = evidence_document(
            survey,
            schema,
            resamples=arguments.resamples,
            seed=arguments.seed,
            progress=_show_progress if sys.stderr.isatty() else None,
        )
        fitted = build_pipeline().fit(survey.features, survey.target)
        files = {
            "sleep.skops": dump_estimator(fitted),
            "metrics.json": _json(metrics),
            "evidence.toml": (_HEADER + tomli_w.dumps(evidence)).encode(),
        } | ({"comparison.json": _json(comparison)} if comparison else {})
        for name, content in files.items():
            write_whole(arguments.out / name, content)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"model.train: {error}\n")
        return 1
    if arguments.json:
        result = {"metrics": metrics, "comparison": comparison, "evidence": evidence}
        sys.stdout.write(_json(result).decode())
    else:
        sys.stdout.write(render(metrics, comparison, evidence))
        sys.stdout.write(f"\nwrote {', '.join(files)} to {arguments.out}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train the sleep model, cross-validate it and test its what-ifs.",
        epilog="example: python -m model.train --compare --resamples 500 --out /tmp/trial",
    )
    parser.add_argument("--data", type=Path, default=DATA, help="survey as CSV (default: %(default)s)")
    parser.add_argument(
        "--schema", type=Path, default=_FOLDER / "schema.toml", help="what-ifs to test (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=_FOLDER, help="where to write (default: %(default)s)")
    parser.add_argument("--folds", type=int, default=5, help="of the cross-validation (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=300, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of folds and bootstrap (default: %(default)s)")
    parser.add_argument(
        "--compare", action="store_true", help="also cross-validate tree models and write comparison.json"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


def _figures(evaluation: Evaluation) -> dict[str, float]:
    figures = asdict(evaluation)
    del figures["calibration"]
    return _rounded(figures)


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}


def _entry(item: Evidence, *, better: Any) -> dict[str, Any]:
    candidate = item.candidate
    starts = (
        {"values": list(candidate.values)}
        if candidate.values
        else {"low": candidate.low, "high": candidate.high}
    )
    return {
        "feature": candidate.feature,
        **starts,
        "to": candidate.to,
        "effect": round(item.effect, 6),
        "interval": [round(bound, 6) for bound in item.interval],
        "rows": item.rows,
        "supported": item.supported(better),
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()


def _show_progress(done: int, wanted: int) -> None:
    sys.stderr.write(f"\rrefitting {done}/{wanted}" + ("\n" if done == wanted else ""))
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
