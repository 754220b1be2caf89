"""Train the sleep model and judge it on people it has not seen.

Writes beside this file: ``sleep.skops`` (the pipeline), ``metrics.json`` (the figures of the model card) and, on
demand, ``comparison.json``. On one machine the same data and library versions give the same bytes. Which changed
answers matter is measured afterwards, for this model as for any: ``make train`` does both.
"""

__all__ = ["comparison_document", "main", "metrics_document"]

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)

from model.archive import dump_estimator, write_whole
from model.estimator import build_pipeline
from model.evaluation import Evaluation, evaluate
from model.report import render
from model.survey import DATA, Survey, load_survey

_FOLDER = Path(__file__).parent
_OTHERS = {
    "gradient boosting": GradientBoostingClassifier(random_state=0),
    "histogram gradient boosting": HistGradientBoostingClassifier(
        learning_rate=0.05, max_leaf_nodes=15, random_state=0
    ),
    "random forest": RandomForestClassifier(n_estimators=300, min_samples_leaf=20, random_state=0),
}


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


def main(argv: Sequence[str] | None = None) -> int:
    """Train, print what was learned and write it.

    Returns:
        0: written. 2: the command line is wrong, the data cannot be used, or the folder cannot be written.
        130: interrupted.
    """
    arguments = _parser().parse_args(argv)
    try:
        survey = load_survey(arguments.data)
        repeatable = {"folds": arguments.folds, "seed": arguments.seed}
        metrics = metrics_document(survey, **repeatable)
        comparison = comparison_document(survey, **repeatable) if arguments.compare else {}
        fitted = build_pipeline().fit(survey.features, survey.target)
        files = {
            "sleep.skops": dump_estimator(fitted),
            "metrics.json": _json(metrics),
        } | ({"comparison.json": _json(comparison)} if comparison else {})
        for name, content in files.items():
            write_whole(arguments.out / name, content)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    if arguments.json:
        result = {"metrics": metrics, "comparison": comparison}
        sys.stdout.write(_json(result).decode())
    else:
        sys.stdout.write(render(metrics, comparison))
        sys.stdout.write(f"\nwrote {', '.join(files)} to {arguments.out}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train the sleep model and cross-validate it.",
        epilog="example:\n  python -m model.train --compare --out /tmp/trial\n\n"
        "exit codes: 0 written, 2 usage, unusable data or a folder that cannot be written, 130 interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=DATA, help="survey as CSV (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=_FOLDER, help="where to write (default: %(default)s)")
    parser.add_argument("--folds", type=int, default=5, help="of the cross-validation (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the folds (default: %(default)s)")
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


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())
